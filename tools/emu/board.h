#ifndef TOOLS_EMU_BOARD_H
#define TOOLS_EMU_BOARD_H

#include "tools/emu/inbox.h"
#include "tools/emu/line.h"

#include "drivers/relay/lcus_wire.h"

/*
 * An LCUS relay board: 9600 8N1, "A0 channel op sum", and FF, which newer firmware
 * answers with a line of ASCII per channel. A wrong checksum is ignored. All off at
 * power-on; no watchdog.
 */
#define BOARD_BAUD 9600
#define BOARD_MAX_CHANNELS 8

struct board {
	struct world *world;
	const char *name;
	struct line line;
	struct lcus_parser parser;
	struct inbox inbox;
	int channels;
	uint32_t state; /* bit n-1: channel n */
	/** A coil got or lost power. */
	void (*switched)(void *ctx, int channel, bool on);
	void *ctx;
};

/** On a pty of its own. @board stays where it is: its line and timers point into it. */
int board_open(struct board *b, struct world *w, const char *name, int channels,
	       struct err *err);
void board_close(struct board *b);

#endif
