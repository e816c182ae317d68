#ifndef TOOLS_EMU_DIAG_H
#define TOOLS_EMU_DIAG_H

#include "tools/emu/hub.h"

/*
 * The vehicle module's diagnostics: a node of its bus that answers UDS (drivers/can/uds_server.h). Where the bus is joined to
 * a CAN interface, it is asked from there too.
 */
struct diag;

/** @param uds  "7E0:7E8": the identifiers of requests and answers */
int diag_open(struct diag **out, struct world *w, struct hub *hub, const char *uds,
	      struct err *err);
void diag_close(struct diag *d); /* takes NULL; before its hub */

#endif
