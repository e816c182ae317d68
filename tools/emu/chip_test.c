#include "tools/emu/chip_bench.h"

/* A chip's front: frames, ACK, power, what runs and what is abandoned. */

static void an_answer_comes_as_ack_and_response_at_the_pace_of_the_line(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "02"), "0332010607");
	assert_int_equal(d->acks, 1);
	assert_int_equal(d->ack_ns, d->sent_ns + 6 * BYTE_NS);
	assert_int_equal(d->frame_ns, d->ack_ns + 13 * BYTE_NS);
}

static void a_sleeping_chip_hears_nothing(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ask(d, "02"), "");
	assert_int_equal(d->acks, 0);
	wake(d);
	assert_string_equal(ask(d, "16f0"), "1700");
	wait_ms(d, 5);
	assert_string_equal(ask(d, "02"), "");
	wake(d);
	assert_string_equal(ask(d, "02"), "0332010607");
}

static void the_dialogue_of_an_open_is_answered(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "00006c69626e6663"), "01006c69626e6663");
	assert_string_equal(ask(d, "02"), "0332010607");
	assert_string_equal(ask(d, "1214"), "13");
	assert_string_equal(ask(d, "0663026303630d6338633d"), "070000000000");
	assert_string_equal(ask(d, "08630280630380"), "09");
	assert_string_equal(ask(d, "0663026303630d6338633d"), "078080000000");
	assert_string_equal(ask(d, "320100"), "33");
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "3205ffffff"), "33");
	assert_string_equal(ask(d, "04"), "05000100"
					  "80");
}

static void an_unknown_command_gets_the_error_frame(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "7f01"), "");
	assert_int_equal(d->acks, 1);
	assert_int_equal(d->errors, 1);
	assert_string_equal(ask(d, "1400"), ""); /* no such mode */
	assert_int_equal(d->errors, 1);
	assert_string_equal(ask(d, "02ff"), ""); /* too many parameters */
	assert_int_equal(d->errors, 1);
}

static void a_damaged_frame_gets_no_answer_at_all(void **state)
{
	struct desk *d = *state;

	wake(d);
	d->acks = d->frames = 0;
	feed_hex(d, "0000ff02fed4022b00");
	wait_ms(d, 100);
	assert_int_equal(d->acks + d->frames + d->errors, 0);
	assert_string_equal(ask(d, "02"), "0332010607");
}

static void a_half_frame_is_forgotten_after_a_pause(void **state)
{
	struct desk *d = *state;

	wake(d);
	feed_hex(d, "0000ff20e0d440");
	wait_ms(d, 50);
	assert_string_equal(ask(d, "02"), "0332010607");
}

static void a_flood_of_garbage_leaves_the_chip_usable(void **state)
{
	struct desk *d = *state;
	struct rng rng;
	uint8_t noise[1000];

	wake(d);
	rng_init(&rng, 1, "noise");
	for (int i = 0; i < 1000; i++) {
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (uint8_t)rng_u64(&rng);
		line_feed(&d->line, BYTES_OF(noise));
		world_advance(d->world, world_now(d->world) + 100 * NS_PER_US);
	}
	assert_true(d->line.in_free_ns - world_now(d->world) <=
		    (LINE_BACKLOG + 1) * BYTE_NS);
	wait_ms(d, 200);
	wake(d);
	assert_string_equal(ask(d, "02"), "0332010607");
}

static void a_nack_repeats_the_response(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "02"), "0332010607");
	d->frames = 0;
	feed_hex(d, "0000ffff0000");
	wait_ms(d, 10);
	assert_int_equal(d->frames, 1);
	assert_int_equal(d->body[1], 0x03);
}

static void a_new_command_abandons_the_running_one(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "320101"), "33");
	send(d, "4a0100");
	wait_ms(d, 50);
	assert_string_equal(ask(d, "02"), "0332010607");
	card_place(&d->card, true);
	d->frames = 0;
	wait_ms(d, 100);
	assert_int_equal(d->frames, 0);
}

static void an_ack_of_the_host_aborts_the_running_command(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "320101"), "33");
	send(d, "4a0100");
	wait_ms(d, 50);
	feed_hex(d, "0000ff00ff00");
	card_place(&d->card, true);
	wait_ms(d, 200);
	assert_int_equal(d->frames, 0);
	assert_string_equal(ask(d, "02"), "0332010607");
}

static void the_speed_changes_when_the_host_acknowledges(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "1006"), "11");
	assert_int_equal(d->line.baud, 115200);
	feed_hex(d, "0000ff00ff00");
	wait_ms(d, 5);
	assert_int_equal(d->line.baud, 460800);
	assert_string_equal(ask(d, "02"), "0332010607");
}

/* The host's parser needs a byte behind the frame; the chip sends none. */
static void frames_without_preamble_and_postamble_when_asked_for(void **state)
{
	struct desk *d = *state;

	wake(d);
	d->heard_len = 0;
	assert_string_equal(ask(d, "1254"), "13"); /* this one still has them */
	assert_int_equal(d->heard_len, 6 + 9);
	d->heard_len = 0;
	send(d, "02");
	wait_ms(d, 20);
	assert_int_equal(d->heard_len, 4 + 11);
	assert_memory_equal(d->heard, "\x00\xff\x00\xff", 4);
	assert_memory_equal(d->heard + 4, "\x00\xff\x06\xfa\xd5\x03\x32\x01\x06\x07\xe8",
			    11);
	d->heard_len = 0;
	send(d, "9999");
	wait_ms(d, 20);
	assert_int_equal(d->heard_len, 4 + 6);
	assert_memory_equal(d->heard + 4, "\x00\xff\x01\xff\x7f\x81", 6);
	send(d, "1214");
	wait_ms(d, 20);
	pn53x_reset(&d->parser);
	d->heard_len = 0;
	assert_string_equal(ask(d, "02"), "0332010607");
	assert_int_equal(d->heard_len, 6 + 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP_TEST(an_answer_comes_as_ack_and_response_at_the_pace_of_the_line),
		CHIP_TEST(a_sleeping_chip_hears_nothing),
		CHIP_TEST(the_dialogue_of_an_open_is_answered),
		CHIP_TEST(an_unknown_command_gets_the_error_frame),
		CHIP_TEST(a_damaged_frame_gets_no_answer_at_all),
		CHIP_TEST(a_half_frame_is_forgotten_after_a_pause),
		CHIP_TEST(a_flood_of_garbage_leaves_the_chip_usable),
		CHIP_TEST(a_nack_repeats_the_response),
		CHIP_TEST(a_new_command_abandons_the_running_one),
		CHIP_TEST(an_ack_of_the_host_aborts_the_running_command),
		CHIP_TEST(frames_without_preamble_and_postamble_when_asked_for),
		CHIP_TEST(the_speed_changes_when_the_host_acknowledges),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
