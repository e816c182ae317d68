#ifndef TOOLS_EMU_DESK_H
#define TOOLS_EMU_DESK_H

#include "tools/emu/board.h"
#include "tools/emu/chip.h"
#include "tools/emu/rig.h"
#include "tools/emu/world.h"

/*
 * The desk: everything a rig's emulate: section names, put together in one world.
 */
struct desk;

/**
 * Open every device on a pty (a bus: a socket) of its own. @param present the phone lies
 * at the reader from the start
 */
int desk_new(struct desk **out, struct world *w, const struct emu_rig *rig, bool present,
	     struct err *err);
void desk_free(struct desk *d); /* takes NULL */

/** Would it open? Loads what the rig names, opens nothing. */
int desk_check(const struct emu_rig *rig, struct err *err);

int desk_device_count(const struct desk *d);
/** "reader0" and where it is; borrowed until desk_free. */
const char *desk_device_name(const struct desk *d, int i);
const char *desk_device_path(const struct desk *d, int i);

/*
 * Devices on USB: they stand on the desk like the others, but somebody else must plug them in
 * (tools/usbemu). Their path is "".
 */
#define DESK_USB_BAUD 10000000
/** Of device @i; .usb is RIG_NOT_USB for all others. */
const struct rig_plug *desk_plug(const struct desk *d, int i);
/** Of device @i, a chip: bytes from the host by line_feed, and to it by .sink. */
struct line *desk_line(struct desk *d, int i);
struct chip *desk_chip(struct desk *d, int i);
/** Device @i, a board. */
struct board *desk_board(struct desk *d, int i);
/** Call @fn when device @i must lose its power before anything else happens, to be back after @away_ns; 0: never. */
typedef void desk_unplug_fn(void *ctx, int i, int64_t away_ns);
void desk_on_unplug(struct desk *d, desk_unplug_fn *fn, void *ctx);

/** Call @fn when device @i was unplugged, its path is "" then, and when it is back at another one. */
typedef void desk_moved_fn(void *ctx, int i);
void desk_on_moved(struct desk *d, desk_moved_fn *fn, void *ctx);

/** All relays off, and no axis holds the phone in the field. */
bool desk_is_safe(const struct desk *d);
/** The last line of the truth log: why it ended, and which relays are still on. */
void desk_log_end(const struct desk *d, const char *why);

#endif
