#include "bench/plan.h"
#include "bench/sched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALL (NEED_READER | NEED_POSITIONER)

static struct suite *suite_of(const char *text)
{
	struct suite *s = NULL;
	struct err err = { 0 };

	if (suite_parse(&s, "s.yaml", BYTES((const uint8_t *)text, strlen(text)),
			(struct node){ 0 }, &err))
		fail_msg("%s", err.text);
	return s;
}

static const char *refusal(const char *text, int64_t trials)
{
	static struct err err;
	struct suite *s = suite_of(text);
	struct plan plan = { 0 };

	err = (struct err){ 0 };
	assert_int_not_equal(plan_make(&plan, &s, 1, ALL, NULL, trials, &err), 0);
	suite_free(s);
	return err.text;
}

#define ONE(count, claim) \
	"suite: s\ncases:\n  - id: a\n    steps: [select, transact: {kind: fast}]\n    " \
	"trials: {count: " #count "}\n    expect: [\"" claim "\"]\n"

static void a_claim_its_trials_can_never_support_is_refused(void **state)
{
	struct suite *enough = suite_of(ONE(59, "p95(tap) <= 300 ms"));
	struct plan plan = { 0 };

	(void)state;
	assert_string_equal(refusal(ONE(58, "p95(tap) <= 300 ms"), 0),
			    "s.yaml:6:15: a: 58 trials can never support 'p95(tap) <= "
			    "300 ms' at 95 % confidence; "
			    "it needs at least 59");
	assert_non_null(
		strstr(refusal(ONE(298, "p99(tap) <= 300 ms"), 0), "at least 299"));
	assert_non_null(
		strstr(refusal(ONE(500, "p95(tap) <= 300 ms"), 20), "(--trials)"));
	assert_int_equal(plan_make(&plan, &enough, 1, ALL, NULL, 0, NULL), 0);
	assert_int_equal(plan.attempts, 59);
	plan_free(&plan);
	suite_free(enough);
}

static void what_is_no_claim_is_refused_at_its_place(void **state)
{
	(void)state;
	assert_non_null(
		strstr(refusal(ONE(100, "p95(speed) <= 300 ms"), 0), "s.yaml:6:15: "));
	assert_non_null(
		strstr(refusal(ONE(100, "max(tap) <= 300 ms"), 0), "s.yaml:6:15: "));
	assert_non_null(strstr(refusal(ONE(100, "p95(tap) <= 300"), 0), "s.yaml:6:15: "));
	assert_non_null(strstr(refusal(ONE(100, "nonsense"), 0), "s.yaml:6:15: "));
}

static void a_case_whose_role_the_rig_lacks_is_planned_as_skip(void **state)
{
	struct suite *s =
		suite_of("suite: s\ncases:\n  - id: a\n    steps: [approach, select]\n"
			 "  - id: b\n    steps: [select]\n");
	struct plan plan = { 0 };
	struct sched sched;
	struct sched_slot slot;

	(void)state;
	assert_int_equal(plan_make(&plan, &s, 1, NEED_READER, NULL, 0, NULL), 0);
	assert_string_equal(plan.cases[0].skip, "the rig has no positioner");
	assert_int_equal(plan.attempts, 1);
	sched_init(&sched, &plan);
	assert_true(sched_next(&sched, &slot));
	assert_int_equal(slot.case_no, 1);
	sched_done(&sched, OUTCOME_DONE);
	assert_false(sched_next(&sched, &slot));
	plan_free(&plan);
	suite_free(s);
}

static void what_a_suite_only_wants_is_left_out_where_the_rig_lacks_it(void **state)
{
	struct suite *s =
		suite_of("suite: s\nwants: [bus]\ncases:\n  - id: a\n    steps:\n"
			 "      - can_load: {share: 10 %}\n      - select\n");
	struct plan plan = { 0 };

	(void)state;
	assert_int_equal(plan_make(&plan, &s, 1, NEED_READER, NULL, 0, NULL), 0);
	assert_string_equal(plan.cases[0].skip, "");
	assert_string_equal(plan.cases[0].left_out, "can_load: the rig has no bus");
	assert_int_equal(plan.cases[0].step_count, 1);
	assert_string_equal(plan.cases[0].steps[0]->kind->name, "select");
	plan_free(&plan);
	assert_int_equal(plan_make(&plan, &s, 1, NEED_READER | NEED_BUS, NULL, 0, NULL),
			 0);
	assert_string_equal(plan.cases[0].left_out, "");
	assert_int_equal(plan.cases[0].step_count, 2);
	plan_free(&plan);
	suite_free(s);
}

