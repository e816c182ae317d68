#ifndef DRIVERS_CAN_HWSTAMP_H
#define DRIVERS_CAN_HWSTAMP_H

#include "drivers/can/clockfit.h"

/*
 * Stamps of a CAN controller's own clock: whether there are any, and how they come onto the bench clock. Pure.
 *
 * That clock cannot be read, only seen: with each frame come the controller's stamp and the kernel's, and the latter is late by
 * however long the interrupt took. So of every HWSTAMP_WINDOW_NS the frame whose kernel stamp was least late is a paired reading of
 * both clocks, for the fit. What remains is the least delay there is, which no stamp shows (the rig's `latency`), and
 * what the fit says of itself; the scatter of the interrupts is gone. No frame is stamped later than the kernel had it.
 *
 * Source: Documentation/networking/timestamping (SOF_TIMESTAMPING_*, SIOCSHWTSTAMP, ETHTOOL_GET_TS_INFO).
 */
#define HWSTAMP_WINDOW_NS 1000000000
/** Apart further than this the two clocks have nothing to do with each other: one was set, or the controller reset. */
#define HWSTAMP_APART_NS 100000000
/** So many frames in a row without one: there are none after all. */
#define HWSTAMP_PATIENCE 64

enum hwstamp_wish {
	HWSTAMP_AUTO,
	HWSTAMP_SOFTWARE,
	HWSTAMP_HARDWARE /* or not at all */
};

/**
 * Ask for the controller's stamps?
 *
 * @param flags    SOF_TIMESTAMPING_ that ETHTOOL_GET_TS_INFO gave; 0: it gave none
 * @param refused  errno of SIOCSHWTSTAMP; 0: they are on
 * @param why      out: in a word or two, for the record, either way
 */
bool hwstamp_choose(unsigned flags, int refused, const char **why);

struct hwstamp {
	bool on; /* as chosen; false again when none come */
	int missing;
	struct clockfit fit;
	struct clockfit_reading best; /* of this window */
	int64_t ahead_ns;             /* how much: bench clock less the controller's */
	int64_t until_ns;             /* of the window, on the controller's clock */
	bool any;
};

/**
 * A frame: its stamps as they came.
 *
 * @param hardware_ns  the controller's; 0: none came with it
 * @param at_ns, slack_ns  in: the kernel's stamp on the bench clock; out: a better one, when true is returned
 */
bool hwstamp_take(struct hwstamp *h, int64_t hardware_ns, int64_t *at_ns,
		  int64_t *slack_ns);

#endif
