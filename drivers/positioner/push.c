/*
 * One relay channel pushes the phone to the reader (a solenoid, a servo flap): on is TAP, off is AWAY.
 *
 * There is no inverted wiring: all relays off is the safe state of the whole bench, so off must be AWAY.
 *
 * A solenoid gets hot, so the time it may stay on is limited. With a pump the limit acts by itself; the
 * move after it says what happened, because the attempt that was under way lost its phone.
 */
#include "drivers/positioner.h"
#include "drivers/relay.h"

#include "bench/core/pump.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_NS (100 * NS_PER_MS)

struct push_options {
	int64_t channel;
	int64_t travel_ns;
	int64_t retreat_ns; /* 0: as long as travel */
	int64_t max_on_ns;
};

struct push {
	struct positioner base;
	struct relay *relay; /* borrowed */
	struct pump *pump;   /* borrowed; may be NULL */
	int tick;            /* of the pump, or negative */
	struct push_options options;
	bool pushing; /* the channel is on, as far as we know */
	bool busy; /* a request to the board is under way: a tick must not start another */
	bool retracted;   /* the limit acted, and no move has said so yet */
	int64_t since_ns; /* pushing since then */
};

static const struct positioner_ops push_ops;

static struct push *push_of(struct positioner *p)
{
	assert(p->ops == &push_ops);
	return (struct push *)p;
}

/* A set that failed may have reached the board: believe the worse. */
static int push_set(struct push *p, bool on, struct err *err)
{
	int rc;

	p->busy = true;
	if (on && !p->pushing) {
		p->pushing = true;
		p->since_ns = clock_now(p->base.clock);
	}
	rc = relay_set(p->relay, (int)p->options.channel, on, err);
	if (rc == 0 && !on)
		p->pushing = false;
	p->busy = false;
	return rc;
}

static bool too_long(const struct push *p)
{
	return p->pushing &&
	       clock_now(p->base.clock) - p->since_ns > p->options.max_on_ns;
}

static void enforce_limit(struct push *p)
{
	if (p->busy || !too_long(p))
		return;
	p->retracted = true;
	push_set(p, false,
		 NULL); /* failed: still pushing, so the next tick tries again */
}

static void on_tick(void *ctx)
{
	enforce_limit(ctx);
}

static int say_retracted(struct push *p, struct err *err)
{
	p->retracted = false;
	return err_set(
		err, ERR_TIMEOUT,
		"the phone was pushed for more than %lld ms and was retracted by itself",
		(long long)(p->options.max_on_ns / NS_PER_MS));
}

static int push_move(struct positioner *base, struct positioner_move *move,
		     struct err *err)
{
	struct push *p = push_of(base);
	bool on = move->to == POSITION_TAP;
	int64_t called = clock_now(base->clock);
	int rc;

	enforce_limit(p);
	if (p->retracted && on)
		return say_retracted(p, err);
	rc = push_set(p, on, err);
	if (rc)
		return err_wrap(err, rc,
				on ? "pushing the phone" : "retracting the phone");
	move->commanded_ns = clock_now(base->clock);
	move->settled_ns =
		move->commanded_ns + (on ? p->options.travel_ns : p->options.retreat_ns);
	move->slack_ns = move->commanded_ns - called;
	return p->retracted ? say_retracted(p, err) : 0;
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
	.identity = push_identity,
	.close = push_close,
};

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
	p->base = (struct positioner){ &push_ops, clock };
	p->relay = parts->relay;
	p->pump = parts->pump;
	p->tick = -1;
	p->options = *(const struct push_options *)options;
	if (p->options.retreat_ns == 0)
		p->options.retreat_ns = p->options.travel_ns;
	rc = push_set(p, false,
		      err); /* a known start, and proof that the channel exists */
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