static void warm_ups_come_first_and_a_spoiled_trial_comes_again(void **state)
{
	struct suite *s = suite_of("suite: s\ncases:\n  - id: a\n    steps: [select]\n"
				   "    trials: {warmup: 1, count: 2, retries: 1}\n");
	static const struct {
		bool warmup;
		int trial, attempt;
		enum outcome outcome;
	} want[] = {
		{ true, 0, 0, OUTCOME_DONE },
		{ false, 0, 0, OUTCOME_BENCH_ERROR },
		{ false, 0, 1, OUTCOME_BENCH_ERROR },
		{ false, 1, 0, OUTCOME_RF_ERROR },
	};
	struct plan plan = { 0 };
	struct sched sched;
	struct sched_slot slot;

	(void)state;
	assert_int_equal(plan_make(&plan, &s, 1, ALL, NULL, 0, NULL), 0);
	sched_init(&sched, &plan);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(sched_next(&sched, &slot));
		assert_int_equal(slot.warmup, want[i].warmup);
		assert_int_equal(slot.trial, want[i].trial);
		assert_int_equal(slot.attempt, want[i].attempt);
		sched_done(&sched, want[i].outcome);
	}
	assert_false(sched_next(&sched, &slot));
	plan_free(&plan);
	suite_free(s);
}

static void a_claim_that_no_step_can_feed_is_refused(void **state)
{
	(void)state;
	assert_string_equal(
		refusal(ONE(100, "p50(auth1) <= 300 ms"), 0),
		"s.yaml:6:15: no step of the case 'a' leaves what 'auth1' is measured "
		"from");
	assert_non_null(
		strstr(refusal(ONE(100, "p50(tap_to_bus) <= 300 ms"), 0), "s.yaml:6:15"));
}

#define BUS(steps) \
	"suite: s\ncases:\n  - id: a\n    steps: [" steps \
	"]\n    trials: {count: 11}\n    expect: [\"p50(tap_to_bus) <= 1 s\"]\n"

static void the_way_to_the_bus_is_measured_by_what_is_expected_after_the_tap(void **state)
{
	struct suite *s = suite_of(BUS("select, can_expect: {frame: 210#}"));
	struct plan plan = { 0 };

	(void)state;
	assert_int_equal(plan_make(&plan, &s, 1, ALL | NEED_BUS, NULL, 0, NULL), 0);
	plan_free(&plan);
	suite_free(s);
	assert_non_null(strstr(refusal(BUS("can_expect: {frame: 210#}, select"), 0),
			       "leaves what 'tap_to_bus'"));
}

static void steps_that_cannot_work_in_their_order_are_refused(void **state)
{
	(void)state;
	assert_string_equal(
		refusal("suite: s\ncases:\n  - id: a\n"
			"    steps: [transact: {kind: fast}]\n",
			0),
		"s.yaml:4:13: transact: no phone is selected: 'select' must stand "
		"before it");
	assert_non_null(
		strstr(refusal("suite: s\ncases:\n  - id: a\n    steps: [select, "
			       "transact: {kind: fast}, transact: {kind: fast}]\n",
			       0),
		       "one 'transact' an attempt"));
	assert_non_null(
		strstr(refusal("suite: s\ncases:\n  - id: a\n    steps: [approach, "
			       "retreat, select]\n",
			       0),
		       "the phone is away again"));
}

static void the_same_suite_twice_is_refused(void **state)
{
	struct suite *s = suite_of("suite: s\ncases:\n  - id: a\n    steps: [select]\n");
	struct suite *twice[] = { s, s };
	struct plan plan = { 0 };

	(void)state;
	assert_int_equal(plan_make(&plan, twice, 2, ALL, NULL, 0, NULL), ERR_USAGE);
	suite_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_its_trials_can_never_support_is_refused),
		cmocka_unit_test(what_is_no_claim_is_refused_at_its_place),
		cmocka_unit_test(a_case_whose_role_the_rig_lacks_is_planned_as_skip),
		cmocka_unit_test(
			what_a_suite_only_wants_is_left_out_where_the_rig_lacks_it),
		cmocka_unit_test(warm_ups_come_first_and_a_spoiled_trial_comes_again),
		cmocka_unit_test(a_claim_that_no_step_can_feed_is_refused),
		cmocka_unit_test(
			the_way_to_the_bus_is_measured_by_what_is_expected_after_the_tap),
		cmocka_unit_test(steps_that_cannot_work_in_their_order_are_refused),
		cmocka_unit_test(the_same_suite_twice_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
