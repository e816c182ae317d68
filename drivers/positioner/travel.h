#ifndef DRIVERS_POSITIONER_TRAVEL_H
#define DRIVERS_POSITIONER_TRAVEL_H

#include "drivers/positioner.h"

/*
 * Where a positioner is, and what may come next; pure. Every edge that takes time has a limit: what is not there
 * by then is a fault, and from a fault it moves away or finds its home, but never to the reader.
 *
 *	unknown ──home──► homing ──arrived──► away ──approach──► approaching ──arrived──► in field
 *	                                       ▲                     │ leave                 │ leave
 *	                                       └──arrived── leaving ◄┴───────────────────────┘
 */
enum travel_event {
	TRAVEL_HOME,
	TRAVEL_APPROACH,
	TRAVEL_LEAVE,
	TRAVEL_ARRIVED,
	TRAVEL_FAILED
};

/** Zero-initialise: unknown. */
struct travel {
	enum positioner_state state;
	int64_t since_ns;
	int64_t due_ns; /* while it moves: to be there by then */
};

/**
 * @param limit_ns  of the edge that begins; of no meaning for ARRIVED and FAILED
 * @return 0; ERR_USAGE: that cannot happen from here, nothing changed
 */
int travel_step(struct travel *t, enum travel_event event, int64_t now_ns,
		int64_t limit_ns);
/** @return 0; ERR_TIMEOUT: it was due, and is in fault now */
int travel_check(struct travel *t, int64_t now_ns);
bool travel_moves(const struct travel *t);

#endif
