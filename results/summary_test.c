#include "results/summary.h"

#include "results/sample_run.h"

static struct summary *read_back(struct sample_run *r)
{
	struct summary *s = NULL;
	struct err err = { 0 };

	if (summary_read(&s, &r->run, &err))
		fail_msg("%s", err.text);
	return s;
}

/* Ends the run, folds it, checks the first case's verdict and that its reason has @word. */
static void expect(struct sample_run *r, enum verdict verdict, const char *word)
{
	struct summary *s;

	sample_end(r, "complete");
	s = read_back(r);
	assert_string_equal(verdict_name(s->cases[0].verdict), verdict_name(verdict));
	if (!strstr(s->cases[0].reason, word))
		fail_msg("\"%s\" is not in: %s", word, s->cases[0].reason);
	summary_free(s);
	sample_release(r);
}

static void try_many(struct sample_run *r, const char *id, int n, int64_t tap_ns)
{
	struct rng rng;

	rng_init(&rng, 7, "taps");
	for (int i = 0; i < n; i++)
		sample_try(r, id, OUTCOME_DONE,
			   tap_ns + (int64_t)rng_below(&rng, 20 * MS));
}

static void a_quick_target_passes(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_many(&r, "fast", 60, 200 * MS);
	expect(&r, VERDICT_PASS, "all 60 trials");
}

static void a_slow_target_fails_its_claim(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_many(&r, "fast", 60, 400 * MS);
	expect(&r, VERDICT_FAIL, "p95(tap) <= 300 ms");
}

static void an_uncertainty_wider_than_the_distance_decides_nothing(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 200 * MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_many(&r, "fast", 60, 200 * MS);
	expect(&r, VERDICT_INCONCLUSIVE, "too near");
}

static void failed_attempts_count_as_infinitely_slow(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_many(&r, "fast", 48, 200 * MS);
	for (int i = 0; i < 12; i++)
		sample_try(&r, "fast", OUTCOME_RF_ERROR, 100 * MS);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].verdict, VERDICT_FAIL);
	assert_int_equal(s->cases[0].claims[0].decision.n, 60);
	assert_true(s->cases[0].claims[0].decision.estimate_ns == STATS_INFINITE);
	/* auth0 is in no claim: only those that have it */
	assert_int_equal(summary_find_samples(&s->cases[0], metric_find("auth0"))->n, 48);
	summary_free(s);
	sample_release(&r);
}

static void a_complaint_fails_whatever_the_claims_say(void **state)
{
	struct sample_run r;
	struct attempt a;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_many(&r, "fast", 59, 200 * MS);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	attempt_complain(&a, "fell back to standard");
	sample_record(&r, "fast", &a, 0, false);
	expect(&r, VERDICT_FAIL, "fell back to standard");
}

static void a_complaint_of_a_broken_attempt_is_not_held_against_the_target(void **state)
{
	struct sample_run r;
	struct attempt a;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, NULL, NULL);
	a = sample_attempt(&r, OUTCOME_BENCH_ERROR, 0);
	attempt_complain(&a, "did not open");
	sample_record(&r, "plain", &a, 0, false);
	expect(&r, VERDICT_BENCH_ERROR, "made up");
}

static void a_bench_error_stays_one_when_the_retry_works(void **state)
{
	struct sample_run r;
	struct attempt a;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_many(&r, "fast", 59, 200 * MS);
	sample_try(&r, "fast", OUTCOME_BENCH_ERROR, 0);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "fast", &a, 1, false);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].verdict, VERDICT_BENCH_ERROR);
	assert_int_equal(s->cases[0].trials, 60);
	assert_int_equal(s->cases[0].claims[0].decision.n, 60);
	assert_int_equal(s->cases[0].claims[0].decision.verdict, VERDICT_PASS);
	assert_int_equal(s->cases[0].outcomes[OUTCOME_BENCH_ERROR], 1);
	assert_int_equal(s->verdict, VERDICT_BENCH_ERROR);
	summary_free(s);
	sample_release(&r);
}

static void a_target_that_fails_beats_a_bench_that_fails(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 2, NULL, NULL);
	sample_try(&r, "plain", OUTCOME_BENCH_ERROR, 0);
	sample_try(&r, "plain", OUTCOME_REFUSED, 100 * MS);
	expect(&r, VERDICT_FAIL, "REFUSED");
}

static void trying_again_does_not_undo_a_failure(void **state)
{
	struct sample_run r;
	struct attempt a;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "fast", 2, "share(DONE) >= 10 %", NULL);
	sample_try(&r, "fast", OUTCOME_RF_ERROR, 100 * MS);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "fast", &a, 1, false);
	sample_try(&r, "fast", OUTCOME_DONE, 200 * MS);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].claims[0].decision.n, 3);
	assert_int_equal(s->cases[0].trials, 2);
	summary_free(s);
	sample_release(&r);
}

