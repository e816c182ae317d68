#include "suites/steps/answering.h"

#include "drivers/card.h"
#include "drivers/relay.h"
#include "fixtures/device/phone.h"
#include "fixtures/proto/apdu.h"

#include <stdio.h>

static const char *const kinds[] = { "fast", "standard" };

/* One transaction from the device's side. */
struct answering {
	struct step_env *env;
	int64_t device_ns; /* our own thinking, by our own stamps */
	bool asked, asked_standard, auth1;
	bool over;         /* CONTROL FLOW was answered */
	bool accepted;     /* … and said success */
	uint8_t p1;        /* of CONTROL FLOW */
	const char *last;  /* command answered, for a person; NULL: none */
	bool last_refused; /* with an error status */
	uint16_t sw;
};

/*
 * A command that the board did not get would make the module ask for what the case does not want, and be blamed. A
 * board that can tell is asked; to one that cannot it is said twice.
 */
static int switch_input(struct step_env *env, bool on, struct err *err)
{
	uint32_t bit = UINT32_C(1) << (env->standard_channel - 1), state;
	int rc = relay_set(env->relay, env->standard_channel, on, err), told;

	if (rc)
		return rc;
	told = relay_read(env->relay, &state, err);
	env->input_unsure = told == ERR_UNSUPPORTED;
	if (env->input_unsure)
		return relay_set(env->relay, env->standard_channel, on, err);
	if (told || !(state & bit) == !on)
		return told;
	return err_set(err, ERR_IO, "channel %d of the board is %s after it was told",
		       env->standard_channel, on ? "off" : "on");
}

int answering_prepare(struct step_env *env, int kind, struct err *err)
{
	int rc;

	env->input_unsure = false;
	if (!env->standard_channel)
		return 0;
	rc = switch_input(env, kind == 1, err);
	if (!rc)
		return 0;
	env->failed |= NEED_POSITIONER; /* the board they share */
	return err_wrap(err, rc, "switching the vehicle's input");
}

/* The name that points have, whichever kind was asked. */
static const char *point_name(enum device_command c)
{
	static const char *const names[] = { "select",   "auth0",        "auth0", "auth1",
					     "exchange", "control_flow", "other" };

	return names[c];
}

static void stamp(struct answering *a, enum device_command c, const char *what,
		  int64_t at_ns, int64_t slack_ns)
{
	char point[40];

	snprintf(point, sizeof(point), "%s.%s", point_name(c), what);
	attempt_point(a->env->attempt, point, at_ns, slack_ns);
}

static void lost(struct answering *a, const char *what)
{
	if (a->last_refused)
		attempt_end(a->env->attempt, OUTCOME_REFUSED,
			    "we answered %s with %04x, and the vehicle %s", a->last,
			    a->sw, what);
	else
		attempt_end(a->env->attempt, OUTCOME_RF_ERROR, "the vehicle %s %s%s",
			    what, a->last ? "after " : "before any command",
			    a->last ? a->last : "");
}

/* @return 0 with a command, STEP_STOP when there will be none, or an error of the bench */
static int receive(struct answering *a, struct card_receive *x, struct err *err)
{
	int rc = card_receive(a->env->card, x, err);

	if (rc) {
		a->env->failed |= NEED_READER;
		return err_wrap(err, rc, "receiving a command");
	}
	if (x->result == CARD_OK)
		return 0;
	lost(a, x->result == CARD_RELEASED ? "let go" : card_result_name(x->result));
	return STEP_STOP;
}

static void remember(struct answering *a, enum device_command c, struct bytes command,
		     struct bytes answer)
{
	if (c == DEVICE_AUTH0_FAST || c == DEVICE_AUTH0_STANDARD) {
		a->asked = true;
		a->asked_standard = c == DEVICE_AUTH0_STANDARD;
	}
	a->auth1 = a->auth1 || c == DEVICE_AUTH1;
	a->last = point_name(c);
	a->sw = 0;
	if (answer.len >= 2) {
		struct cursor in = cursor_at(BYTES(answer.data + answer.len - 2, 2));

		a->sw = cursor_be16(&in);
	}
	a->last_refused = a->sw != a->env->profile->sw.ok;
	if (c != DEVICE_CONTROL_FLOW || a->last_refused)
		return;
	a->p1 = command.data[2];
	a->over = true;
	a->accepted = a->p1 == a->env->profile->cf_p1_success;
}

