#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/core/clock.h"
#include "drivers/can/clockfit.h"

/* Another clock: fast by @ppm, and stepped by @step_ns from @step_at_ns on. */
struct other {
	double ppm;
	int64_t step_at_ns, step_ns;
};

static int64_t other_at(const struct other *o, int64_t bench_ns)
{
	int64_t t = INT64_C(1700000000000000000) + bench_ns +
		    (int64_t)(o->ppm * 1e-6 * (double)bench_ns);

	return o->step_ns && bench_ns >= o->step_at_ns ? t + o->step_ns : t;
}

static void read_both(struct clockfit *f, const struct other *o, int64_t bench_ns)
{
	struct clockfit_reading r = { bench_ns, other_at(o, bench_ns), 50 };

	clockfit_add(f, &r);
}

static int64_t error_at(const struct clockfit *f, const struct other *o, int64_t bench_ns,
			int64_t *slack)
{
	return llabs(clockfit_bench(f, other_at(o, bench_ns), slack) - bench_ns);
}

static void a_drifting_clock_is_followed_to_the_microsecond(void **state)
{
	struct other o = { .ppm = 80 };
	struct clockfit f = { 0 };
	int64_t slack;

	(void)state;
	for (int s = 0; s < 10; s++) {
		read_both(&f, &o, 1 + s * NS_PER_S);
		if (s < 2)
			continue;
		for (int64_t t = 0; t < NS_PER_S; t += 50 * NS_PER_MS) {
			int64_t at = s * NS_PER_S + t;

			assert_true(error_at(&f, &o, at, &slack) <= slack);
			assert_true(error_at(&f, &o, at, &slack) < NS_PER_US);
			assert_true(slack < 10 * NS_PER_US);
		}
	}
}

static void before_the_rate_is_known_the_slack_allows_for_it(void **state)
{
	struct other o = { .ppm = 400 };
	struct clockfit f = { 0 };
	int64_t slack;

	(void)state;
	read_both(&f, &o, 1000);
	for (int64_t t = 0; t < NS_PER_S; t += 10 * NS_PER_MS)
		assert_true(error_at(&f, &o, t, &slack) <= slack);
	read_both(&f, &o, 500 * NS_PER_MS);
	for (int64_t t = 0; t < NS_PER_S; t += 10 * NS_PER_MS)
		assert_true(error_at(&f, &o, t, &slack) <= slack);
}

static void a_clock_that_is_set_makes_stamps_uncertain_and_not_wrong(void **state)
{
	static const int64_t steps[] = { 3 * NS_PER_MS, -3 * NS_PER_MS, 7 * NS_PER_S,
					 -7 * NS_PER_S };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct other o = { 20, 5 * NS_PER_S + 400 * NS_PER_MS, steps[i] };
		struct clockfit f = { 0 };
		int64_t slack;

		for (int s = 0; s <= 5; s++)
			read_both(&f, &o, s * NS_PER_S);
		/* read after the stamps, as the driver does: half of them are from before the step */
		read_both(&f, &o, 5 * NS_PER_S + 500 * NS_PER_MS);
		for (int64_t t = 350 * NS_PER_MS; t <= 500 * NS_PER_MS; t += NS_PER_MS)
			assert_true(error_at(&f, &o, 5 * NS_PER_S + t, &slack) <= slack);
		assert_true(slack >= 2 * NS_PER_MS);
		/* and it finds its way back */
		for (int s = 6; s < 10; s++)
			read_both(&f, &o, s * NS_PER_S);
		assert_true(error_at(&f, &o, 9 * NS_PER_S + NS_PER_MS, &slack) <= slack);
		assert_true(slack < 10 * NS_PER_US);
	}
}

static void a_reading_that_was_torn_apart_is_no_better_than_it_says(void **state)
{
	struct other o = { .ppm = 0 };
	struct clockfit f = { 0 };
	struct clockfit_reading torn = { 2 * NS_PER_S, other_at(&o, 2 * NS_PER_S) + 900,
					 1000 };
	int64_t slack;

	(void)state;
	read_both(&f, &o, 0);
	read_both(&f, &o, NS_PER_S);
	clockfit_add(&f, &torn);
	assert_true(error_at(&f, &o, 2 * NS_PER_S, &slack) <= slack);
	assert_true(slack >= 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drifting_clock_is_followed_to_the_microsecond),
		cmocka_unit_test(before_the_rate_is_known_the_slack_allows_for_it),
		cmocka_unit_test(
			a_clock_that_is_set_makes_stamps_uncertain_and_not_wrong),
		cmocka_unit_test(a_reading_that_was_torn_apart_is_no_better_than_it_says),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
