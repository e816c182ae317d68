#include "tools/emu/chip_bench.h"

/* A chip's front: frames, ACK, power, what runs and what is abandoned. */

static void an_answer_comes_as_ack_and_response_at_the_pace_of_the_line(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
	assert_int_equal(d->host.acks, 1);
	assert_int_equal(d->host.ack_ns, d->host.sent_ns + 6 * BYTE_NS);
	assert_int_equal(d->host.frame_ns, d->host.ack_ns + 13 * BYTE_NS);
}

static void a_sleeping_chip_hears_nothing(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ask(&d->host, "02"), "");
	assert_int_equal(d->host.acks, 0);
	wake(&d->host);
	assert_string_equal(ask(&d->host, "16f0"), "1700");
	wait_ms(&d->host, 5);
	assert_string_equal(ask(&d->host, "02"), "");
	wake(&d->host);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
}

static void the_dialogue_of_an_open_is_answered(void **state)
{
	static const char *const lines[][2] = {
		{ "00006c69626e6663", "01006c69626e6663" },
		{ "02", "0332010607" },
		{ "1214", "13" },
		{ "0663026303630d6338633d", "070000000000" },
		{ "08630280630380", "09" },
		{ "0663026303630d6338633d", "078080000000" },
		{ "320100", "33" },
		{ "320101", "33" },
		{ "3205ffffff", "33" },
		{ "04", "0500010080" },
	};
	struct desk *d = *state;

	wake(&d->host);
	talk(&d->host, lines, sizeof(lines) / sizeof(lines[0]));
}

static void an_unknown_command_gets_the_error_frame(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "7f01"), "");
	assert_int_equal(d->host.acks, 1);
	assert_int_equal(d->host.errors, 1);
	assert_string_equal(ask(&d->host, "1400"), ""); /* no such mode */
	assert_int_equal(d->host.errors, 1);
	assert_string_equal(ask(&d->host, "02ff"), ""); /* too many parameters */
	assert_int_equal(d->host.errors, 1);
}

static void a_damaged_frame_gets_no_answer_at_all(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	d->host.acks = d->host.frames = 0;
	feed_hex(&d->host, "0000ff02fed4022b00");
	wait_ms(&d->host, 100);
	assert_int_equal(d->host.acks + d->host.frames + d->host.errors, 0);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
}

static void a_half_frame_is_forgotten_after_a_pause(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	feed_hex(&d->host, "0000ff20e0d440");
	wait_ms(&d->host, 50);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
}

static void a_flood_of_garbage_leaves_the_chip_usable(void **state)
{
	struct desk *d = *state;
	struct rng rng;
	uint8_t noise[1000];

	wake(&d->host);
	rng_init(&rng, 1, "noise");
	for (int i = 0; i < 1000; i++) {
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (uint8_t)rng_u64(&rng);
		line_feed(&d->host.line, BYTES_OF(noise));
		world_advance(d->world, world_now(d->world) + 100 * NS_PER_US);
	}
	assert_true(d->host.line.in_free_ns - world_now(d->world) <=
		    (LINE_BACKLOG + 1) * BYTE_NS);
	wait_ms(&d->host, 200);
	wake(&d->host);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
}

static void a_nack_repeats_the_response(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
	d->host.frames = 0;
	feed_hex(&d->host, "0000ffff0000");
	wait_ms(&d->host, 10);
	assert_int_equal(d->host.frames, 1);
	assert_int_equal(d->host.body[1], 0x03);
}

static void a_new_command_abandons_the_running_one(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "320101"), "33");
	tell(&d->host, "4a0100");
	wait_ms(&d->host, 50);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
	card_place(&d->card, true);
	d->host.frames = 0;
	wait_ms(&d->host, 100);
	assert_int_equal(d->host.frames, 0);
}

static void an_ack_of_the_host_aborts_the_running_command(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "320101"), "33");
	tell(&d->host, "4a0100");
	wait_ms(&d->host, 50);
	feed_hex(&d->host, "0000ff00ff00");
	card_place(&d->card, true);
	wait_ms(&d->host, 200);
	assert_int_equal(d->host.frames, 0);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
}

static void the_speed_changes_when_the_host_acknowledges(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "1006"), "11");
	assert_int_equal(d->host.line.baud, 115200);
	feed_hex(&d->host, "0000ff00ff00");
	wait_ms(&d->host, 5);
	assert_int_equal(d->host.line.baud, 460800);
	assert_string_equal(ask(&d->host, "02"), "0332010607");
}

/* The host's parser needs a byte behind the frame; the chip sends none. */
static void frames_without_preamble_and_postamble_when_asked_for(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	d->host.bytes_len = 0;
	assert_string_equal(ask(&d->host, "1254"), "13"); /* this one still has them */
	assert_int_equal(d->host.bytes_len, 6 + 9);
	d->host.bytes_len = 0;
	tell(&d->host, "02");
	wait_ms(&d->host, 20);
	assert_int_equal(d->host.bytes_len, 4 + 11);
	assert_memory_equal(d->host.bytes, "\x00\xff\x00\xff", 4);
	assert_memory_equal(d->host.bytes + 4,
			    "\x00\xff\x06\xfa\xd5\x03\x32\x01\x06\x07\xe8", 11);
	d->host.bytes_len = 0;
	tell(&d->host, "9999");
	wait_ms(&d->host, 20);
	assert_int_equal(d->host.bytes_len, 4 + 6);
	assert_memory_equal(d->host.bytes + 4, "\x00\xff\x01\xff\x7f\x81", 6);
	tell(&d->host, "1214");
	wait_ms(&d->host, 20);
	pn53x_reset(&d->host.parser);
	d->host.bytes_len = 0;
	assert_string_equal(ask(&d->host, "02"), "0332010607");
	assert_int_equal(d->host.bytes_len, 6 + 13);
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
