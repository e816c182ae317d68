#include "results/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void only_whole_characters_of_utf_8_are_characters(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"\xc3(",
		"\xe0\x80\x80",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_sequence(bad[i]), 0);
	assert_int_equal(text_sequence("a"), 1);
	assert_int_equal(text_sequence("ü"), 2);
	assert_int_equal(text_sequence("€"), 3);
	assert_int_equal(text_sequence("\xed\x9f\xbf"), 3);
	assert_int_equal(text_sequence("\xf4\x8f\xbf\xbf"), 4);
}

static void foreign_bytes_are_mended(void **state)
{
	char text[] = "ok \xff\xc3\xbc\xe2\x82";

	(void)state;
	text_mend(text);
	assert_string_equal(text, "ok ?ü??");
}

static void a_copy_never_cuts_a_character(void **state)
{
	char out[8];

	(void)state;
	assert_string_equal(text_copy(out, sizeof(out), "abcdef€"), "abcdef");
	assert_string_equal(text_copy(out, sizeof(out), "abcd€"), "abcd€");
	assert_string_equal(text_copy(out, sizeof(out), "abcdefü"), "abcdef");
	assert_string_equal(text_copy(out, sizeof(out), "abcdefgh"), "abcdefg");
	assert_string_equal(text_copy(out, 2, "€"), "");
	assert_string_equal(text_copy(out, 4, "\xf0\x9f\x9a\x97"), "");
	assert_string_equal(text_copy(out, sizeof(out), ""), "");
}

static const char *shown(const char *text, int columns, bool utf8)
{
	static uint8_t room[256];
	static struct buf out;

	buf_init_on(&out, room, sizeof(room));
	text_put(&out, text, columns, utf8);
	return buf_str(&out);
}

static void nothing_that_is_shown_drives_a_terminal(void **state)
{
	(void)state;
	assert_string_equal(shown("\033[31mred\x7f\r", 80, true), "?[31mred??");
	assert_string_equal(shown("\xc2\x9b"
				  "31m",
				  80, true),
			    "?31m"); /* CSI in one character */
	assert_string_equal(shown("a\xe2\x80\xae"
				  "b",
				  80, true),
			    "a?b"); /* right to left */
	assert_string_equal(shown("two\nlines\t.", 80, true), "two lines .");
	assert_string_equal(shown("\xff", 80, true), "?");
	assert_string_equal(shown("über", 80, true), "über");
	assert_string_equal(shown("über", 80, false), "?ber");
}

static void what_is_too_long_ends_in_a_mark(void **state)
{
	(void)state;
	assert_string_equal(shown("abcdef", 6, true), "abcdef");
	assert_string_equal(shown("abcdefg", 6, true), "abcde…");
	assert_string_equal(shown("abcdefg", 6, false), "abcde~");
	assert_string_equal(shown("üüüüüü", 6, true), "üüüüüü");
	assert_string_equal(shown("abc", 0, true), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_characters_of_utf_8_are_characters),
		cmocka_unit_test(foreign_bytes_are_mended),
		cmocka_unit_test(a_copy_never_cuts_a_character),
		cmocka_unit_test(nothing_that_is_shown_drives_a_terminal),
		cmocka_unit_test(what_is_too_long_ends_in_a_mark),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
