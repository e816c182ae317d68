#ifndef DRIVERS_CAN_CYCLIC_H
#define DRIVERS_CAN_CYCLIC_H

#include "drivers/bus.h"
#include "drivers/can/replay.h"

/*
 * Frames sent over and over, by one helper process: the controller waits for readers and must not keep time.
 *
 * Every frame is due at first + n * period, absolutely: being late once does not shift the next. Where the bus
 * honours launch times they are handed over CYCLIC_AHEAD_NS early, so that the helper's own wake-ups do not
 * matter; else it sends when they are due: it wakes a little early, by what its wake-ups were late before, and waits for the
 * moment itself, with real-time priority where it may have that. Load and a replay are streams of their own, behind which no
 * cyclic frame waits.
 */
#define CYCLIC_SLOTS 32
#define CYCLIC_AHEAD_NS (100 * NS_PER_MS)

struct cyclic; /* a helper process, or a simulation (sim_bus_cyclic in sim.h) */

struct cyclic_count {
	uint64_t sent;
	uint64_t
		late; /* handed over a period or more after they were due: not what was asked for */
	uint64_t unsent; /* of a replay: what the stop left over */
};

/**
 * Fork the helper; it opens the bus anew by @driver and @options (twice: frames and load), and ends when
 * this process does.
 */
int cyclic_start(struct cyclic **out, const struct bus_driver *driver,
		 const void *options, struct pump *pump, struct err *err);
/** Stops all; takes NULL. */
void cyclic_end(struct cyclic *c);

/** Send @f every @period_ns from @first_ns on (bench clock); replaces what has the same identifier. */
int cyclic_add(struct cyclic *c, const struct canframe *f, int64_t period_ns,
	       int64_t first_ns, struct err *err);
/** Fill the bus with @f every @period_ns; replaces the load there was. */
int cyclic_load(struct cyclic *c, const struct canframe *f, int64_t period_ns,
		int64_t first_ns, struct err *err);
/** How late a replayed frame may be handed over before it is no longer what was recorded. */
#define CYCLIC_REPLAY_LATE_NS (10 * NS_PER_MS)
/** Send @r once, its first frame at @first_ns; replaces the replay there was. @r is copied. */
int cyclic_replay(struct cyclic *c, const struct replay *r, int64_t first_ns,
		  struct err *err);
/**
 * Send no more; what was handed over early is taken back.
 *
 * @param count, load  out: since the last stop, of the frames (replayed ones too) and of the load; may be NULL
 */
int cyclic_stop(struct cyclic *c, struct cyclic_count *count, struct cyclic_count *load,
		struct err *err);

/** What both kinds provide; the short forms above call it. */
struct cyclic_ops {
	int (*add)(struct cyclic *c, bool load, const struct canframe *f,
		   int64_t period_ns, int64_t first_ns, struct err *err);
	int (*replay)(struct cyclic *c, const struct replay *r, int64_t first_ns,
		      struct err *err);
	int (*stop)(struct cyclic *c, struct cyclic_count *count,
		    struct cyclic_count *load, struct err *err);
	void (*end)(struct cyclic *c);
};

struct cyclic { /* first member of each kind */
	const struct cyclic_ops *ops;
};

#endif
