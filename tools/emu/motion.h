#ifndef TOOLS_EMU_MOTION_H
#define TOOLS_EMU_MOTION_H

#include "tools/emu/card.h"

/*
 * What moves the phone: a relay's contact, a slide that needs time, a bounce at the end.
 *
 * The contact closes 5 … 10 ms after the coil has power and bounces for 1 … 3 ms, it opens 3 … 5 ms
 * after. The phone lies in the field when it has come to rest at the reader, and has left it when
 * it is a fifth of its way back.
 */
struct motion_options {
	int64_t channel; /* of the relay board */
	int64_t travel_ns, jitter_ns, bounce_ns;
	bool present; /* it lies at the reader from the start */
};

struct motion {
	struct world *world;
	struct card *card;
	struct motion_options options;
	struct rng contact_rng, travel_rng;
	bool closed;       /* the contact */
	double at;         /* 0 away … 1 at the reader, at .moved_ns */
	int64_t moved_ns;  /* the last change of direction */
	int64_t travel_ns; /* of the present move, whole way */
	struct timer contact, end, settle, leave;
	/** A sensor at the reader's end of the slide; may be NULL. */
	void (*sensed)(void *ctx, bool there);
	void *ctx;
};

void motion_init(struct motion *m, struct world *w, struct card *card,
		 const struct motion_options *options);
/** The coil of @channel. */
void motion_relay(void *motion, int channel, bool on);
/** Somebody takes the phone away; it comes again with the next push. */
void motion_remove(void *motion);

#endif
