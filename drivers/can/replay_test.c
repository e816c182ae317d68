#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/can/replay.h"

static int read_log(struct replay *r, const char *text, const char *interface, long *line)
{
	return replay_read(r, BYTES((const uint8_t *)text, strlen(text)), interface,
			   line);
}

static void times_are_counted_from_the_first_frame(void **state)
{
	struct replay r;
	long line;

	(void)state;
	assert_int_equal(read_log(&r,
				  "(1700000000.000100) can0 123#01\n"
				  "(1700000000.000350) can0 12345678#R4\n"
				  "(1700000001.000100) can0 7FF##1AA\n",
				  NULL, &line),
			 0);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.frames[0].after_ns, 0);
	assert_int_equal(r.frames[1].after_ns, 250000);
	assert_int_equal(r.frames[2].after_ns, 1000000000);
	assert_true(r.frames[1].frame.remote && r.frames[2].frame.fd);
	replay_release(&r);
}

static void one_interface_can_be_chosen(void **state)
{
	static const char log[] = "(1.0) can0 001#\n(2.0) can1 002#\n(3.5) can1 003#\n";
	struct replay r;
	long line;

	(void)state;
	assert_int_equal(read_log(&r, log, "can1", &line), 0);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.frames[0].frame.id, 2);
	assert_int_equal(r.frames[1].after_ns, 1500000000);
	replay_release(&r);
	assert_int_equal(read_log(&r, log, "can2", &line), ERR_FORMAT);
	assert_int_equal(line, 0);
}

static void time_never_goes_back(void **state)
{
	struct replay r;
	long line;

	(void)state;
	assert_int_equal(
		read_log(&r, "(5.0) a 001#\n(4.995) b 002#\n(5.5) a 003#\n", NULL, &line),
		0);
	assert_int_equal(r.frames[1].after_ns, 0);
	assert_int_equal(r.frames[2].after_ns, 500000000);
	replay_release(&r);
}

static void a_stamp_that_goes_far_back_is_named(void **state)
{
	static const char log[] = "(5.0) a 001#\n(5.5) a 003#\n(4.0) b 002#\n";
	struct replay r = { 0 };
	long line;

	(void)state;
	assert_int_equal(read_log(&r, log, NULL, &line), ERR_UNSUPPORTED);
	assert_int_equal(line, 3);
	assert_null(r.frames);
	/* in what is left out it is nobody's business */
	assert_int_equal(read_log(&r, log, "a", &line), 0);
	assert_false(replay_is_fd(&r));
	replay_release(&r);
	assert_int_equal(read_log(&r, "(1.0) a 001#\n(2.0) a 002##1AA\n", NULL, &line),
			 0);
	assert_true(replay_is_fd(&r));
	replay_release(&r);
}

static void error_frames_are_left_out(void **state)
{
	struct replay r;
	long line;

	(void)state;
	assert_int_equal(read_log(&r, "(1.0) a 20000040#0000000000000000\n(2.0) a 001#\n",
				  NULL, &line),
			 0);
	assert_int_equal(r.count, 1);
	replay_release(&r);
}

static void a_damaged_line_is_named(void **state)
{
	struct replay r = { 0 };
	long line;

	(void)state;
	assert_int_equal(read_log(&r, "(1.0) a 001#\n(2.0) a 0G1#\n", NULL, &line),
			 ERR_FORMAT);
	assert_int_equal(line, 2);
	assert_null(r.frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_counted_from_the_first_frame),
		cmocka_unit_test(one_interface_can_be_chosen),
		cmocka_unit_test(time_never_goes_back),
		cmocka_unit_test(a_stamp_that_goes_far_back_is_named),
		cmocka_unit_test(error_frames_are_left_out),
		cmocka_unit_test(a_damaged_line_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
