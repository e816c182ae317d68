#include "results/number.h"

#include "results/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char text[NUMBER_SIZE];

static void milliseconds_fit_a_column_of_six(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0.000" },
		{ 499, "0.000" },
		{ 500, "0.001" },
		{ 412000, "0.412" },
		{ 9999499, "9.999" },
		{ 9999500, "10.00" },
		{ 48210000, "48.21" },
		{ 99994999, "99.99" },
		{ 99995000, "100.0" },
		{ 312449999, "312.4" },
		{ 9999949999, "9999.9" },
		{ 9999950000, "10000" },
		{ 999999499999, "999999" },
		{ 999999500000, "1e06" },
		{ 3600000000000, "4e06" },
		{ INT64_MAX - 1, "9e12" },
		{ STATS_INFINITE, "inf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(number_ms(text, rows[i].ns), rows[i].text);
		assert_true(strlen(text) <= 6);
	}
}

static void times_keep_every_digit(void **state)
{
	(void)state;
	assert_string_equal(number_time(text, 300000000), "300 ms");
	assert_string_equal(number_time(text, 1500000), "1.5 ms");
	assert_string_equal(number_time(text, 59000000000), "59 s");
	assert_string_equal(number_time(text, 1), "1 ns");
	assert_string_equal(number_time(text, 1234567891), "1.234567891 s");
	assert_string_equal(number_time(text, 0), "0 s");
	assert_string_equal(number_time(text, STATS_INFINITE), "inf");
}

static void fixed_numbers_are_rounded_half_away_from_zero(void **state)
{
	(void)state;
	assert_string_equal(number_fixed(text, 0.0725, 3), "0.073");
	assert_string_equal(number_fixed(text, -0.5, 0), "-1");
	assert_string_equal(number_fixed(text, -0.25, 1), "-0.3");
	assert_string_equal(number_fixed(text, 1795245153.5, 3), "1795245153.500");
	assert_string_equal(number_percent(text, 0.95), "95 %");
	assert_string_equal(number_percent(text, 0.999), "99.9 %");
	assert_string_equal(number_percent(text, 0.97049), "97.049 %");
	assert_string_equal(number_percent(text, 0), "0 %");
}

static void the_wall_clock_is_utc_wherever_we_are(void **state)
{
	(void)state;
	setenv("TZ", "Pacific/Chatham", 1);
	assert_string_equal(number_utc(text, INT64_C(1795245153999999999)),
			    "2026-11-21 07:12:33 UTC");
	unsetenv("TZ");
	assert_string_equal(number_utc(text, 0), "1970-01-01 00:00:00 UTC");
	number_utc(text, INT64_MAX);
	assert_string_equal(text, "2262-04-11 23:47:16 UTC");
}

static void a_decimal_is_read_to_the_ninth_digit(void **state)
{
	int64_t nano = -1;

	(void)state;
	assert_string_equal(number_parse("300 ms", &nano), " ms");
	assert_true(nano == INT64_C(300000000000));
	assert_string_equal(number_parse("0.000000001x", &nano), "x");
	assert_int_equal(nano, 1);
	assert_string_equal(number_parse("1.", &nano), ".");
	assert_string_equal(number_parse("1.5.5", &nano), ".5");
	assert_string_equal(number_parse("9000000000", &nano), "");
	assert_null(number_parse("9000000000.1", &nano));
	assert_null(number_parse("9000000001", &nano));
	assert_null(number_parse("99999999999999999999999999", &nano));
	assert_null(number_parse("0.0000000001", &nano));
	assert_null(number_parse("", &nano));
	assert_null(number_parse("-1", &nano));
	assert_null(number_parse(".5", &nano));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(milliseconds_fit_a_column_of_six),
		cmocka_unit_test(times_keep_every_digit),
		cmocka_unit_test(fixed_numbers_are_rounded_half_away_from_zero),
		cmocka_unit_test(the_wall_clock_is_utc_wherever_we_are),
		cmocka_unit_test(a_decimal_is_read_to_the_ninth_digit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
