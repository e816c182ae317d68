#include "results/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char a[] = "a", b[] = "b", load[] = "load", far[] = "far", x_id[] = "x";
static char levels[][5] = { "0 %", "30 %", "60 %", "90 %" };

/* Cases of one series, a letter each: P(ASS) F(AIL) I(NCONCLUSIVE) B(ENCH_ERROR) S(KIP). */
static const char *say(const char *verdicts, char out[240])
{
	static struct summary_case cases[8];
	struct summary s = { .cases = cases, .case_count = strlen(verdicts) };
	struct series x;
	size_t at = 0;

	for (size_t i = 0; verdicts[i]; i++)
		cases[i] = (struct summary_case){
			.suite = a,
			.id = x_id,
			.series = load,
			.level = levels[i],
			.verdict = verdicts[i] == 'P'   ? VERDICT_PASS
				   : verdicts[i] == 'F' ? VERDICT_FAIL
				   : verdicts[i] == 'I' ? VERDICT_INCONCLUSIVE

				   : verdicts[i] == 'B' ? VERDICT_BENCH_ERROR
							: VERDICT_SKIP,
		};
	assert_true(series_next(&s, &at, &x));
	assert_int_equal(x.count, strlen(verdicts));
	series_text(&x, out);
	assert_false(series_next(&s, &at, &x));
	return out;
}

static void a_series_says_how_far_it_holds_and_where_it_breaks(void **state)
{
	char text[240];

	(void)state;
	assert_string_equal(say("PPPF", text), "holds up to 60 %, breaks at 90 %");
	assert_string_equal(say("PPPP", text), "holds up to 90 %, did not break");
	assert_string_equal(say("FFFF", text), "breaks at 0 %");
	assert_string_equal(say("PFPP", text),
			    "holds up to 0 %, held at 90 %, breaks at 30 %");
}

static void what_is_not_decided_is_neither_held_nor_broken(void **state)
{
	char text[240];

	(void)state;
	assert_string_equal(say("PIFF", text),
			    "holds up to 0 %, undecided at 30 %, breaks at 60 %");
	assert_string_equal(say("IIPF", text),
			    "undecided from 0 %, held at 60 %, breaks at 90 %");
	assert_string_equal(say("PI", text), "holds up to 0 %, undecided at 30 %");
	assert_string_equal(say("PPS", text), "holds up to 30 %, undecided at 60 %");
	assert_string_equal(say("PB", text), "holds up to 0 %, undecided at 30 %");
	assert_string_equal(say("SSSS", text), "undecided from 0 %");
}

static void series_of_other_suites_and_names_are_their_own(void **state)
{
	struct summary_case cases[] = {
		{ .suite = a,
		  .series = load,
		  .level = levels[0],
		  .verdict = VERDICT_PASS },
		{ .suite = a, .verdict = VERDICT_FAIL },
		{ .suite = b,
		  .series = load,
		  .level = levels[0],
		  .verdict = VERDICT_FAIL },
		{ .suite = a,
		  .series = far,
		  .level = levels[0],
		  .verdict = VERDICT_FAIL },
		{ .suite = a,
		  .series = load,
		  .level = levels[1],
		  .verdict = VERDICT_FAIL },
	};
	struct summary s = { .cases = cases, .case_count = 5 };
	struct series x;
	size_t at = 0;

	(void)state;
	assert_true(series_next(&s, &at, &x));
	assert_ptr_equal(x.first, &cases[0]);
	assert_ptr_equal(x.holds, &cases[0]);
	assert_ptr_equal(x.breaks, &cases[4]);
	assert_int_equal(x.count, 2);
	assert_true(series_next(&s, &at, &x));
	assert_ptr_equal(x.first, &cases[2]);
	assert_true(series_next(&s, &at, &x));
	assert_ptr_equal(x.first, &cases[3]);
	assert_false(series_next(&s, &at, &x));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_series_says_how_far_it_holds_and_where_it_breaks),
		cmocka_unit_test(what_is_not_decided_is_neither_held_nor_broken),
		cmocka_unit_test(series_of_other_suites_and_names_are_their_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
