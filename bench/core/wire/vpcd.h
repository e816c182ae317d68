#ifndef BENCH_CORE_WIRE_VPCD_H
#define BENCH_CORE_WIRE_VPCD_H

#include "bench/core/buf.h"

/*
 * The framing between a virtual card reader (vpcd) and a virtual card: a stream of messages, each two bytes of length,
 * high byte first, and that many bytes. From the reader a message of one byte is a control, any other a
 * C-APDU; the card answers GET ATR and APDUs with one message each, and the other controls not at all.
 *
 * Source: vsmartcard, virtualsmartcard/src/vpcd/vpcd.c and vpcd.h (published; tried with Debian's vsmartcard-vpcd 3.3)
 */
#define VPCD_PORT 35963
#define VPCD_HEADER 2
#define VPCD_MAX_BODY 65535
#define VPCD_MAX_MESSAGE (VPCD_HEADER + VPCD_MAX_BODY)

enum vpcd_control { /* the byte on the wire */
	VPCD_OFF = 0,
	VPCD_ON = 1,
	VPCD_RESET = 2,
	VPCD_ATR = 4
};

/**
 * The message at the front of what came so far.
 *
 * @param body  out, when there is one: borrowed from @in; may be empty
 * @return its length, header included (2 .. VPCD_MAX_MESSAGE); 0: it is not all there yet
 */
size_t vpcd_parse(struct bytes in, struct bytes *body);
/** Append a message. A body over VPCD_MAX_BODY fails the buffer. */
void vpcd_build(struct buf *out, struct bytes body);
void vpcd_build_control(struct buf *out, enum vpcd_control control);

#endif
