#ifndef DRIVERS_CAN_CLOCKFIT_H
#define DRIVERS_CAN_CLOCKFIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Moves stamps of another clock (the kernel's wall clock, a controller's) onto the bench clock.
 *
 * Fed with paired readings: both clocks, read as close to each other as can be, again and again. The rate between
 * them is taken from readings a second apart, the offset from the latest. What the latest differs from what those
 * before it foretold is the residual, and part of every stamp's slack: so a wall clock that somebody sets makes
 * stamps uncertain, and never wrong. Pure.
 */
struct clockfit_reading {
	int64_t bench_ns, other_ns;
	int64_t half_ns; /* the two are at most that far from having been read together */
};

struct clockfit {
	int count; /* of readings; zero-initialise */
	bool rated;
	double rate; /* what the offset grows by per ns of the other clock */
	struct clockfit_reading anchor, last;
	int64_t residual_ns;
};

/** What a clock may run off while its rate is not known yet: the kernel slews by 500 ppm at most. */
#define CLOCKFIT_SLEW 500e-6
/** How fast a known rate may change: temperature, and the next correction of a disciplined clock. */
#define CLOCKFIT_WANDER 5e-6

void clockfit_add(struct clockfit *f, const struct clockfit_reading *r);
/**
 * The bench clock when the other one showed @other_ns; at least one reading is needed.
 *
 * @param slack_ns  out: it may be that far off; on top of what the stamp itself may be late
 */
int64_t clockfit_bench(const struct clockfit *f, int64_t other_ns, int64_t *slack_ns);

#endif
