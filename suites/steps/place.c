#include "drivers/card.h"
#include "drivers/positioner.h"
#include "drivers/reader.h"
#include "drivers/sensor.h"
#include "suites/steps/steps.h"
#include "suites/steps/sweep.h"

#include <string.h>

/*
 * Where the phone is: approach, retreat, wait; and tear-down, which undoes what an attempt did.
 */
#define LOOK_NS (2 * NS_PER_MS)

/* Ask the sensor until @until_ns, or until it sees the phone arrive. */
static int watch(struct step_env *env, struct sensor_edge *edge, int64_t until_ns,
		 struct err *err)
{
	int rc = 0;

	while (!rc && !edge->seen && clock_now(env->clock) < until_ns) {
		struct sensor_sample s;
		int64_t next;

		rc = sensor_look(env->sensor, &s, err);
		if (rc) {
			env->failed |= NEED_POSITIONER;
			return err_wrap(err, rc, "the sensor");
		}
		if (sensor_edge_feed(edge, &s))
			break;
		next = s.asked_ns + LOOK_NS;
		rc = env->sleep_until(env, next < until_ns ? next : until_ns, err);
	}
	return rc ? rc : env->sleep_until(env, until_ns, err);
}

/* Before a move to the reader: a sensor that sees a phone now would prove nothing. */
static int first_look(struct step_env *env, struct sensor_edge *edge, struct err *err)
{
	struct sensor_sample s;
	int rc = sensor_look(env->sensor, &s, err);

	if (rc == 0 && s.on)
		rc = err_set(err, ERR_IO, "it sees a phone while the phone is away");
	if (rc) {
		env->failed |= NEED_POSITIONER;
		return err_wrap(err, rc, "the sensor");
	}
	sensor_edge_feed(edge, &s);
	return 0;
}

/* Wait until what was begun is there. */
static int wait_settled(struct step_env *env, struct positioner_move *m,
			struct sensor_edge *edge, struct err *err)
{
	int rc = POSITIONER_NOT_YET;
	int64_t now;

	while (rc == POSITIONER_NOT_YET) {
		rc = edge ? watch(env, edge, m->settled_ns, err)
			  : env->sleep_until(env, m->settled_ns, err);
		if (rc)
			break;
		rc = positioner_settle(env->positioner, m, err);
		if (rc < 0)
			env->failed |= NEED_POSITIONER;
		/* "not yet, ask again a while ago": stamps that are off must not keep us busy for ever */
		now = clock_now(env->clock);
		if (rc == POSITIONER_NOT_YET && m->settled_ns <= now)
			m->settled_ns = now + LOOK_NS;
	}
	return rc;
}

/* Begin, and wait until it is there. @began the command was taken, whatever came then. */
static int begin_and_wait(struct step_env *env, struct positioner_move *m, bool *began,
			  struct sensor_edge *edge, struct err *err)
{
	int rc = positioner_move(env->positioner, m, err);

	*began = rc == 0;
	if (rc)
		env->failed |= NEED_POSITIONER;
	return rc ? rc : wait_settled(env, m, edge, err);
}

int place_again(struct step_env *env, struct err *err)
{
	struct positioner_move m = { .to = POSITION_TAP };
	bool began;
	int rc = begin_and_wait(env, &m, &began, NULL, err);

	if (rc && rc != ERR_INTERRUPTED)
		return err_wrap(err, rc, "moving the phone to the reader once more");
	return rc;
}

#define LATE_NS (200 * NS_PER_MS) /* the phone may come a little after the rig thinks */

/* The moment the sensor saw it, into the attempt; never to have seen it is the bench's fault. */
static int seen_by_now(struct step_env *env, struct sensor_edge *edge, struct err *err)
{
	int64_t end = clock_now(env->clock) + LATE_NS;
	int rc = 0;

	while (!rc && !edge->seen && clock_now(env->clock) < end)
		rc = watch(env, edge, clock_now(env->clock) + LOOK_NS, err);
	if (rc)
		return rc;
	if (!edge->seen) {
		env->failed |= NEED_POSITIONER;
		return err_set(err, ERR_TIMEOUT,
			       "the sensor did not see the phone arrive");
	}
	attempt_point(env->attempt, "sensor", edge->at_ns, edge->slack_ns);
	if (env->t0_sensor)
		attempt_point(env->attempt, "t0", edge->at_ns, edge->slack_ns);
	return 0;
}

static int move(struct step_env *env, struct positioner_move m, const char *point,
		struct err *err)
{
	bool began = false, watched = env->sensor && m.to == POSITION_TAP;
	struct sensor_edge edge = { 0 };
	int rc = watched ? first_look(env, &edge, err) : 0;

