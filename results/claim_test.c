#include "results/claim.h"

#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

static struct claim parsed(const char *text)
{
	struct claim c = { 0 };
	struct err err = { 0 };

	if (claim_parse(&c, text, &err))
		fail_msg("%s: %s", text, err.text);
	return c;
}

static void a_claim_is_read_as_written(void **state)
{
	struct claim c = parsed("  p99.9( tap_to_bus )<=1.5 s ");

	(void)state;
	assert_int_equal(c.type, CLAIM_QUANTILE);
	assert_true(c.q > 0.99899 && c.q < 0.99901);
	assert_string_equal(c.metric, "tap_to_bus");
	assert_int_equal(c.limit_ns, 1500 * MS);
	assert_string_equal(c.text, "p99.9( tap_to_bus )<=1.5 s");
	assert_int_equal(parsed("p50(tap) <= 0.25 ms").limit_ns, 250000);
	assert_int_equal(parsed("p50(tap) <= 20us").limit_ns, 20000);
	assert_int_equal(parsed("p1(tap) <= 7 ns").limit_ns, 7);
	assert_int_equal(parsed("p99.99(tap) <= 3600 s").limit_ns, 3600000 * MS);
	c = parsed("share(NO_TAP) >= 12.5%");
	assert_int_equal(c.type, CLAIM_SHARE);
	assert_int_equal(c.outcome, OUTCOME_NO_TAP);
	assert_true(c.share == 0.125);
}

static void what_is_no_claim_is_refused_with_what_is_allowed(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{ "", "such as p95(tap) <= 300 ms" },
		{ "median(tap) <= 3 s", "such as" },
		{ "max(tap) <= 3 s", "no number of trials" },
		{ "p0.5(tap) <= 3 s", "p1 to p99.99" },
		{ "p100(tap) <= 3 s", "p1 to p99.99" },
		{ "p(tap) <= 3 s", "p1 to p99.99" },
		{ "p95 tap <= 3 s", "one of: tap transact" },
		{ "p95(luck) <= 3 s", "one of: tap transact" },
		{ "p95(vehicle) <= 3 s", "one of: tap transact" },
		{ "p95(tap", "one of: tap transact" },
		{ "p95(tap) < 3 s", "\"<=\"" },
		{ "p95(tap) >= 3 s", "\"<=\"" },
		{ "p95(tap) <= 300", "with its unit" },
		{ "p95(tap) <= ms", "with its unit" },
		{ "p95(tap) <= -3 ms", "with its unit" },
		{ "p95(tap) <= 0 ms", "with its unit" },
		{ "p95(tap) <= 0.5 ns", "with its unit" },
		{ "p95(tap) <= 3601 s", "with its unit" },
		{ "p95(tap) <= 99999999999999999999 s", "with its unit" },
		{ "p95(tap) <= 300 ms or so", "with its unit" },
		{ "p95(tap) <= 300 msec", "with its unit" },
		{ "share(OK) >= 99 %", "one of: DONE" },
		{ "share(BENCH_ERROR) >= 1 %", "one of: DONE" },
		{ "share(DONE) <= 99 %", "\">=\"" },
		{ "share(DONE) >= 100 %", "less than 100" },
		{ "share(DONE) >= 0 %", "less than 100" },
		{ "share(DONE) >= 99", "less than 100" },
	};
	char longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct claim c;
		struct err err = { 0 };

		assert_int_equal(claim_parse(&c, bad[i].text, &err), ERR_FORMAT);
		if (!strstr(err.text, bad[i].word))
			fail_msg("%s: not \"%s\" but: %s", bad[i].text, bad[i].word,
				 err.text);
	}
	memset(longest, 'p', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(claim_parse(&(struct claim){ 0 }, longest, NULL), ERR_FORMAT);
}

static void the_trials_needed_are_known_before_anything_moves(void **state)
{
	struct claim c = parsed("p95(tap) <= 1 s");

	(void)state;
	assert_int_equal(claim_trials_needed(&c, 0.95), 59);
	c = parsed("share(DONE) >= 99 %");
	assert_int_equal(claim_trials_needed(&c, 0.95), 299);
}

