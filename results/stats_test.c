#include "results/stats.h"

#include "bench/core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Binomial probabilities the slow and plain way: multiplication, no logarithm, no clever order. */
static long double plain_term(size_t n, size_t k, long double p)
{
	long double term = 1;

	for (size_t i = 0; i < k; i++)
		term *= (long double)(n - i) / (long double)(k - i) * p;
	for (size_t i = 0; i < n - k; i++)
		term *= 1 - p;
	return term;
}

static long double plain_at_most(size_t n, size_t k, long double p)
{
	long double sum = 0;

	for (size_t i = 0; i <= k && i <= n; i++)
		sum += plain_term(n, i, p);
	return sum;
}

static void the_fewest_trials_are_those_of_the_textbook(void **state)
{
	(void)state;
	assert_int_equal(stats_trials_needed(0.95, 0.95), 59);
	assert_int_equal(stats_trials_needed(0.99, 0.95), 299);
	assert_int_equal(stats_trials_needed(0.999, 0.95), 2995);
	assert_int_equal(stats_trials_needed(0.90, 0.95), 29);
	assert_int_equal(stats_trials_needed(0.90, 0.90), 22);
	assert_int_equal(stats_trials_needed(0.95, 0.99), 90);
	assert_int_equal(stats_trials_needed(0.99, 0.99), 459);
	assert_int_equal(stats_trials_needed(0.5, 0.95), 5);
}

static void a_bound_exists_from_the_fewest_trials_on_and_not_before(void **state)
{
	static const double qs[] = { 0.5, 0.9, 0.95, 0.99, 0.999 };

	(void)state;
	for (size_t i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
		size_t n = stats_trials_needed(qs[i], 0.95);

		assert_int_equal(stats_upper_rank(n - 1, qs[i], 0.95), 0);
		assert_int_equal(stats_upper_rank(n, qs[i], 0.95), n);
	}
	assert_int_equal(stats_upper_rank(0, 0.5, 0.95), 0);
	assert_int_equal(stats_lower_rank(0, 0.5, 0.95), 0);
	/* the smallest of n lies below the median but with probability 2^-n */
	assert_int_equal(stats_lower_rank(4, 0.5, 0.95), 0);
	assert_int_equal(stats_lower_rank(5, 0.5, 0.95), 1);
}

/*
 * Successive exceedances that a p95 at 95 % may have: n = 59 none, 93 one, 124 two, 153 three, 181 four, 208
 * five; the same for p90: 29 46 61 76 89 103; for p99: 299 473 628 773 913 1049. Wilks (1941), as
 * tabulated for tolerance limits.
 */
