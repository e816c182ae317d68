/*
 * Two relay channels drive a linear actuator (an H-bridge): one extends it to the reader, the other retracts it.
 * End stops are inputs of the same board; where one is missing the leg runs for the travel time.
 *
 * With all relays off an actuator stays where it is. That is the safe state of the board, and not "phone away":
 * what a killed keybench leaves in the field is retracted when the rig is opened next.
 */
#include "drivers/positioner.h"
#include "drivers/positioner/pair_drive.h"
#include "drivers/positioner/travel.h"
#include "drivers/relay.h"

#include "bench/core/pump.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS (10 * NS_PER_MS) /* at the end stops while it moves */

struct pair_options {
	int64_t channel[2]; /* by enum pair_leg */
	int64_t stop[2];    /* inputs; 0: none */
	int64_t travel_ns, limit_ns, dead_ns;
};

struct pair {
	struct positioner base;
	struct relay *relay; /* borrowed */
	struct pump *pump;   /* borrowed; may be NULL */
	int tick;            /* of the pump, or negative */
	struct pair_options options;
	struct pair_drive drive;
	struct travel travel;
	bool busy;      /* a request to the board is under way */
	bool waiting;   /* a tap, for its home to be found first */
	int64_t due_ns; /* of the next step */
	int64_t commanded_ns, settled_ns, slack_ns;
	struct err trouble; /* of a step in a tick; told by the next call */
};

static const struct positioner_ops pair_ops;

static struct pair *pair_of(struct positioner *p)
{
	assert(p->ops == &pair_ops);
	return (struct pair *)p;
}

static int64_t now_of(const struct pair *p)
{
	return clock_now(p->base.clock);
}

static int switch_leg(struct pair *p, enum pair_leg leg, bool on, struct err *err)
{
	int rc;

	if (on) /* an order that fails may have arrived */
		pair_drive_switched(&p->drive, leg, true, now_of(p));
	rc = relay_set(p->relay, (int)p->options.channel[leg], on, err);
	if (rc == 0 && !on)
		pair_drive_switched(&p->drive, leg, false, now_of(p));
	return rc;
}

/* The interlock does not rest on our own memory alone. */
static int prove_other_is_off(struct pair *p, enum pair_leg leg, struct err *err)
{
	int64_t channel = p->options.channel[leg == PAIR_OUT ? PAIR_BACK : PAIR_OUT];
	uint32_t state = 0;
	int rc = relay_read(p->relay, &state, err);

	if (rc == ERR_UNSUPPORTED)
		return 0;
	if (rc == 0 && state >> (channel - 1) & 1)
		rc = err_set(err, ERR_IO,
			     "channel %d is still on: the other leg stays off",
			     (int)channel);
	return rc;
}

static int apply(struct pair *p, const bool on[2], struct err *err)
{
	int rc = 0;

	for (int leg = 0; leg < 2 && !rc; leg++)
		if (!on[leg] && p->drive.on[leg])
			rc = switch_leg(p, (enum pair_leg)leg, false, err);
	for (int leg = 0; leg < 2 && !rc; leg++) {
		if (!on[leg] || p->drive.on[leg])
			continue;
		rc = prove_other_is_off(p, (enum pair_leg)leg, err);
		if (!rc)
			rc = switch_leg(p, (enum pair_leg)leg, true, err);
		if (!rc) {
			p->slack_ns = now_of(p) - p->drive.on_ns[leg];
			p->commanded_ns = now_of(p);
		}
	}
	return rc;
}

static int read_stops(struct pair *p, bool stop[2], struct err *err)
{
	int rc = 0;

	for (int leg = 0; leg < 2 && !rc; leg++) {
		stop[leg] = false;
		if (p->options.stop[leg])
			rc = relay_input(p->relay, (int)p->options.stop[leg], &stop[leg],
					 err);
	}
	return rc;
}

