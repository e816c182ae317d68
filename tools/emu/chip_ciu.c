#include "tools/emu/chip_int.h"

#include "bench/core/wire/crc.h"

#include <string.h>

/*
 * The contactless interface unit by its registers, as libnfc's timed mode drives it: a frame is put into the FIFO and
 * sent while the host goes on reading registers; the timer counts down from its end to the fifth bit of the answer.
 *
 * Source: NXP UM0701-02 8.6 and the PN532 data sheet (registers 6301 to 633F); what libnfc 1.8.0 writes was captured.
 * Other commands of the unit than Transceive, and a number of bits in the last byte other than 7, are not emulated.
 */
#define REG_TIMER_MODE 0x631A /* low bits: of the prescaler */
#define REG_PRESCALER 0x631B
#define REG_COUNTER_HIGH 0x631E
#define REG_COUNTER_LOW 0x631F
#define REG_COMMAND 0x6331
#define REG_FIFO_DATA 0x6339
#define REG_FIFO_LEVEL 0x633A
#define TRANSCEIVE 0x0C
#define FLUSH 0x80
#define START_SEND 0x80
#define COUNTER_MAX 0xFFFF
/* cycles into the answer: five bits, but for what libnfc 1.8.0 corrects a PN532 by */
#define STOPS_AFTER (5 * 128 - 49)

static int64_t cycles_a_count(const struct chip *c)
{
	int64_t prescaler =
		(c->registers[REG_TIMER_MODE] & 0x0f) << 8 | c->registers[REG_PRESCALER];

	return 2 * prescaler + 1;
}

static void on_answer(struct chip *c, const struct air_frame *a)
{
	struct chip_ciu *u = &c->ciu;
	size_t len = a ? a->len : 0;
	int64_t cycles, counts;

	u->busy = false;
	if (!a)
		return; /* the counter has run down */
	if ((c->registers[REG_RX_MODE] & 0x80) && crc_a_fits(BYTES(a->data, a->len)))
		len -= 2;
	u->fifo_len = len > CHIP_FIFO ? CHIP_FIFO : len;
	memcpy(u->fifo, a->data, u->fifo_len);
	cycles = (world_now(c->world) - u->sent_ns) * 339 / 25000 -
		 airtime_card_frame_cycles(a->len, a->d) - c->air->gap_cycles +
		 STOPS_AFTER;
	counts = cycles / cycles_a_count(c);
	u->counter = counts < COUNTER_MAX ? (uint16_t)(COUNTER_MAX - counts) : 0;
}

static void start(struct chip *c)
{
	struct chip_ciu *u = &c->ciu;
	struct air_frame f = { .len = u->fifo_len };
	int64_t cycles;

	if (f.len == 0)
		return;
	memcpy(f.data, u->fifo, f.len);
	if ((c->registers[REG_BIT_FRAMING] & 7) == 7 && f.len == 1)
		f.bits = 7;
	else if (c->registers[REG_TX_MODE] & 0x80)
		air_add_crc(&f);
	cycles = f.bits ? airtime_short_frame_cycles()
			: airtime_reader_frame_cycles(f.len, 0);
	u->fifo_len = 0;
	u->counter = 0;
	u->sent_ns = world_now(c->world) + air_ns(c->air, cycles);
	u->busy = true;
	air_set_carrier(c->air, true);
	chip_air(c, &f, airtime_ns(COUNTER_MAX * cycles_a_count(c)), on_answer);
}

void chip_ciu_stop(struct chip *c)
{
	if (!c->ciu.busy)
		return;
	c->ciu.busy = false;
	air_stop(c->air);
}

uint8_t chip_ciu_read(struct chip *c, uint16_t at)
{
	struct chip_ciu *u = &c->ciu;
	uint8_t first;

	switch (at) {
	case REG_FIFO_LEVEL:
		return (uint8_t)u->fifo_len;
	case REG_FIFO_DATA:
		if (u->fifo_len == 0)
			return 0;
		first = u->fifo[0];
		memmove(u->fifo, u->fifo + 1, --u->fifo_len);
		return first;
	case REG_COUNTER_HIGH:
		return (uint8_t)(u->counter >> 8);
	case REG_COUNTER_LOW:
		return (uint8_t)u->counter;
	default:
		return c->registers[at];
	}
}

void chip_ciu_write(struct chip *c, uint16_t at, uint8_t value)
{
	struct chip_ciu *u = &c->ciu;

	switch (at) {
	case REG_FIFO_LEVEL:
		if (value & FLUSH)
			u->fifo_len = 0;
		return;
	case REG_FIFO_DATA:
		if (u->fifo_len < CHIP_FIFO)
			u->fifo[u->fifo_len++] = value;
		return;
	case REG_BIT_FRAMING:
		c->registers[at] = value & (uint8_t)~START_SEND;
		if ((value & START_SEND) && c->registers[REG_COMMAND] == TRANSCEIVE)
			start(c);
		return;
	case REG_COMMAND:
		chip_ciu_stop(c); /* a new command of the unit ends the one before */
		break;
	default:
		break;
	}
	c->registers[at] = value;
}
