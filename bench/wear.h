#ifndef BENCH_WEAR_H
#define BENCH_WEAR_H

#include "bench/core/err.h"
#include "drivers/positioner/on_limit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Cycles of a bench's mechanics over its life, in a small file outside all run folders: relays and solenoids wear out.
 *
 *   {"format": 1, "cycles": {"usb 0403:6001 A50285BI": 48213},
 *    "coils": {"usb 0403:6001 A50285BI": {"boot": "5f1c…", "past": [[FROM_NS, TO_NS]]}}}
 *
 * Each by a name of what wears out: of its board or axis, where that has one (bench/rig_wear.c). Of a coil whose on-time
 * is limited to a share, when it was on lately, on the clock of that boot; while it is in use, nothing, and so after a
 * crash: then the worst is true.
 *
 * The file is replaced whole, under a lock that is waited for a second: a crash loses what was not added yet and nothing
 * else, and two benches on one machine do not lose each other's counts. A file system may hang all the same.
 */

/**
 * Where: $KEYBENCH_STATE/cycles.json, else below $XDG_STATE_HOME or ~/.local/state, in keybench/. A simulated rig wears
 * nothing out, and counts only where KEYBENCH_STATE says so.
 *
 * @return false: nowhere
 */
bool wear_path(char *out, size_t size, bool simulated);

/**
 * Add @cycles (>= 0) to those of @key.
 *
 * @param total  out: all of them, these included
 * @return 0; ERR_FORMAT when the file is none of ours: it is left as it is; ERR_TIMEOUT when somebody else has it
 */
int wear_add(const char *path, const char *key, int64_t cycles, int64_t *total,
	     struct err *err);

/**
 * A coil is taken into use: what is known of it is added to @limit, whose limits are set.
 *
 * @param boot    of the machine, which begins the clock anew
 * @param now_ns  on that clock
 */
int wear_open_coil(const char *path, const char *key, const char *boot,
		   struct on_limit *limit, int64_t now_ns, struct err *err);
/** It is off, and not used any more. */
int wear_close_coil(const char *path, const char *key, const char *boot,
		    const struct on_limit *limit, struct err *err);

#endif