/* Think as long as the phone we are would, no less than it really takes. */
static int think(struct answering *a, enum device_command c, int64_t received_ns,
		 struct err *err)
{
	struct step_env *env = a->env;

	if (!env->phone)
		return 0;
	return env->sleep_until(env, received_ns + phone_draw(env->phone, c, env->delays),
				err);
}

static int send(struct answering *a, enum device_command c, struct bytes answer,
		int64_t received_ns, struct err *err)
{
	struct step_env *env = a->env;
	struct card_answer x = { .answer = answer,
				 .timeout_ns = env->exchange_timeout_ns };
	int rc;

	a->device_ns += clock_now(env->clock) - received_ns;
	rc = card_answer(env->card, &x, err);
	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "answering %s", point_name(c));
	}
	if (x.result != CARD_OK) {
		lost(a,
		     x.result == CARD_RELEASED ? "let go" : card_result_name(x.result));
		return STEP_STOP;
	}
	stamp(a, c, "answered", x.answered_ns, x.slack_ns);
	return 0;
}

static int answer_one(struct answering *a, struct err *err)
{
	struct step_env *env = a->env;
	uint8_t command_mem[300], answer_mem[300];
	struct buf command = BUF_ON(command_mem), answer = BUF_ON(answer_mem);
	struct card_receive x = { .command = &command,
				  .timeout_ns = env->exchange_timeout_ns };
	enum device_command c;
	int rc = receive(a, &x, err);

	if (rc)
		return rc;
	c = device_answer(env->device, buf_bytes(&command), &answer);
	stamp(a, c, "received", x.received_ns, x.slack_ns);
	rc = think(a, c, x.received_ns, err);
	if (!rc)
		rc = send(a, c, buf_bytes(&answer), x.received_ns, err);
	if (!rc)
		remember(a, c, buf_bytes(&command), buf_bytes(&answer));
	return rc;
}

static void judge(const struct answering *a, int wanted, bool fallback_allowed)
{
	struct attempt *attempt = a->env->attempt;
	bool fell_back = !a->asked_standard && a->auth1;

	snprintf(attempt->kind, sizeof(attempt->kind), "%s",
		 kinds[a->asked_standard || a->auth1]);
	if (fell_back)
		attempt_point(attempt, "fallback",
			      attempt_find(attempt, "decided")->at_ns, 0);
	if (!a->accepted) {
		attempt_end(attempt, OUTCOME_REFUSED,
			    "the vehicle said no: CONTROL FLOW with P1 %02x", a->p1);
		return;
	}
	if (a->asked && a->asked_standard != (wanted == 1))
		attempt_complain(attempt, "the vehicle asked for %s, not for %s",
				 kinds[a->asked_standard], kinds[wanted]);
	else if (fell_back && !fallback_allowed)
		attempt_complain(attempt, "the vehicle fell back to standard");
}

int answering_run(struct step_env *env, int kind, bool fallback_allowed, struct err *err)
{
	struct answering a = { .env = env };
	int rc = 0;

	device_reset(env->device);
	while (!rc && !a.over)
		rc = answer_one(&a, err);
	if (rc)
		return rc;
	attempt_point(env->attempt, "decided", clock_now(env->clock), 0);
	attempt_value(env->attempt, "device", a.device_ns);
	if (env->input_unsure && a.asked && a.asked_standard != (kind == 1)) {
		env->failed |= NEED_POSITIONER;
		return err_set(
			err, ERR_IO,
			"the vehicle asked for %s, not for %s, and the relay board "
			"cannot tell whether it was told to",
			kinds[a.asked_standard], kinds[kind]);
	}
	judge(&a, kind, fallback_allowed);
	return env->attempt->outcome == OUTCOME_DONE ? 0 : STEP_STOP;
}
