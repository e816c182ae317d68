#include "tools/emu/chip_bench.h"

/* Exchanges with a card. */

/* The whole of it, to the nanosecond: line, air, thinking, air, line. */
static void an_exchange_takes_the_time_of_line_air_and_thinking(void **state)
{
	struct desk *d = *state;
	int64_t air_ns;

	activate(d);
	d->answer_len = 40;
	ask(d, "4001 00112233445566778899aabbccddeeff001122");
	assert_int_equal(d->commands, 1);
	assert_int_equal(d->last_len, 19);
	assert_int_equal(d->body_len, 43);
	air_ns = airtime_apdu_floor_ns(19, 40, 64, 64, 0) -
		 airtime_ns(airtime_fdt_reader_cycles(0));
	/* three times rounded to whole nanoseconds */
	assert_in_range(d->frame_ns - d->ack_ns, air_ns + d->think_ns + 50 * BYTE_NS - 3,
			air_ns + d->think_ns + 50 * BYTE_NS + 3);
}

static void without_time_on_line_and_air_only_the_thinking_is_left(void **state)
{
	struct desk *d = *state;
	int64_t from;

	activate(d);
	d->line.instant = d->air.instant = true;
	from = world_now(d->world);
	send(d, "4001 00a40400");
	world_advance(d->world, from + d->think_ns);
	assert_int_equal(d->frames, 1);
	assert_int_equal(d->ack_ns, from);
	assert_int_equal(d->frame_ns, from + d->think_ns);
}

static void a_long_exchange_is_chained_both_ways(void **state)
{
	struct desk *d = *state;
	char command[600] = "4001";
	int64_t air_ns;

	activate(d);
	d->answer_len = 258;
	for (int i = 0; i < 261; i++)
		snprintf(command + 4 + 2 * i, 3, "%02x", i & 0xff);
	ask(d, command);
	assert_int_equal(d->last_len, 261);
	assert_int_equal(d->body_len, 261);
	assert_int_equal(d->body[2], 0x00);
	assert_int_equal(d->body[3 + 257], (uint8_t)(257 * 7 + 1));
	air_ns = airtime_apdu_floor_ns(261, 258, 64, 64, 0) -
		 airtime_ns(airtime_fdt_reader_cycles(0));
	assert_in_range(d->frame_ns - d->ack_ns,
			air_ns + d->think_ns + 271 * BYTE_NS - 30,
			air_ns + d->think_ns + 271 * BYTE_NS + 30);
}

static void a_still_longer_answer_is_handed_over_in_parts(void **state)
{
	struct desk *d = *state;

	activate(d);
	d->answer_len = 300;
	ask(d, "4001aa");
	assert_int_equal(d->body[2], 0x40);
	assert_int_equal(d->body_len, 3 + 262);
	ask(d, "4001");
	assert_int_equal(d->body[2], 0x00);
	assert_int_equal(d->body_len, 3 + 38);
	assert_int_equal(d->commands, 1);
}

static void a_command_may_come_in_parts(void **state)
{
	struct desk *d = *state;

	activate(d);
	assert_string_equal(ask(d, "4041 0102030405"), "4100");
	assert_int_equal(d->commands, 0);
	assert_string_equal(ask(d, "4001 060708"), "41000108");
	assert_int_equal(d->last_len, 8);
	assert_int_equal(d->last[7], 8);
}

static void a_slow_phone_asks_for_time_and_is_waited_for(void **state)
{
	struct desk *d = *state;

	activate(d);
	d->think_ns = 700 * NS_PER_MS;
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_true(d->frame_ns - d->sent_ns > 700 * NS_PER_MS);
	assert_true(d->frame_ns - d->sent_ns < 710 * NS_PER_MS);
}

static void a_phone_that_never_asks_for_time_is_given_up(void **state)
{
	struct desk *d = *state;

	activate(d);
	d->card.traits.wtx_after = 0;
	d->think_ns = 700 * NS_PER_MS;
	assert_string_equal(ask(d, "4001aa"), "4101");
	/* FWT and what is granted on top, three times */
	assert_true(d->frame_ns - d->sent_ns > 3 * phone.fwt_ns);
	assert_true(d->frame_ns - d->sent_ns < 3 * phone.fwt_ns + 20 * NS_PER_MS);
}

static void a_phone_taken_away_while_it_thinks_is_gone(void **state)
{
	struct desk *d = *state;

	activate(d);
	d->think_ns = 30 * NS_PER_MS;
	send(d, "4001aa");
	wait_ms(d, 20);
	card_place(&d->card, false);
	wait_ms(d, 1000);
	assert_int_equal(d->frames, 1);
	assert_int_equal(d->body[2], 0x01);
	assert_int_equal(d->resets, 1);
}

