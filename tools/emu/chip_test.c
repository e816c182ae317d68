#include "tools/emu/chip.h"

#include "tools/emu/card.h"
#include "bench/core/wire/pn53x.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WAKE "5555000000000000000000000000 0000"
#define BYTE_NS (10 * NS_PER_S / 115200)

/* A chip, a card and the air between them in virtual time; no pty. */
struct desk {
	struct clock_virtual clock;
	struct world *world;
	struct line line;
	struct air air;
	struct chip *chip;
	struct card card;
	struct applet applet; /* answers think_ns later with answer_len bytes */
	int64_t think_ns;
	size_t answer_len;
	int commands, resets;
	uint8_t last[300];
	size_t last_len;
	struct fault faults[2];
	struct chip_options options;
	/* what the host hears */
	struct pn53x_parser parser;
	int acks, errors, frames, bad;
	int64_t ack_ns, frame_ns, sent_ns;
	uint8_t body[300];
	size_t body_len;
};

static struct desk *desk_of(struct peer *p)
{
	return (struct desk *)((char *)p - offsetof(struct desk, applet.peer));
}

static void peer_reset(struct peer *p)
{
	desk_of(p)->resets++;
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	struct desk *d = desk_of(p);

	d->commands++;
	d->last_len = command.len;
	memcpy(d->last, command.data, command.len);
	for (size_t i = 0; i < d->answer_len; i++)
		buf_u8(answer, (uint8_t)(i * 7 + 1));
	*think_ns = d->think_ns;
	return 0;
}

static const char *peer_last(struct peer *p)
{
	(void)p;
	return "test";
}

static void hear(void *ctx, struct bytes message)
{
	struct desk *d = ctx;

	for (size_t i = 0; i < message.len; i++) {
		switch (pn53x_feed(&d->parser, message.data[i])) {
		case PN53X_ACK:
			d->acks++;
			d->ack_ns = world_now(d->world);
			break;
		case PN53X_ERROR:
			d->errors++;
			break;
		case PN53X_FRAME:
			d->frames++;
			d->frame_ns = world_now(d->world);
			d->body_len = d->parser.len;
			memcpy(d->body, d->parser.body, d->body_len);
			break;
		case PN53X_BAD:
			d->bad++;
			break;
		default:
			break;
		}
	}
}

static void take_away(void *ctx)
{
	struct desk *d = ctx;

	card_place(&d->card, false);
}

static const struct card_traits phone = {
	.atqa = { 0x00, 0x04 },
	.sak = 0x20,
	.uid = { 0x08, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99 },
	.uid_len = 4,
	.ats = { 0x06, 0x75, 0x77, 0x81, 0x02, 0x80 },
	.ats_len = 6,
	.fsc = 64,
	.fwt_ns = 77328614,
	.max_d = 3,
	.wtx_after = 0.5,
};

static struct desk *new_desk(const struct card_traits *traits)
{
	struct desk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	clock_virtual_init(&d->clock);
	assert_int_equal(world_new(&d->world, &d->clock.base, 1, NULL, NULL), 0);
	line_init(&d->line, d->world, "reader0", 115200);
	d->line.sink = hear;
	d->line.sink_ctx = d;
	air_init(&d->air, d->world, AIRTIME_FDT_CARD);
	d->options.name = "reader0";
	d->options.faults = d->faults;
	d->options.remove = take_away;
	d->options.remove_ctx = d;
	d->applet =
		(struct applet){ .peer = { peer_reset, peer_answer }, .last = peer_last };
	d->think_ns = 10 * NS_PER_MS;
	d->answer_len = 2;
	card_init(&d->card, d->world, &d->air, traits, &d->applet);
	return d;
}

static int make_chip(void **state, const struct card_traits *traits)
{
	struct desk *d = new_desk(traits);

	assert_int_equal(
		chip_new(&d->chip, d->world, &d->line, &d->air, &d->options, NULL), 0);
	*state = d;
	return 0;
}

static int set_up(void **state)
{
	return make_chip(state, &phone);
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	chip_free(d->chip);
	world_free(d->world);
	free(d);
	return 0;
}

static void wait_ms(struct desk *d, int64_t ms)
{
	world_advance(d->world, world_now(d->world) + ms * NS_PER_MS);
}

static void feed_hex(struct desk *d, const char *hex)
{
	uint8_t bytes[600];
	int n = hex_parse(hex, bytes, sizeof(bytes));

	assert_true(n > 0);
	line_feed(&d->line, BYTES(bytes, (size_t)n));
}