static void a_no_tap_counts_when_a_later_tap_proves_the_bench(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 2, NULL, NULL);
	sample_try(&r, "plain", OUTCOME_NO_TAP, 0);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	expect(&r, VERDICT_FAIL, "without an answer");
}

static void a_no_tap_that_nothing_follows_is_no_ones_fault(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 2, NULL, NULL);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	sample_try(&r, "plain", OUTCOME_NO_TAP, 0);
	expect(&r, VERDICT_INCONCLUSIVE, "proves the bench");
}

static void a_tap_after_a_repair_proves_nothing_about_the_time_before(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 2, NULL, NULL);
	sample_try(&r, "plain", OUTCOME_NO_TAP, 0);
	sample_recovery(&r);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	expect(&r, VERDICT_INCONCLUSIVE, "proves the bench");
}

static void a_warm_up_tap_of_another_case_proves_the_bench(void **state)
{
	struct sample_run r;
	struct attempt a;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "one", 1, NULL, NULL);
	sample_case(&r, "two", 1, NULL, NULL);
	sample_try(&r, "one", OUTCOME_NO_TAP, 0);
	r.trial = 0;
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "two", &a, 0, true);
	sample_try(&r, "two", OUTCOME_DONE, 200 * MS);
	expect(&r, VERDICT_FAIL, "without an answer");
}

static void a_refusal_is_allowed_only_by_a_share_claim(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "share", 30, "share(DONE) >= 50 %", NULL);
	sample_try(&r, "share", OUTCOME_REFUSED, 100 * MS);
	try_many(&r, "share", 29, 200 * MS);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].verdict, VERDICT_PASS);
	summary_free(s);
	sample_release(&r);

	sample_begin(&r, true, 0);
	sample_case(&r, "speed", 60, "p90(tap) <= 900 ms", NULL);
	sample_try(&r, "speed", OUTCOME_REFUSED, 100 * MS);
	try_many(&r, "speed", 59, 200 * MS);
	expect(&r, VERDICT_FAIL, "REFUSED");
}

static void warm_up_never_counts(void **state)
{
	struct sample_run r;
	struct attempt a;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, NULL, NULL);
	a = sample_attempt(&r, OUTCOME_REFUSED, 100 * MS);
	attempt_complain(&a, "not yet warm");
	sample_record(&r, "plain", &a, 0, true);
	a = sample_attempt(&r, OUTCOME_BENCH_ERROR, 0);
	sample_record(&r, "plain", &a, 1, true);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].verdict, VERDICT_PASS);
	assert_int_equal(s->cases[0].warmups, 1);
	assert_int_equal(s->attempts, 3);
	assert_int_equal(s->transactions, 2);
	summary_free(s);
	sample_release(&r);
}

static void a_run_that_was_cut_off_is_inconclusive_at_best(void **state)
{
	static const char *const ends[] = { NULL, "interrupted", "drained" };
	static const char *const told[] = { "cut off", "interrupted", "drained" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct sample_run r;
		struct summary *s;

		sample_begin(&r, true, 0);
		sample_case(&r, "plain", 1, NULL, NULL);
		sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
		sample_end(&r, ends[i]);
		s = read_back(&r);
		assert_string_equal(s->ended, told[i]);
		assert_int_equal(s->cases[0].verdict, VERDICT_PASS);
		assert_int_equal(s->verdict, VERDICT_INCONCLUSIVE);
		summary_free(s);
		sample_release(&r);
	}
}

static void a_planned_case_that_never_ran_is_there_and_inconclusive(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "never", 10, "p50(tap) <= 1 s", NULL);
	expect(&r, VERDICT_INCONCLUSIVE, "10 of 10 trials were not run");
}

static void only_skipped_cases_make_an_inconclusive_run(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "skipped", 10, "p50(tap) <= 1 s",
		    "the chip cannot be asked that");
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].verdict, VERDICT_SKIP);
	assert_string_equal(s->cases[0].reason, "the chip cannot be asked that");
	assert_int_equal(s->verdict, VERDICT_INCONCLUSIVE);
	summary_free(s);
	sample_release(&r);
}

