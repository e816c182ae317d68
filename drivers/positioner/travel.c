#include "drivers/positioner/travel.h"

#define NONE (-1)

/* From each state, where each event but FAILED leads. */
static const signed char next[][4] = {
	/* HOME, APPROACH, LEAVE, ARRIVED */
	[POSITIONER_UNKNOWN] = { POSITIONER_HOMING, NONE, POSITIONER_LEAVING, NONE },
	[POSITIONER_HOMING] = { POSITIONER_HOMING, NONE, POSITIONER_LEAVING,
				POSITIONER_AWAY },
	[POSITIONER_AWAY] = { POSITIONER_HOMING, POSITIONER_APPROACHING,
			      POSITIONER_LEAVING, NONE },
	[POSITIONER_APPROACHING] = { NONE, POSITIONER_APPROACHING, POSITIONER_LEAVING,
				     POSITIONER_IN_FIELD },
	[POSITIONER_IN_FIELD] = { NONE, POSITIONER_APPROACHING, POSITIONER_LEAVING,
				  NONE },
	[POSITIONER_LEAVING] = { POSITIONER_HOMING, POSITIONER_APPROACHING,
				 POSITIONER_LEAVING, POSITIONER_AWAY },
	[POSITIONER_FAULT] = { POSITIONER_HOMING, NONE, POSITIONER_LEAVING, NONE },
};

bool travel_moves(const struct travel *t)
{
	return t->state == POSITIONER_HOMING || t->state == POSITIONER_APPROACHING ||
	       t->state == POSITIONER_LEAVING;
}

int travel_step(struct travel *t, enum travel_event event, int64_t now_ns,
		int64_t limit_ns)
{
	int to = event == TRAVEL_FAILED ? POSITIONER_FAULT : next[t->state][event];

	if (to == NONE)
		return ERR_USAGE;
	t->state = (enum positioner_state)to;
	t->since_ns = now_ns;
	t->due_ns = now_ns + limit_ns;
	return 0;
}

int travel_check(struct travel *t, int64_t now_ns)
{
	if (!travel_moves(t) || now_ns <= t->due_ns)
		return 0;
	travel_step(t, TRAVEL_FAILED, now_ns, 0);
	return ERR_TIMEOUT;
}
