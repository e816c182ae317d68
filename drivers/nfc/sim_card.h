#ifndef DRIVERS_NFC_SIM_CARD_H
#define DRIVERS_NFC_SIM_CARD_H

#include "drivers/card.h"

/*
 * A card that exists only here: its reader is a struct asker, times come from a small model.
 *
 * The reader is there from a given moment on; it activates us .activation_ns later and puts one
 * command after the other, each .byte_ns a byte behind its own thinking. On a virtual clock all of it
 * takes no time and repeats exactly. Everything measured with it is SIMULATED.
 */
struct asker {
	/** A session begins: what went before is forgotten. */
	void (*begin)(struct asker *a);
	/**
	 * What the reader does next: 0 and @command (cleared before) with its own thinking time, or
	 * ASKER_LETS_GO. Negative: it stays silent for ever.
	 */
	int (*ask)(struct asker *a, struct buf *command, int64_t *think_ns);
	void (*answered)(struct asker *a, struct bytes answer);
};
#define ASKER_LETS_GO 1

struct sim_card_options {
	int64_t activation_ns;
	int64_t byte_ns;
};

/** 5.6 ms, 106 kbit/s. */
extern const struct sim_card_options sim_card_options_default;

/** @param asker  the reader, in front of us from the start; borrowed; NULL: nobody ever comes */
int sim_card_open(struct card **out, const struct sim_card_options *options,
		  struct asker *asker, struct clock *clock, struct err *err);
/** We come to the reader (or go) at @from_ns; what it was before holds until then. */
void sim_card_place(struct card *c, bool present, int64_t from_ns);

/** The row: without an asker. */
extern const struct card_driver sim_card_driver;

#endif
