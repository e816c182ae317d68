#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/relay/board_contract.h"
#include "drivers/relay/sim.h"
#include "drivers/relay_contract.h"

static struct board board;
static struct relay_case under_test;

static uint32_t coils(const struct relay_case *c)
{
	return ((const struct board *)c->more)->truth->on;
}

static int open_board(bool answers)
{
	struct err err = { 0 };

	board_start(&board, answers);
	if (relay_driver_find("lcus")->open(&under_test.relay, board.options,
					    clock_real(), &err))
		fail_msg("%s", err.text);
	under_test.truth = coils;
	under_test.more = &board;
	return 0;
}

static int lcus(void **state)
{
	*state = &under_test;
	return open_board(false);
}

static int lcus_that_reads_back(void **state)
{
	*state = &under_test;
	return open_board(true);
}

static int close_board(void **state)
{
	(void)state;
	relay_close(under_test.relay);
	under_test.relay = NULL;
	board_stop(&board);
	return 0;
}

static int sim(void **state)
{
	static const struct sim_relay_options four = { .channels = 4 };

	*state = &under_test;
	under_test.truth = NULL;
	return relay_driver_find("sim")->open(&under_test.relay, &four, clock_real(),
					      NULL);
}

static int close_sim(void **state)
{
	(void)state;
	relay_close(under_test.relay);
	return 0;
}

static void closing_drops_the_board(void **state)
{
	(void)state;
	assert_int_equal(relay_set(under_test.relay, 1, true, NULL), 0);
	assert_true(board_becomes(&board, 1));
	relay_close(under_test.relay);
	under_test.relay = NULL;
	assert_true(board_becomes(&board, 0));
}

static void opening_drops_what_another_program_left_on(void **state)
{
	(void)state;
	relay_close(under_test.relay);
	under_test.relay = NULL;
	board.truth->on = 9;
	assert_int_equal(relay_driver_find("lcus")->open(&under_test.relay, board.options,
							 clock_real(), NULL),
			 0);
	assert_true(board_becomes(&board, 0));
}

static void a_board_in_use_is_not_opened_twice(void **state)
{
	struct relay *second = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(relay_driver_find("lcus")->open(&second, board.options,
							 clock_real(), &err),
			 ERR_IO);
	assert_non_null(strstr(err.text, "in use"));
	assert_null(second);
}

static void a_coil_that_stays_on_is_an_error_where_the_board_can_tell(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(relay_set(under_test.relay, 2, true, NULL), 0);
	assert_true(board_becomes(&board, 2));
	board.truth->stuck_on = true;
	assert_int_equal(relay_all_off(under_test.relay, &err), ERR_IO);
	assert_non_null(strstr(err.text, "0x2"));
	board.truth->stuck_on = false;
	assert_int_equal(relay_all_off(under_test.relay, &err), 0);
}

static void a_board_that_is_no_more_is_gone(void **state)
{
	struct err err = { 0 };
	int rc = 0;

	(void)state;
	board_unplug(&board);
	/* the kernel hangs the line up in its own time */
	for (int i = 0; i < 1000 && rc == 0; i++)
		rc = relay_set(under_test.relay, 1, true, &err);
	assert_int_equal(rc, ERR_GONE);
	relay_close(under_test.relay);
	under_test.relay = NULL;
	assert_int_not_equal(relay_driver_find("lcus")->open(&under_test.relay,
							     board.options, clock_real(),
							     &err),
			     0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY_CONTRACT(sim, close_sim),
		RELAY_CONTRACT(lcus, close_board),
		RELAY_CONTRACT(lcus_that_reads_back, close_board),
		cmocka_unit_test_setup_teardown(closing_drops_the_board, lcus,
						close_board),
		cmocka_unit_test_setup_teardown(
			opening_drops_what_another_program_left_on, lcus, close_board),
		cmocka_unit_test_setup_teardown(a_board_in_use_is_not_opened_twice, lcus,
						close_board),
		cmocka_unit_test_setup_teardown(
			a_coil_that_stays_on_is_an_error_where_the_board_can_tell,
			lcus_that_reads_back, close_board),
		cmocka_unit_test_setup_teardown(a_board_that_is_no_more_is_gone, lcus,
						close_board),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
