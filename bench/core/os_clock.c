#include "bench/core/clock.h"

#include <errno.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t real_now(struct clock *c)
{
	(void)c;
	return read_ns(CLOCK_MONOTONIC_RAW);
}

/* CLOCK_MONOTONIC_RAW cannot be slept on: sleep the difference, look again. */
static void real_sleep_until(struct clock *c, int64_t until_ns)
{
	int64_t left;

	while ((left = until_ns - real_now(c)) > 0) {
		struct timespec t = { left / NS_PER_S, left % NS_PER_S };

		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	}
}

struct clock *clock_real(void)
{
	static struct clock real = { real_now, real_sleep_until };

	return &real;
}

int64_t wall_now_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}
