#ifndef DRIVERS_POSITIONER_GRBL_MODEL_H
#define DRIVERS_POSITIONER_GRBL_MODEL_H

#include "bench/core/buf.h"
#include "drivers/positioner/grbl_wire.h"

/*
 * An axis with GRBL 1.1 as the host sees it; pure, on the caller's time. Straight moves at their feed without
 * acceleration, homing, soft limits, dwell, hold, reset, alarms, settings, status. In a hold its lines wait; after
 * alarm 1 or 2 it hears nothing but a reset. Machine coordinates are 0 at
 * home and negative from there on, as GRBL has them.
 */
#define GRBL_MODEL_PLAN 15
#define GRBL_MODEL_RX 128
#define GRBL_MODEL_REPLY 4096
#define GRBL_NEVER INT64_MAX

struct grbl_model {
	int64_t travel_um[GRBL_AXES];
	int64_t homing_ns; /* how long it looks for its switches */
	bool soft_limits, homing, locked_at_start;
	bool probe;   /* something is at its probe input */
	bool blocked; /* planted: it cannot move */
	bool deaf;    /* after an alarm of its limits: to all but a reset */

	enum grbl_state state;
	bool homed;
	int64_t at_um[GRBL_AXES]; /* when the present move began */
	int64_t began_ns, ends_ns;
	int count; /* moves planned; the first is under way in state Run */
	struct grbl_plan {
		int64_t to_um[GRBL_AXES], um_per_s;
	} plan[GRBL_MODEL_PLAN];
	int64_t dwell_ns;  /* asked for, begins when the moves are done; -1: none */
	int64_t dwells_ns; /* until then */
	int64_t feed;      /* mm/min, the last F */
	char line[GRBL_COMMAND_MAX + 1];
	size_t len;
	bool too_long;
	uint8_t rx[GRBL_MODEL_RX]; /* lines that wait */
	size_t waiting;
};

/** Power on: .travel_um and what follows it are set; says its banner. */
void grbl_model_start(struct grbl_model *m, int64_t now_ns, struct buf *reply);
/** One byte from the host; what it says is appended to @reply, of GRBL_MODEL_REPLY. */
void grbl_model_hear(struct grbl_model *m, uint8_t byte, int64_t now_ns,
		     struct buf *reply);
/** When it does something by itself; GRBL_NEVER. */
int64_t grbl_model_next(const struct grbl_model *m);
void grbl_model_run(struct grbl_model *m, int64_t now_ns, struct buf *reply);
/** Where it is. */
void grbl_model_place(const struct grbl_model *m, int64_t now_ns, int64_t um[GRBL_AXES]);

#endif
