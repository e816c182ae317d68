#ifndef DRIVERS_CAN_SIM_H
#define DRIVERS_CAN_SIM_H

#include "bench/core/wire/canbus.h"
#include "drivers/bus.h"
#include "drivers/can/cyclic.h"

/*
 * A bus in this very process, for a virtual clock: waiting for a frame moves the clock to it.
 */
struct sim_bus_options {
	int64_t bitrate;
	int64_t data_bitrate; /* 0: classic frames only */
	const char
		*uds; /* "7E0:7E8": a module is on it, which answers there; NULL: none */
};

extern const struct bus_driver sim_bus_driver;

/** The bus behind @b, to attach what else is on it; NULL when @b is no simulated bus. */
struct canbus *sim_bus_model(struct bus *b);

/** Cyclic frames and load on a simulated bus, in its own time. cyclic_end it before the bus. */
int sim_bus_cyclic(struct cyclic **out, struct bus *b, struct err *err);

#endif
