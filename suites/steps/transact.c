#include "drivers/reader.h"
#include "fixtures/vehicle/vehicle.h"
#include "suites/steps/answering.h"
#include "suites/steps/apdu.h"
#include "suites/steps/mailbox.h"
#include "suites/steps/steps.h"
#include "suites/steps/stimulus.h"

#include <stdio.h>
#include <string.h>

/*
 * A whole transaction: the vehicle engine on this side, the reader and the phone on the other. Where a rig has
 * a card instead of a reader it is the other way round: answering.c.
 */
struct transact_params {
	int kind, action, fallback;
	struct node exchange;
	bool atomic;
	struct mailbox_list list; /* made of .exchange */
};

static const char *const kinds[] = { "fast", "standard", NULL };
static const char *const actions[] = { "unlock", "lock", "start", NULL };
static const char *const fallbacks[] = { "forbidden", "allowed", NULL };

static const struct conf_item transact_items[] = {
	{ "kind", CONF_CHOICE, offsetof(struct transact_params, kind), NULL,
	  "fast or standard", 0, 0, kinds },
	{ "action", CONF_CHOICE, offsetof(struct transact_params, action), "unlock",
	  "what the vehicle wants to do", 0, 0, actions },
	{ "fallback", CONF_CHOICE, offsetof(struct transact_params, fallback),
	  "forbidden", "whether a fast transaction may end as a standard one", 0, 0,
	  fallbacks },
	{ "exchange", CONF_NODE, offsetof(struct transact_params, exchange), CONF_ABSENT,
	  "what is done in the mailboxes: a list of read, write, set, host", 0, 0, NULL },
	{ "atomic", CONF_BOOL, offsetof(struct transact_params, atomic), "no",
	  "all of exchange takes effect, or none", 0, 0, NULL },
	{ 0 },
};

/* What has gone over the air so far, for the values that no pair of points can give. */
struct tally {
	int64_t airtime_floor_ns;
	int64_t vehicle_ns; /* spent in our own engine, by its own stamps */
};

/*
 * @param in_doubt  the run before was cut off between AUTH1 and its answer: the device may hold a newer
 *                  Kpersistent than we do, and falling back is what the protocol asks for
 */
static void judge(struct attempt *a, const struct transact_params *p,
		  const struct vehicle_result *r, bool in_doubt)
{
	snprintf(a->kind, sizeof(a->kind), "%s", kinds[r->kind == VEHICLE_FAST ? 0 : 1]);
	if (r->fell_back)
		attempt_point(a, "fallback", attempt_find(a, "decided")->at_ns, 0);
	if (r->refused) {
		attempt_end(a, OUTCOME_REFUSED, "%s", r->why);
		/* a "no" may be tolerated by a share(...) claim; what does not verify never is */
		if (!r->said_no)
			attempt_complain(a, "%s", r->why);
		return;
	}
	if (r->fell_back && p->fallback == 0 && !in_doubt)
		attempt_complain(a, "fell back to standard: %s", r->why);
}

/* The engine's turn: what was answered in (NULL at first), the next command out. */
static enum vehicle_step think(struct step_env *env, const struct buf *answer,
			       struct buf *command, const char **name,
			       struct tally *tally)
{
	int64_t from = clock_now(env->clock);
	enum vehicle_step step;

	if (answer)
		vehicle_answer(env->vehicle, buf_bytes(answer));
	step = vehicle_next(env->vehicle, command, name);
	if (answer &&
	    step == VEHICLE_SEND) /* between two APDUs, where it costs time on the air */
		tally->vehicle_ns += clock_now(env->clock) - from;
	return step;
}

/* The whole dialogue, SELECT to CONTROL FLOW. */
static int converse(struct step_env *env, struct tally *tally, struct err *err)
{
	uint8_t command_mem[READER_MAX_COMMAND], answer_mem[300];
	struct buf command = BUF_ON(command_mem), answer = BUF_ON(answer_mem);
	enum vehicle_step step;
	const char *name;
	int rc = 0;

	step = think(env, NULL, &command, &name, tally);
	while (!rc && step == VEHICLE_SEND) {
		buf_clear(&answer);
		rc = step_apdu(env, name, buf_bytes(&command), &answer,
			       &tally->airtime_floor_ns, err);
		if (!rc)
			rc = stimulus_keep(env, buf_bytes(&command), buf_bytes(&answer),
					   err);
		if (!rc)
			step = think(env, &answer, &command, &name, tally);
	}
	return rc;
}

/* As the phone we can only make the vehicle ask for what the case wants, if the rig says how. */
static int prepare_transact(const void *params, struct step_env *env, struct err *err)
{
	const struct transact_params *p = params;

	return env->card ? answering_prepare(env, p->kind, err) : 0;
}

static int bind_transact(void *params, struct err *err)
{
	struct transact_params *p = params;

	return mailbox_list_bind(&p->list, p->exchange, err);
}

static int run_transact(const void *params, struct step_env *env, struct err *err)
{
	const struct transact_params *p = params;
	const struct vehicle_result *result;
	bool in_doubt = env->vehicle && vehicle_in_doubt(env->vehicle);
	struct tally tally = { 0 };
	int rc;

	if (env->card)
		return answering_run(env, p->kind, p->fallback == 1, err);
	vehicle_begin(env->vehicle, p->kind == 0 ? VEHICLE_FAST : VEHICLE_STANDARD,
		      (enum vehicle_action)p->action);
	rc = vehicle_exchange(env->vehicle, p->list.errands, p->list.count, p->atomic);
	if (rc)
		return err_set(err, rc, "transact: exchange: %s",
			       rc == ERR_UNSUPPORTED
				       ? "the protocol profile has no such operation"
				       : "more than one transaction can carry");
	rc = converse(env, &tally, err);
	if (rc)
		return rc;
	result = vehicle_result(env->vehicle);
	attempt_point(env->attempt, "decided", clock_now(env->clock), 0);
	attempt_value(env->attempt, "airtime_floor", tally.airtime_floor_ns);
	attempt_value(env->attempt, "vehicle", tally.vehicle_ns);
	if (!result->opened && !result->refused)
		return err_set(err, ERR_IO, "%s", result->why);
	judge(env->attempt, p, result, in_doubt);
	if (result->opened)
		mailbox_list_judge(&p->list, env->vehicle, env->attempt);
	return env->attempt->outcome == OUTCOME_DONE ? 0 : STEP_STOP;
}

static const char *rehearse_transact(const void *params, struct attempt *a)
{
	const struct transact_params *p = params;
	const char *why = step_no_phone(a);

	if (why)
		return why;
	if (attempt_find(a, "decided"))
		return "one 'transact' an attempt: a second would overwrite the moments "
		       "of the first";
	step_rehearse_apdu(a, "select");
	step_rehearse_apdu(a, "auth0");
	if (p->kind == 1 || p->fallback == 1)
		step_rehearse_apdu(a, "auth1");
	if (p->list.count)
		step_rehearse_apdu(a, "exchange");
	step_rehearse_apdu(a, "control_flow");
	attempt_point(a, "decided", 0, 0);
	attempt_value(a, "airtime_floor", 0);
	attempt_value(a, "vehicle", 0);
	return NULL;
}

const struct step_kind step_transact = {
	.name = "transact",
	.help = "one digital-key transaction, SELECT to CONTROL FLOW",
	.needs = NEED_READER,
	.params = transact_items,
	.params_size = sizeof(struct transact_params),
	.prepare = prepare_transact,
	.rehearse = rehearse_transact,
	.bind = bind_transact,
	.run = run_transact,
};
