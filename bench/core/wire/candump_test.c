#include "bench/core/wire/candump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct candump open_text(const char *text)
{
	return candump_at(BYTES((const uint8_t *)text, strlen(text)));
}

static void every_form_of_a_line_is_read_and_written_back(void **state)
{
	static const char log[] =
		"(1700000000.123456) can0 123#DEADBEEF\n"
		"(1700000000.123456789) vcan0 00000123#\n"
		"(0000000000.000000) can0 123#R\n"
		"(0000000001.000000) can0 7FF#R4 T\n"
		"(0000000002.500000) can1 123##4\n"
		"(0000000002.500000) can1 123##10011 R\n"
		"(0000000003.000000) slcan_long0 123#0011223344556677_E\n"
		"(0000000004.000000) can0 20000004#0001000000000000\n";
	struct candump c = open_text(log);
	struct candump_frame f;
	struct buf out;
	int n = 0;

	(void)state;
	buf_init(&out, 4096);
	for (; candump_next(&c, &f) == 1; n++) {
		if (n == 4) /* flag 4 says no more than that it is FD */
			assert_true(f.frame.fd && !f.frame.brs && !f.frame.esi);
		if (n != 4)
			candump_write(&f, &out);
		else
			buf_text(&out, "(0000000002.500000) can1 123##4\n");
	}
	assert_int_equal(n, 8);
	assert_string_equal(buf_str(&out), log);
	buf_release(&out);
}

static void a_stamp_is_read_to_the_nanosecond(void **state)
{
	struct candump c = open_text("(1700000000.123456789) can0 123#\n(5.5) c 1AB#00");
	struct candump_frame f;

	(void)state;
	assert_int_equal(candump_next(&c, &f), 1);
	assert_int_equal(f.at_ns, INT64_C(1700000000123456789));
	assert_int_equal(f.interface.len, 4);
	assert_int_equal(candump_next(&c, &f), 1);
	assert_int_equal(f.at_ns, INT64_C(5500000000));
	assert_int_equal(f.frame.id, 0x1ab);
	assert_int_equal(candump_next(&c, &f), 0);
}

static void what_is_no_frame_line_is_skipped_and_counted(void **state)
{
	struct candump c = open_text("# a comment\r\n\n(1.0) can0 123#11\r\n");
	struct candump_frame f;

	(void)state;
	assert_int_equal(candump_next(&c, &f), 1);
	assert_int_equal(c.line, 3);
	assert_int_equal(candump_next(&c, &f), 0);
}

static void a_damaged_line_is_named_and_reading_goes_on(void **state)
{
	static const char *const bad[] = { "(",
					   "()",
					   "(1.0",
					   "(1.0)",
					   "(1.0) can0",
					   "(1.0) can0 123",
					   "(1.0) can0 123#1",
					   "(1.) can0 123#11",
					   "(99999999999.0) can0 123#11",
					   "(-1.0) can0 123#11",
					   "(1.0) can0 123#11 X",
					   "(1.0) can0 123#11 T R",
					   "(9999999999.0) can0 123#11" };
	struct candump_frame f;
	char text[120] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct candump c;

		strcpy(text, bad[i]);
		strcat(text, "\n(2.0) can0 456#22\n");
		c = open_text(text);
		if (candump_next(&c, &f) != ERR_FORMAT)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(c.line, 1);
		assert_int_equal(candump_next(&c, &f), 1);
		assert_int_equal(f.frame.id, 0x456);
		assert_int_equal(c.line, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_line_is_read_and_written_back),
		cmocka_unit_test(a_stamp_is_read_to_the_nanosecond),
		cmocka_unit_test(what_is_no_frame_line_is_skipped_and_counted),
		cmocka_unit_test(a_damaged_line_is_named_and_reading_goes_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
