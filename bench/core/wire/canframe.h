#ifndef BENCH_CORE_WIRE_CANFRAME_H
#define BENCH_CORE_WIRE_CANFRAME_H

#include "bench/core/buf.h"
#include "bench/core/err.h"

/*
 * A CAN frame, how long it is on the wire, and the shapes the kernel and capture files
 * give it.
 *
 * Source: ISO 11898-1 (frame layout, CRC-15, bit stuffing; published); linux/can.h
 * (struct layouts).
 */
#define CANFRAME_MAX_DATA 64
#define CANFRAME_MAX_ID_STANDARD 0x7ffu
#define CANFRAME_MAX_ID_EXTENDED 0x1fffffffu

struct canframe {
	uint32_t id;   /* 11 or 29 bits, without flags; of an error frame its classes */
	bool extended; /* 29 bits */
	bool remote;   /* asks for len bytes and carries none; classic only */
	bool error;    /* the controller's own report, never on the wire */
	bool fd, brs, esi;
	uint8_t len;     /* of data: 0..8, FD up to 64 */
	uint8_t raw_dlc; /* 9..15: what a classic frame of 8 bytes really said; else 0 */
	uint8_t data[CANFRAME_MAX_DATA]; /* zero behind len */
};

/**
 * May it stand on a bus: id in range, a length that exists, no flags that exclude each
 * other?
 */
bool canframe_valid(const struct canframe *f);
/** Same identity and content? raw_dlc counts, what lies behind len does not. */
bool canframe_equal(const struct canframe *a, const struct canframe *b);

/**
 * Length of a classic frame on the wire: from start of frame to the end of the interframe
 * space, with the stuff bits that its own bit pattern, CRC included, really needs.
 *
 * @return bits; 0 for what is no classic frame (FD, error)
 */
int canframe_bits(const struct canframe *f);
/**
 * The same without any stuff bit, and with as many as @len bytes can ever need. @len
 * 0..8.
 */
int canframe_bits_min(bool extended, int len);
int canframe_bits_max(bool extended, int len);
/** Stuffed bits of what stands before the interframe space: when receivers have it. */
#define CANFRAME_INTERFRAME_BITS 3
/** @bits at @bitrate bit/s (> 0), ns, rounded to the nearest. */
int64_t canframe_time_ns(int64_t bits, int64_t bitrate);

/**
 * Bits of an FD frame on the wire, stuff bits included: those at the bit rate of arbitration, and those that @brs sends at the
 * data bit rate (from behind the BRS bit to the CRC delimiter; the two in which the rate changes count whole). Without
 * @brs all are of the first kind. Source: ISO 11898-1:2015 (FD frame layout, fixed stuff bits of the CRC field).
 *
 * @return false: it is no FD frame
 */
bool canframe_fd_bits(const struct canframe *f, int *nominal, int *data);
/**
 * A frame of either kind on the wire, interframe space included.
 *
 * @param data_bitrate  of FD frames that switch to it; 0: unknown
 * @return ns; 0: an error frame, or one that switches to a data bit rate nobody knows
 */
int64_t canframe_wire_ns(const struct canframe *f, int64_t bitrate, int64_t data_bitrate);

/**
 * What arbitration compares: of two frames that start together the smaller number wins.
 * Equal only for the same identifier and kind.
 */
uint32_t canframe_priority(const struct canframe *f);

/** The 15-bit CRC of @count bits, given one a byte. Polynomial 4599, start 0. */
uint16_t canframe_crc15(const uint8_t *bits, size_t count);

/**
 * As struct can_frame (16 bytes) or struct canfd_frame (72): the id with its flags in the
 * byte order of this machine, length, flags, raw DLC.
 */
#define CANFRAME_SOCKET_CLASSIC 16
#define CANFRAME_SOCKET_FD 72
void canframe_to_socket(const struct canframe *f, struct buf *out);
/** @return 0; ERR_FORMAT: not 16 or 72 bytes, or a length that does not fit */
int canframe_from_socket(struct canframe *f, struct bytes b);

/**
 * As LINKTYPE_CAN_SOCKETCAN (227) has it in capture files: the id in network byte order,
 * then only as many data bytes as there are.
 */
void canframe_to_capture(const struct canframe *f, struct buf *out);
int canframe_from_capture(struct canframe *f, struct bytes b);

/**
 * As candump and cansend write it: "123#DEADBEEF", "12345678#R4", "123##1AA",
 * "123#11…88_C". A zero is kept behind. @return its length
 */
#define CANFRAME_TEXT_MAX 160
int canframe_text(const struct canframe *f, char out[CANFRAME_TEXT_MAX]);
/** The whole of @text. @return 0, or ERR_FORMAT */
int canframe_parse(struct canframe *f, struct bytes text);
/** A hexadecimal digit's value; negative: it is none. */
extern const uint8_t canframe_hex[256]; /* one more than that */
static inline int canframe_digit(uint8_t c)
{
	return canframe_hex[c] - 1;
}
/**
 * What begins at @p, for parsers of lines. @return behind its last character; NULL: no
 * frame
 */
const uint8_t *canframe_read(struct canframe *f, const uint8_t *p, const uint8_t *end);

#endif