static struct claim_decision decided(const char *text, int64_t *ns, size_t n,
				     int64_t u_ns)
{
	struct claim c = parsed(text);
	struct claim_decision d;

	assert_int_equal(claim_decide(&d, &c, ns, n, u_ns, 0.95), 0);
	return d;
}

/* 1 … n ms in an order without memory. */
static void scattered(int64_t *ns, size_t n)
{
	struct rng rng;

	rng_init(&rng, 3, "scattered");
	for (size_t i = 0; i < n; i++)
		ns[i] = (int64_t)(i + 1) * MS;
	for (size_t i = n - 1; i > 0; i--) {
		size_t other = rng_below(&rng, i + 1);
		int64_t swap = ns[i];

		ns[i] = ns[other];
		ns[other] = swap;
	}
}

static void the_upper_bound_and_u_must_be_within_the_limit(void **state)
{
	int64_t ns[100];
	struct claim_decision d;

	(void)state;
	scattered(ns, 100);
	d = decided("p95(tap) <= 101 ms", ns, 100, 2 * MS);
	assert_false(d.dependence.significant);
	assert_int_equal(d.estimate_ns, 95 * MS);
	assert_int_equal(d.upper_ns, 99 * MS);
	assert_int_equal(d.verdict, VERDICT_PASS);
	assert_int_equal(decided("p95(tap) <= 101 ms", ns, 100, 2 * MS + 1).verdict,
			 VERDICT_INCONCLUSIVE);
	assert_int_equal(decided("p95(tap) <= 99 ms", ns, 100, 0).verdict, VERDICT_PASS);
	assert_int_equal(decided("p95(tap) <= 98999999 ns", ns, 100, 0).verdict,
			 VERDICT_INCONCLUSIVE);
}

static void the_lower_bound_less_u_must_be_above_the_limit_to_fail(void **state)
{
	int64_t ns[100];
	struct claim_decision d;

	(void)state;
	scattered(ns, 100);
	d = decided("p95(tap) <= 80 ms", ns, 100, 9 * MS);
	assert_int_equal(d.lower_ns, 91 * MS);
	assert_int_equal(d.verdict, VERDICT_FAIL);
	assert_non_null(strstr(d.why, "at least 91.00 ms"));
	assert_int_equal(decided("p95(tap) <= 82 ms", ns, 100, 9 * MS).verdict,
			 VERDICT_INCONCLUSIVE);
	assert_int_equal(decided("p95(tap) <= 81999999 ns", ns, 100, 9 * MS).verdict,
			 VERDICT_FAIL);
}

static void too_few_samples_can_fail_but_never_pass(void **state)
{
	int64_t ns[58];
	struct claim_decision d;

	(void)state;
	scattered(ns, 58);
	d = decided("p95(tap) <= 1 s", ns, 58, 0);
	assert_int_equal(d.verdict, VERDICT_INCONCLUSIVE);
	assert_true(d.upper_ns == STATS_INFINITE);
	assert_non_null(strstr(d.why, "it takes 59"));
	assert_int_equal(decided("p95(tap) <= 10 ms", ns, 58, 0).verdict, VERDICT_FAIL);
	d = decided("p95(tap) <= 1 s", NULL, 0, 0);
	assert_int_equal(d.verdict, VERDICT_INCONCLUSIVE);
	assert_string_equal(d.why, "no samples");
}

static void infinite_samples_are_slower_than_any_limit_and_any_u(void **state)
{
	int64_t ns[100];
	struct claim_decision d;

	(void)state;
	scattered(ns, 100);
	for (int i = 0; i < 20; i++)
		ns[i * 5] = STATS_INFINITE;
	d = decided("p95(tap) <= 3600 s", ns, 100, STATS_INFINITE);
	assert_int_equal(d.verdict, VERDICT_FAIL);
	assert_true(d.estimate_ns == STATS_INFINITE);
	assert_non_null(strstr(d.why, "without a latency"));
	/* one missing of 100: p50 does not mind */
	scattered(ns, 100);
	ns[3] = STATS_INFINITE;
	assert_int_equal(decided("p50(tap) <= 100 ms", ns, 100, 0).verdict, VERDICT_PASS);
}

