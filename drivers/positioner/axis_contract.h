#ifndef DRIVERS_POSITIONER_AXIS_CONTRACT_H
#define DRIVERS_POSITIONER_AXIS_CONTRACT_H

#include "drivers/positioner.h"
#include "drivers/positioner/grbl_model.h"

#include <sys/types.h>

/*
 * A GRBL axis for tests: a process behind a pseudo-terminal. The tap is at -5, -6, -30 mm of the machine, away is z -10 mm.
 */
struct axis {
	char path[64];                     /* of its serial line */
	volatile struct grbl_model *truth; /* shared with the process */
	const struct positioner_driver *driver;
	pid_t pid; /* -1: unplugged */
	struct conf *conf;
	void *options; /* of that driver, for this axis */
};

/** @param feed  mm/min; 60000 goes from away to the tap in 20 ms */
void axis_start(struct axis *a, int feed);
void axis_unplug(struct axis *a);
void axis_stop(struct axis *a);
/** Where it is now. */
void axis_place(const struct axis *a, int64_t um[GRBL_AXES]);
/** Out of the field: at the rig's away or nearer to home. */
bool axis_is_away(const struct axis *a);
/** Wait, with all the patience, until it is out of the field. */
bool axis_gets_away(const struct axis *a);

#endif
