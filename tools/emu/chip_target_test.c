#include "tools/emu/chip_pair.h"

/* One chip as a card, the other reads it. */
static void a_chip_that_was_not_asked_is_no_card(void **state)
{
	struct field *f = *state;

	start_chips(f);
	wake(&f->reader);
	wake(&f->card);
	assert_string_equal(ask(&f->reader, "32 05 00 01 02"), "33");
	assert_string_equal(ask(&f->reader, "4a 01 00"), "4b00");
	assert_string_equal(ask(&f->card, "8a"), "8b0000");
	assert_string_equal(ask(&f->card, "86"), "8727");
	assert_string_equal(ask(&f->card, "8e 9000"), "8f27");
}

static void a_reader_finds_it_and_it_is_told_the_rats(void **state)
{
	struct field *f = *state;

	prepare(f);
	activate(f);
	assert_string_equal(ask(&f->card, "8a"), "8b0100");
}

static void commands_and_answers_go_to_and_fro(void **state)
{
	struct field *f = *state;
	char longest[2 * 262 + 1];

	prepare(f);
	activate(f);
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = "0123456789abcdef"[i * 7 % 16];
	longest[sizeof(longest) - 1] = '\0';
	exchange(f, "00a40400", "9000");
	exchange(f, longest, "9000");
	exchange(f, "00b0", longest);
	exchange(f, longest, longest);
}

static void a_command_that_came_early_waits_for_its_host(void **state)
{
	struct field *f = *state;

	prepare(f);
	activate(f);
	send(&f->reader, "40 01 00 a4");
	wait_ms(&f->card, 30);
	assert_string_equal(ask(&f->card, "86"), "870000a4");
	assert_string_equal(ask(&f->card, "8e 6a82"), "8f00");
	assert_string_equal(heard(&f->reader), "41006a82");
}

static void a_slow_host_is_covered_by_requests_for_time(void **state)
{
	struct field *f = *state;

	prepare(f);
	activate(f);
	send(&f->card, "86");
	send(&f->reader, "40 01 00 a4");
	assert_string_equal(heard(&f->card), "870000a4");
	wait_ms(&f->card, 2500); /* many times 155 ms */
	assert_int_equal(f->reader.frames, 0);
	assert_string_equal(ask(&f->card, "8e 9000"), "8f00");
	assert_string_equal(heard(&f->reader), "41009000");
}

static void a_deselect_is_told_once_as_released(void **state)
{
	struct field *f = *state;

	prepare(f);
	activate(f);
	exchange(f, "00a4", "9000");
	send(&f->card, "86");
	wait_ms(&f->card, 10);
	assert_string_equal(ask(&f->reader, "44 01"), "4500");
	assert_string_equal(heard(&f->card), "8729");
	assert_string_equal(ask(&f->card, "8a"), "8b0200");
	assert_string_equal(ask(&f->reader, "32 05 00 01 02"), "33");
	assert_string_equal(ask(&f->reader, "4a 01 00"), "4b00"); /* no second session */
}

static void a_field_that_goes_off_releases_it(void **state)
{
	struct field *f = *state;

	prepare(f);
	activate(f);
	assert_string_equal(ask(&f->reader, "32 01 00"), "33");
	assert_string_equal(ask(&f->card, "86"), "8729");
	assert_string_equal(ask(&f->card, "8a"), "8b0000");
	send(&f->card, BECOME_CARD);
	wait_ms(&f->card, 20);
	assert_string_equal(ask(&f->reader, "32 01 01"), "33");
	activate(f); /* asked again it is a card again */
	exchange(f, "00a4", "9000");
}

static void an_abort_ends_the_listening(void **state)
{
	struct field *f = *state;
	static const uint8_t ack[] = { 0, 0, 0xff, 0, 0xff, 0 };

	prepare(f);
	line_feed(&f->card.line, BYTES_OF(ack));
	wait_ms(&f->card, 5);
	assert_string_equal(ask(&f->reader, "32 05 00 01 02"), "33");
	assert_string_equal(ask(&f->reader, "4a 01 00"), "4b00");
	assert_string_equal(ask(&f->card, "02"), "0332010607");
}