static void dependent_trials_support_less(void **state)
{
	int64_t ns[70];
	struct claim_decision d;

	(void)state;
	for (int i = 0; i < 70; i++)
		ns[i] = (100 + i) * MS; /* drifts */
	d = decided("p95(tap) <= 1 s", ns, 70, 0);
	assert_true(d.dependence.significant);
	assert_true(d.effective_n < 10);
	assert_int_equal(d.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(d.why, "dependent"));
	assert_int_equal(d.n, 70);
}

/* Of @n attempts the first @k were: @spread among the others, else all together. */
static struct claim_decision shared(const char *text, size_t k, size_t n, bool spread)
{
	struct claim c = parsed(text);
	struct claim_decision d;
	bool hits[400] = { false };

	assert_true(n <= 400);
	for (size_t i = 0; i < n; i++)
		hits[i] = spread ? (i + 1) * k / n > i * k / n : i < k;
	claim_decide_share(&d, &c, hits, n, 0.95);
	return d;
}

static void a_share_is_decided_by_its_bounds(void **state)
{
	struct claim_decision d;

	(void)state;
	d = shared("share(DONE) >= 99 %", 299, 299, true);
	assert_int_equal(d.verdict, VERDICT_PASS);
	d = shared("share(DONE) >= 99 %", 298, 298, true);
	assert_int_equal(d.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(d.why, "it takes 299"));
	d = shared("share(DONE) >= 99 %", 298, 299, true);
	assert_int_equal(d.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(d.why, "too near"));
	d = shared("share(DONE) >= 99 %", 90, 100, true);
	assert_int_equal(d.verdict, VERDICT_FAIL);
	d = shared("share(DONE) >= 99 %", 0, 0, true);
	assert_int_equal(d.verdict, VERDICT_INCONCLUSIVE);
}

static void a_share_of_attempts_that_depend_on_each_other_supports_less(void **state)
{
	struct claim_decision spread, together;

	(void)state;
	spread = shared("share(DONE) >= 50 %", 240, 400, true);
	assert_int_equal(spread.verdict, VERDICT_PASS);
	assert_int_equal(spread.effective_n, 400);
	together = shared("share(DONE) >= 50 %", 240, 400, false);
	assert_true(together.dependence.significant);
	assert_true(together.effective_n < 10);
	assert_true(together.share == spread.share);
	assert_true(together.share_lower < spread.share_lower);
	assert_true(together.share_upper > spread.share_upper);
	assert_int_equal(together.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(together.why, "240 of 400 (dependent, worth "));
	/* nor do they fail what independent ones would */
	assert_int_equal(shared("share(DONE) >= 70 %", 240, 400, true).verdict,
			 VERDICT_FAIL);
	assert_int_equal(shared("share(DONE) >= 70 %", 240, 400, false).verdict,
			 VERDICT_INCONCLUSIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_is_read_as_written),
		cmocka_unit_test(what_is_no_claim_is_refused_with_what_is_allowed),
		cmocka_unit_test(the_trials_needed_are_known_before_anything_moves),
		cmocka_unit_test(the_upper_bound_and_u_must_be_within_the_limit),
		cmocka_unit_test(the_lower_bound_less_u_must_be_above_the_limit_to_fail),
		cmocka_unit_test(too_few_samples_can_fail_but_never_pass),
		cmocka_unit_test(infinite_samples_are_slower_than_any_limit_and_any_u),
		cmocka_unit_test(dependent_trials_support_less),
		cmocka_unit_test(a_share_is_decided_by_its_bounds),
		cmocka_unit_test(
			a_share_of_attempts_that_depend_on_each_other_supports_less),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
