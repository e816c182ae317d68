#include "drivers/card.h"
#include "drivers/positioner.h"
#include "drivers/reader.h"
#include "suites/steps/steps.h"

/*
 * Where the phone is: approach, retreat, wait; and tear-down, which undoes what an attempt did.
 */
static int move(struct step_env *env, enum position to, const char *point,
		struct err *err)
{
	struct positioner_move m = { .to = to };
	int rc = positioner_move(env->positioner, &m, err);

	if (rc) {
		env->failed |= NEED_POSITIONER;
		return err_wrap(err, rc,
				to == POSITION_TAP ? "moving the phone to the reader"
						   : "moving the phone away");
	}
	attempt_point(env->attempt, point, m.commanded_ns, m.slack_ns);
	env->approached = to == POSITION_TAP;
	return env->sleep_until(env, m.settled_ns, err);
}

static int run_approach(const void *params, struct step_env *env, struct err *err)
{
	(void)params;
	env->approached = true; /* even if the command fails half-way */
	return move(env, POSITION_TAP, "approach", err);
}

static int run_retreat(const void *params, struct step_env *env, struct err *err)
{
	(void)params;
	return move(env, POSITION_AWAY, "retreat", err);
}

static const char *rehearse_approach(const void *params, struct attempt *a)
{
	(void)params;
	if (attempt_find(a, "approach"))
		return "the phone is at the reader already";
	attempt_point(a, "approach", 0, 0);
	return NULL;
}

static const char *rehearse_retreat(const void *params, struct attempt *a)
{
	(void)params;
	attempt_point(a, "retreat", 0, 0);
	return NULL;
}

struct wait_params {
	int64_t for_ns;
};

static const struct conf_item wait_items[] = {
	{ "for", CONF_TIME, offsetof(struct wait_params, for_ns), NULL, "how long", 0,
	  600 * NS_PER_S, NULL },
	{ 0 },
};

static int run_wait(const void *params, struct step_env *env, struct err *err)
{
	const struct wait_params *p = params;

	return env->sleep_until(env, clock_now(env->clock) + p->for_ns, err);
}

/* Keep the first error, carry on all the same. */
static void keep(int *rc, struct err *err, int next, const struct err *next_err)
{
	if (*rc || !next)
		return;
	*rc = next;
	if (err)
		*err = *next_err;
}

/* As the phone: let the vehicle end the session as it likes, then be a card no more. */
#define LET_GO_NS (300 * NS_PER_MS)
static int let_go(struct step_env *env, struct err *err)
{
	struct card_release x = { .timeout_ns = LET_GO_NS };
	int rc = card_release(env->card, &x, err);

	if (!rc && x.result == CARD_RELEASED)
		attempt_point(env->attempt, "released", x.released_ns, x.slack_ns);
	return rc;
}

static int end_session(struct step_env *env, struct err *err)
{
	return env->card ? let_go(env, err) : reader_deselect(env->reader, err);
}

int step_tear_down(struct step_env *env, struct err *err)
{
	struct err own = { 0 };
	int rc = 0;

	/* a reader in doubt is recovery's business, which switches its field off */
	if (env->activated && !(env->failed & NEED_READER))
		keep(&rc, err, end_session(env, &own), &own);
	if (env->field_on && !(env->failed & NEED_READER) && !rc)
		keep(&rc, err, reader_set_field(env->reader, false, &own), &own);
	if (rc)
		env->failed |= NEED_READER;
	if (env->approached)
		keep(&rc, err, move(env, POSITION_AWAY, "retreat", &own), &own);
	if (env->sending)
		keep(&rc, err, can_stop(env, &own), &own);
	if (env->bus)
		keep(&rc, err, can_confirm(env, &own), &own);
	env->activated = env->field_on = env->approached = env->sending = false;
	return rc;
}

const struct step_kind step_approach = {
	.name = "approach",
	.help = "bring the phone to the reader and wait until it is there",
	.needs = NEED_POSITIONER,
	.rehearse = rehearse_approach,
	.run = run_approach,
};

const struct step_kind step_retreat = {
	.name = "retreat",
	.help = "take the phone away and wait until it is gone (tear-down does it by "
		"itself)",
	.needs = NEED_POSITIONER,
	.rehearse = rehearse_retreat,
	.run = run_retreat,
};

const struct step_kind step_wait = {
	.name = "wait",
	.help = "do nothing for a while",
	.params = wait_items,
	.params_size = sizeof(struct wait_params),
	.run = run_wait,
};
