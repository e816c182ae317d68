#ifndef TOOLS_EMU_TRUTH_H
#define TOOLS_EMU_TRUTH_H

#include "bench/core/bytes.h"
#include "bench/core/err.h"

#include <stdint.h>

/*
 * The truth log: what really happened in the emulated world, one JSON object a line,
 * every line written through at once so that a kill loses nothing.
 *
 *   {"t": 123456789, "what": "relay", "device": "relay0", "channel": 1, "on": true}
 *
 * t is model time, ns of CLOCK_MONOTONIC_RAW. keybench-emu(1) lists the kinds.
 */
struct truth;

/** @param path  created or emptied; NULL: nothing is kept */
int truth_open(struct truth **out, const char *path, struct err *err);
void truth_close(struct truth *t); /* takes NULL */

/**
 * One line. @fmt names the fields, one word a field with its type in front: "i" int64_t,
 * "b" int as a bool, "s" const char * (NULL: null), "x" struct bytes in hex:
 *
 *   truth_say(t, now, "relay", "s:device i:channel b:on", "relay0", (int64_t)1, 1)
 */
void truth_say(struct truth *t, int64_t at_ns, const char *what, const char *fmt, ...);

#endif
