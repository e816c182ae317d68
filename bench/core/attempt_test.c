#include "bench/core/attempt.h"

#include "bench/core/clock.h"
#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void the_last_point_of_a_name_counts(void **state)
{
	struct attempt a;

	(void)state;
	attempt_init(&a);
	attempt_point(&a, "auth0.sent", 10, 1);
	attempt_point(&a, "auth0.sent", 20, 2);
	assert_int_equal(a.point_count, 1);
	assert_int_equal(attempt_find(&a, "auth0.sent")->at_ns, 20);
	assert_null(attempt_find(&a, "auth1.sent"));
}

static void the_first_end_and_the_first_complaint_count(void **state)
{
	struct attempt a;

	(void)state;
	attempt_init(&a);
	assert_int_equal(a.outcome, OUTCOME_DONE);
	attempt_end(&a, OUTCOME_RF_ERROR, "lost at %d", 3);
	attempt_end(&a, OUTCOME_REFUSED, "later");
	attempt_complain(&a, "first");
	attempt_complain(&a, "second");
	assert_int_equal(a.outcome, OUTCOME_RF_ERROR);
	assert_string_equal(a.detail, "lost at 3");
	assert_string_equal(a.complaint, "first");
}

static void what_does_not_fit_is_an_overflow_and_never_silent(void **state)
{
	struct attempt a;
	char name[32];

	(void)state;
	attempt_init(&a);
	for (int i = 0; i < ATTEMPT_MAX_POINTS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		attempt_point(&a, name, i, 0);
	}
	assert_false(a.overflow);
	attempt_point(&a, "one more", 1, 0);
	assert_true(a.overflow);
	attempt_init(&a);
	attempt_value(&a, "a name that is much too long for it", 1);
	assert_true(a.overflow);
}

static void names_of_outcomes_and_verdicts_go_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(outcome_parse(outcome_name((enum outcome)i)), i);
	for (int i = 0; i < VERDICT_COUNT; i++)
		assert_int_equal(verdict_parse(verdict_name((enum verdict)i)), i);
	assert_int_equal(outcome_parse("done"), -1);
}

static void the_worst_verdict_wins(void **state)
{
	static const enum verdict order[] = { VERDICT_SKIP, VERDICT_PASS,
					      VERDICT_INCONCLUSIVE, VERDICT_BENCH_ERROR,
					      VERDICT_FAIL };

	(void)state;
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 5; k++)
			assert_int_equal(verdict_worst(order[i], order[k]),
					 order[i > k ? i : k]);
	assert_int_equal(verdict_exit(VERDICT_PASS), 0);
	assert_int_equal(verdict_exit(VERDICT_FAIL), 1);
	assert_int_equal(verdict_exit(VERDICT_INCONCLUSIVE), 3);
	assert_int_equal(verdict_exit(VERDICT_SKIP), 3);
	assert_int_equal(verdict_exit(VERDICT_BENCH_ERROR), 75);
}

static void a_stream_repeats_and_differs_from_the_others(void **state)
{
	struct rng a, b, c;

	(void)state;
	rng_init(&a, 7, "delays");
	rng_init(&b, 7, "delays");
	rng_init(&c, 7, "faults");
	for (int i = 0; i < 100; i++) {
		uint64_t v = rng_u64(&a);

		assert_true(v == rng_u64(&b));
		assert_true(v != rng_u64(&c));
	}
}

static void random_numbers_keep_their_ranges_and_means(void **state)
{
	struct rng r;
	double sum = 0, squares = 0;

	(void)state;
	rng_init(&r, 1, "x");
	for (int i = 0; i < 20000; i++) {
		double u = rng_unit(&r), n = rng_normal(&r);

		assert_true(u >= 0 && u < 1);
		assert_true(rng_below(&r, 7) < 7);
		sum += n;
		squares += n * n;
	}
	/* five standard errors of a mean of 20000, and of their variance */
	assert_true(sum / 20000 > -0.0354 && sum / 20000 < 0.0354);
	assert_true(squares / 20000 > 0.95 && squares / 20000 < 1.05);
}

static void the_virtual_clock_moves_only_when_told(void **state)
{
	struct clock_virtual v;

	(void)state;
	clock_virtual_init(&v);
	assert_int_equal(clock_now(&v.base), 0);
	v.base.sleep_until(&v.base, 5 * NS_PER_S);
	v.base.sleep_until(&v.base, NS_PER_S);
	assert_int_equal(clock_now(&v.base), 5 * NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_point_of_a_name_counts),
		cmocka_unit_test(the_first_end_and_the_first_complaint_count),
		cmocka_unit_test(what_does_not_fit_is_an_overflow_and_never_silent),
		cmocka_unit_test(names_of_outcomes_and_verdicts_go_both_ways),
		cmocka_unit_test(the_worst_verdict_wins),
		cmocka_unit_test(a_stream_repeats_and_differs_from_the_others),
		cmocka_unit_test(random_numbers_keep_their_ranges_and_means),
		cmocka_unit_test(the_virtual_clock_moves_only_when_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