/* One command, "40 01 00 A4…"; .sent_ns is when its last byte has arrived. */
static void send(struct desk *d, const char *hex)
{
	uint8_t pd[300], room[320];
	struct buf out = BUF_ON(room);
	int n = hex_parse(hex, pd, sizeof(pd));

	assert_true(n > 0);
	pn53x_build(&out, PN53X_HOST, BYTES(pd, (size_t)n));
	d->sent_ns = world_now(d->world) + (int64_t)out.len * BYTE_NS;
	d->acks = d->errors = d->frames = d->bad = 0;
	line_feed(&d->line, buf_bytes(&out));
}

/* Send, wait @ms at most, and give the response's code and data in hex; "" when there is none. */
static const char *ask_for(struct desk *d, const char *hex, int64_t ms)
{
	static char text[620];

	send(d, hex);
	for (int64_t i = 0; i < ms && !d->frames; i++)
		wait_ms(d, 1);
	if (!d->frames)
		return "";
	return hex_of(BYTES(d->body + 1, d->body_len - 1), text, sizeof(text));
}

static const char *ask(struct desk *d, const char *hex)
{
	return ask_for(d, hex, 3000);
}

static void wake(struct desk *d)
{
	d->frames = 0;
	feed_hex(d, WAKE "0000ff03fdd414011700");
	wait_ms(d, 20);
	assert_int_equal(d->frames, 1);
	assert_int_equal(d->body[1], 0x15);
}

/* Awake, carrier on, the phone at the reader and activated. */
static void activate(struct desk *d)
{
	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "4a0100"), "4b0101000420040811223306757781"
					      "0280");
}

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

static void an_empty_field_is_reported_after_a_few_milliseconds(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "3205000102"), "33");
	assert_string_equal(ask(d, "4a0100"), "4b00");
	assert_true(d->frame_ns - d->sent_ns < 20 * NS_PER_MS);
	assert_string_equal(ask(d, "4a010300"), "4b00");
	assert_string_equal(ask(d, "4a010100ffff0100"), "4b00");
	assert_string_equal(ask(d, "4a0104"), "4b00");
}

static void an_endless_poll_waits_for_the_phone(void **state)
{
	struct desk *d = *state;
	int64_t came_ns;

	wake(d);
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "3205ffffff"), "33");
	send(d, "4a0100");
	wait_ms(d, 500);
	assert_int_equal(d->frames, 0);
	came_ns = world_now(d->world);
	card_place(&d->card, true);
	wait_ms(d, 50);
	assert_int_equal(d->frames, 1);
	assert_int_equal(d->body[2], 1);
	/* it needs its 5 ms of power, a poll, an activation, and its way over the line */
	assert_true(d->frame_ns - came_ns >
		    AIRTIME_GUARD_NS + airtime_activation_ns(4, 6, 0));
	assert_true(d->frame_ns - came_ns < AIRTIME_GUARD_NS + 2500 * NS_PER_US +
						    airtime_activation_ns(4, 6, 0) +
						    30 * BYTE_NS);
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

static void long_uids_are_put_together(void **state)
{
	struct desk *d = *state;

	d->card.traits.uid_len = 7;
	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "4a0100"), "4b0101000420070811223344556606757781"
					      "0280");
	d->card.traits.uid_len = 10;
	assert_string_equal(ask(d, "4a0100"), "4b01010004200a0811223344556677889906757781"
					      "0280");
}

static void a_phone_is_found_by_its_uid_alone(void **state)
{
	struct desk *d = *state;

	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "3205000102"), "33");
	assert_string_equal(ask(d, "4a010008112234"), "4b00");
	assert_string_equal(ask(d, "4a010008112233"),
			    "4b01010004200408112233067577810280");
}

static void a_deselected_phone_is_found_again_under_the_same_uid(void **state)
{
	struct desk *d = *state;

	activate(d);
	assert_string_equal(ask(d, "4400"), "4500");
	assert_int_equal(d->card.state, CARD_HALT);
	assert_string_equal(ask(d, "4001aa"), "4127"); /* not in this context */
	assert_string_equal(ask(d, "4a0100"), "4b01010004200408112233067577810280");
	assert_string_equal(ask(d, "4400"), "4500");
	assert_string_equal(ask(d, "5401"), "5500");
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void a_random_uid_is_new_with_every_power_up(void **state)
{
	struct desk *d = *state;
	uint8_t first[4];

	d->card.traits.random_uid = true;
	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "320101"), "33");
	ask(d, "4a0100");
	memcpy(first, d->card.traits.uid, 4);
	assert_int_equal(first[0], 0x08);
	ask(d, "320100");
	ask(d, "320101");
	ask(d, "4a0100");
	assert_memory_not_equal(first, d->card.traits.uid, 4);
}

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

