#ifndef TOOLS_EMU_WORLD_H
#define TOOLS_EMU_WORLD_H

#include "bench/core/clock.h"
#include "bench/core/err.h"
#include "tools/emu/truth.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The world: one clock, one event loop, one list of things that will happen.
 *
 * Events run in the order of their *model* time, and what follows from an event is
 * scheduled from that time, not from when the machine got round to it: the jitter of the
 * operating system shows once, at the edge (a pty), and never adds up.
 */
struct world;

/**
 * Something that will happen. Embedded in its owner; zero .slot means it is not armed.
 */
struct timer {
	void (*fn)(void *ctx);
	void *ctx;
	int64_t at_ns;
	uint64_t order; /* of two at the same time, the one set first runs first */
	int slot;       /* place in the heap, from 1 */
};

int world_new(struct world **out, struct clock *clock, uint64_t seed, struct truth *truth,
	      struct err *err);
void world_free(struct world *w);

/** Model time: of the running event; between events, the clock's. */
int64_t world_now(const struct world *w);
/** What the machine's clock says, for work that really takes time. */
int64_t world_clock(struct world *w);
/** That clock itself. */
struct clock *world_time(struct world *w);
uint64_t world_seed(const struct world *w);
struct truth *world_truth(struct world *w);

/** (Re)arm @t; a time in the past runs next, at the present model time. */
void timer_set(struct world *w, struct timer *t, int64_t at_ns);
void timer_stop(struct world *w, struct timer *t);
static inline bool timer_armed(const struct timer *t)
{
	return t->slot != 0;
}

/**
 * Call @fn when @fd is readable or hung up, with all earlier events done and world_now()
 * its time.
 */
typedef void world_fd_fn(void *ctx, int fd);
int world_watch(struct world *w, int fd, world_fd_fn *fn, void *ctx);
void world_unwatch(struct world *w, int fd);

/**
 * Call @fn when an event ran later than WORLD_LATE_NS because the machine held the
 * emulator up, or bytes were read so much later than they may have come; the truth log
 * has it too ("late", "line_late"). Before what was due is done: whoever sees that
 * happen can know of the delay.
 */
#define WORLD_LATE_NS NS_PER_MS
typedef void world_late_fn(void *ctx, int64_t late_ns);
void world_on_late(struct world *w, world_late_fn *fn, void *ctx);
/**
 * Something that comes from outside was seen so much too late. What the same turn of the
 * loop told already is the same delay, and is told once.
 */
void world_was_late(struct world *w, int64_t late_ns);

/** Turn until world_stop. */
int world_run(struct world *w, struct err *err);
void world_stop(struct world *w);
/** Without descriptors, for a virtual clock: run everything up to @until_ns. */
void world_advance(struct world *w, int64_t until_ns);

#endif
