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
	return ((const struct board *)c->more)->truth->state;
}

static int open_again(struct err *err)
{
	return board.driver->open(&under_test.relay, board.options, clock_real(), err);
}

static int open_board(enum board_kind kind, bool answers)
{
	struct err err = { 0 };

	board_start(&board, kind, answers);
	if (open_again(&err))
		fail_msg("%s", err.text);
	under_test.truth = coils;
	under_test.more = &board;
	return 0;
}

static int lcus(void **state)
{
	*state = &under_test;
	return open_board(BOARD_LCUS, false);
}

static int lcus_that_reads_back(void **state)
{
	*state = &under_test;
	return open_board(BOARD_LCUS, true);
}

static int kmtronic(void **state)
{
	*state = &under_test;
	return open_board(BOARD_KMTRONIC, true);
}

static int numato(void **state)
{
	*state = &under_test;
	return open_board(BOARD_NUMATO, true);
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
	board.truth->state = 9;
	assert_int_equal(open_again(NULL), 0);
	assert_true(board_becomes(&board, 0));
}

static void a_board_in_use_is_not_opened_twice(void **state)
{
	struct relay *second = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(board.driver->open(&second, board.options, clock_real(), &err),
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
	assert_int_not_equal(open_again(&err), 0);
}

static void a_board_of_other_size_does_not_agree(enum board_kind kind, int channels,
						 int asked)
{
	struct err err = { 0 };
	struct relay *r = NULL;
	int64_t *option;

	board_start_with(&board, kind, channels, true);
	option = (int64_t *)(void *)((char *)board.options +
				     board.driver->items[1].offset);
	assert_string_equal(board.driver->items[1].key, "channels");
	*option = asked;
	assert_int_not_equal(board.driver->open(&r, board.options, clock_real(), &err),
			     0);
	assert_null(r);
	board_stop(&board);
}

static void a_board_with_other_channels_than_the_rig_says_is_refused(void **state)
{
	(void)state;
	a_board_of_other_size_does_not_agree(BOARD_KMTRONIC, 2, 4); /* no answer */
	a_board_of_other_size_does_not_agree(BOARD_KMTRONIC, 4, 2);
	a_board_of_other_size_does_not_agree(BOARD_KMTRONIC, 4, 3); /* there is none */
	a_board_of_other_size_does_not_agree(BOARD_NUMATO, 16, 4);  /* digits */
}

static void small_and_large_boards_tell_their_state(void **state)
{
	static const struct {
		enum board_kind kind;
		int channels;
	} boards[] = { { BOARD_KMTRONIC, 1 }, { BOARD_KMTRONIC, 2 },
		       { BOARD_KMTRONIC, 8 }, { BOARD_NUMATO, 1 },
		       { BOARD_NUMATO, 16 },  { BOARD_NUMATO, 32 } };

	(void)state;
	for (size_t i = 0; i < sizeof(boards) / sizeof(*boards); i++) {
		int last = boards[i].channels;
		uint32_t is = 0, wanted = UINT32_C(1) << (last - 1) | 1;
		struct err err = { 0 };

		board_start_with(&board, boards[i].kind, last, true);
		if (open_again(&err) || relay_set(under_test.relay, 1, true, &err) ||
		    relay_set(under_test.relay, last, true, &err) ||
		    relay_read(under_test.relay, &is, &err))
			fail_msg("%d channels: %s", last, err.text);
		assert_int_equal(is, wanted);
		assert_int_equal(board.truth->state, wanted);
		close_board(NULL);
	}
}

static void inputs_are_read_where_there_are_some(void **state)
{
	struct err err = { 0 };
	bool on = false;

	(void)state;
	assert_int_equal(relay_input(under_test.relay, 3, &on, &err), 0);
	assert_false(on);
	board.truth->inputs = 1u << 2;
	assert_int_equal(relay_input(under_test.relay, 3, &on, &err), 0);
	assert_true(on);
	close_board(NULL);
	open_board(BOARD_LCUS, true);
	assert_int_equal(relay_input(under_test.relay, 3, &on, &err), ERR_UNSUPPORTED);
}

#define ON(board, f) RELAY_TEST(f, board, close_board)
#define FOR_EVERY_BOARD(f) ON(lcus, f), ON(kmtronic, f), ON(numato, f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY_CONTRACT(sim, close_sim),
		RELAY_CONTRACT(lcus, close_board),
		RELAY_CONTRACT(lcus_that_reads_back, close_board),
		RELAY_CONTRACT(kmtronic, close_board),
		RELAY_CONTRACT(numato, close_board),
		FOR_EVERY_BOARD(closing_drops_the_board),
		FOR_EVERY_BOARD(opening_drops_what_another_program_left_on),
		FOR_EVERY_BOARD(a_board_in_use_is_not_opened_twice),
		FOR_EVERY_BOARD(a_board_that_is_no_more_is_gone),
		ON(lcus_that_reads_back,
		   a_coil_that_stays_on_is_an_error_where_the_board_can_tell),
		ON(kmtronic, a_coil_that_stays_on_is_an_error_where_the_board_can_tell),
		ON(numato, a_coil_that_stays_on_is_an_error_where_the_board_can_tell),
		cmocka_unit_test(
			a_board_with_other_channels_than_the_rig_says_is_refused),
		cmocka_unit_test(small_and_large_boards_tell_their_state),
		ON(numato, inputs_are_read_where_there_are_some),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