static int came_to_rest(struct pair *p, enum pair_did did, struct err *err)
{
	switch (did) {
	case PAIR_ARRIVED:
		p->settled_ns = now_of(p);
		travel_step(&p->travel, TRAVEL_ARRIVED, p->settled_ns, 0);
		return 0;
	case PAIR_OVERDUE:
		return err_set(err, ERR_TIMEOUT,
			       "the actuator did not reach its end stop within %lld ms",
			       (long long)(p->options.limit_ns / NS_PER_MS));
	default:
		return err_set(err, ERR_IO, "both end stops are active at once");
	}
}

static void stop_legs(struct pair *p)
{
	static const bool none[2];

	pair_drive_want(&p->drive, PAIR_NONE);
	apply(p, none, NULL);
}

static int one_step(struct pair *p, struct err *err)
{
	struct pair_step step;
	bool stop[2];
	int64_t now;
	int rc = read_stops(p, stop, err);

	if (rc)
		return rc;
	pair_drive_step(&p->drive, now_of(p), stop, &step);
	rc = apply(p, step.on, err);
	if (rc == 0 && step.did != PAIR_MOVES && step.did != PAIR_RESTS)
		rc = came_to_rest(p, step.did, err);
	now = now_of(p);
	p->due_ns = now + LOOK_NS;
	if (step.next_ns > now && step.next_ns < p->due_ns)
		p->due_ns = step.next_ns;
	return rc;
}

/* Everything that is due now; an error is a fault, and both legs are off then. */
static int turn(struct pair *p, struct err *err)
{
	int rc = 0;

	p->busy = true;
	if (p->drive.want != PAIR_NONE && now_of(p) >= p->due_ns)
		rc = one_step(p, err);
	if (rc == 0 && travel_check(&p->travel, now_of(p)))
		rc = err_set(err, ERR_TIMEOUT, "the actuator did not arrive in time");
	if (rc) {
		travel_step(&p->travel, TRAVEL_FAILED, now_of(p), 0);
		p->waiting = false;
		stop_legs(p);
	}
	p->busy = false;
	return rc;
}

static void on_tick(void *ctx)
{
	struct pair *p = ctx;
	struct err err = { 0 };

	if (p->busy || p->trouble.code)
		return;
	err.code = turn(p, &err);
	if (err.code)
		p->trouble = err;
}

/* What a tick found out between two calls. */
static int told_trouble(struct pair *p, struct err *err)
{
	int rc = p->trouble.code;

	if (rc && err)
		*err = p->trouble;
	p->trouble.code = 0;
	return rc;
}

/* The limit of an edge: the way there, the dead time before it, and the looks between. */
static int64_t edge_limit(const struct pair *p)
{
	int64_t run = p->options.travel_ns > p->options.limit_ns ? p->options.travel_ns
								 : p->options.limit_ns;

	return run + p->options.dead_ns + 2 * NS_PER_S;
}

static void begin(struct pair *p, enum travel_event event, enum pair_leg leg)
{
	int64_t now = now_of(p);

	travel_step(&p->travel, event, now, edge_limit(p));
	pair_drive_want(&p->drive, leg);
	p->due_ns = p->commanded_ns = now;
	p->slack_ns = 0;
}

static void begin_tap(struct pair *p)
{
	p->waiting = p->travel.state == POSITIONER_HOMING;
	if (p->travel.state == POSITIONER_FAULT ||
	    p->travel.state == POSITIONER_UNKNOWN) {
		begin(p, TRAVEL_HOME, PAIR_BACK);
		p->waiting = true;
	} else if (!p->waiting && p->travel.state != POSITIONER_IN_FIELD) {
		begin(p, TRAVEL_APPROACH, PAIR_OUT);
	}
}

static void begin_away(struct pair *p)
{
	p->waiting = false;
	if (p->travel.state != POSITIONER_AWAY && p->travel.state != POSITIONER_HOMING)
		begin(p, TRAVEL_LEAVE, PAIR_BACK);
}