static void the_risk_adds_up_over_passed_claims(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "one", 60, "p95(tap) <= 300 ms", NULL);
	sample_case(&r, "two", 60, "p90(tap) <= 300 ms", NULL);
	r.trial = 0;
	try_many(&r, "one", 60, 200 * MS);
	r.trial = 0;
	try_many(&r, "two", 60, 200 * MS);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->verdict, VERDICT_PASS);
	assert_true(s->risk_claim > 0.0499 && s->risk_claim < 0.0501);
	assert_true(s->risk_run > 0.0999 && s->risk_run < 0.1001);
	summary_free(s);
	sample_release(&r);
}

static void too_many_points_are_the_benchs_fault(void **state)
{
	struct sample_run r;
	struct attempt a;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, NULL, NULL);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	a.overflow = true;
	sample_record(&r, "plain", &a, 0, false);
	expect(&r, VERDICT_BENCH_ERROR, "BENCH_ERROR");
}

/* What a journal of lines that chain well but make no sense is told. */
static void expect_refusal(struct sample_run *r, const char *word)
{
	struct summary *s = NULL;
	struct err err = { 0 };

	sample_end(r, NULL);
	assert_int_equal(summary_read(&s, &r->run, &err), ERR_FORMAT);
	assert_null(s);
	assert_non_null(strstr(err.text, "journal.jsonl:"));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" is not in: %s", word, err.text);
	sample_release(r);
}

static void a_journal_that_makes_no_sense_is_refused_with_its_line(void **state)
{
	struct sample_run r;
	struct attempt a;

	(void)state;
	sample_open(&r);
	expect_refusal(&r, ":1:1: no whole line");

	sample_open(&r);
	sample_append(&r, record_note_json("first"));
	expect_refusal(&r, ":1:1: the first line must be of type run");

	sample_begin(&r, true, 0);
	sample_append(&r, json_pack("{s:s}", "type", "surprise"));
	expect_refusal(&r, ":2:1: \"type\" must be");

	sample_begin(&r, true, 0);
	sample_append(&r, json_pack("{s:i}", "type", 7));
	expect_refusal(&r, ":2:1: \"type\" must be");

	sample_begin(&r, true, 0);
	sample_append(&r, json_pack("{s:s,s:s}", "type", "case", "id", "x"));
	expect_refusal(&r, ":2:1: \"suite\" must be a text");

	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, NULL, NULL);
	sample_case(&r, "plain", 1, NULL, NULL);
	expect_refusal(&r, ":3:1: case door-unlock/plain is there twice");

	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, "p95(luck) <= 3 s", NULL);
	expect_refusal(&r, ":2:1: claim 1: a claim is about one of: tap");

	sample_begin(&r, true, 0);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	expect_refusal(&r,
		       ":2:1: an attempt of door-unlock/plain, which was not planned");

	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, NULL, NULL);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	expect_refusal(&r, ":4:1: trial 1 of a case that has 1");

	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 3, NULL, NULL);
	r.trial = 2;
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	expect_refusal(&r, ":3:1: trial 2 attempt 0 cannot follow");

	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, NULL, "not here");
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "plain", &a, 0, true);
	expect_refusal(&r, ":3:1: an attempt of a case that is skipped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quick_target_passes),
		cmocka_unit_test(a_slow_target_fails_its_claim),
		cmocka_unit_test(an_uncertainty_wider_than_the_distance_decides_nothing),
		cmocka_unit_test(failed_attempts_count_as_infinitely_slow),
		cmocka_unit_test(a_complaint_fails_whatever_the_claims_say),
		cmocka_unit_test(
			a_complaint_of_a_broken_attempt_is_not_held_against_the_target),
		cmocka_unit_test(a_bench_error_stays_one_when_the_retry_works),
		cmocka_unit_test(a_target_that_fails_beats_a_bench_that_fails),
		cmocka_unit_test(trying_again_does_not_undo_a_failure),
		cmocka_unit_test(a_no_tap_counts_when_a_later_tap_proves_the_bench),
		cmocka_unit_test(a_no_tap_that_nothing_follows_is_no_ones_fault),
		cmocka_unit_test(
			a_tap_after_a_repair_proves_nothing_about_the_time_before),
		cmocka_unit_test(a_warm_up_tap_of_another_case_proves_the_bench),
		cmocka_unit_test(a_refusal_is_allowed_only_by_a_share_claim),
		cmocka_unit_test(warm_up_never_counts),
		cmocka_unit_test(a_run_that_was_cut_off_is_inconclusive_at_best),
		cmocka_unit_test(a_planned_case_that_never_ran_is_there_and_inconclusive),
		cmocka_unit_test(only_skipped_cases_make_an_inconclusive_run),
		cmocka_unit_test(the_risk_adds_up_over_passed_claims),
		cmocka_unit_test(too_many_points_are_the_benchs_fault),
		cmocka_unit_test(a_journal_that_makes_no_sense_is_refused_with_its_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
