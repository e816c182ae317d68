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

/*
 * For tests: a chip and its host in virtual time, with no pty; and a desk with one chip,
 * a card and the air between them.
 */
#define BYTE_NS (10 * NS_PER_S / 115200)

struct host {
	struct world *world;
	struct line line;
	struct air air;
	struct chip *chip;
	struct chip_options options; /* before the chip is made */
	struct chip_knobs knobs;
	struct fault fault; /* .device -1: none */
	/* what it hears */
	struct pn53x_parser parser;
	int acks, errors, frames, bad, pieces;
	int64_t ack_ns, frame_ns, sent_ns;
	uint8_t bytes[64]; /* all of it, or the first bytes */
	size_t bytes_len;
	uint8_t body[300];
	size_t body_len;
	char text[620];
};

/** All but its chip. @name is borrowed */
void host_init(struct host *h, struct world *w, const char *name);
void host_make_chip(struct host *h);

void wait_ms(struct host *h, int64_t ms);
/** Bytes as they are. */
void feed_hex(struct host *h, const char *hex);
/** One command, "40 01 00 A4…"; .sent_ns is when its last byte has arrived. */
void tell(struct host *h, const char *hex);
/**
 * The response's code and data in hex, once it is there; "" when it is not within 3 s.
 * Valid until the next.
 */
const char *heard(struct host *h);
/** tell() and heard(). */
const char *ask(struct host *h, const char *hex);
const char *ask_for(struct host *h, const char *hex, int64_t ms);
/** Several, and what must come of each. */
void talk(struct host *h, const char *const lines[][2], size_t count);
/** Wake the chip up, and configure its SAM. */
void wake(struct host *h);

struct desk {
	struct host host;
	struct clock_virtual clock;
	struct world *world;
	struct card card;
	struct applet applet; /* answers think_ns later with answer_len bytes */
	int64_t think_ns;
	size_t answer_len;
	int commands, resets;
	uint8_t last[300];
	size_t last_len;
};

int make_chip(void **state, const struct card_traits *traits);
int desk_set_up(void **state);
int desk_tear_down(void **state);
extern const struct card_traits phone;

/** Awake, carrier on, the phone at the reader and activated. */
void activate(struct desk *d);

#define CHIP_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

#endif
