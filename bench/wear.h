#ifndef BENCH_WEAR_H
#define BENCH_WEAR_H

#include "bench/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Cycles of a bench's mechanics over its life, in a small file outside all run folders: relays and solenoids wear out.
 *
 *   {"format": 1, "cycles": {"my-bench": 48213}}
 *
 * The file is replaced whole, under a lock: a crash loses what was not added yet and nothing else, and two benches on
 * one machine do not lose each other's counts.
 */

/**
 * Where: $KEYBENCH_STATE/cycles.json, else below $XDG_STATE_HOME or ~/.local/state, in keybench/. A simulated rig wears
 * nothing out, and counts only where KEYBENCH_STATE says so.
 *
 * @return false: nowhere
 */
bool wear_path(char *out, size_t size, bool simulated);

/**
 * Add @cycles (>= 0) to those of @rig.
 *
 * @param total  out: all of them, these included
 * @return 0; ERR_FORMAT when the file is none of ours: it is left as it is
 */
int wear_add(const char *path, const char *rig, int64_t cycles, int64_t *total,
	     struct err *err);

#endif
