/*
 * One relay channel pushes the phone to the reader (a solenoid, a servo flap): on is TAP, off is AWAY.
 *
 * There is no inverted wiring: all relays off is the safe state of the whole bench, so off must be AWAY.
 *
 * A solenoid gets hot, so the time it may stay on is limited, and its share of any window. With a pump the
 * limits act by themselves, one tick early so that they are never exceeded; the move after it says what
 * happened, because the attempt that was under way lost its phone. A tap that the share does not allow yet waits.
 */
#include "drivers/positioner.h"
#include "drivers/positioner/on_limit.h"
#include "drivers/positioner/travel.h"
#include "drivers/relay.h"

#include "bench/core/pump.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_NS (50 * NS_PER_MS)

struct push_options {
	int64_t channel;
	int64_t travel_ns;
	int64_t retreat_ns; /* 0: as long as travel */
	int64_t max_on_ns;
	double duty;
	int64_t duty_window_ns;
};

struct push {
	struct positioner base;
	struct relay *relay; /* borrowed */
	struct pump *pump;   /* borrowed; may be NULL */
	int tick;            /* of the pump, or negative */
	struct push_options options;
	struct travel travel;
	struct on_limit *limit, own; /* the rig's, or its own */
	bool busy; /* a request to the board is under way: a tick must not start another */
	bool retracted;     /* the limit acted, and no move has said so yet */
	bool waiting;       /* a tap that may not begin before .start_ns */
	int64_t start_ns;   /* commanded then */
	int64_t settled_ns; /* of the move under way */
	int64_t slack_ns;
};

static const struct positioner_ops push_ops;

static struct push *push_of(struct positioner *p)
{
	assert(p->ops == &push_ops);
	return (struct push *)p;
}

static int64_t now_of(const struct push *p)
{
	return clock_now(p->base.clock);
}

/* A set that failed may have reached the board: believe the worse. */
static int push_set(struct push *p, bool on, struct err *err)
{
	int rc;

	p->busy = true;
	if (on)
		on_limit_switched(p->limit, true, now_of(p));
	rc = relay_set(p->relay, (int)p->options.channel, on, err);
	if (rc == 0 && !on)
		on_limit_switched(p->limit, false, now_of(p));
	p->busy = false;
	return rc;
}

static void enforce_limit(struct push *p)
{
	int64_t margin = p->pump ? CHECK_NS : 0; /* the next look would be too late */

	if (p->busy || !p->limit->on || on_limit_left(p->limit, now_of(p)) > margin)
		return;
	p->retracted = true;
	travel_step(&p->travel, TRAVEL_LEAVE, now_of(p), p->options.retreat_ns);
	/* failed: it still counts as on, so the next tick tries again */
	push_set(p, false, NULL);
}

static void on_tick(void *ctx)
{
	enforce_limit(ctx);
}

static int say_retracted(struct push *p, struct err *err)
{
	p->retracted = false;
	return err_set(err, ERR_TIMEOUT,
		       "the phone was pushed for as long as the coil may be on (max_on "
		       "%lld ms, duty %.0f %%) and was retracted by itself",
		       (long long)(p->options.max_on_ns / NS_PER_MS),
		       p->options.duty * 100);
}

static int command(struct push *p, bool on, struct err *err)
{
	int64_t called = now_of(p);
	int rc = push_set(p, on, err);

	if (rc) {
		travel_step(&p->travel, TRAVEL_FAILED, called, 0);
		return err_wrap(err, rc,
				on ? "pushing the phone" : "retracting the phone");
	}
	p->waiting = false;
	p->start_ns = now_of(p);
	p->settled_ns = p->start_ns + (on ? p->options.travel_ns : p->options.retreat_ns);
	p->slack_ns = p->start_ns - called;
	/* it arrives by the clock alone: the edge cannot be late */
	travel_step(&p->travel, on ? TRAVEL_APPROACH : TRAVEL_LEAVE, p->start_ns,
		    p->settled_ns - p->start_ns);
	return 0;
}

static void tell_stamps(const struct push *p, struct positioner_move *move)
{
	move->commanded_ns = p->start_ns;
	move->settled_ns = p->waiting ? p->start_ns : p->settled_ns;
	move->slack_ns = p->slack_ns;
}

static void arrive(struct push *p)
{
	if (!p->waiting && travel_moves(&p->travel) && now_of(p) >= p->settled_ns)
		travel_step(&p->travel, TRAVEL_ARRIVED, now_of(p), 0);
}

/* A tap that began now should be allowed to last as long as the longest so far. */
static int64_t soonest(const struct push *p)
{
	int64_t need = 2 * p->options.travel_ns;

	if (p->limit->on)
		return now_of(p);
	if (p->limit->longest_ns > need)
		need = p->limit->longest_ns;
	return on_limit_start(p->limit, now_of(p), need);
}

static int push_move(struct positioner *base, struct positioner_move *move,
		     struct err *err)
{
	struct push *p = push_of(base);
	bool on = move->to == POSITION_TAP;
	int rc = positioner_tap_alone(move, err);

	if (rc)
		return rc;
	enforce_limit(p);
	arrive(p);
	if (p->retracted && on)
		return say_retracted(p, err);
	if (p->travel.state == POSITIONER_FAULT && on) {
		rc = command(p, false, err); /* out of a fault leads the way back */
		if (rc)
			return rc;
	}
	p->start_ns = on ? soonest(p) : now_of(p);
	p->waiting = p->start_ns > now_of(p);
	if (!p->waiting)
		rc = command(p, on, err);
	if (rc)
		return rc;
	tell_stamps(p, move);
	return p->retracted ? say_retracted(p, err) : 0;
}

