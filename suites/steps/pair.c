#include "drivers/reader.h"
#include "fixtures/vehicle/owner_pairing.h"
#include "fixtures/vehicle/vehicle.h"
#include "suites/steps/apdu.h"
#include "suites/steps/steps.h"

#include <stdio.h>
#include <string.h>

/*
 * A whole owner pairing: both phases, with the field off in between. The vehicle engine is on this side; on the other
 * somebody has told the phone the password.
 */
struct pair_params {
	int64_t away_ns, within_ns;
};

static const struct conf_item pair_items[] = {
	{ "away", CONF_TIME, offsetof(struct pair_params, away_ns), "50 ms",
	  "how long the field is off between the two phases", NS_PER_MS, 600 * NS_PER_S,
	  NULL },
	{ "within", CONF_TIME, offsetof(struct pair_params, within_ns), "1 s",
	  "how long to poll for the phone in the second phase", NS_PER_MS, 60 * NS_PER_S,
	  NULL },
	{ 0 },
};

/* The engine's name of a command, its point, and whether it is counted: "pair_write_3". */
static const struct {
	const char *name, *point;
	bool counted;
} names[] = {
	{ "select", "pair_select", false },
	{ "pairing_request", "pair_request", false },
	{ "pairing_verify", "pair_verify", false },
	{ "write_data", "pair_write", true },
	{ "op_continue", "pair_continue", false },
	{ "select_2", "pair_select_2", false },
	{ "get_data", "pair_read", true },
	{ "get_response", "pair_read", true },
	{ "confirm", "pair_confirm", true },
	{ "op_control_flow", "pair_end", false },
};

/* What has gone over so far. */
struct tally {
	int64_t floor_ns, vehicle_ns;
	int64_t phase_ns[2]; /* first command sent to last one answered */
	int phase;
	int writes, reads, confirms;
};

static int next_number(struct tally *t, const char *point)
{
	if (strcmp(point, "pair_write") == 0)
		return ++t->writes;
	if (strcmp(point, "pair_read") == 0)
		return ++t->reads;
	return ++t->confirms;
}

static void point_of(struct tally *t, const char *name, char out[28])
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		snprintf(out, 28, "%s", names[i].point);
		if (names[i].counted)
			snprintf(out, 28, "%s_%d", names[i].point,
				 next_number(t, names[i].point));
		return;
	}
	snprintf(out, 28, "pair_other");
}

/* The phase that @point belongs to goes from its first command to this one, so far. */
static void stamp_phase(struct step_env *env, struct tally *t, const char *point)
{
	static const char *const from[] = { "pair_2a.sent", "pair_2b.sent" };
	static const char *const to[] = { "pair_2a.answered", "pair_2b.answered" };
	const struct attempt_point *first, *sent, *answered;
	char name[40];

	snprintf(name, sizeof(name), "%s.sent", point);
	sent = attempt_find(env->attempt, name);
	if (sent && !attempt_find(env->attempt, from[t->phase]))
		attempt_point(env->attempt, from[t->phase], sent->at_ns, sent->slack_ns);
	snprintf(name, sizeof(name), "%s.answered", point);
	answered = attempt_find(env->attempt, name);
	first = attempt_find(env->attempt, from[t->phase]);
	if (!first || !answered)
		return;
	t->phase_ns[t->phase] = answered->at_ns - first->at_ns;
	attempt_point(env->attempt, to[t->phase], answered->at_ns, answered->slack_ns);
}

/* Off, a while, on, and the phone is looked for again. @return as run */
static int reset_field(const struct pair_params *p, struct step_env *env, struct err *err)
{
	struct reader_activation a = { 0 };
	int rc = step_set_polling(&a, env, p->within_ns, env->ecp, err);

	if (rc)
		return rc;
	rc = reader_set_field(env->reader, false, err);
	env->activated = false;
	if (!rc)
		rc = env->sleep_until(env, clock_now(env->clock) + p->away_ns, err);
	if (rc == ERR_INTERRUPTED)
		return rc;
	if (!rc)
		rc = reader_set_field(env->reader, true, err);
	if (!rc)
		rc = reader_activate(env->reader, &a, err);
	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "the field between both phases");
	}
	if (a.result != READER_OK) {
		attempt_end(env->attempt, OUTCOME_RF_ERROR,
			    "the phone did not come back for the second phase");
		return STEP_STOP;
	}
	env->activated = true;
	attempt_point(env->attempt, "pair_back", a.activated_ns, a.slack_ns);
	return 0;
}

