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

static void try_some(struct sample_run *r, const char *id, enum outcome outcome, int n)
{
	for (int i = 0; i < n; i++)
		sample_try(r, id, outcome, 200 * MS);
}

static const struct summary_rung *rung(const struct summary *s, const char *device,
				       const char *name)
{
	for (size_t i = 0; i < s->rung_count; i++)
		if (strcmp(s->rungs[i].device, device) == 0 &&
		    strcmp(s->rungs[i].rung, name) == 0)
			return &s->rungs[i];
	fail_msg("no %s of the %s", name, device);
	return NULL;
}

static void a_recovery_is_one_however_many_rungs_it_took(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 8, NULL, NULL);
	try_some(&r, "plain", OUTCOME_DONE, 4);
	sample_rung(&r, "reader", "reopen", false);
	sample_rung(&r, "reader", "respawn", false);
	sample_rung(&r, "reader", "re-enumerate", true);
	sample_rung(&r, "reader", "reopen", true);
	try_some(&r, "plain", OUTCOME_DONE, 4);
	sample_rung(&r, "positioner", "reopen", false);
	sample_rung(&r, "positioner", "drain", false);
	sample_end(&r, "drained");
	s = read_back(&r);
	assert_int_equal(s->recoveries, 3);
	assert_true(summary_recovery_rate(s) == 375);
	assert_int_equal(s->rung_count, 5);
	assert_int_equal(rung(s, "reader", "reopen")->climbed, 2);
	assert_int_equal(rung(s, "reader", "reopen")->held, 1);
	assert_int_equal(rung(s, "reader", "respawn")->held, 0);
	assert_int_equal(rung(s, "reader", "re-enumerate")->held, 1);
	assert_int_equal(rung(s, "positioner", "drain")->climbed, 1);
	summary_free(s);
	sample_release(&r);
}

static void rungs_beyond_what_is_kept_still_count(void **state)
{
	struct sample_run r;
	struct summary *s;
	char name[8];

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 1, NULL, NULL);
	for (int i = 0; i < SUMMARY_RUNGS + 3; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		sample_rung(&r, "a device of which the name is much too long", name,
			    true);
	}
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->recoveries, SUMMARY_RUNGS + 3);
	assert_int_equal(s->rung_count, SUMMARY_RUNGS);
	assert_true(summary_recovery_rate(s) < 0); /* nothing was transacted */
	summary_free(s);
	sample_release(&r);
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

static void a_claim_on_an_early_metric_excuses_no_later_failure(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "early", 100, "p95(select) <= 300 ms", NULL);
	try_some(&r, "early", OUTCOME_RF_ERROR, 100);
	expect(&r, VERDICT_FAIL, "100 attempts without an answer, and no claim allows");

	sample_begin(&r, true, 0);
	sample_case(&r, "early", 100, "p95(select) <= 300 ms", NULL);
	try_some(&r, "early", OUTCOME_DONE, 99);
	sample_try(&r, "early", OUTCOME_REFUSED, 200 * MS);
	expect(&r, VERDICT_FAIL, "1 attempt REFUSED, and no claim allows any: made up");

	sample_begin(&r, true, 0);
	sample_case(&r, "early", 100, "p50(activation) <= 300 ms", NULL);
	sample_try(&r, "early", OUTCOME_NO_TAP, 0);
	try_some(&r, "early", OUTCOME_DONE, 99);
	expect(&r, VERDICT_FAIL, "1 attempt without an answer");
}

