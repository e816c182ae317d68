#include "bench/core/clock.h"

static int64_t virtual_now(struct clock *c)
{
	return ((struct clock_virtual *)c)->at_ns;
}

static void virtual_sleep_until(struct clock *c, int64_t until_ns)
{
	struct clock_virtual *v = (struct clock_virtual *)c;

	if (until_ns > v->at_ns)
		v->at_ns = until_ns;
}

void clock_virtual_init(struct clock_virtual *v)
{
	*v = (struct clock_virtual){ .base = { virtual_now, virtual_sleep_until } };
}
