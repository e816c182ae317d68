#ifndef TOOLS_USBEMU_CCID_H
#define TOOLS_USBEMU_CCID_H

#include "bench/core/buf.h"
#include "bench/core/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * CCID messages of a reader with one slot, on its bulk endpoints; pure.
 *
 *   type  length (4, low byte first)  slot  seq  three bytes of the type's own  data
 *
 * Source: USB-IF, CCID 1.1, 6.1 and 6.2, published. What an ACR122U makes of it is in gadget_acr122.c.
 */
#define CCID_HEAD 10
#define CCID_MAX_DATA 271

enum ccid_type {
	CCID_POWER_ON = 0x62,
	CCID_POWER_OFF = 0x63,
	CCID_SLOT_STATUS = 0x65,
	CCID_TRANSFER = 0x6f,
	CCID_ESCAPE = 0x6b,
	CCID_DATA = 0x80, /* from the reader */
	CCID_STATUS = 0x81,
	CCID_ESCAPED = 0x83
};

#define CCID_FAILED 0x40 /* status: the command failed */

struct ccid_message {
	uint8_t type, slot, seq, status, error;
	struct bytes data; /* borrowed */
};

/** Takes a stream of messages; zero-initialise. Of a message that is too long the data is dropped. */
struct ccid_parser {
	size_t len,
		want; /* of the message that is coming; want: 0 until its head is there */
	uint8_t bytes[CCID_HEAD + CCID_MAX_DATA];
	bool too_long;
};

/** @return true when @byte ends a message: its parts are in @out until the next byte, .too_long tells of its data */
bool ccid_feed(struct ccid_parser *p, uint8_t byte, struct ccid_message *out);
void ccid_build(struct buf *out, const struct ccid_message *m);

#endif
