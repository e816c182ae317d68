#ifndef BENCH_CORE_WIRE_CRC_H
#define BENCH_CORE_WIRE_CRC_H

#include "bench/core/bytes.h"

/*
 * The two checksums of ISO/IEC 14443-3. On the air the low byte goes first.
 *
 * Source: ISO/IEC 14443-3 annex B (published); ITU-T V.41 with the stated start values.
 */

/** CRC_A: polynomial 8408 (reflected), start 6363. */
uint16_t crc_a(struct bytes b);
/** CRC_B: the same polynomial, start FFFF, complemented. */
uint16_t crc_b(struct bytes b);

/** Does @frame end in the CRC_A of what stands before it? False under three bytes. */
bool crc_a_fits(struct bytes frame);

#endif
