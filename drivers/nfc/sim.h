#ifndef DRIVERS_NFC_SIM_H
#define DRIVERS_NFC_SIM_H

#include "drivers/peer.h"
#include "drivers/reader.h"

/*
 * A reader that exists only here: answers come from a struct peer, times from the model of the air
 * (bench/core/wire/airtime.h, 106 kbit/s, the least gaps).
 *
 * A poll that finds the card takes .activation_ns. An exchange takes .link_byte_ns per byte to the reader,
 * the floor of its APDU's blocks on the air, what the peer says it thinks, and .link_byte_ns per byte back;
 * requests for more time (WTX) lie within the thinking. A peer that stays silent, or that would answer
 * after the timeout, is NO_ANSWER when the timeout is over. On a virtual clock all of it takes
 * no time and repeats exactly. Everything it measures is SIMULATED.
 */
struct sim_options {
	int64_t activation_ns; /* 0: what the air needs for this UID and ATS */
	int64_t link_byte_ns;  /* between host and reader */
	struct bytes uid;      /* 4, 7 or 10 bytes; borrowed until close */
	struct bytes ats;      /* without TL; borrowed until close */
	uint8_t atqa[2], sak;  /* ATQA in the order it is printed: 00 04 */
};

/** What the air needs, no host link, UID 08 11 22 33, ATS 75 77 81 02, ATQA 00 04, SAK 20. */
extern const struct sim_options sim_options_default;
/** The card of @card into @o; its times stay. */
void sim_options_card(struct sim_options *o, const struct sim_options *card);

/**
 * Open with a card in the field.
 *
 * @param options  NULL for the defaults
 * @param peer     who answers; borrowed; NULL: the field stays empty
 */
int sim_reader_open(struct reader **out, const struct sim_options *options,
		    struct peer *peer, struct clock *clock, struct err *err);
/** The card comes (or goes) at @from_ns of the reader's clock; what it was before holds until then. */
void sim_reader_place(struct reader *r, bool present, int64_t from_ns);

/** The row: without a peer, so nothing ever comes into its field (rig.c opens it with one). */
extern const struct reader_driver sim_reader_driver;

#endif
