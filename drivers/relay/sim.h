#ifndef DRIVERS_RELAY_SIM_H
#define DRIVERS_RELAY_SIM_H

#include "drivers/relay.h"

/** A board that exists only here; it remembers its channels and tells them. */
struct sim_relay_options {
	int64_t channels; /* 1..32 */
};

extern const struct relay_driver sim_relay_driver;

#endif