/* The engine's turn: what was answered in (NULL at first), the next command out. */
static enum owner_step think(struct step_env *env, const struct buf *answer,
			     struct buf *command, const char **name, struct tally *t)
{
	const int64_t from = clock_now(env->clock);
	enum owner_step step;

	if (answer)
		owner_pairing_answer(env->owner, buf_bytes(answer));
	step = owner_pairing_next(env->owner, command, name);
	if (answer && step == OWNER_SEND)
		t->vehicle_ns += clock_now(env->clock) - from;
	return step;
}

static int converse(const struct pair_params *p, struct step_env *env, struct tally *t,
		    struct err *err)
{
	uint8_t command_mem[READER_MAX_COMMAND], answer_mem[300];
	struct buf command = BUF_ON(command_mem), answer = BUF_ON(answer_mem);
	const char *name;
	enum owner_step step = think(env, NULL, &command, &name, t);
	int rc = 0;

	while (!rc && step != OWNER_OVER) {
		char point[28];

		if (step == OWNER_RESET_FIELD) {
			rc = reset_field(p, env, err);
			t->phase = 1;
			if (!rc)
				step = think(env, NULL, &command, &name, t);
			continue;
		}
		buf_clear(&answer);
		point_of(t, name, point);
		rc = step_apdu(env, point, buf_bytes(&command), &answer, &t->floor_ns,
			       err);
		if (rc)
			break;
		stamp_phase(env, t, point);
		step = think(env, &answer, &command, &name, t);
	}
	if (rc)
		owner_pairing_lost(env->owner);
	return rc;
}

/* From here on the vehicle knows the phone by the key that it made. */
static int hand_over(struct step_env *env, struct err *err)
{
	enum slots_reason r =
		owner_pairing_admit(env->owner, vehicle_slots(env->vehicle));

	return r ? err_set(err, ERR_IO, "pair: taking in the key of the phone: %s",
			   slots_reason_text(r))
		 : 0;
}

static int judge(struct step_env *env, struct tally *t, struct err *err)
{
	const struct owner_result *r = owner_pairing_result(env->owner);
	struct attempt *a = env->attempt;

	attempt_value(a, "pair_floor", t->floor_ns);
	attempt_value(a, "pair_vehicle", t->vehicle_ns);
	if (r->paired) {
		snprintf(a->kind, sizeof(a->kind), "pairing");
		attempt_value(a, "pairing", t->phase_ns[0] + t->phase_ns[1]);
		return hand_over(env, err);
	}
	if (!r->refused)
		return err_set(err, ERR_IO, "%s", r->why);
	attempt_end(a, OUTCOME_REFUSED, "%s%s%s", r->why, r->told ? "; told: " : "",
		    r->told ? opcf_reason_name(r->reason) : "");
	if (!r->said_no)
		attempt_complain(a, "%s", r->why);
	return STEP_STOP;
}

static int run_pair(const void *params, struct step_env *env, struct err *err)
{
	struct tally t = { 0 };
	int rc;

	if (!env->owner)
		return err_set(err, ERR_USAGE,
			       "pair: this rig cannot: its pairing has no 'owner', or "
			       "its protocol "
			       "no owner pairing");
	owner_pairing_begin(env->owner);
	rc = converse(params, env, &t, err);
	return rc ? rc : judge(env, &t, err);
}

static const char *rehearse_pair(const void *params, struct attempt *a)
{
	const char *why = step_no_phone(a);

	(void)params;
	if (why)
		return why;
	if (attempt_find(a, "pair_end.sent"))
		return "one 'pair' an attempt: a second would overwrite the moments of "
		       "the first";
	if (attempt_find(a, "decided"))
		return "'pair' stands before 'transact': there is no key yet";
	step_rehearse_apdu(a, "pair_select");
	step_rehearse_apdu(a, "pair_request");
	step_rehearse_apdu(a, "pair_verify");
	step_rehearse_apdu(a, "pair_select_2");
	step_rehearse_apdu(a, "pair_end");
	step_rehearse_apdu(a, "pair_2a");
	step_rehearse_apdu(a, "pair_2b");
	attempt_value(a, "pairing", 0);
	return NULL;
}

const struct step_kind step_pair = {
	.name = "pair",
	.help = "one owner pairing, both phases, the field off in between",
	.needs = NEED_READER | NEED_FIELD | NEED_OWNER,
	.params = pair_items,
	.params_size = sizeof(struct pair_params),
	.rehearse = rehearse_pair,
	.run = run_pair,
};
