#ifndef TOOLS_EMU_BOARD_H
#define TOOLS_EMU_BOARD_H

#include "tools/emu/inbox.h"
#include "tools/emu/line.h"

#include "drivers/relay/board_model.h"

/*
 * A relay board on a serial line, of any kind that drivers/relay/board_model.h knows. All off at power-on; no
 * watchdog. An LCUS board has the newer firmware, which tells its state.
 */
struct board {
	struct world *world;
	const char *name;
	struct line line;
	struct inbox inbox;
	struct board_model model;
	/** A coil got or lost power. */
	void (*switched)(void *ctx, int channel, bool on);
	void *ctx;
};

/** On a pty of its own. @board stays where it is: its line and timers point into it. */
int board_open(struct board *b, struct world *w, const char *name, enum board_kind kind,
	       int channels, struct err *err);
void board_close(struct board *b);
/** Something is wired to input 1..32 of the board, and became active or not. */
void board_input(struct board *b, int input, bool on);

#endif
