#ifndef TOOLS_EMU_ACTUATOR_H
#define TOOLS_EMU_ACTUATOR_H

#include "tools/emu/card.h"

/*
 * A linear actuator that two relay channels drive: one extends it to the reader, the other retracts it. With both off it
 * stays where it is; with both on it does too, and the truth log calls that a short.
 *
 * Contacts need their time, as those of a slide (tools/emu/motion.h). End stops are switches in the last hundredth of
 * the way. The phone lies in the field from four fifths of the way on.
 */
enum actuator_leg {
	ACTUATOR_OUT,
	ACTUATOR_BACK
};

struct actuator_options {
	int64_t channel[2]; /* by enum actuator_leg */
	int64_t travel_ns;  /* the whole way */
	double at;          /* where it stands at first: 0 away … 1 at the reader */
};

struct actuator {
	struct world *world;
	struct card *card;
	struct actuator_options options;
	struct rng rng;
	bool closed[2]; /* the contacts */
	bool stop[2];   /* the end stops */
	double at;      /* at .since_ns */
	int64_t since_ns;
	struct timer contact[2], tick;
	/** An end stop was reached or left; may be NULL. */
	void (*stopped)(void *ctx, enum actuator_leg leg, bool on);
	void *ctx;
};

/** Set .stopped before actuator_begin, which says where it stands. */
void actuator_init(struct actuator *a, struct world *w, struct card *card,
		   const struct actuator_options *options);
void actuator_begin(struct actuator *a);
/** The coil of @channel. */
void actuator_relay(struct actuator *a, int channel, bool on);

#endif
