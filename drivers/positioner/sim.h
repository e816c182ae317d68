#ifndef DRIVERS_POSITIONER_SIM_H
#define DRIVERS_POSITIONER_SIM_H

#include "drivers/positioner.h"

/*
 * A positioner that exists only here. Who wants to know of its moves (the simulated reader's field)
 * is told at the command, with the moment from which the phone is there.
 */
struct sim_positioner_options {
	int64_t travel_ns;
};

typedef void sim_moved_fn(void *ctx, enum position to, int64_t settled_ns);

/** @param moved  may be NULL; @ctx is handed to it */
int sim_positioner_open(struct positioner **out,
			const struct sim_positioner_options *options, sim_moved_fn *moved,
			void *ctx, struct clock *clock, struct err *err);

extern const struct positioner_driver sim_positioner_driver;

#endif
