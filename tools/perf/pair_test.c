#include "tools/perf/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void open_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
}

static void close_pair(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static void what_the_far_end_spends_elsewhere_does_not_count(void **state)
{
	const int64_t waited =
		-5 * NS_PER_S; /* more than any machine takes: five seconds are added */
	struct series s = { 0 };
	uint8_t answer[40] = { 0 };
	int ends[2];

	(void)state;
	open_pair(ends);
	memcpy(answer, &waited, sizeof(waited));
	for (int i = 0; i < 3; i++) /* as if answered before it was asked */
		assert_int_equal(send(ends[1], answer, sizeof(answer), 0),
				 sizeof(answer));
	assert_int_equal(pair_round_trips(&s, ends[0], sizeof(answer), 2, NULL), 0);
	assert_int_equal(s.n, 2);
	assert_true(s.ns[0] >= 5 * NS_PER_S && s.ns[1] >= 5 * NS_PER_S);
	series_free(&s);
	close_pair(ends);
}

static void a_far_end_that_is_gone_is_said_to_be_gone(void **state)
{
	struct series s = { 0 };
	struct err err = { 0 };
	int ends[2];

	(void)state;
	open_pair(ends);
	shutdown(ends[1], SHUT_WR); /* takes the question, and answers never */
	assert_int_equal(pair_round_trips(&s, ends[0], 40, 2, &err), ERR_IO);
	assert_string_equal(err_text(&err), "socket pair: the far end has gone");
	close_pair(ends);
}

static void an_answer_of_another_length_is_none(void **state)
{
	struct series s = { 0 };
	struct err err = { 0 };
	int ends[2];

	(void)state;
	open_pair(ends);
	assert_int_equal(send(ends[1], "short", 5, 0), 5);
	assert_int_equal(pair_round_trips(&s, ends[0], 40, 2, &err), ERR_IO);
	assert_string_equal(err_text(&err), "socket pair: 5 bytes for 40");
	close_pair(ends);
}

/* Medians of either column would be 30 and 30, a ratio that no turn had. */
static void the_middle_turn_is_one_that_was(void **state)
{
	static const int64_t measured[] = { 10, 30, 80, 20, 90 };
	static const int64_t other[] = { 30, 20, 40, 60, 10 };

	(void)state;
	/* ratios 0.33 1.5 2 0.33 9; differences -20 10 40 -40 80 */
	assert_int_equal(pair_middle(measured, other, 5, false), 1);
	assert_int_equal(pair_middle(measured, other, 5, true), 1);
	assert_int_equal(pair_middle(measured, other, 4, true), 1);
	assert_int_equal(pair_middle(measured, other, 2, false), 1);
	assert_int_equal(pair_middle(measured, other, 1, false), 0);
}

static void turns_that_are_all_alike_have_a_middle(void **state)
{
	static const int64_t same[] = { 7, 7, 7, 7, 7 };

	(void)state;
	assert_int_equal(pair_middle(same, same, 5, false), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_far_end_spends_elsewhere_does_not_count),
		cmocka_unit_test(a_far_end_that_is_gone_is_said_to_be_gone),
		cmocka_unit_test(an_answer_of_another_length_is_none),
		cmocka_unit_test(the_middle_turn_is_one_that_was),
		cmocka_unit_test(turns_that_are_all_alike_have_a_middle),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
