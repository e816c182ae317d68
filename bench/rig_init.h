#ifndef BENCH_RIG_INIT_H
#define BENCH_RIG_INIT_H

#include "bench/core/buf.h"

/**
 * A rig file from what is plugged in, with comments for what only a person knows: which `keybench check` accepts as it
 * is. Devices are named by their port, so that the file outlives a re-plug.
 *
 * @param root  see drivers/usb.h
 */
void rig_init_text(struct buf *out, const char *root, const char *name);

#endif
