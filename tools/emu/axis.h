#ifndef TOOLS_EMU_AXIS_H
#define TOOLS_EMU_AXIS_H

#include "tools/emu/faults.h"
#include "tools/emu/line.h"

#include "drivers/positioner/grbl_model.h"

/*
 * A GRBL axis that carries the phone over a reader: on a line of its own, and with a probe input that is active when the
 * phone is near the face. Where it is goes to .moved, every AXIS_LOOK_NS while it moves.
 */
#define AXIS_LOOK_NS (2 * NS_PER_MS)

struct axis_options {
	const char *name;
	int64_t face_um[GRBL_AXES]; /* the middle of the reader's face, in the machine */
	int64_t sensor_um;          /* the probe is active nearer to the face */
	int64_t homing_ns;
};

struct axis {
	struct world *world;
	struct axis_options options;
	struct line line;
	struct grbl_model model;
	struct timer tick, hear;
	struct {
		int64_t at_ns;
		uint8_t byte;
	} coming[LINE_BACKLOG]; /* still on the wire */
	int count;
	int64_t at_um[GRBL_AXES]; /* as told last: from the face, z off it */
	bool told;
	struct fault_plan plan;
	int64_t orders; /* lines that it heard */
	/** Its line was unplugged by the plan, or is back on another pty; the axis has its own power, and goes on. */
	void (*plugged)(void *ctx);
	struct timer back;
	void (*moved)(void *ctx, const int64_t at_um[GRBL_AXES]);
	void *ctx;
};

/** On a pty of its own. @axis stays where it is. */
int axis_open(struct axis *a, struct world *w, const struct axis_options *options,
	      struct err *err);
void axis_close(struct axis *a);
/** What is planned for it: @at.command is the N-th line that it hears. */
void axis_plan(struct axis *a, const struct fault *faults, int count, int device);

#endif