static void a_claim_that_judges_failures_excuses_them_and_is_named(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "median", 100, "p50(tap) <= 300 ms", NULL);
	for (int i = 0; i < 100; i++)
		sample_try(&r, "median", i % 3 == 1 ? OUTCOME_RF_ERROR : OUTCOME_DONE,
			   200 * MS);
	expect(&r, VERDICT_PASS,
	       "67 of 100 DONE, 33 without an answer, allowed by p50(tap); 1 claim "
	       "holds");

	sample_begin(&r, true, 0);
	sample_case(&r, "share", 40, "share(DONE) >= 50 %", NULL);
	for (int i = 0; i < 40; i++)
		sample_try(&r, "share",
			   i == 5    ? OUTCOME_REFUSED
			   : i == 20 ? OUTCOME_NO_TAP
				     : OUTCOME_DONE,
			   200 * MS);
	expect(&r, VERDICT_PASS,
	       "38 of 40 DONE, 1 REFUSED, 1 without an answer, allowed by share(DONE);");

	sample_begin(&r, true, 0);
	sample_case(&r, "speed", 60, "p90(tap) <= 900 ms", NULL);
	sample_try(&r, "speed", OUTCOME_REFUSED, 100 * MS);
	try_many(&r, "speed", 59, 200 * MS);
	/* a "no" is not a matter of time */
	expect(&r, VERDICT_FAIL, "");
}

/* What fails after the control flow has a tap as good as any: a claim on taps has not judged it. */
static void a_failure_behind_the_end_of_a_metric_is_not_judged_by_it(void **state)
{
	struct sample_run r;
	struct attempt a;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "late", 60, "p90(tap) <= 900 ms", NULL);
	try_many(&r, "late", 59, 200 * MS);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	attempt_end(&a, OUTCOME_RF_ERROR, "no answer to the exchange");
	sample_record(&r, "late", &a, 0, false);
	expect(&r, VERDICT_FAIL, "without an answer, and no claim allows any: no answer");
}

static void a_share_of_failures_in_a_row_is_not_taken_as_independent(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "row", 100, "share(DONE) >= 50 %", NULL);
	try_some(&r, "row", OUTCOME_DONE, 35);
	try_some(&r, "row", OUTCOME_NO_TAP, 20);
	try_some(&r, "row", OUTCOME_RF_ERROR, 10);
	try_some(&r, "row", OUTCOME_DONE, 35);
	expect(&r, VERDICT_INCONCLUSIVE, "70 of 100 (dependent, worth");
}

static void a_no_tap_that_may_be_the_benchs_is_in_no_share(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "share", 30, "share(NO_TAP) >= 1 %", NULL);
	try_some(&r, "share", OUTCOME_DONE, 10);
	sample_try(&r, "share", OUTCOME_NO_TAP, 0);
	sample_recovery(&r);
	try_some(&r, "share", OUTCOME_NO_TAP, 3);
	try_some(&r, "share", OUTCOME_DONE, 14);
	try_some(&r, "share", OUTCOME_NO_TAP, 2);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].unproven_no_taps, 3);
	assert_int_equal(s->cases[0].claims[0].decision.n, 27);
	assert_true(s->cases[0].claims[0].decision.share > 0.1111 &&
		    s->cases[0].claims[0].decision.share < 0.1112);
	summary_free(s);
	sample_release(&r);
}

static void warm_up(struct sample_run *r, const char *id, enum outcome outcome,
		    const char *complaint)
{
	struct attempt a = sample_attempt(r, outcome, 100 * MS);

	if (complaint)
		attempt_complain(&a, "%s", complaint);
	sample_record(r, id, &a, 0, true);
}

static void warm_up_is_neither_a_sample_nor_a_trial(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	warm_up(&r, "fast", OUTCOME_DONE, NULL);
	try_many(&r, "fast", 60, 200 * MS);
	sample_end(&r, "complete");
	s = read_back(&r);
	assert_int_equal(s->cases[0].verdict, VERDICT_PASS);
	assert_string_equal(s->cases[0].reason,
			    "all 60 trials met what was expected, 1 claim holds");
	assert_int_equal(s->cases[0].warmups, 1);
	assert_int_equal(s->cases[0].trials, 60);
	assert_int_equal(s->cases[0].outcomes[OUTCOME_DONE], 60);
	assert_int_equal(s->cases[0].warmup_outcomes[OUTCOME_DONE], 1);
	assert_int_equal(s->cases[0].claims[0].decision.n, 60);
	assert_int_equal(s->attempts, 61);
	assert_int_equal(s->transactions, 61);
	summary_free(s);
	sample_release(&r);
}

