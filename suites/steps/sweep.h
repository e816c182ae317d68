#ifndef SUITES_STEPS_SWEEP_H
#define SUITES_STEPS_SWEEP_H

#include "bench/core/conf.h"

/*
 * The places that a case's trials visit in turn: a grid along x, y and z around the tap, in um; pure.
 */
#define SWEEP_MAX_PLACES 10000

struct sweep_axis {
	int64_t from_um, to_um, step_um;
};

struct sweep {
	struct sweep_axis axes[3];
};

/** A map of x, y, z, each a map of from, to, step; an axis that is not named stays at 0. */
int sweep_read(struct sweep *out, struct node map, struct err *err);
int64_t sweep_count(const struct sweep *s);
/** The place of trial @n (>= 0): x first, then y, then z, and over again. */
void sweep_place(const struct sweep *s, int64_t n, int64_t um[3]);

#endif
