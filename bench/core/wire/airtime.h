#ifndef BENCH_CORE_WIRE_AIRTIME_H
#define BENCH_CORE_WIRE_AIRTIME_H

#include <stddef.h>
#include <stdint.h>

/*
 * How long things take on the air between a reader and an ISO/IEC 14443 type A card, from
 * cycles of the carrier (13.56 MHz). Rates are D = 0 … 3: 106, 212, 424, 848 kbit/s; one
 * etu is 128 >> D cycles. Lengths are whole frames in bytes, CRC included.
 *
 * Source: ISO/IEC 14443-2 8.1, 14443-3 6.2.1 (frame delay times), 14443-4 7.2 (FWT),
 * published.
 */
#define AIRTIME_FC 13560000
#define AIRTIME_FDT_CARD 1172 /* card's last bit to the reader's next frame, at least */
#define AIRTIME_FDT_READER \
	1172 /* reader's last bit to the card's frame, at 106, at least */
#define AIRTIME_FDT_READER_FAST 1116 /* the same at 212 … 848 */
#define AIRTIME_PAUSE 30 /* t1, the pause that ends a reader frame: 28 … 40 */
#define AIRTIME_GUARD_NS INT64_C(5000000) /* carrier on to the first command */
#define AIRTIME_DELTA_FWT 49152           /* a reader grants this on top of FWT */
#define AIRTIME_MAX_D 3

int64_t airtime_ns(int64_t cycles);
int64_t airtime_etu_cycles(int d);

/**
 * Reader's frame, until a card may start to count the delay: start bit, 9 bits a byte,
 * pause.
 */
int64_t airtime_reader_frame_cycles(size_t len, int d);
/** REQA/WUPA: seven bits. */
int64_t airtime_short_frame_cycles(void);
/** The least delay from there to the card's frame. */
int64_t airtime_fdt_reader_cycles(int d);
/** Card's frame, its subcarrier start-up at 212 and more included. */
int64_t airtime_card_frame_cycles(size_t len, int d);

/**
 * One exchange with a card that needs no time: from the start of the reader's frame to
 * the earliest start of its next one.
 *
 * @param gap_cycles  the reader's own gap; at least AIRTIME_FDT_CARD
 */
int64_t airtime_exchange_cycles(size_t reader_len, size_t card_len, int reader_d,
				int card_d, int64_t gap_cycles);

/**
 * Activation steps at 106 with the least gap: the short frame and ATQA; both halves of a
 * cascade.
 */
int64_t airtime_request_cycles(void);
int64_t airtime_anticollision_cycles(void);
int64_t airtime_select_cycles(void);
/** RATS and an ATS of @tl bytes (TL included, CRC not). */
int64_t airtime_rats_cycles(size_t tl);
/** The whole activation. @param uid_len 4, 7 or 10. @param known no anticollision */
int64_t airtime_activation_ns(size_t uid_len, size_t tl, int known);

/** Bytes for a code of FSDI/FSCI 0 … 12 (larger codes: as 12). */
size_t isodep_frame_size(unsigned code);
/** Frame waiting time of FWI 0 … 14 (15: as 4, the default). */
int64_t airtime_fwt_ns(unsigned fwi);
/** Start-up guard time after the ATS: 0 for SFGI 0 and 15. */
int64_t airtime_sfgt_ns(unsigned sfgi);

/**
 * The floor of one APDU over ISO-DEP without CID and NAD: every block, chained by FSC and
 * FSD, with a card that needs no time and the least gap. This is the metric
 * airtime_floor.
 *
 * @param command_len, answer_len  APDU bytes, status word included
 * @param fsd  largest frame the reader takes
 * @param fsc  largest frame the card takes
 * @param d    rate, both directions
 */
int64_t airtime_apdu_floor_ns(size_t command_len, size_t answer_len, size_t fsd,
			      size_t fsc, int d);

#endif
