#ifndef TOOLS_EMU_BOARD_H
#define TOOLS_EMU_BOARD_H

#include "tools/emu/inbox.h"
#include "tools/emu/line.h"

#include "drivers/relay/board_model.h"
#include "drivers/relay/usb_hid_wire.h"
#include "tools/emu/faults.h"

/*
 * A relay board on a serial line, of any kind that drivers/relay/board_model.h knows. All off
 * at power-on; no watchdog. An LCUS board has the newer firmware, which tells its state.
 *
 * Or a DCTTech board, which has no line: it is asked by control requests, and power comes and
 * goes over USB.
 */
struct board {
	struct world *world;
	const char *name;
	struct line line;
	struct inbox inbox;
	struct board_model model; /* of a DCTTech board .state and .channels alone */
	struct usb_hid_board hid;
	struct fault_plan plan;
	int64_t orders;
	/** FAULT_UNPLUG, on USB: it will lose its power, and have it back after @away_ns (0: never) */
	void (*unplug)(void *ctx, int64_t away_ns);
	/** The same of one on a line, which does it by itself: its line is gone, or back on another pty. */
	void (*plugged)(void *ctx);
	void *unplug_ctx; /* of both */
	struct timer back;
	/** A coil got or lost power. */
	void (*switched)(void *ctx, int channel, bool on);
	void *ctx;
};

/** On a pty of its own. @board stays where it is: its line and timers point into it. */
int board_open(struct board *b, struct world *w, const char *name, enum board_kind kind,
	       int channels, struct err *err);
/** A DCTTech board, without a line. @serial  five characters */
void board_init_usb(struct board *b, struct world *w, const char *name, int channels,
		    const char *serial);
/** What is planned for it: @at.command is the N-th SET_REPORT, or on a line the N-th order that switches. */
void board_plan(struct board *b, const struct fault *faults, int count, int device);
/** A control request of a DCTTech board. @return as usb_hid_board_hear */
int board_request(struct board *b, struct usb_request *r);
/** USB power of a DCTTech board: without it all coils drop, and it comes back with all off. */
void board_power(struct board *b, bool on);
void board_close(struct board *b);
/** Something is wired to input 1..32 of the board, and became active or not. */
void board_input(struct board *b, int input, bool on);

#endif