static void without_picc_every_frame_is_the_hosts(void **state)
{
	struct field *f = *state;

	start_chips(f);
	wake(&f->reader);
	wake(&f->card);
	assert_string_equal(ask(&f->card, "12 10"), "13");
	assert_string_equal(ask(&f->card, "08 6302 80 6303 80"), "09");
	send(&f->card, BECOME_CARD);
	wait_ms(&f->card, 20);
	assert_string_equal(ask(&f->reader, "12 04"), "13"); /* no automatic RATS */
	assert_string_equal(ask(&f->reader, "08 6302 80 6303 80"), "09");
	assert_string_equal(ask(&f->reader, "32 01 01"), "33");
	assert_string_equal(ask(&f->reader, "4a 01 00"), "4b0101000420040800b00b");
	send(&f->reader, "42 30 04");
	assert_string_equal(heard(&f->card), "8d003004");
	assert_string_equal(ask(&f->card, "86"), "8727");
	assert_string_equal(ask(&f->card, "90 0102"), "9100");
	assert_string_equal(heard(&f->reader), "43000102");
	send(&f->card, "88");
	wait_ms(&f->card, 5);
	send(&f->reader, "42 30 05");
	assert_string_equal(heard(&f->card), "89003005");
}

static void wrong_parameters_get_the_error_frame(void **state)
{
	struct field *f = *state;

	start_chips(f);
	wake(&f->card);
	send(&f->card, "8c 05 0400 00b00b 20"); /* cut off */
	wait_ms(&f->card, 20);
	assert_int_equal(f->card.errors, 1);
	send(&f->card, BECOME_CARD "00"); /* a byte too many */
	wait_ms(&f->card, 20);
	assert_int_equal(f->card.errors, 1);
	assert_string_equal(ask(&f->card, "92 0102"), "9300");
	assert_string_equal(ask(&f->card, "94 0102"), "9527");
}

/* -- knobs: within the rules -- */

static void an_ack_and_the_work_may_take_their_time(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;

	h->knobs.ack_delay_ns = 7 * NS_PER_MS;
	h->knobs.work[0] = (struct chip_work){ 0x02, 20 * NS_PER_MS, 0 };
	h->knobs.work[1] = (struct chip_work){ -1, 3 * NS_PER_MS, 0 };
	h->knobs.work_count = 2;
	start_chips(f);
	wake(h);
	assert_string_equal(ask(h, "02"), "0332010607");
	assert_int_equal(h->ack_ns - h->sent_ns, 7 * NS_PER_MS + 6 * BYTE_NS);
	assert_int_equal(h->frame_ns - h->ack_ns, 20 * NS_PER_MS + 13 * BYTE_NS);
	assert_string_equal(ask(h, "12 14"), "13");
	assert_int_equal(h->frame_ns - h->ack_ns, 3 * NS_PER_MS + 9 * BYTE_NS);
}

static void work_of_one_seed_repeats_and_scatters(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;
	int64_t took[3];

	h->knobs.work[0] = (struct chip_work){ -1, 10 * NS_PER_MS, 0.3 };
	h->knobs.work_count = 1;
	start_chips(f);
	wake(h);
	for (int i = 0; i < 3; i++) {
		ask(h, "02");
		took[i] = h->frame_ns - h->ack_ns;
	}
	assert_true(took[0] != took[1] && took[1] != took[2]);
	chip_free(h->chip);
	assert_int_equal(
		chip_new(&h->chip, f->world, &h->line, &h->air, &h->options, NULL), 0);
	wake(h);
	ask(h, "02");
	assert_int_equal(h->frame_ns - h->ack_ns, took[0]);
}

