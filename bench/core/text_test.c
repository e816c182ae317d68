#include "bench/core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* needs the above */
#include <cmocka.h>

static void a_text_is_tamed_to_one_line_that_only_shows(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91",
		  "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91" },
		{ "a\nb\tc\r", "a?b?c?" },
		{ "\x1b[31m\x7f", "?[31m?" },
		{ "\xc2\x9b"
		  "31m",
		  "?31m" }, /* CSI in one character */
		{ "a\xe2\x80\xae"
		  "b",
		  "a?b" },                        /* right to left from here */
		{ "a\xe2\x80\xa8z", "a?z" },      /* a line separator */
		{ "\xff\xfe\xc0\xafz", "????z" }, /* no UTF-8 */
		{ "\xed\xa0\x80z", "???z" },      /* a surrogate */
		{ "cut \xe2\x82", "cut " },       /* what snprintf left of it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].in);
		text_tame(text);
		assert_string_equal(text, cases[i].out);
		text_tame(text);
		assert_string_equal(text, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_tamed_to_one_line_that_only_shows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
