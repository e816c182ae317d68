#ifndef TOOLS_EMU_HUB_H
#define TOOLS_EMU_HUB_H

#include "bench/core/wire/canbus.h"
#include "tools/emu/world.h"

/*
 * A virtual CAN bus on the desk: other processes are nodes of it over its socket, and
 * what stands on the desk attaches to the model. Every frame goes to the truth log
 * ("can").
 */
struct hub;

/** @param name  borrowed. The socket lies in a folder of its own below $TMPDIR. */
int hub_open(struct hub **out, struct world *w, const char *name, int64_t bitrate,
	     struct err *err);
void hub_close(struct hub *h); /* takes NULL; removes socket and folder */

const char *hub_name(const struct hub *h);
const char *hub_path(const struct hub *h);
struct canbus *hub_model(struct hub *h);
/**
 * A frame from the desk, ready at world_now(); one that finds its node's queue full is
 * lost, and logged.
 */
void hub_send(struct hub *h, int node, const struct canframe *f);

#endif
