#ifndef TOOLS_EMU_DIAG_H
#define TOOLS_EMU_DIAG_H

#include "tools/emu/world.h"

/*
 * The vehicle module's diagnostics: says who it is when it is asked by UDS over the kernel's ISO-TP, on a CAN interface.
 */
struct diag;

/** @param uds  "7E0:7E8": the identifiers of requests and answers */
int diag_open(struct diag **out, struct world *w, const char *interface, const char *uds,
	      struct err *err);
void diag_close(struct diag *d); /* takes NULL */

#endif
