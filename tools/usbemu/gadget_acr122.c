#include "tools/usbemu/gadget.h"

#include <string.h>

/*
 * What an ACR122U makes of CCID: pseudo-APDUs of class FF in a transfer block, FF 00 00 00 Lc … for its PN532.
 * Source: ACS, ACR122U application programming interface, published; error 81 in every good answer, and how it
 * tells that the chip was silent (63 00) or refused (63 7F), as real readers were seen to do.
 */
#define SILENCE_NS (2 * NS_PER_S)
#define USUAL_ERROR 0x81
#define NO_SUCH_COMMAND 0x00
#define BAD_LENGTH 0x01
#define MOST_ANSWER \
	253 /* TFI and what follows: only one byte of the length is ever looked at */

static void say(struct gadget *g, uint8_t type, uint8_t status, uint8_t error,
		struct bytes data)
{
	uint8_t room[CCID_HEAD + CCID_MAX_DATA];
	struct buf b = BUF_ON(room);
	struct ccid_message m = { .type = type,
				  .seq = g->seq,
				  .status = status,
				  .error = error,
				  .data = data };

	ccid_build(&b, &m);
	usb_device_say(&g->usb, buf_bytes(&b));
}

static void say_data(struct gadget *g, struct bytes data)
{
	say(g, g->escape ? CCID_ESCAPED : CCID_DATA, 0, USUAL_ERROR, data);
}

static void say_words(struct gadget *g, uint8_t sw1, uint8_t sw2)
{
	uint8_t words[] = { sw1, sw2 };

	g->asked = false;
	timer_stop(g->world, &g->silence);
	say_data(g, BYTES_OF(words));
}

static void on_silence(void *ctx)
{
	struct gadget *g = ctx;

	if (g->asked)
		say_words(g, 0x63, 0x00);
}

static void on_answer(struct gadget *g, struct bytes body)
{
	uint8_t room[MOST_ANSWER + 2];
	struct buf b = BUF_ON(room);

	if (!g->asked)
		return;
	buf_add(&b, body);
	buf_be16(&b, 0x9000);
	if (b.failed) {
		say_words(g, 0x63, 0x00);
		return;
	}
	g->asked = false;
	timer_stop(g->world, &g->silence);
	say_data(g, buf_bytes(&b));
}

/* From the chip, its ACK in front of every answer. */
static void on_chip(void *ctx, struct bytes frame)
{
	struct gadget *g = ctx;

	for (size_t i = 0; i < frame.len; i++)
		switch (pn53x_feed(&g->chip_parser, frame.data[i])) {
		case PN53X_FRAME:
			on_answer(g, pn53x_body(&g->chip_parser));
			break;
		case PN53X_ERROR:
			if (g->asked)
				say_words(g, 0x63, 0x7f);
			break;
		default:
			break;
		}
}

/* TFI and command, as they came; what wakes the chip up goes in front when it sleeps. */
static void ask_chip(struct gadget *g, struct bytes body)
{
	static const uint8_t wake[16] = { 0x55, 0x55 };
	uint8_t room[PN53X_MAX_FRAME];
	struct buf frame = BUF_ON(room);

	if (g->asleep)
		line_feed(g->line, BYTES_OF(wake));
	g->asleep = body.data[1] == 0x16;
	pn53x_build(&frame, body.data[0], BYTES(body.data + 1, body.len - 1));
	g->asked = true;
	timer_set(g->world, &g->silence, world_now(g->world) + SILENCE_NS);
	line_feed(g->line, buf_bytes(&frame));
}

static void on_apdu(struct gadget *g, struct bytes apdu)
{
	static const uint8_t firmware[] = "ACR122U214";
	struct cursor c = cursor_at(apdu);
	uint8_t cla = cursor_u8(&c), ins = cursor_u8(&c), p1 = cursor_u8(&c);
	uint8_t length;
	struct bytes body;

	cursor_u8(&c);
	length = cursor_u8(&c);
	g->asked = false;
	if (c.failed || cla != 0xff || ins != 0x00) {
		say_words(g, 0x63, 0x00);
		return;
	}
	switch (p1) {
	case 0x00:
		body = cursor_take(&c, length);
		if (c.failed || body.len < 2 || body.data[0] != PN53X_HOST)
			say_words(g, 0x63, 0x00);
		else
			ask_chip(g, body);
		break;
	case 0x48:
		say_data(g, BYTES(firmware, sizeof(firmware) - 1));
		break;
	case 0x40: /* LED and buzzer */
	case 0x41: /* time-out */
	case 0x51: /* operating parameters of its own polling */
	case 0x52: /* buzzer when a card is found */
		say_words(g, 0x90, 0x00);
		break;
	default:
		say_words(g, 0x63, 0x00);
		break;
	}
}

static void on_ccid(struct gadget *g, const struct ccid_message *m)
{
	static const uint8_t answer_to_reset[] = { 0x3b, 0x00 };

	g->seq = m->seq;
	g->escape = m->type == CCID_ESCAPE;
	if (g->ccid.too_long) {
		say(g, CCID_STATUS, CCID_FAILED, BAD_LENGTH, BYTES(NULL, 0));
		return;
	}
	switch (m->type) {
	case CCID_POWER_ON:
		g->asleep = true;
		say(g, CCID_DATA, 0, USUAL_ERROR, BYTES_OF(answer_to_reset));
		break;
	case CCID_POWER_OFF:
	case CCID_SLOT_STATUS:
		say(g, CCID_STATUS, 0, USUAL_ERROR, BYTES(NULL, 0));
		break;
	case CCID_TRANSFER:
	case CCID_ESCAPE:
		on_apdu(g, m->data);
		break;
	default:
		say(g, CCID_STATUS, CCID_FAILED, NO_SUCH_COMMAND, BYTES(NULL, 0));
		break;
	}
}

static void out(void *ctx, struct bytes data)
{
	struct gadget *g = ctx;
	struct ccid_message m;

	for (size_t i = 0; i < data.len; i++)
		if (ccid_feed(&g->ccid, data.data[i], &m))
			on_ccid(g, &m);
}

static void power(void *ctx, bool on)
{
	struct gadget *g = ctx;

	chip_power(g->chip, on);
	memset(&g->ccid, 0, sizeof(g->ccid));
	pn53x_reset(&g->chip_parser);
	g->asked = false;
	g->asleep = true;
	timer_stop(g->world, &g->silence);
}

const struct usb_device_ops acr122_ops = { .out = out, .power = power };

void acr122_init(struct gadget *g)
{
	g->line->sink = on_chip;
	g->silence.fn = on_silence;
	g->silence.ctx = g;
	g->asleep = true;
}