static void a_fault_in_warm_up_is_a_fault(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *complaint;
		enum verdict verdict;
		const char *reason;
	} rows[] = {
		{ OUTCOME_DONE, "replayed", VERDICT_FAIL,
		  "1 attempt in warm-up did not meet the case's expectations: replayed" },
		{ OUTCOME_BENCH_ERROR, "late", VERDICT_BENCH_ERROR,
		  "1 attempt in warm-up ended in BENCH_ERROR: made up" },
		{ OUTCOME_REFUSED, NULL, VERDICT_FAIL, "1 attempt in warm-up REFUSED" },
		{ OUTCOME_RF_ERROR, NULL, VERDICT_FAIL,
		  "1 attempt in warm-up without an answer" },
		{ OUTCOME_NO_TAP, NULL, VERDICT_FAIL,
		  "1 attempt in warm-up without an answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample_run r;

		sample_begin(&r, true, 0);
		sample_case(&r, "plain", 1, NULL, NULL);
		warm_up(&r, "plain", rows[i].outcome, rows[i].complaint);
		sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
		expect(&r, rows[i].verdict, rows[i].reason);
	}
}

static void faults_in_and_after_warm_up_are_told_apart(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 2, NULL, NULL);
	warm_up(&r, "plain", OUTCOME_BENCH_ERROR, NULL);
	sample_try(&r, "plain", OUTCOME_BENCH_ERROR, 0);
	sample_try(&r, "plain", OUTCOME_BENCH_ERROR, 0);
	expect(&r, VERDICT_BENCH_ERROR, "3 attempts (1 in warm-up) ended in BENCH_ERROR");

	sample_begin(&r, true, 0);
	sample_case(&r, "share", 30, "share(DONE) >= 50 %", NULL);
	warm_up(&r, "share", OUTCOME_RF_ERROR, NULL);
	try_some(&r, "share", OUTCOME_DONE, 30);
	expect(&r, VERDICT_PASS,
	       "30 of 30 DONE (in warm-up 0 of 1 DONE, 1 without an answer), allowed by "
	       "share(DONE); 1 claim holds");
}

static void a_run_that_did_not_end_well_is_never_pass(void **state)
{
	static const struct {
		const char *end, *told;
		enum verdict verdict;
	} rows[] = {
		{ NULL, "cut off", VERDICT_INCONCLUSIVE },
		{ "interrupted", "interrupted", VERDICT_INCONCLUSIVE },
		{ "drained", "drained", VERDICT_BENCH_ERROR },
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct sample_run r;
		struct summary *s;

		sample_begin(&r, true, 0);
		sample_case(&r, "plain", 1, NULL, NULL);
		sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
		sample_end(&r, rows[i].end);
		s = read_back(&r);
		assert_string_equal(s->ended, rows[i].told);
		assert_int_equal(s->cases[0].verdict, VERDICT_PASS);
		assert_string_equal(verdict_name(s->verdict),
				    verdict_name(rows[i].verdict));
		summary_free(s);
		sample_release(&r);
	}
}

static void a_failure_outranks_how_the_run_ended(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "bad", 1, NULL, NULL);
	sample_case(&r, "never", 5, NULL, NULL);
	sample_try(&r, "bad", OUTCOME_RF_ERROR, 200 * MS);
	sample_end_why(&r, "drained", "reader: cannot be opened again");
	s = read_back(&r);
	assert_int_equal(s->verdict, VERDICT_FAIL);
	assert_int_equal(s->cases[0].verdict, VERDICT_FAIL);
	assert_int_equal(s->cases[1].verdict, VERDICT_BENCH_ERROR);
	assert_string_equal(s->cases[1].reason,
			    "5 of 5 trials were not run: reader: cannot be opened again");
	summary_free(s);
	sample_release(&r);
}