static void the_ranks_are_those_of_wilks_tables(void **state)
{
	static const struct {
		double q;
		size_t n[6];
	} rows[] = {
		{ 0.95, { 59, 93, 124, 153, 181, 208 } },
		{ 0.90, { 29, 46, 61, 76, 89, 103 } },
		{ 0.99, { 299, 473, 628, 773, 913, 1049 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t k = 0; k < 6; k++) {
			size_t n = rows[i].n[k];

			assert_int_equal(stats_upper_rank(n, rows[i].q, 0.95), n - k);
			if (k)
				assert_int_equal(stats_upper_rank(n - 1, rows[i].q, 0.95),
						 n - k);
		}
}

static void the_ranks_are_those_of_a_plain_sum(void **state)
{
	static const double qs[] = { 0.01, 0.3, 0.5, 0.9, 0.95, 0.99 };
	static const double confidences[] = { 0.9, 0.95, 0.999 };

	(void)state;
	for (size_t n = 1; n <= 120; n++)
		for (size_t i = 0; i < 6; i++)
			for (size_t k = 0; k < 3; k++) {
				size_t upper = 1, lower = n;

				/* smallest r with P(fewer than r below) >= confidence; 0 past n */
				while (upper <= n && plain_at_most(n, upper - 1, qs[i]) <
							     confidences[k] - 1e-12L)
					upper++;
				/* largest r with P(r or more below) >= confidence */
				while (lower > 0 &&
				       1 - plain_at_most(n, lower - 1, qs[i]) <
					       confidences[k] - 1e-12L)
					lower--;
				assert_int_equal(
					stats_upper_rank(n, qs[i], confidences[k]),
					upper > n ? 0 : upper);
				assert_int_equal(
					stats_lower_rank(n, qs[i], confidences[k]),
					lower);
			}
}

static void a_million_trials_are_counted_as_exactly_as_a_hundred(void **state)
{
	size_t n = 1000000, upper, lower;
	long double sum = 0;

	(void)state;
	upper = stats_upper_rank(n, 0.99, 0.95);
	lower = stats_lower_rank(n, 0.99, 0.95);
	/* normal approximation: 990000 ± 1.645 · 99.5, to a handful */
	assert_in_range(upper, 990160, 990170);
	assert_in_range(lower, 989831, 989841);
	/* exactly: the missed ones are 1 % of n; summed in long double from the far end */
	for (size_t i = 0; i <= n - upper; i++)
		sum += expl(lgammal((long double)n + 1) - lgammal((long double)i + 1) -
			    lgammal((long double)(n - i) + 1) +
			    (long double)i * logl(0.01L) +
			    (long double)(n - i) * log1pl(-0.01L));
	assert_true(sum <= 0.05L);
	sum += expl(lgammal((long double)n + 1) -
		    lgammal((long double)(n - upper + 1) + 1) -
		    lgammal((long double)(upper - 1) + 1) +
		    (long double)(n - upper + 1) * logl(0.01L) +
		    (long double)(upper - 1) * log1pl(-0.01L));
	assert_true(sum > 0.05L);
}

static bool near(double a, double b, double by)
{
	return fabs(a - b) <= by;
}

static void shares_are_bounded_as_clopper_and_pearson_have_it(void **state)
{
	(void)state;
	/* nothing, or all, in closed form: 1 - 0.05^(1/n) */
	assert_true(stats_share_lower(0, 10, 0.95) == 0);
	assert_true(near(stats_share_upper(0, 10, 0.95), 0.2588656, 1e-7));
	assert_true(near(stats_share_lower(10, 10, 0.95), 1 - 0.2588656, 1e-7));
	assert_true(stats_share_upper(10, 10, 0.95) == 1);
	assert_true(near(stats_share_upper(0, 59, 0.95), 0.0495, 1e-4));
	/* two-sided 95 % of 5 in 10 is 0.1871 .. 0.8129; of 1 in 20 0.00127 .. 0.2487 */
	assert_true(near(stats_share_lower(5, 10, 0.975), 0.1870860, 1e-6));
	assert_true(near(stats_share_upper(5, 10, 0.975), 0.8129140, 1e-6));
	assert_true(near(stats_share_lower(1, 20, 0.975), 0.0012650, 1e-6));
	assert_true(near(stats_share_upper(1, 20, 0.975), 0.2487328, 1e-6));
}

static void a_share_bound_is_where_the_tail_is_the_risk(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 60; n += 7)
		for (size_t k = 0; k <= n; k++) {
			double lower = stats_share_lower(k, n, 0.95);
			double upper = stats_share_upper(k, n, 0.95);

			if (k > 0)
				assert_true(
					near((double)(1 - plain_at_most(n, k - 1, lower)),
					     0.05, 1e-9));
			if (k < n)
				assert_true(near((double)plain_at_most(n, k, upper), 0.05,
						 1e-9));
		}
}

static void a_quantile_is_the_nearest_rank(void **state)
{
	int64_t ns[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		ns[i] = 100 - i;
	stats_sort(ns, 100);
	assert_int_equal(stats_quantile(ns, 100, 0.5), 50);
	assert_int_equal(stats_quantile(ns, 100, 0.95), 95);
	assert_int_equal(stats_quantile(ns, 100, 0.951), 96);
	assert_int_equal(stats_quantile(ns, 100, 1), 100);
	assert_int_equal(stats_quantile(ns, 100, 0.001), 1);
	/* 0.95 · 60 is 57 and not a little more */
	assert_int_equal(stats_quantile(ns, 60, 0.95), 57);
}

/*
 * Is the bound where it says it is? Exponential samples, whose quantiles are known; of 4000 rounds at least
 * 95 % must be covered, less three standard errors. A rank one too low misses by ten of them.
 */
static double coverage(size_t n, double q, int off, bool upper)
{
	double truth = -log(1 - q);
	int covered = 0;
	struct rng rng;
	int64_t ns[512];

	rng_init(&rng, 20261121, upper ? "upper" : "lower");
	for (int round = 0; round < 4000; round++) {
		size_t rank = upper ? stats_upper_rank(n, q, 0.95)
				    : stats_lower_rank(n, q, 0.95);

		for (size_t i = 0; i < n; i++)
			ns[i] = (int64_t)(-log(1 - rng_unit(&rng)) * 1e9);
		stats_sort(ns, n);
		rank = (size_t)((int)rank + off);
		covered += upper ? (double)ns[rank - 1] >= truth * 1e9
				 : (double)ns[rank - 1] <= truth * 1e9;
	}
	return covered / 4000.0;
}

static void bounds_cover_as_often_as_they_say(void **state)
{
	static const struct {
		size_t n;
		double q;
	} cases[] = {
		{ 59, 0.95 }, { 100, 0.95 }, { 124, 0.95 }, { 40, 0.5 }, { 299, 0.99 }
	};
	double slack = 3 * sqrt(0.95 * 0.05 / 4000);

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(coverage(cases[i].n, cases[i].q, 0, true) >= 0.95 - slack);
		assert_true(coverage(cases[i].n, cases[i].q, 0, false) >= 0.95 - slack);
	}
	/* and the test can tell: one rank nearer does not cover */
	assert_true(coverage(124, 0.95, -1, true) < 0.95 - slack);
	assert_true(coverage(124, 0.95, 1, false) < 0.95 - slack);
}

/* Mean and variance of the autocorrelation over all orders of 1 … n, against the formula used. */
static void over_orders(int64_t *ns, size_t n, size_t at, double *sum, double *squares,
			double *count)
{
	if (at == n) {
		double mean = (double)(n + 1) / 2, around = 0, next = 0;

		for (size_t i = 0; i < n; i++) {
			around += ((double)ns[i] - mean) * ((double)ns[i] - mean);
			if (i + 1 < n)
				next += ((double)ns[i] - mean) *
					((double)ns[i + 1] - mean);
		}
		*sum += next / around;
		*squares += next / around * next / around;
		*count += 1;
		return;
	}
	for (size_t i = at; i < n; i++) {
		int64_t swap = ns[at];

		ns[at] = ns[i];
		ns[i] = swap;
		over_orders(ns, n, at + 1, sum, squares, count);
		ns[i] = ns[at];
		ns[at] = swap;
	}
}

static void the_variance_of_the_rank_correlation_is_that_of_all_orders(void **state)
{
	(void)state;
	for (size_t n = 4; n <= 8; n++) {
		double sum = 0, squares = 0, count = 0, x = (double)n, variance;
		int64_t ns[8];

		for (size_t i = 0; i < n; i++)
			ns[i] = (int64_t)i + 1;
		over_orders(ns, n, 0, &sum, &squares, &count);
		variance = squares / count - sum / count * sum / count;
		assert_true(near(sum / count, -1 / x, 1e-9));
		assert_true(near(variance,
				 ((((5 * x - 14) * x - 9) * x + 26) * x + 16) /
					 (5 * (x - 1) * (x - 1) * x * x * (x + 1)),
				 1e-9));
	}
}

static void independent_trials_are_rarely_called_dependent(void **state)
{
	struct rng rng;
	int called = 0;

	(void)state;
	rng_init(&rng, 1, "independent");
	for (int round = 0; round < 2000; round++) {
		int64_t ns[100];

		for (int i = 0; i < 100; i++)
			ns[i] = (int64_t)rng_below(&rng, 1000000);
		called += stats_dependence(ns, 100).significant;
	}
	/* 1 % of 2000, give or take three standard errors */
	assert_in_range(called, 7, 34);
}

static void a_drifting_target_is_called_dependent_and_counts_for_less(void **state)
{
	struct stats_dependence d;
	int64_t ns[200];
	struct rng rng;
	double x = 0;

	(void)state;
	rng_init(&rng, 1, "drift");
	for (int i = 0; i < 200; i++) {
		x = 0.6 * x + rng_normal(&rng);
		ns[i] = (int64_t)(1e9 + x * 1e7);
	}
	d = stats_dependence(ns, 200);
	assert_true(d.significant);
	assert_true(d.rho > 0.4 && d.rho < 0.75);
	assert_int_equal(d.effective_n, (size_t)(200 * (1 - d.rho) / (1 + d.rho)));
	assert_true(d.effective_n < 90);
}

static void what_alternates_is_dependent_but_counts_in_full(void **state)
{
	struct stats_dependence d;
	int64_t ns[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		ns[i] = i % 2 ? 200 + i : 100 + i;
	d = stats_dependence(ns, 100);
	assert_true(d.significant);
	assert_true(d.rho < 0);
	assert_int_equal(d.effective_n, 100);
}

static void ties_and_infinite_values_are_ranks_like_any(void **state)
{
	struct stats_dependence d;
	int64_t ns[40];

	(void)state;
	for (int i = 0; i < 40; i++)
		ns[i] = i < 20 ? 100 : STATS_INFINITE;
	d = stats_dependence(ns, 40);
	assert_true(d.significant);
	/* +1 19 times, -1 once, +1 19 times, over 40 */
	assert_true(near(d.rho, 37.0 / 40, 1e-12));
	for (int i = 0; i < 40; i++)
		ns[i] = STATS_INFINITE;
	d = stats_dependence(ns, 40);
	assert_false(d.significant);
	assert_int_equal(d.effective_n, 40);
	assert_int_equal(stats_dependence(ns, 3).effective_n, 3);
	assert_int_equal(stats_dependence(NULL, 0).effective_n, 0);
}

static void bounds_of_dependent_trials_lie_further_out(void **state)
{
	struct stats_bounds all, half, none;
	int64_t ns[200];

	(void)state;
	for (int i = 0; i < 200; i++)
		ns[i] = i + 1;
	all = stats_bounds(ns, 200, 200, 0.9, 0.95);
	half = stats_bounds(ns, 200, 100, 0.9, 0.95);
	none = stats_bounds(ns, 200, 20, 0.9, 0.95);
	assert_int_equal(all.upper_rank, stats_upper_rank(200, 0.9, 0.95));
	assert_int_equal(all.lower_rank, stats_lower_rank(200, 0.9, 0.95));
	assert_int_equal(half.upper_rank, 2 * stats_upper_rank(100, 0.9, 0.95));
	assert_true(half.upper_ns > all.upper_ns);
	assert_true(half.lower_ns < all.lower_ns);
	assert_int_equal(half.estimate_ns, 180);
	assert_int_equal(none.upper_rank, 0);
	assert_true(none.upper_ns == STATS_INFINITE);
	assert_int_equal(stats_bounds(ns, 200, 0, 0.9, 0.95).lower_ns, 0);
}

static void the_runs_of_yes_and_no_are_judged_exactly(void **state)
{
	bool in_order[20] = { false };
	struct stats_dependence d;

	(void)state;
	/* 5 and 5 in 2 runs: 2 of 252 orders, as many in 10; twice that */
	for (int i = 0; i < 5; i++)
		in_order[i] = true;
	d = stats_dependence_binary(in_order, 10);
	assert_true(near(d.p, 2 * 2.0 / 252, 1e-9));
	assert_false(d.significant);
	/* 10 and 10 in 2 runs: 2 of 184756 */
	for (int i = 0; i < 10; i++)
		in_order[i] = true;
	d = stats_dependence_binary(in_order, 20);
	assert_true(near(d.p, 4.0 / 184756, 1e-12));
	assert_true(d.significant && d.rho > 0.8 && d.effective_n < 3);
	/* 4 of 12 in a row at the end: 3 of 495 orders have 2 runs or fewer … */
	for (int i = 0; i < 12; i++)
		in_order[i] = i >= 8;
	d = stats_dependence_binary(in_order, 12);
	assert_true(near(d.p, 2 * 2.0 / 495, 1e-9));
	for (int i = 0; i < 20; i++)
		in_order[i] = i % 2;
	d = stats_dependence_binary(in_order, 20);
	assert_true(d.significant && d.rho < 0);
	assert_int_equal(d.effective_n, 20);
	/* two rare events side by side are no series: 2 of n */
	memset(in_order, 0, sizeof(in_order));
	in_order[7] = in_order[8] = true;
	assert_false(stats_dependence_binary(in_order, 20).significant);
	in_order[8] = false;
	assert_false(stats_dependence_binary(in_order, 20).significant);
	in_order[7] = false;
	assert_true(stats_dependence_binary(in_order, 20).p == 1);
	assert_int_equal(stats_dependence_binary(in_order, 20).effective_n, 20);
}

/* Over independent draws it may call hardly more than one in a hundred dependent. */
static void independent_draws_are_seldom_called_dependent(void **state)
{
	struct rng rng;
	int called = 0;

	(void)state;
	rng_init(&rng, 3, "draws");
	for (int round = 0; round < 4000; round++) {
		bool in_order[200];

		for (int i = 0; i < 200; i++)
			in_order[i] = rng_below(&rng, 100) < 4;
		called += stats_dependence_binary(in_order, 200).significant;
	}
	assert_true(called <= 60);
}

static void a_share_of_fewer_effective_attempts_has_wider_bounds(void **state)
{
	double lower, upper, wide_lower, wide_upper;

	(void)state;
	stats_share_bounds(90, 100, 100, 0.95, &lower, &upper);
	assert_true(lower == stats_share_lower(90, 100, 0.95));
	assert_true(upper == stats_share_upper(90, 100, 0.95));
	/* 90 of 100 worth 15: 13.5, at least 13 and at most 14 */
	stats_share_bounds(90, 100, 15, 0.95, &wide_lower, &wide_upper);
	assert_true(wide_lower == stats_share_lower(13, 15, 0.95));
	assert_true(wide_upper == stats_share_upper(14, 15, 0.95));
	stats_share_bounds(90, 100, 0, 0.95, &lower, &upper);
	assert_true(lower == 0 && upper == 1);
}

static void a_quantile_is_printable_only_when_the_samples_can(void **state)
{
	(void)state;
	assert_false(stats_quantile_printable(99, 0.99));
	assert_true(stats_quantile_printable(100, 0.99));
	assert_false(stats_quantile_printable(19, 0.95));
	assert_true(stats_quantile_printable(20, 0.95));
	assert_true(stats_quantile_printable(10, 0.9));
	assert_false(stats_quantile_printable(1, 0.5));
	assert_true(stats_quantile_printable(1000, 0.999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fewest_trials_are_those_of_the_textbook),
		cmocka_unit_test(a_bound_exists_from_the_fewest_trials_on_and_not_before),
		cmocka_unit_test(the_ranks_are_those_of_wilks_tables),
		cmocka_unit_test(the_ranks_are_those_of_a_plain_sum),
		cmocka_unit_test(a_million_trials_are_counted_as_exactly_as_a_hundred),
		cmocka_unit_test(shares_are_bounded_as_clopper_and_pearson_have_it),
		cmocka_unit_test(a_share_bound_is_where_the_tail_is_the_risk),
		cmocka_unit_test(a_quantile_is_the_nearest_rank),
		cmocka_unit_test(bounds_cover_as_often_as_they_say),
		cmocka_unit_test(
			the_variance_of_the_rank_correlation_is_that_of_all_orders),
		cmocka_unit_test(independent_trials_are_rarely_called_dependent),
		cmocka_unit_test(
			a_drifting_target_is_called_dependent_and_counts_for_less),
		cmocka_unit_test(what_alternates_is_dependent_but_counts_in_full),
		cmocka_unit_test(ties_and_infinite_values_are_ranks_like_any),
		cmocka_unit_test(bounds_of_dependent_trials_lie_further_out),
		cmocka_unit_test(the_runs_of_yes_and_no_are_judged_exactly),
		cmocka_unit_test(independent_draws_are_seldom_called_dependent),
		cmocka_unit_test(a_share_of_fewer_effective_attempts_has_wider_bounds),
		cmocka_unit_test(a_quantile_is_printable_only_when_the_samples_can),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
