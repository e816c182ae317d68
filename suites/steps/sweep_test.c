#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "suites/steps/sweep.h"

static int read_text(struct sweep *out, const char *text, struct err *err)
{
	struct conf *conf;
	int rc = conf_parse(&conf, "suite", BYTES((const uint8_t *)text, strlen(text)),
			    err);

	if (rc)
		return rc;
	rc = sweep_read(out, conf_root(conf), err);
	conf_free(conf);
	return rc;
}

static void trials_go_through_the_grid_and_over_again(void **state)
{
	static const int64_t wanted[][3] = { { -8000, 0, 1000 }, { 0, 0, 1000 },
					     { 8000, 0, 1000 },  { -8000, 5000, 1000 },
					     { 0, 5000, 1000 },  { 8000, 5000, 1000 },
					     { -8000, 0, 3000 } };
	struct sweep s;
	int64_t um[3];

	(void)state;
	assert_int_equal(
		read_text(&s,
			  "{x: {from: -8 mm, to: 9 mm, step: 8 mm}, y: {from: 0, to: 5 "
			  "mm, step: 5 mm}, z: {from: 1 mm, to: 3 mm, step: 2 mm}}",
			  NULL),
		0);
	assert_int_equal(sweep_count(&s), 3 * 2 * 2);
	for (int i = 0; i < 7; i++) {
		sweep_place(&s, i, um);
		assert_memory_equal(um, wanted[i], sizeof(um));
	}
	sweep_place(&s, 12, um);
	assert_memory_equal(um, wanted[0], sizeof(um));
}

static void an_axis_that_is_not_named_stays_at_the_tap(void **state)
{
	struct sweep s;
	int64_t um[3];

	(void)state;
	assert_int_equal(read_text(&s, "{z: {from: 0, to: 4 mm, step: 1 mm}}", NULL), 0);
	assert_int_equal(sweep_count(&s), 5);
	sweep_place(&s, 3, um);
	assert_int_equal(um[0], 0);
	assert_int_equal(um[1], 0);
	assert_int_equal(um[2], 3000);
}

static void mistakes_are_found(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{x: 5 mm}",
		"{x: {from: 0, to: 5 mm}}",
		"{x: {from: 5 mm, to: 0, step: 1 mm}}",
		"{x: {from: 0, to: 5 mm, step: 0}}",
		"{u: {from: 0, to: 5 mm, step: 1 mm}}",
		"{x: {from: 0, to: 1 m, step: 1 mm}, y: {from: 0, to: 1 m, step: 1 mm}}",
	};
	struct sweep s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = { 0 };

		if (read_text(&s, bad[i], &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(err.text, "suite:1:"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trials_go_through_the_grid_and_over_again),
		cmocka_unit_test(an_axis_that_is_not_named_stays_at_the_tap),
		cmocka_unit_test(mistakes_are_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