static void a_response_may_come_in_two_pieces_at_any_byte(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;

	h->knobs.split_pause_ns = 5 * NS_PER_MS;
	for (int at = 1; at < 12; at++) {
		h->knobs.split = at;
		if (at == 1)
			start_chips(f);
		chip_free(h->chip);
		assert_int_equal(chip_new(&h->chip, f->world, &h->line, &h->air,
					  &h->options, NULL),
				 0);
		wake(h);
		assert_string_equal(ask(h, "02"), "0332010607");
		assert_int_equal(h->pieces, 3); /* ACK and two */
		assert_true(h->frame_ns - h->ack_ns >= 5 * NS_PER_MS);
	}
}

static void a_short_response_may_stand_in_an_extended_frame(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;

	h->knobs.extended = true;
	start_chips(f);
	wake(h);
	assert_string_equal(ask(h, "02"), "0332010607");
	assert_int_equal(h->frame_ns - h->ack_ns, 16 * BYTE_NS);
}

static void an_answer_may_come_in_small_chunks(void **state)
{
	struct field *f = *state;

	f->reader.knobs.chunk = 3;
	prepare(f);
	activate(f);
	send(&f->card, "86");
	send(&f->reader, "40 01 00a4");
	heard(&f->card);
	assert_string_equal(ask(&f->card, "8e 01020304050607"), "8f00");
	assert_string_equal(heard(&f->reader), "4140010203");
	assert_string_equal(ask(&f->reader, "40 01"), "4140040506");
	assert_string_equal(ask(&f->reader, "40 01"), "410007");
}

/* -- planted faults: against the rules -- */

static void plan(struct host *h, int64_t command, enum fault_do what)
{
	h->fault = (struct fault){ .command = command, .what = what };
}

static void one_lost_ack_leaves_the_response(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;

	plan(h, 2, FAULT_NO_ACK);
	start_chips(f);
	wake(h);
	assert_string_equal(ask(h, "02"), "0332010607");
	assert_int_equal(h->acks, 0);
	assert_string_equal(ask(h, "02"), "0332010607");
	assert_int_equal(h->acks, 1);
}

static void silence_may_follow_an_ack(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;

	plan(h, 2, FAULT_MUTE);
	start_chips(f);
	wake(h);
	assert_string_equal(ask(h, "02"), "");
	assert_int_equal(h->acks, 1);
	assert_string_equal(ask(h, "02"), "0332010607");
}

static void damaged_responses_are_no_frames(void **state)
{
	static const enum fault_do damages[] = { FAULT_BAD_LCS, FAULT_BAD_DCS };
	struct field *f = *state;
	struct host *h = &f->reader;

	start_chips(f);
	wake(h);
	for (int i = 0; i < 2; i++) {
		plan(h, 2 + 2 * i, damages[i]);
		send(h, "02");
		wait_ms(h, 20);
		assert_int_equal(h->frames, 0);
		assert_int_equal(h->bad, 1);
		assert_string_equal(ask(h, "02"), "0332010607");
	}
}

static void wrong_codes_stand_under_good_checksums(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;

	start_chips(f);
	wake(h);
	plan(h, 2, FAULT_BAD_CODE);
	assert_string_equal(ask(h, "02"), "1332010607");
	assert_int_equal(h->body[0], PN53X_CHIP);
	plan(h, 3, FAULT_BAD_TFI);
	assert_string_equal(ask(h, "02"), "0332010607");
	assert_int_equal(h->body[0], 0xd7);
	plan(h, 4, FAULT_ERROR_FRAME);
	send(h, "02");
	wait_ms(h, 20);
	assert_int_equal(h->errors, 1);
	assert_int_equal(h->frames, 0);
}

