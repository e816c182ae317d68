#ifndef BENCH_CORE_WIRE_PN53X_H
#define BENCH_CORE_WIRE_PN53X_H

#include "bench/core/buf.h"

/*
 * Frames between a host and an NXP PN532/PN533, both ways, as they stand on a UART.
 *
 *   normal    00 00 FF LEN LCS TFI PD… DCS 00          LEN counts TFI and PD, 1 … 255
 *   extended  00 00 FF FF FF LENm LENl LCS TFI PD… DCS 00
 *   ACK       00 00 FF 00 FF 00        NACK  00 00 FF FF 00 00
 *   error     00 00 FF 01 FF 7F 81 00
 *
 * Source: NXP UM0701-02 (PN532 user manual) 6.2.1, published.
 */
#define PN53X_HOST 0xD4   /* TFI host to chip */
#define PN53X_CHIP 0xD5   /* TFI chip to host */
#define PN53X_MAX_LEN 265 /* TFI + PD: what the chip's buffer takes */
#define PN53X_MAX_FRAME (PN53X_MAX_LEN + 11)
#define PN53X_ACK_LEN 6

/**
 * One frame around @pd (command or response code first); nothing is added when it is too
 * long.
 */
void pn53x_build(struct buf *out, uint8_t tfi, struct bytes pd);
void pn53x_build_ack(struct buf *out);
void pn53x_build_nack(struct buf *out);
/** The application level error frame. */
void pn53x_build_error(struct buf *out);

enum pn53x_event {
	PN53X_NOTHING, /* go on feeding */
	PN53X_FRAME,   /* .body holds TFI and PD, .len bytes */
	PN53X_ACK,
	PN53X_NACK,
	PN53X_ERROR, /* the error frame */
	PN53X_BAD /* a frame with a wrong checksum or an impossible length was dropped */
};

/**
 * Takes foreign bytes one by one; zero-initialise. Any number of preamble and wake-up
 * bytes may stand before 00 FF; a frame is reported at its postamble, whatever that byte
 * is. Never stores more than PN53X_MAX_LEN bytes; hunts for the next 00 FF after anything
 * it does not understand.
 */
struct pn53x_parser {
	uint8_t state;
	uint8_t sum, len_high;
	bool extended;
	bool wake; /* a 55 stood before this frame: the host woke the chip up */
	bool hunted_wake;
	uint8_t pending; /* the event to give at the postamble */
	uint16_t want, len;
	uint8_t body[PN53X_MAX_LEN];
};

/** .body, .len and .wake are those of the reported frame until the next byte is fed. */
enum pn53x_event pn53x_feed(struct pn53x_parser *p, uint8_t byte);
/** Forget a half frame: the line was silent for too long. */
void pn53x_reset(struct pn53x_parser *p);
/** Is the parser in the middle of a frame? */
bool pn53x_midway(const struct pn53x_parser *p);
/** TFI and PD of the reported frame; borrowed. */
static inline struct bytes pn53x_body(const struct pn53x_parser *p)
{
	return BYTES(p->body, p->len);
}

#endif
