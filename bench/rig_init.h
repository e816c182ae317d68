#ifndef BENCH_RIG_INIT_H
#define BENCH_RIG_INIT_H

#include "bench/core/buf.h"
#include "bench/core/err.h"

/**
 * A rig file from what is plugged in, with comments for what only a person knows: which `keybench check` accepts as it
 * is. Devices are named by their port, so that the file outlives a re-plug. What is not known is only listed: a run would
 * send it bytes that are not meant for it.
 *
 * @param root  see drivers/usb.h
 * @param name  NULL: after the machine, and where the board is plugged in
 * @return 0; ERR_USAGE: there is no /sys below @root
 */
int rig_init_text(struct buf *out, const char *root, const char *name, struct err *err);

#endif
