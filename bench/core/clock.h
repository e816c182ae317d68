#ifndef BENCH_CORE_CLOCK_H
#define BENCH_CORE_CLOCK_H

#include <stdint.h>

/*
 * The bench clock: int64_t nanoseconds of CLOCK_MONOTONIC_RAW, or virtual ones that a simulation
 * moves on by itself. Wall time only labels a run's start and never meets a difference.
 */
#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

struct clock {
	int64_t (*now_ns)(struct clock *c);
	/* Returns at @until_ns or later; a virtual clock jumps there. */
	void (*sleep_until)(struct clock *c, int64_t until_ns);
};

static inline int64_t clock_now(struct clock *c)
{
	return c->now_ns(c);
}

/**
 * Can a stamp be of something that happened between @from_ns and now? A stamp that is @slack_ns off at most and lies
 * outside is of another clock, or of one that was set meanwhile.
 */
static inline int clock_holds(struct clock *c, int64_t from_ns, int64_t at_ns,
			      int64_t slack_ns)
{
	return at_ns + slack_ns >= from_ns && at_ns - slack_ns <= clock_now(c);
}

/** The machine's clock (os_clock.c). One for all, never freed. */
struct clock *clock_real(void);

/** Starts at 0 and moves only when told: simulated hours take milliseconds and repeat exactly. */
struct clock_virtual {
	struct clock base;
	int64_t at_ns;
};
void clock_virtual_init(struct clock_virtual *v);

/** Wall time now: nanoseconds since 1970, UTC (os_clock.c). For labels only. */
int64_t wall_now_ns(void);

#endif
