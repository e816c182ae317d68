#include "tools/emu/world.h"

#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TIMERS 100

struct recorder {
	struct world *world;
	struct timer timers[TIMERS];
	int64_t ran_ns[4 * TIMERS];
	int ran, again;
};

static void record(void *ctx)
{
	struct recorder *r = ctx;

	r->ran_ns[r->ran++] = world_now(r->world);
}

static struct clock_virtual clock_at_0;

static struct recorder *new_recorder(void)
{
	struct recorder *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	clock_virtual_init(&clock_at_0);
	assert_int_equal(world_new(&r->world, &clock_at_0.base, 1, NULL, NULL), 0);
	for (int i = 0; i < TIMERS; i++)
		r->timers[i] = (struct timer){ .fn = record, .ctx = r };
	return r;
}

static void free_recorder(struct recorder *r)
{
	world_free(r->world);
	free(r);
}

static void events_run_in_the_order_of_their_time_however_they_were_set(void **state)
{
	struct recorder *r = new_recorder();
	struct rng rng;
	int armed = 0;

	(void)state;
	rng_init(&rng, 1, "order");
	for (int i = 0; i < 1000; i++) {
		struct timer *t = &r->timers[rng_below(&rng, TIMERS)];

		if (rng_below(&rng, 4))
			timer_set(r->world, t, (int64_t)rng_below(&rng, 5000) + 1);
		else
			timer_stop(r->world, t);
	}
	for (int i = 0; i < TIMERS; i++)
		armed += timer_armed(&r->timers[i]);
	assert_true(armed > TIMERS / 2);
	world_advance(r->world, 10000);
	assert_int_equal(r->ran, armed);
	for (int i = 1; i < r->ran; i++)
		assert_true(r->ran_ns[i - 1] <= r->ran_ns[i]);
	assert_int_equal(world_now(r->world), 10000);
	free_recorder(r);
}

static void follow(void *ctx)
{
	struct recorder *r = ctx;

	record(r);
	if (--r->again > 0)
		timer_set(r->world, &r->timers[0], world_now(r->world) + 7);
}

static void what_follows_is_counted_from_model_time(void **state)
{
	struct recorder *r = new_recorder();

	(void)state;
	r->again = 50;
	r->timers[0].fn = follow;
	timer_set(r->world, &r->timers[0], 7);
	/* the machine is late: all of it is due at once, and still nothing adds up */
	world_advance(r->world, 1000000);
	assert_int_equal(r->ran, 50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(r->ran_ns[i], 7 * (i + 1));
	free_recorder(r);
}

static void of_two_at_the_same_time_the_first_set_runs_first(void **state)
{
	struct recorder *r = new_recorder();

	(void)state;
	r->timers[1].fn = follow;
	r->again = 1;
	timer_set(r->world, &r->timers[1], 5);
	timer_set(r->world, &r->timers[2], 5);
	world_advance(r->world, 4);
	assert_int_equal(r->ran, 0);
	world_advance(r->world, 5);
	assert_int_equal(r->ran, 2);
	assert_int_equal(r->again, 0);
	free_recorder(r);
}

static void a_time_gone_by_is_now(void **state)
{
	struct recorder *r = new_recorder();

	(void)state;
	world_advance(r->world, 100);
	timer_set(r->world, &r->timers[0], 50);
	world_advance(r->world, 100);
	assert_int_equal(r->ran, 1);
	assert_int_equal(r->ran_ns[0], 100);
	free_recorder(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			events_run_in_the_order_of_their_time_however_they_were_set),
		cmocka_unit_test(what_follows_is_counted_from_model_time),
		cmocka_unit_test(of_two_at_the_same_time_the_first_set_runs_first),
		cmocka_unit_test(a_time_gone_by_is_now),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
