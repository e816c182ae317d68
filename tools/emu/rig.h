#ifndef TOOLS_EMU_RIG_H
#define TOOLS_EMU_RIG_H

#include "tools/emu/faults.h"

#include "bench/core/conf.h"

/*
 * The emulated desk's view of a rig file: the section "emulate:", and who lies on the desk. The
 * controller's own keys are taken as they stand. The schema is told in keybench-emu(1).
 */
#define RIG_MAX_BOARDS 4
#define RIG_MAX_FAULTS 64
#define RIG_NAME 32

struct rig_board {
	const char *name; /* "relay0" */
	int64_t channels;
};

struct emu_rig {
	struct conf *conf; /* owns every string below */
	const char *path;
	const char *name, *protocol, *phone, *pairing;
	const char *reader; /* "reader0" */
	int64_t baud, gap_ns;
	bool instant; /* neither line nor air takes time */
	struct rig_board boards[RIG_MAX_BOARDS];
	int board_count;
	int phone_board; /* whose channel pushes the phone; -1: none does */
	int64_t channel, travel_ns, jitter_ns, bounce_ns;
	bool echo; /* it answers with what it was asked */
	struct fault faults[RIG_MAX_FAULTS];
	int fault_count;
};

/** ERR_IO, or ERR_FORMAT/ERR_RANGE with the place. Free with emu_rig_free. */
int emu_rig_load(struct emu_rig **out, const char *path, struct err *err);
int emu_rig_parse(struct emu_rig **out, const char *name, struct bytes text,
		  struct err *err);
void emu_rig_free(struct emu_rig *r); /* takes NULL */

#endif
