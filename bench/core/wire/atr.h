#ifndef BENCH_CORE_WIRE_ATR_H
#define BENCH_CORE_WIRE_ATR_H

#include "bench/core/buf.h"

/*
 * Answer to reset: how a PC/SC program is told what card there is. A contactless ISO/IEC 14443-4 card has
 * none of its own; its reader makes one from the historical bytes of the ATS:
 *
 *	3B 8n 80 01  n historical bytes  TCK
 *
 * Source: ISO/IEC 7816-3 clause 8 (public restatements); PC/SC Workgroup, Interoperability Specification part 3,
 * 3.1.3.2.3.1 (published)
 */
#define ATR_MAX 33
#define ATR_MAX_HISTORICAL 15

struct atr {
	struct bytes historical; /* 0 .. 15 bytes, borrowed from what was parsed */
	bool t0, t1;             /* protocols offered; without a TD byte it is T=0 */
	bool contactless;        /* of the form above */
};

/** @return 0, or ERR_FORMAT: too short, too long, a first byte that is none, a TCK that is wrong or missing */
int atr_parse(struct atr *out, struct bytes raw);
/** Append that of a contactless card; at most ATR_MAX_HISTORICAL bytes of @historical go into it. */
void atr_contactless(struct buf *out, struct bytes historical);
/** The historical bytes of an ATS without its TL byte; empty when it ends before them. */
struct bytes ats_historical(struct bytes ats);

#endif
