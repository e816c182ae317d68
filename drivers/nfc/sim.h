#ifndef DRIVERS_NFC_SIM_H
#define DRIVERS_NFC_SIM_H

#include "drivers/peer.h"
#include "drivers/reader.h"

/*
 * A reader that exists only here: answers come from a struct peer, times from a small model.
 *
 * A poll that finds the card takes .activation_ns. An exchange takes .byte_ns per byte out, what
 * the peer says it thinks, and .byte_ns per byte back; a peer that stays silent, or that would answer
 * after the timeout, is NO_ANSWER when the timeout is over. On a virtual clock all of it takes
 * no time and repeats exactly. Everything it measures is SIMULATED.
 */
struct sim_options {
	int64_t activation_ns;
	int64_t byte_ns;
	struct bytes uid; /* 4, 7 or 10 bytes; borrowed until close */
	struct bytes ats; /* without TL; borrowed until close */
};

/** 5.6 ms (field settled, double UID, short ATS), 106 kbit/s, UID 08 11 22 33, ATS 75 77 81 02. */
extern const struct sim_options sim_options_default;

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