static void a_rig_that_cannot_be_opened_is_a_bench_error_with_its_reason(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, false, 0);
	sample_case(&r, "one", 60, "p95(tap) <= 300 ms", NULL);
	sample_case(&r, "two", 5, NULL, "no bus");
	sample_end_why(&r, "drained", "relay: /dev/ttyUSB7: no such device");
	s = read_back(&r);
	assert_int_equal(s->verdict, VERDICT_BENCH_ERROR);
	assert_string_equal(s->ended_why, "relay: /dev/ttyUSB7: no such device");
	assert_int_equal(s->cases[0].verdict, VERDICT_BENCH_ERROR);
	assert_int_equal(s->cases[1].verdict, VERDICT_SKIP);
	summary_free(s);
	sample_release(&r);
}

static void record_cut(struct sample_run *r, const char *id, int trial, bool warmup)
{
	struct attempt a = sample_attempt(r, OUTCOME_RF_ERROR, 100 * MS);
	struct record_attempt ra = { .case_id = id,
				     .suite = "door-unlock",
				     .trial = trial,
				     .warmup = warmup,
				     .cut = true,
				     .started_ns = r->now_ns,
				     .ended_ns = r->now_ns + 50 * MS,
				     .result = &a };

	attempt_complain(&a, "cut");
	sample_append(r, record_attempt_json(&ra));
	r->now_ns += 100 * MS;
}

static void an_attempt_that_was_cut_counts_nowhere(void **state)
{
	struct sample_run r;
	struct summary *s;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 3, NULL, NULL);
	record_cut(&r, "plain", 0, true);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	sample_try(&r, "plain", OUTCOME_NO_TAP, 0);
	record_cut(&r, "plain", 2, false);
	sample_end(&r, "interrupted");
	s = read_back(&r);
	assert_int_equal(s->cuts, 2);
	assert_int_equal(s->attempts, 2);
	assert_int_equal(s->transactions, 1);
	assert_int_equal(s->cases[0].trials, 2);
	assert_int_equal(s->cases[0].warmups, 0);
	assert_int_equal(s->cases[0].outcomes[OUTCOME_RF_ERROR], 0);
	assert_int_equal(s->cases[0].complaints, 0);
	assert_int_equal(s->cases[0].unproven_no_taps, 1); /* it proves nothing */
	assert_int_equal(s->cases[0].verdict, VERDICT_INCONCLUSIVE);
	assert_string_equal(s->cases[0].reason, "1 of 3 trials were not run");
	assert_string_equal(s->cases[0].first_trouble, "NO_TAP: made up");
	summary_free(s);
	sample_release(&r);
}

static void a_trial_that_was_cut_may_be_made_after_all(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "plain", 2, NULL, NULL);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	record_cut(&r, "plain", 1, false);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS);
	expect(&r, VERDICT_PASS, "all 2 trials");
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

/* @n attempts of tap_ns each; the first @held of them held up by held_ns. */
static void try_held_up(struct sample_run *r, const char *id, int n, int64_t tap_ns,
			int held, int64_t held_ns)
{
	struct rng rng;

	rng_init(&rng, 8, "held up");
	for (int i = 0; i < n; i++) {
		struct attempt a = sample_attempt(
			r, OUTCOME_DONE, tap_ns + (int64_t)rng_below(&rng, 20 * MS));

		if (i < held)
			attempt_value(&a, "held_up", held_ns);
		sample_record(r, id, &a, 0, false);
	}
}

/* As expect(), and the report and JUnit say why as well. */
static void expect_held_up(struct sample_run *r, const char *word)
{
	static const char *const formats[] = { "text", "junit", "json" };
	struct err err = { 0 };
	struct summary *s;
	struct buf out;

	sample_end(r, "complete");
	s = read_back(r);
	assert_string_equal(verdict_name(s->cases[0].verdict), "INCONCLUSIVE");
	assert_string_equal(verdict_name(s->verdict), "INCONCLUSIVE");
	if (!strstr(s->cases[0].reason, word))
		fail_msg("\"%s\" is not in: %s", word, s->cases[0].reason);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		buf_init(&out, 1 << 20);
		assert_int_equal(summary_render(renderer_find(formats[i]), s, &r->run,
						NULL, &out, &err),
				 0);
		assert_non_null(strstr(buf_str(&out), "the machine held"));
		buf_release(&out);
	}
	summary_free(s);
	sample_release(r);
}

