#ifndef TOOLS_EMU_BRIDGE_H
#define TOOLS_EMU_BRIDGE_H

#include "tools/emu/hub.h"

/*
 * Joins a bus of the desk to a CAN interface of the kernel: what is sent on the desk goes out there, and what comes in
 * there goes over the desk's bus. Each way a frame takes its time on the desk's bus and then, or before, on the wire.
 */
struct bridge;

/** @param interface  "can1"; set to the hub's bit rate if it must be and may be */
int bridge_open(struct bridge **out, struct world *w, struct hub *hub,
		const char *interface, struct err *err);
void bridge_close(struct bridge *b); /* takes NULL; before its hub */

#endif
