#ifndef BENCH_CORE_WIRE_ECP_H
#define BENCH_CORE_WIRE_ECP_H

#include "bench/core/buf.h"

#include <stdbool.h>

/*
 * Enhanced contactless polling: a frame that a reader puts into its polling loop after a poll that nobody answered. It says
 * what the reader is for; nobody answers it, but a phone that has something for such a reader answers the next polls.
 *
 *	6A 02 | configuration, terminal type, subtype, data (0 .. 15, the TCI first)
 *	6A 01 | TCI (3)
 *
 * The CRC (CRC_A under type A) is the reader's business and not in what is built and parsed here.
 *
 * Source: the public ECP notes of a researcher, frames cross-checked with a second reader project and with a public trace
 */
#define ECP_HEADER 0x6a
#define ECP_MAX_DATA 15
#define ECP_MAX_FRAME (5 + ECP_MAX_DATA)

enum ecp_terminal {
	ECP_SPECIAL, /* "ignore" */
	ECP_TRANSIT,
	ECP_ACCESS, /* access and keys: cars too */
	ECP_IDENTITY,
	ECP_PEER = 5
};
#define ECP_PRESENT \
	0x80 /* configuration: present the pass by itself; clear: express mode off */
#define ECP_READER_ID 8            /* bytes of a reader identifier behind the TCI */
#define ECP_NO_AUTHENTICATION 0x40 /* clear: the user must authenticate first */

struct ecp {
	uint8_t version; /* 1 or 2 */
	uint8_t config;  /* version 2; its low nibble is the number of data bytes */
	uint8_t terminal, subtype; /* version 2 */
	uint8_t data
		[ECP_MAX_DATA]; /* version 2: TCI and what follows it; version 1: TCI */
	size_t data_len;
};

/** Append a frame; the number of data bytes is put into the configuration. out->failed: over ECP_MAX_DATA bytes. */
void ecp_build(struct buf *out, const struct ecp *e);
/**
 * Read a frame.
 * @return 0, or ERR_FORMAT: no such frame, of an unknown version, or its length is not what its configuration says; a
 *         phone ignores it
 */
int ecp_parse(struct ecp *out, struct bytes frame);

#endif