static void a_fail_that_the_machine_may_have_made_is_open(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_held_up(&r, "fast", 60, 400 * MS, 60, 150 * MS);
	expect_held_up(&r, "held the emulated desk up in 60 of the 60 attempts, by 150");
}

static void a_fail_that_stands_without_what_the_machine_did_stays_one(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_held_up(&r, "fast", 60, 400 * MS, 60, 50 * MS);
	expect(&r, VERDICT_FAIL, "is above 300");

	/* it is those attempts that count less, and no others */
	sample_begin(&r, true, MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_held_up(&r, "fast", 60, 400 * MS, 30, 150 * MS);
	expect(&r, VERDICT_FAIL, "is above 300");
}

static void what_the_machine_did_makes_nothing_better(void **state)
{
	struct sample_run r;

	(void)state;
	/* within the limit by far when it is taken off, and still nobody measured that */
	sample_begin(&r, true, MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_held_up(&r, "fast", 60, 400 * MS, 60, 390 * MS);
	expect_held_up(&r, "no FAIL");

	sample_begin(&r, true, MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_held_up(&r, "fast", 60, 200 * MS, 60, 5000 * MS);
	expect(&r, VERDICT_PASS, "all 60 trials");

	sample_begin(&r, true, 90 * MS);
	sample_case(&r, "fast", 60, "p95(tap) <= 300 ms", NULL);
	try_held_up(&r, "fast", 60, 250 * MS, 60, 5000 * MS);
	expect(&r, VERDICT_INCONCLUSIVE, "too near");
}

/* One that got no answer, and was held up. */
static void try_in_vain(struct sample_run *r, const char *id, enum outcome outcome,
			int64_t held_ns)
{
	struct attempt a = sample_attempt(r, outcome, 100 * MS);

	attempt_value(&a, "held_up", held_ns);
	sample_record(r, id, &a, 0, false);
}

/* Sixty: 45 that went well, 15 that did not, here and there between them. */
static void try_mixed(struct sample_run *r, const char *id, enum outcome outcome,
		      int64_t held_ns)
{
	struct rng rng;
	int bad = 15;

	rng_init(&rng, 9, "mixed");
	for (int left = 60; left > 0; left--) {
		bool well = (int)rng_below(&rng, (uint64_t)left) >= bad;

		if (well)
			sample_try(r, id, OUTCOME_DONE, 200 * MS);
		else
			try_in_vain(r, id, outcome, held_ns);
		bad -= !well;
	}
}

static void an_answer_that_the_machine_may_have_kept_away_is_not_missed(void **state)
{
	static const char *const claims[] = { "share(DONE) >= 95 %",
					      "p95(tap) <= 300 ms" };
	struct sample_run r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		sample_begin(&r, true, 8 * MS);
		sample_case(&r, "fast", 60, claims[i], NULL);
		try_mixed(&r, "fast", OUTCOME_RF_ERROR, 9 * MS);
		expect_held_up(&r, "up in 15 of the 60 attempts");

		sample_begin(&r, true, 8 * MS);
		sample_case(&r, "fast", 60, claims[i], NULL);
		try_mixed(&r, "fast", OUTCOME_RF_ERROR, 8 * MS); /* within U */
		expect(&r, VERDICT_FAIL, claims[i]);
	}
	/* a plain no is not a matter of time */
	sample_begin(&r, true, 8 * MS);
	sample_case(&r, "fast", 60, claims[0], NULL);
	try_mixed(&r, "fast", OUTCOME_REFUSED, 900 * MS);
	expect(&r, VERDICT_FAIL, claims[0]);
}

static void without_a_claim_one_answer_that_is_truly_missing_fails(void **state)
{
	struct sample_run r;

	(void)state;
	sample_begin(&r, true, 8 * MS);
	sample_case(&r, "plain", 3, NULL, NULL);
	for (int i = 0; i < 2; i++)
		try_in_vain(&r, "plain", OUTCOME_NO_TAP, 30 * MS);
	sample_try(&r, "plain", OUTCOME_DONE, 200 * MS); /* the bench is proven */
	expect_held_up(&r, "2 attempts without an answer");

	sample_begin(&r, true, 8 * MS);
	sample_case(&r, "plain", 3, NULL, NULL);
	for (int i = 0; i < 2; i++)
		try_in_vain(&r, "plain", OUTCOME_RF_ERROR, 30 * MS);
	sample_try(&r, "plain", OUTCOME_RF_ERROR, 200 * MS);
	expect(&r, VERDICT_FAIL, "3 attempts without an answer");
}

static void a_complaint_of_time_is_doubtful_and_no_other(void **state)
{
	static const char *const reasons[] = { "did not meet", "heard nothing in time" };
	struct sample_run r;
	struct attempt a;

	(void)state;
	for (int timed = 0; timed < 2; timed++) {
		sample_begin(&r, true, 8 * MS);
		sample_case(&r, "plain", 1, NULL, NULL);
		a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
		attempt_value(&a, "held_up", 30 * MS);
		a.timed = timed;
		attempt_complain(&a, "no DoorStatus within 100 ms");
		sample_record(&r, "plain", &a, 0, false);
		expect(&r, timed ? VERDICT_INCONCLUSIVE : VERDICT_FAIL, reasons[timed]);
	}
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
		cmocka_unit_test(a_recovery_is_one_however_many_rungs_it_took),
		cmocka_unit_test(rungs_beyond_what_is_kept_still_count),
		cmocka_unit_test(a_warm_up_tap_of_another_case_proves_the_bench),
		cmocka_unit_test(a_claim_on_an_early_metric_excuses_no_later_failure),
		cmocka_unit_test(a_claim_that_judges_failures_excuses_them_and_is_named),
		cmocka_unit_test(
			a_failure_behind_the_end_of_a_metric_is_not_judged_by_it),
		cmocka_unit_test(
			a_share_of_failures_in_a_row_is_not_taken_as_independent),
		cmocka_unit_test(a_no_tap_that_may_be_the_benchs_is_in_no_share),
		cmocka_unit_test(warm_up_is_neither_a_sample_nor_a_trial),
		cmocka_unit_test(a_fault_in_warm_up_is_a_fault),
		cmocka_unit_test(faults_in_and_after_warm_up_are_told_apart),
		cmocka_unit_test(a_run_that_did_not_end_well_is_never_pass),
		cmocka_unit_test(a_failure_outranks_how_the_run_ended),
		cmocka_unit_test(
			a_rig_that_cannot_be_opened_is_a_bench_error_with_its_reason),
		cmocka_unit_test(an_attempt_that_was_cut_counts_nowhere),
		cmocka_unit_test(a_trial_that_was_cut_may_be_made_after_all),
		cmocka_unit_test(a_planned_case_that_never_ran_is_there_and_inconclusive),
		cmocka_unit_test(only_skipped_cases_make_an_inconclusive_run),
		cmocka_unit_test(the_risk_adds_up_over_passed_claims),
		cmocka_unit_test(too_many_points_are_the_benchs_fault),
		cmocka_unit_test(a_journal_that_makes_no_sense_is_refused_with_its_line),
		cmocka_unit_test(a_fail_that_the_machine_may_have_made_is_open),
		cmocka_unit_test(
			a_fail_that_stands_without_what_the_machine_did_stays_one),
		cmocka_unit_test(what_the_machine_did_makes_nothing_better),
		cmocka_unit_test(
			an_answer_that_the_machine_may_have_kept_away_is_not_missed),
		cmocka_unit_test(without_a_claim_one_answer_that_is_truly_missing_fails),
		cmocka_unit_test(a_complaint_of_time_is_doubtful_and_no_other),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