static void a_chip_that_was_reset_sleeps_until_it_is_woken_up(void **state)
{
	struct field *f = *state;
	struct host *h = &f->reader;

	start_chips(f);
	wake(h);
	assert_string_equal(ask(h, "08 6302 80"), "09");
	plan(h, 3, FAULT_RESET);
	assert_string_equal(ask(h, "02"), "");
	assert_int_equal(h->acks, 0);
	assert_string_equal(ask(h, "02"), "");
	wake(h);
	assert_string_equal(ask(h, "06 6302"), "0700");
}

static void a_card_may_ask_for_time_again_and_again(void **state)
{
	struct field *f = *state;
	int64_t quick, slow;

	f->reader.fault = (struct fault){ .exchange = 2, .what = FAULT_WTX, .count = 50 };
	prepare(f);
	activate(f);
	exchange(f, "00a4", "9000");
	quick = f->reader.frame_ns - f->reader.sent_ns;
	exchange(f, "00a4", "9000");
	slow = f->reader.frame_ns - f->reader.sent_ns;
	assert_true(slow - quick > 50 * 800 * NS_PER_US); /* 874 us each at least */
	exchange(f, "00a4", "9000");
	assert_true(f->reader.frame_ns - f->reader.sent_ns < slow);
}

static void a_card_may_leave_at_any_block(void **state)
{
	struct field *f = *state;
	char command[2 * 150 + 8] = "40 01 ";

	memset(command + 6, '7', 2 * 150);
	f->reader.fault =
		(struct fault){ .exchange = 1, .what = FAULT_REMOVE, .block = 3 };
	prepare(f);
	activate(f);
	send(&f->card, "86");
	assert_string_equal(ask(&f->reader, command), "4101");
	assert_string_equal(heard(&f->card), "8729");
}

static void a_reader_may_be_gone_in_the_middle_of_an_apdu(void **state)
{
	struct field *f = *state;

	f->card.fault = (struct fault){ .exchange = 2, .what = FAULT_RELEASE };
	prepare(f);
	activate(f);
	exchange(f, "00a4", "9000");
	send(&f->card, "86");
	send(&f->reader, "40 01 00a4");
	assert_string_equal(heard(&f->card), "870000a4");
	assert_string_equal(ask(&f->card, "8e 9000"), "8f29");
	assert_string_equal(heard(&f->reader), "4101");
}

#define WITH_FIELD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIELD(a_chip_that_was_not_asked_is_no_card),
		WITH_FIELD(a_reader_finds_it_and_it_is_told_the_rats),
		WITH_FIELD(commands_and_answers_go_to_and_fro),
		WITH_FIELD(a_command_that_came_early_waits_for_its_host),
		WITH_FIELD(a_slow_host_is_covered_by_requests_for_time),
		WITH_FIELD(a_deselect_is_told_once_as_released),
		WITH_FIELD(a_field_that_goes_off_releases_it),
		WITH_FIELD(an_abort_ends_the_listening),
		WITH_FIELD(without_picc_every_frame_is_the_hosts),
		WITH_FIELD(wrong_parameters_get_the_error_frame),
		WITH_FIELD(an_ack_and_the_work_may_take_their_time),
		WITH_FIELD(work_of_one_seed_repeats_and_scatters),
		WITH_FIELD(a_response_may_come_in_two_pieces_at_any_byte),
		WITH_FIELD(a_short_response_may_stand_in_an_extended_frame),
		WITH_FIELD(an_answer_may_come_in_small_chunks),
		WITH_FIELD(one_lost_ack_leaves_the_response),
		WITH_FIELD(silence_may_follow_an_ack),
		WITH_FIELD(damaged_responses_are_no_frames),
		WITH_FIELD(wrong_codes_stand_under_good_checksums),
		WITH_FIELD(a_chip_that_was_reset_sleeps_until_it_is_woken_up),
		WITH_FIELD(a_card_may_ask_for_time_again_and_again),
		WITH_FIELD(a_card_may_leave_at_any_block),
		WITH_FIELD(a_reader_may_be_gone_in_the_middle_of_an_apdu),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