	if (!rc)
		rc = begin_and_wait(env, &m, &began, watched ? &edge : NULL, err);
	if (!rc && watched)
		rc = seen_by_now(env, &edge, err);

	/* a stop is no failure of the bench, and keeps what was commanded */
	if (began && (rc == 0 || rc == ERR_INTERRUPTED)) {
		attempt_point(env->attempt, point, m.commanded_ns, m.slack_ns);
		env->approached = m.to == POSITION_TAP;
	}
	if (rc && rc != ERR_INTERRUPTED)
		return err_wrap(err, rc,
				m.to == POSITION_TAP ? "moving the phone to the reader"
						     : "moving the phone away");
	return rc;
}

struct approach_params {
	int64_t um[3];
	struct node sweep_at;
	struct sweep sweep;
};

#define MOST_UM 1000000
#define PLACE(i) offsetof(struct approach_params, um[i])
static const struct conf_item approach_items[] = {
	{ "x", CONF_LENGTH, PLACE(0), "0",
	  "how far beside the tap, along the reader's face", -MOST_UM, MOST_UM, NULL },
	{ "y", CONF_LENGTH, PLACE(1), "0", "likewise", -MOST_UM, MOST_UM, NULL },
	{ "z", CONF_LENGTH, PLACE(2), "0", "how far off the tap", 0, MOST_UM, NULL },
	{ "sweep", CONF_NODE, offsetof(struct approach_params, sweep_at), CONF_ABSENT,
	  "in their place: the grid that the trials go through", 0, 0, NULL },
	{ 0 },
};

static int bind_approach(void *params, struct err *err)
{
	struct approach_params *p = params;

	if (!node_present(p->sweep_at))
		return 0;
	if (p->um[0] || p->um[1] || p->um[2])
		return node_error(p->sweep_at, err,
				  "sweep: says where, and so do x, y or z");
	return sweep_read(&p->sweep, p->sweep_at, err);
}

static int run_approach(const void *params, struct step_env *env, struct err *err)
{
	static const struct approach_params at_the_tap;
	const struct approach_params *p = params ? params : &at_the_tap;
	struct positioner_move m = { .to = POSITION_TAP };
	bool sweeps = node_present(p->sweep_at);
	int64_t um[3] = { p->um[0], p->um[1], p->um[2] };

	if (sweeps)
		sweep_place(&p->sweep, env->trial, um);
	m.offset = (struct positioner_offset){ um[0], um[1], um[2] };
	env->attempt->placed = sweeps || um[0] || um[1] || um[2];
	memcpy(env->attempt->place_um, um, sizeof(um));
	env->approached = true; /* even if the command fails half-way */
	return move(env, m, "approach", err);
}

static int run_retreat(const void *params, struct step_env *env, struct err *err)
{
	(void)params;
	return move(env, (struct positioner_move){ .to = POSITION_AWAY }, "retreat", err);
}

/* The two corners of a sweep's box are its furthest places. */
static int check_approach(const void *params, const struct step_rig *rig, struct node at,
			  struct err *err)
{
	const struct approach_params *p = params;
	bool sweeps = node_present(p->sweep_at);
	struct err own = { 0 };

	for (int end = 0; rig->reach && end < 2; end++) {
		int64_t um[3] = { p->um[0], p->um[1], p->um[2] };

		if (sweeps)
			sweep_place(&p->sweep, end ? sweep_count(&p->sweep) - 1 : 0, um);
		if (positioner_reach_check(
			    rig->reach,
			    &(struct positioner_offset){ um[0], um[1], um[2] }, &own))
			return node_error(
				sweeps ? p->sweep_at : at, err,
				"approach: the rig's positioner cannot go there: "
				"%s",
				own.text);
	}
	return 0;
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
		keep(&rc, err, run_retreat(NULL, env, &own), &own);
	if (env->sending)
		keep(&rc, err, can_stop(env, &own), &own);
	if (env->in_session && !(env->failed & NEED_BUS))
		keep(&rc, err, uds_end_session(env, &own), &own);
	if (env->bus)
		keep(&rc, err, can_confirm(env, &own), &own);
	env->activated = env->field_on = env->approached = env->sending = false;
	env->in_session = false;
	return rc;
}

const struct step_kind step_approach = {
	.name = "approach",
	.help = "bring the phone to the reader and wait until it is there",
	.needs = NEED_POSITIONER,
	.params = approach_items,
	.params_size = sizeof(struct approach_params),
	.bind = bind_approach,
	.rehearse = rehearse_approach,
	.run = run_approach,
	.check = check_approach,
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