static void a_host_may_activate_by_raw_frames(void **state)
{
	struct desk *d = *state;

	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "320101"), "33");
	wait_ms(d, 6);
	assert_string_equal(ask(d, "08633d07"), "09");
	assert_string_equal(ask(d, "4252"), "43000400");
	assert_string_equal(ask(d, "08633d00"), "09");
	assert_string_equal(ask(d, "429320"), "43000811223308");
	assert_string_equal(ask(d, "08630280630380"), "09");
	assert_string_equal(ask(d, "4293700811223308"), "430020");
	assert_string_equal(ask(d, "42e080"), "4300067577810280");
	assert_string_equal(ask(d, "4202aa"), "4300020108");
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

static void autopoll_finds_the_phone_within_its_rounds(void **state)
{
	struct desk *d = *state;

	wake(d);
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "600201201003"), "6100");
	assert_true(d->frame_ns - d->sent_ns > 150 * NS_PER_MS);
	card_place(&d->card, true);
	wait_ms(d, 10);
	assert_string_equal(ask(d, "60ff012010"), "6101200f0100042004081122330675778102"
						  "80");
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

/* -- planted faults, all at the second exchange -- */

static void plan(struct desk *d, enum fault_do what)
{
	d->faults[0] = (struct fault){ .exchange = 2, .what = what };
	chip_free(d->chip);
	d->options.fault_count = 1;
	assert_int_equal(
		chip_new(&d->chip, d->world, &d->line, &d->air, &d->options, NULL), 0);
}

static void a_planned_silence_lasts_until_the_wake_up(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_SILENT);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "");
	assert_int_equal(d->acks, 0);
	assert_string_equal(ask(d, "02"), "");
	wake(d);
	assert_string_equal(ask(d, "02"), "0332010607");
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void a_planned_silence_may_be_counted_in_commands(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_SILENT);
	d->faults[0].count = 2;
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "");
	assert_string_equal(ask(d, "02"), "");
	assert_string_equal(ask(d, "02"), "0332010607");
}

static void a_planned_status_comes_alone_and_once(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_STATUS);
	d->faults[0].value = 0x81;
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "4181");
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void planned_garbage_is_no_frame(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_GARBAGE);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "");
	assert_int_equal(d->acks, 1);
	pn53x_reset(&d->parser);
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void a_planned_delay_is_added(void **state)
{
	struct desk *d = *state;
	int64_t usual_ns;

	plan(d, FAULT_LATE);
	d->faults[0].by_ns = 500 * NS_PER_MS;
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	usual_ns = d->frame_ns - d->sent_ns;
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_int_equal(d->frame_ns - d->sent_ns, usual_ns + 500 * NS_PER_MS);
}

static void planned_damage_in_the_air_is_a_crc_error(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_CRC);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "4102");
}

static void a_phone_planned_to_be_removed_is_lost(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_REMOVE);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "4101");
	assert_false(d->card.in_field);
}

#define CHIP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		CHIP_TEST(an_empty_field_is_reported_after_a_few_milliseconds),
		CHIP_TEST(an_endless_poll_waits_for_the_phone),
		CHIP_TEST(a_new_command_abandons_the_running_one),
		CHIP_TEST(an_ack_of_the_host_aborts_the_running_command),
		CHIP_TEST(long_uids_are_put_together),
		CHIP_TEST(a_phone_is_found_by_its_uid_alone),
		CHIP_TEST(a_deselected_phone_is_found_again_under_the_same_uid),
		CHIP_TEST(a_random_uid_is_new_with_every_power_up),
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
		CHIP_TEST(a_host_may_activate_by_raw_frames),
		CHIP_TEST(a_faster_rate_makes_the_exchange_faster),
		CHIP_TEST(autopoll_finds_the_phone_within_its_rounds),
		CHIP_TEST(the_speed_changes_when_the_host_acknowledges),
		CHIP_TEST(a_planned_silence_lasts_until_the_wake_up),
		CHIP_TEST(a_planned_silence_may_be_counted_in_commands),
		CHIP_TEST(a_planned_status_comes_alone_and_once),
		CHIP_TEST(planned_garbage_is_no_frame),
		CHIP_TEST(a_planned_delay_is_added),
		CHIP_TEST(planned_damage_in_the_air_is_a_crc_error),
		CHIP_TEST(a_phone_planned_to_be_removed_is_lost),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
