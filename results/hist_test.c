#include "results/hist.h"

#include "bench/core/rng.h"
#include "results/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct hist latencies(void)
{
	struct hist h;

	assert_int_equal(hist_init(&h, HIST_LOWEST_NS, HIST_HIGHEST_NS, HIST_DIGITS), 0);
	return h;
}

static void every_value_lies_in_its_step(void **state)
{
	struct hist h = latencies();
	struct rng rng;

	(void)state;
	rng_init(&rng, 1, "steps");
	for (int i = 0; i < 100000; i++) {
		int64_t value = (int64_t)(rng_u64(&rng) >> (22 + i % 40));
		size_t at = hist_index(&h, value);
		int64_t edge = hist_value(&h, at), width = hist_width(&h, at);

		assert_true(value >= edge && value < edge + width);
		/* three digits: a step is at most a thousandth, but for the finest ones */
		assert_true(width <= 512 || width <= edge / 1000);
	}
	hist_release(&h);
}

static void steps_lie_side_by_side_without_gap_or_overlap(void **state)
{
	struct hist h = latencies();

	(void)state;
	assert_int_equal(hist_value(&h, 0), 0);
	for (size_t i = 0; i + 1 < h.counts_len; i++) {
		assert_true(hist_value(&h, i) + hist_width(&h, i) ==
			    hist_value(&h, i + 1));
		assert_int_equal(hist_index(&h, hist_value(&h, i)), i);
	}
	/* what was asked fits, and not the double of it */
	assert_true(hist_index(&h, HIST_HIGHEST_NS) < h.counts_len);
	assert_true(hist_index(&h, 2 * HIST_HIGHEST_NS) >= h.counts_len);
	hist_release(&h);
}

static void the_layout_is_hdr_histograms(void **state)
{
	struct hist h;

	(void)state;
	/* 1 .. 3 600 000 000 with 3 digits: 23 buckets of 2048 steps, as its documentation has it */
	assert_int_equal(hist_init(&h, 1, INT64_C(3600000000), 3), 0);
	assert_int_equal(h.half_magnitude, 10);
	assert_int_equal(h.unit_magnitude, 0);
	assert_int_equal(h.counts_len, (22 + 1) * 1024);
	hist_release(&h);
	assert_int_equal(hist_init(&h, 1000, INT64_C(3600000000000), 3), 0);
	assert_int_equal(h.unit_magnitude, 9);
	hist_release(&h);
}

static void a_quantile_never_flatters_and_hardly_exaggerates(void **state)
{
	struct hist h = latencies();
	int64_t ns[5000];
	struct rng rng;

	(void)state;
	rng_init(&rng, 1, "quantiles");
	for (int i = 0; i < 5000; i++) {
		ns[i] = (int64_t)(2e8 + rng_unit(&rng) * 3e8);
		hist_add(&h, ns[i]);
	}
	stats_sort(ns, 5000);
	for (int i = 1; i <= 1000; i++) {
		int64_t exact = stats_quantile(ns, 5000, i / 1000.0);
		int64_t quantile = hist_quantile(&h, i / 1000.0);

		assert_true(quantile >= exact);
		assert_true(quantile <= exact + exact / 1000);
	}
	assert_true(h.min == ns[0] && h.max == ns[4999]);
	assert_true(hist_mean(&h) > 3.4e8 && hist_mean(&h) < 3.6e8);
	hist_release(&h);
}

static void what_is_too_long_is_counted_apart(void **state)
{
	struct hist h = latencies();

	(void)state;
	assert_int_equal(hist_quantile(&h, 0.5), -1);
	hist_add(&h, 0);
	hist_add(&h, INT64_MAX);
	assert_int_equal(h.total, 1);
	assert_int_equal(h.over, 1);
	assert_int_equal(h.max, 0);
	assert_int_equal(hist_quantile(&h, 1), 511);
	hist_release(&h);
	hist_release(&h); /* twice does no harm */
}

static void sizes_that_make_no_sense_are_refused(void **state)
{
	struct hist h;

	(void)state;
	assert_int_equal(hist_init(&h, 0, 1000, 3), ERR_RANGE);
	assert_int_equal(hist_init(&h, -5, 1000, 3), ERR_RANGE);
	assert_int_equal(hist_init(&h, 600, 1000, 3), ERR_RANGE);
	assert_int_equal(hist_init(&h, 1, 1000, 0), ERR_RANGE);
	assert_int_equal(hist_init(&h, 1, 1000, 6), ERR_RANGE);
	assert_int_equal(hist_init(&h, 1, INT64_MAX, 3), ERR_RANGE);
	assert_int_equal(hist_init(&h, 1, INT64_C(1) << 61, 5), ERR_RANGE);
	assert_int_equal(hist_init(&h, INT64_C(1) << 60, INT64_C(1) << 61, 3), ERR_RANGE);
	assert_int_equal(hist_init(&h, 1, INT64_C(1) << 61, 3), 0);
	hist_add(&h, INT64_C(1) << 61);
	assert_int_equal(h.total, 1);
	hist_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_lies_in_its_step),
		cmocka_unit_test(steps_lie_side_by_side_without_gap_or_overlap),
		cmocka_unit_test(the_layout_is_hdr_histograms),
		cmocka_unit_test(a_quantile_never_flatters_and_hardly_exaggerates),
		cmocka_unit_test(what_is_too_long_is_counted_apart),
		cmocka_unit_test(sizes_that_make_no_sense_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
