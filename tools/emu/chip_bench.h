#ifndef TOOLS_EMU_CHIP_BENCH_H
#define TOOLS_EMU_CHIP_BENCH_H

#include "tools/emu/card.h"
#include "tools/emu/chip.h"

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
	uint8_t heard[64]; /* all its bytes, or the first of them */
	size_t heard_len;
	uint8_t body[300];
	size_t body_len;
};

static inline struct desk *desk_of(struct peer *p)
{
	return (struct desk *)((char *)p - offsetof(struct desk, applet.peer));
}

static inline void peer_reset(struct peer *p)
{
	desk_of(p)->resets++;
}

static inline int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
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

static inline const char *peer_last(struct peer *p)
{
	(void)p;
	return "test";
}

static inline void hear(void *ctx, struct bytes message)
{
	struct desk *d = ctx;

	for (size_t i = 0; i < message.len; i++) {
		if (d->heard_len < sizeof(d->heard))
			d->heard[d->heard_len++] = message.data[i];
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

static inline void take_away(void *ctx)
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

static inline struct desk *new_desk(const struct card_traits *traits)
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

static inline int make_chip(void **state, const struct card_traits *traits)
{
	struct desk *d = new_desk(traits);

	assert_int_equal(
		chip_new(&d->chip, d->world, &d->line, &d->air, &d->options, NULL), 0);
	*state = d;
	return 0;
}

static inline int set_up(void **state)
{
	return make_chip(state, &phone);
}

static inline int tear_down(void **state)
{
	struct desk *d = *state;

	chip_free(d->chip);
	world_free(d->world);
	free(d);
	return 0;
}

static inline void wait_ms(struct desk *d, int64_t ms)
{
	world_advance(d->world, world_now(d->world) + ms * NS_PER_MS);
}

static inline void feed_hex(struct desk *d, const char *hex)
{
	uint8_t bytes[600];
	int n = hex_parse(hex, bytes, sizeof(bytes));

	assert_true(n > 0);
	line_feed(&d->line, BYTES(bytes, (size_t)n));
}

/* One command, "40 01 00 A4…"; .sent_ns is when its last byte has arrived. */
static inline void send(struct desk *d, const char *hex)
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
static inline const char *ask_for(struct desk *d, const char *hex, int64_t ms)
{
	static char text[620];

	send(d, hex);
	for (int64_t i = 0; i < ms && !d->frames; i++)
		wait_ms(d, 1);
	if (!d->frames)
		return "";
	return hex_of(BYTES(d->body + 1, d->body_len - 1), text, sizeof(text));
}

static inline const char *ask(struct desk *d, const char *hex)
{
	return ask_for(d, hex, 3000);
}

static inline void wake(struct desk *d)
{
	d->frames = 0;
	feed_hex(d, WAKE "0000ff03fdd414011700");
	wait_ms(d, 20);
	assert_int_equal(d->frames, 1);
	assert_int_equal(d->body[1], 0x15);
}

/* Awake, carrier on, the phone at the reader and activated. */
static inline void activate(struct desk *d)
{
	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "320101"), "33");
	assert_string_equal(ask(d, "4a0100"), "4b0101000420040811223306757781"
					      "0280");
}

#define CHIP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
