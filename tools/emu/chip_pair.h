#ifndef TOOLS_EMU_CHIP_PAIR_H
#define TOOLS_EMU_CHIP_PAIR_H

#include "tools/emu/chip.h"

#include "bench/core/wire/pn53x.h"
#include "tools/emu/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two chips in one field and their hosts, in virtual time; no pty. */
struct host {
	struct world *world;
	struct line line;
	struct air air;
	struct chip *chip;
	struct chip_options options;
	struct chip_knobs knobs;
	struct fault fault;
	struct pn53x_parser parser;
	int acks, errors, frames, bad, pieces;
	int64_t ack_ns, frame_ns, sent_ns;
	uint8_t body[300];
	size_t body_len;
	char text[620];
};

struct field {
	struct clock_virtual clock;
	struct world *world;
	struct host reader, card;
};

#define BYTE_NS (10 * NS_PER_S / 115200)
/* libnfc's own: PICC only, ATQA 00 04, UID 08 00 B0 0B, SAK 20, no general bytes, historical 80 */
#define BECOME_CARD \
	"8c 05 0400 00b00b 20 000000000000000000000000000000000000 " \
	"00000000000000000000 " \
	"00 01 80"

static inline void hear(void *ctx, struct bytes message)
{
	struct host *h = ctx;

	h->pieces++;
	for (size_t i = 0; i < message.len; i++) {
		switch (pn53x_feed(&h->parser, message.data[i])) {
		case PN53X_ACK:
			h->acks++;
			h->ack_ns = world_now(h->world);
			break;
		case PN53X_ERROR:
			h->errors++;
			break;
		case PN53X_FRAME:
			h->frames++;
			h->frame_ns = world_now(h->world);
			h->body_len = h->parser.len;
			memcpy(h->body, h->parser.body, h->body_len);
			break;
		case PN53X_BAD:
			h->bad++;
			break;
		default:
			break;
		}
	}
}

static inline void take_away(void *ctx)
{
	card_place(chip_card(((struct field *)ctx)->card.chip), false);
}

static inline void make_host(struct field *f, struct host *h, const char *name)
{
	h->world = f->world;
	line_init(&h->line, f->world, name, 115200);
	h->line.sink = hear;
	h->line.sink_ctx = h;
	air_init(&h->air, f->world, AIRTIME_FDT_CARD);
	h->options.name = name;
	h->options.faults = &h->fault;
	h->options.fault_count = 1;
	h->options.knobs = &h->knobs;
	h->options.remove = take_away;
	h->options.remove_ctx = f;
	h->fault.device = -1; /* nobody's */
}

static inline void start_chips(struct field *f)
{
	struct host *both[] = { &f->reader, &f->card };

	for (int i = 0; i < 2; i++)
		assert_int_equal(chip_new(&both[i]->chip, f->world, &both[i]->line,
					  &both[i]->air, &both[i]->options, NULL),
				 0);
	card_meet(chip_card(f->card.chip), &f->reader.air);
	card_meet(chip_card(f->reader.chip), &f->card.air);
	card_place(chip_card(f->card.chip), true);
	card_place(chip_card(f->reader.chip), true);
}

static inline int set_up(void **state)
{
	struct field *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	clock_virtual_init(&f->clock);
	assert_int_equal(world_new(&f->world, &f->clock.base, 1, NULL, NULL), 0);
	make_host(f, &f->reader, "reader0");
	make_host(f, &f->card, "card0");
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct field *f = *state;

	chip_free(f->reader.chip);
	chip_free(f->card.chip);
	world_free(f->world);
	free(f);
	return 0;
}

static inline void wait_ms(struct host *h, int64_t ms)
{
	world_advance(h->world, world_now(h->world) + ms * NS_PER_MS);
}

static inline void send(struct host *h, const char *hex)
{
	uint8_t pd[300], room[320];
	struct buf out = BUF_ON(room);
	int n = hex_parse(hex, pd, sizeof(pd));

	assert_true(n > 0);
	pn53x_build(&out, PN53X_HOST, BYTES(pd, (size_t)n));
	h->acks = h->errors = h->frames = h->bad = h->pieces = 0;
	h->sent_ns = world_now(h->world) + (int64_t)out.len * BYTE_NS;
	line_feed(&h->line, buf_bytes(&out));
}

/* The response's code and data in hex, once it is there; "" when it never comes. */
static inline const char *heard(struct host *h)
{
	for (int i = 0; i < 3000 && !h->frames; i++)
		wait_ms(h, 1);
	if (!h->frames)
		return "";
	h->frames = 0;
	return hex_of(BYTES(h->body + 1, h->body_len - 1), h->text, sizeof(h->text));
}

static inline const char *ask(struct host *h, const char *hex)
{
	send(h, hex);
	return heard(h);
}

static inline void wake(struct host *h)
{
	static const uint8_t bytes[] = { 0x55, 0x55, 0,    0,    0,    0,
					 0,    0,    0,    0,    0xff, 0x03,
					 0xfd, 0xd4, 0x14, 0x01, 0x17, 0 };

	h->frames = 0;
	line_feed(&h->line, BYTES_OF(bytes));
	assert_string_equal(heard(h), "15");
}

/* The card waits to be activated; the reader's carrier is on. */
static inline void prepare(struct field *f)
{
	start_chips(f);
	wake(&f->reader);
	wake(&f->card);
	assert_string_equal(ask(&f->card, "12 30"), "13");
	send(&f->card, BECOME_CARD);
	wait_ms(&f->card, 20);
	assert_int_equal(f->card.acks, 1);
	assert_int_equal(f->card.frames, 0);
	assert_string_equal(ask(&f->reader, "32 01 01"), "33");
}

static inline void activate(struct field *f)
{
	assert_string_equal(ask(&f->reader, "4a 01 00"), "4b0101000420040800b00b06"
							 "7533920380");
	assert_string_equal(heard(&f->card), "8d08e050");
}

/* C to the card, R back; both in hex. */
static inline void exchange(struct field *f, const char *c, const char *r)
{
	char command[640];

	snprintf(command, sizeof(command), "40 01 %s", c);
	send(&f->card, "86");
	send(&f->reader, command);
	snprintf(command, sizeof(command), "8700%s", c);
	assert_string_equal(heard(&f->card), command);
	snprintf(command, sizeof(command), "8e %s", r);
	assert_string_equal(ask(&f->card, command), "8f00");
	snprintf(command, sizeof(command), "4100%s", r);
	assert_string_equal(heard(&f->reader), command);
}

#endif