static void tell_stamps(const struct pair *p, struct positioner_move *move)
{
	move->commanded_ns = p->commanded_ns;
	move->slack_ns = p->slack_ns;
	move->settled_ns = travel_moves(&p->travel) ? p->due_ns : p->settled_ns;
}

static int pair_move(struct positioner *base, struct positioner_move *move,
		     struct err *err)
{
	struct pair *p = pair_of(base);
	bool tap = move->to == POSITION_TAP;
	int rc = told_trouble(p, err);

	if (tap && !rc)
		rc = positioner_tap_alone(move, err);
	if (tap && rc)
		return rc;
	if (tap)
		begin_tap(p);
	else
		begin_away(p);
	rc = turn(p, err);
	if (rc)
		return rc;
	if (!travel_moves(&p->travel)) /* it stood there already */
		p->commanded_ns = p->settled_ns = now_of(p);
	tell_stamps(p, move);
	return 0;
}

static int pair_settle(struct positioner *base, struct positioner_move *move,
		       struct err *err)
{
	struct pair *p = pair_of(base);
	int rc = told_trouble(p, err);

	if (rc == 0)
		rc = turn(p, err);
	if (rc)
		return rc;
	if (p->waiting && p->travel.state == POSITIONER_AWAY)
		begin_tap(p);
	tell_stamps(p, move);
	return travel_moves(&p->travel) ? POSITIONER_NOT_YET : 0;
}

static enum positioner_state pair_state(struct positioner *base)
{
	return pair_of(base)->travel.state;
}

static int pair_probe(struct positioner *base, bool *on, struct err *err)
{
	(void)base;
	(void)on;
	return err_set(err, ERR_UNSUPPORTED,
		       "a relay pair has no sensor but its end stops");
}

static int pair_identity(struct positioner *base, struct positioner_identity *id,
			 struct err *err)
{
	struct pair *p = pair_of(base);
	struct relay_identity board;
	int rc;

	p->busy = true;
	rc = relay_identity(p->relay, &board, err);
	p->busy = false;
	if (rc)
		return rc;
	memset(id, 0, sizeof(*id));
	snprintf(id->model, sizeof(id->model), "actuator, channels %d and %d of %.24s",
		 (int)p->options.channel[PAIR_OUT], (int)p->options.channel[PAIR_BACK],
		 board.model);
	id->simulated = board.simulated;
	return 0;
}

static void wait_for_due(struct pair *p)
{
	if (p->pump)
		pump_sleep_until(p->pump, p->due_ns, NULL);
	else
		p->base.clock->sleep_until(p->base.clock, p->due_ns);
}

static void pair_close(struct positioner *base)
{
	struct pair *p = pair_of(base);

	if (p->tick >= 0)
		pump_stop(p->pump, p->tick);
	begin_away(p);
	/* bounded: every edge has a limit */
	while (travel_moves(&p->travel) && turn(p, NULL) == 0 && travel_moves(&p->travel))
		wait_for_due(p);
	stop_legs(p);
	free(p);
}

static const struct positioner_ops pair_ops = {
	.move = pair_move,
	.settle = pair_settle,
	.state = pair_state,
	.probe = pair_probe,
	.identity = pair_identity,
	.close = pair_close,
};

static int check(const struct pair_options *o, struct err *err)
{
	if (o->channel[PAIR_OUT] == o->channel[PAIR_BACK])
		return err_set(err, ERR_RANGE, "extend and retract are the same channel");
	if (o->stop[PAIR_OUT] && o->stop[PAIR_OUT] == o->stop[PAIR_BACK])
		return err_set(err, ERR_RANGE, "both end stops are the same input");
	return 0;
}