static int push_settle(struct positioner *base, struct positioner_move *move,
		       struct err *err)
{
	struct push *p = push_of(base);
	int rc = 0;

	enforce_limit(p);
	if (p->retracted)
		return say_retracted(p, err);
	if (p->waiting && now_of(p) >= p->start_ns)
		rc = command(p, true, err);
	if (rc)
		return rc;
	arrive(p);
	tell_stamps(p, move);
	return p->waiting || now_of(p) < p->settled_ns ? POSITIONER_NOT_YET : 0;
}

static enum positioner_state push_state(struct positioner *base)
{
	struct push *p = push_of(base);

	arrive(p);
	return p->travel.state;
}

static int push_probe(struct positioner *base, bool *on, struct err *err)
{
	(void)base;
	(void)on;
	return err_set(err, ERR_UNSUPPORTED, "a push has no sensor of its own");
}

static int push_identity(struct positioner *base, struct positioner_identity *id,
			 struct err *err)
{
	struct push *p = push_of(base);
	struct relay_identity board;
	int rc;

	p->busy = true;
	rc = relay_identity(p->relay, &board, err);
	p->busy = false;
	if (rc)
		return rc;
	memset(id, 0, sizeof(*id));
	snprintf(id->model, sizeof(id->model), "push by channel %d of %.36s",
		 (int)p->options.channel, board.model);
	id->simulated = board.simulated;
	return 0;
}

static void push_close(struct positioner *base)
{
	struct push *p = push_of(base);

	if (p->tick >= 0)
		pump_stop(p->pump, p->tick);
	push_set(p, false,
		 NULL); /* the board's worker drops it too, whatever becomes of this */
	free(p);
}

static const struct positioner_ops push_ops = {
	.move = push_move,
	.settle = push_settle,
	.state = push_state,
	.probe = push_probe,
	.identity = push_identity,
	.close = push_close,
};

/* Limits under which the phone would never arrive are a mistake of the rig. */
static int check_limits(const struct push *p, struct err *err)
{
	int64_t most = p->limit->max_on_ns;

	if (p->limit->window_ns && p->limit->allowed_ns < most)
		most = p->limit->allowed_ns;
	if (p->options.travel_ns <= most)
		return 0;
	return err_set(err, ERR_RANGE,
		       "the coil may be on for %lld ms at most, but the way to the "
		       "reader takes %lld ms",
		       (long long)(most / NS_PER_MS),
		       (long long)(p->options.travel_ns / NS_PER_MS));
}

static int push_open(struct positioner **out, const void *options,
		     const struct positioner_parts *parts, struct clock *clock,
		     struct err *err)
{
	struct push *p;
	int rc;

	if (!parts || !parts->relay)
		return err_set(err, ERR_USAGE,
			       "push stands on a relay board and there is none");
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(err, ERR_NOMEM, "positioner");
	p->base = (struct positioner){ .ops = &push_ops, .clock = clock };
	p->relay = parts->relay;
	p->pump = parts->pump;
	p->tick = -1;
	p->options = *(const struct push_options *)options;
	if (p->options.retreat_ns == 0)
		p->options.retreat_ns = p->options.travel_ns;
	p->limit = parts->coil ? parts->coil : &p->own;
	on_limit_renew(p->limit, p->options.max_on_ns, p->options.duty_window_ns,
		       p->options.duty);
	rc = check_limits(p, err);
	if (rc == 0) /* a known start, and proof that the channel exists */
		rc = command(p, false, err);
	if (rc == 0 && p->pump) {
		p->tick = pump_every(p->pump, CHECK_NS, on_tick, p);
		if (p->tick < 0)
			rc = err_set(err, ERR_NOMEM, "no timer for the on-time limit");
	}
	if (rc) {
		free(p);
		return err_wrap(err, rc, "opening the positioner");
	}
	*out = &p->base;
	return 0;
}

static const struct conf_item items[] = {
	{ .key = "channel",
	  .type = CONF_INT,
	  .offset = offsetof(struct push_options, channel),
	  .fallback = "1",
	  .help = "of the relay board; on pushes the phone to the reader",
	  .min = 1,
	  .max = 32 },
	{ .key = "travel",
	  .type = CONF_TIME,
	  .offset = offsetof(struct push_options, travel_ns),
	  .help = "from the command until the phone is at the reader, bounces included",
	  .max = 60 * NS_PER_S },
	{ .key = "retreat",
	  .type = CONF_TIME,
	  .offset = offsetof(struct push_options, retreat_ns),
	  .fallback = "0",
	  .help = "from the command until the phone is out of the field; 0: as travel",
	  .max = 60 * NS_PER_S },
	{ .key = "max_on",
	  .type = CONF_TIME,
	  .offset = offsetof(struct push_options, max_on_ns),
	  .fallback = "30 s",
	  .help = "after so long the phone is retracted by itself: a solenoid gets hot",
	  .min = NS_PER_MS,
	  .max = 3600 * NS_PER_S },
	{ .key = "duty",
	  .type = CONF_SHARE,
	  .offset = offsetof(struct push_options, duty),
	  .fallback = "100 %",
	  .help = "the share of any duty_window it may be on; a tap waits for it" },
	{ .key = "duty_window",
	  .type = CONF_TIME,
	  .offset = offsetof(struct push_options, duty_window_ns),
	  .fallback = "60 s",
	  .help = "over which the duty counts",
	  .min = NS_PER_S,
	  .max = 3600 * NS_PER_S },
	{ 0 },
};

extern const struct positioner_driver push_driver;
const struct positioner_driver push_driver = {
	.name = "push",
	.summary = "one relay channel pushes the phone to the reader",
	.needs_relay = true,
	.items = items,
	.options_size = sizeof(struct push_options),
	.open = push_open,
};
