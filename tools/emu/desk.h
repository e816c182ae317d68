#ifndef TOOLS_EMU_DESK_H
#define TOOLS_EMU_DESK_H

#include "tools/emu/rig.h"
#include "tools/emu/world.h"

/*
 * The desk: everything a rig's emulate: section names, put together in one world.
 */
struct desk;

/** Open every device on a pty (a bus: a socket) of its own. @param present the phone lies at the reader from the start */
int desk_new(struct desk **out, struct world *w, const struct emu_rig *rig, bool present,
	     struct err *err);
void desk_free(struct desk *d); /* takes NULL */

/** Would it open? Loads what the rig names, opens nothing. */
int desk_check(const struct emu_rig *rig, struct err *err);

int desk_device_count(const struct desk *d);
/** "reader0" and where it is; borrowed until desk_free. */
const char *desk_device_name(const struct desk *d, int i);
const char *desk_device_path(const struct desk *d, int i);

/** All relays off, and no axis holds the phone in the field. */
bool desk_is_safe(const struct desk *d);
/** The last line of the truth log: why it ended, and which relays are still on. */
void desk_log_end(const struct desk *d, const char *why);

#endif