/* A known start: both off, proof that channels and stops exist, and then home. */
static int first_moves(struct pair *p, struct err *err)
{
	bool stop[2];
	int rc = switch_leg(p, PAIR_OUT, false, err);

	if (!rc)
		rc = switch_leg(p, PAIR_BACK, false, err);
	if (!rc)
		rc = read_stops(p, stop, err);
	if (!rc && p->pump) {
		p->tick = pump_every(p->pump, LOOK_NS, on_tick, p);
		if (p->tick < 0)
			rc = err_set(err, ERR_NOMEM, "no timer for the end stops");
	}
	if (!rc)
		begin(p, TRAVEL_HOME, PAIR_BACK);
	return rc;
}

static int pair_open(struct positioner **out, const void *options,
		     const struct positioner_parts *parts, struct clock *clock,
		     struct err *err)
{
	const struct pair_options *o = options;
	struct pair *p;
	int rc = check(o, err);

	if (rc)
		return rc;
	if (!parts || !parts->relay)
		return err_set(err, ERR_USAGE,
			       "a relay pair stands on a relay board and there is none");
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(err, ERR_NOMEM, "positioner");
	p->base = (struct positioner){ .ops = &pair_ops, .clock = clock };
	p->relay = parts->relay;
	p->pump = parts->pump;
	p->tick = -1;
	p->options = *o;
	p->drive = (struct pair_drive){
		.dead_ns = o->dead_ns,
		.limit_ns = o->limit_ns,
		.run_ns = { o->travel_ns, o->travel_ns },
		.has_stop = { o->stop[PAIR_OUT] != 0, o->stop[PAIR_BACK] != 0 },
	};
	pair_drive_init(&p->drive, clock_now(clock));
	rc = first_moves(p, err);
	if (rc) {
		if (p->tick >= 0)
			pump_stop(p->pump, p->tick);
		free(p);
		return err_wrap(err, rc, "opening the positioner");
	}
	*out = &p->base;
	return 0;
}

#define AT(field) offsetof(struct pair_options, field)
static const struct conf_item items[] = {
	{ .key = "extend",
	  .type = CONF_INT,
	  .offset = AT(channel[PAIR_OUT]),
	  .help = "channel that drives the phone to the reader",
	  .min = 1,
	  .max = 32 },
	{ .key = "retract",
	  .type = CONF_INT,
	  .offset = AT(channel[PAIR_BACK]),
	  .help = "channel that drives it away",
	  .min = 1,
	  .max = 32 },
	{ .key = "extended",
	  .type = CONF_INT,
	  .offset = AT(stop[PAIR_OUT]),
	  .fallback = "0",
	  .help = "input of the board that is active at the reader; 0: none",
	  .max = 32 },
	{ .key = "retracted",
	  .type = CONF_INT,
	  .offset = AT(stop[PAIR_BACK]),
	  .fallback = "0",
	  .help = "input of the board that is active when it is away; 0: none",
	  .max = 32 },
	{ .key = "travel",
	  .type = CONF_TIME,
	  .offset = AT(travel_ns),
	  .help = "the whole way: so long it runs where it has no end stop",
	  .min = NS_PER_MS,
	  .max = 600 * NS_PER_S },
	{ .key = "limit",
	  .type = CONF_TIME,
	  .offset = AT(limit_ns),
	  .fallback = "10 s",
	  .help = "an end stop that is not reached by then is a fault",
	  .min = NS_PER_MS,
	  .max = 600 * NS_PER_S },
	{ .key = "dead_time",
	  .type = CONF_TIME,
	  .offset = AT(dead_ns),
	  .fallback = "150 ms",
	  .help = "between one relay off and the other on",
	  .min = 100 * NS_PER_MS,
	  .max = 10 * NS_PER_S },
	{ 0 },
};

extern const struct positioner_driver pair_driver;
const struct positioner_driver pair_driver = {
	.name = "pair",
	.summary = "two relay channels extend and retract an actuator, with end stops",
	.needs_relay = true,
	.items = items,
	.options_size = sizeof(struct pair_options),
	.open = pair_open,
};