static void a_phone_away_for_one_block_has_lost_its_session(void **state)
{
	struct desk *d = *state;

	activate(d);
	d->think_ns = 30 * NS_PER_MS;
	send(d, "4001aa");
	wait_ms(d, 20);
	card_place(&d->card, false);
	card_place(&d->card, true);
	wait_ms(d, 1000);
	assert_int_equal(d->body[2], 0x01); /* it is idle: R(NAK) says nothing to it */
	assert_int_equal(d->commands, 1);
}

static void a_block_cut_off_in_the_air_is_asked_for_again(void **state)
{
	struct desk *d = *state;

	activate(d);
	d->think_ns = 0;
	d->answer_len = 50;
	send(d, "4001aa");
	/* line, ACK and request are over, the answer is in the air */
	world_advance(d->world, d->sent_ns + 6 * BYTE_NS + 1500 * NS_PER_US);
	air_card_lost(&d->air, &d->card);
	wait_ms(d, 500);
	assert_int_equal(d->frames, 1);
	assert_int_equal(d->body[2], 0x00);
	assert_int_equal(d->body_len, 53);
	assert_int_equal(d->commands, 1);
	assert_true(d->frame_ns - d->sent_ns > phone.fwt_ns);
}

static void a_raw_presence_check_is_answered_while_the_phone_is_there(void **state)
{
	struct desk *d = *state;

	activate(d);
	assert_string_equal(ask(d, "08630280630380"), "09");
	assert_string_equal(ask(d, "42b2"), "4300a3");
	assert_string_equal(ask(d, "0006"), "0100");
	card_place(&d->card, false);
	assert_string_equal(ask(d, "42b2"), "4301");
	/* 51.2 ms, the default of RFConfiguration item 02 */
	assert_true(d->frame_ns - d->sent_ns > 51 * NS_PER_MS);
	assert_string_equal(ask(d, "3202000b05"), "33");
	assert_string_equal(ask(d, "42b2"), "4301");
	assert_true(d->frame_ns - d->sent_ns < 5 * NS_PER_MS);
}

static void a_faster_rate_makes_the_exchange_faster(void **state)
{
	struct desk *d = *state;
	int64_t slow_ns;

	activate(d);
	d->answer_len = 60;
	ask(d, "4001aa");
	slow_ns = d->frame_ns - d->sent_ns;
	assert_string_equal(ask(d, "4400"), "4500");
	assert_string_equal(ask(d, "4a0100"), "4b01010004200408112233067577810280");
	assert_string_equal(ask(d, "4e010202"), "4f00");
	ask(d, "4001aa");
	assert_int_equal(d->body_len, 63);
	/* 63 bytes, 9 bits each, at 9.44 and 2.36 us; the same, less the few bytes of the command */
	assert_true(slow_ns - (d->frame_ns - d->sent_ns) > 4 * NS_PER_MS);
	assert_true(slow_ns - (d->frame_ns - d->sent_ns) < 5 * NS_PER_MS);
}

static void a_frame_to_a_simple_card_is_repeated_as_often_as_configured(void **state)
{
	struct desk *d = *state;
	int64_t once_ns;

	d->card.traits.sak = 0x00; /* no ISO/IEC 14443-4, and nobody who knows 30 04 */
	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "4a0100"), "4b0101000400040811"
					      "2233");
	assert_string_equal(ask(d, "40013004"), "4101");
	once_ns = d->frame_ns - d->sent_ns;
	assert_in_range(once_ns, 51 * NS_PER_MS, 60 * NS_PER_MS);
	assert_string_equal(ask(d, "320403"), "33");
	assert_string_equal(ask(d, "40013004"), "4101");
	assert_in_range(d->frame_ns - d->sent_ns, 4 * 51 * NS_PER_MS, 4 * once_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP_TEST(a_frame_to_a_simple_card_is_repeated_as_often_as_configured),
		CHIP_TEST(an_exchange_takes_the_time_of_line_air_and_thinking),
		CHIP_TEST(without_time_on_line_and_air_only_the_thinking_is_left),
		CHIP_TEST(a_long_exchange_is_chained_both_ways),
		CHIP_TEST(a_still_longer_answer_is_handed_over_in_parts),
		CHIP_TEST(a_command_may_come_in_parts),
		CHIP_TEST(a_slow_phone_asks_for_time_and_is_waited_for),
		CHIP_TEST(a_phone_that_never_asks_for_time_is_given_up),
		CHIP_TEST(a_phone_taken_away_while_it_thinks_is_gone),
		CHIP_TEST(a_phone_away_for_one_block_has_lost_its_session),
		CHIP_TEST(a_block_cut_off_in_the_air_is_asked_for_again),
		CHIP_TEST(a_raw_presence_check_is_answered_while_the_phone_is_there),
		CHIP_TEST(a_faster_rate_makes_the_exchange_faster),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
