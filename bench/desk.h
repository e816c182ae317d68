#ifndef BENCH_DESK_H
#define BENCH_DESK_H

#include "bench/core/pump.h"

/*
 * The emulated desk as a process: started, watched and stopped like a device (keybench-emu(1)).
 *
 * The control socket is its life line: when our end closes, however that happens, it waits for the
 * relays to drop and ends.
 */
struct desk;

/**
 * Start it for @rig_path and wait until its devices are there; 10 s at most.
 * ERR_FORMAT when the rig's emulate: section is wrong (the text is the emulator's own line).
 */
int desk_start(struct desk **out, const char *rig_path, uint64_t seed,
	       const char *truth_path, struct pump *pump, struct err *err);
/** "emu:reader0" → its path; NULL when there is no such device. Lives until desk_stop. */
const char *desk_device(const struct desk *d, const char *name);
/** False once it died by itself. */
bool desk_alive(const struct desk *d);
/** How often the machine held the desk up by more than a millisecond so far; the worst, ns. */
int64_t desk_lateness(const struct desk *d, int64_t *max_ns);
/** How much of a span of the bench clock that was in all, ns; 0 without a desk. */
int64_t desk_held_up(struct desk *d, int64_t from_ns, int64_t to_ns);
/** Close the life line and wait for its end; takes NULL. Kills what does not end in a second. */
void desk_stop(struct desk *d);
/** Let the emulator check the emulate: section of a rig file: 0, or its mistake as desk_start. */
int desk_check(const char *rig_path, struct err *err);

#endif
