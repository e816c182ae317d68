#ifndef TOOLS_EMU_CHIP_H
#define TOOLS_EMU_CHIP_H

#include "tools/emu/air.h"
#include "tools/emu/faults.h"
#include "tools/emu/knobs.h"
#include "tools/emu/line.h"

/*
 * An NXP PN532 on a serial line, as a reader (initiator) and as a card (target). Answers
 * what hosts send it: frames, ACK, wake-up, registers, polling, ISO-DEP exchanges over
 * the air.
 *
 * Source: NXP UM0701-02 (PN532 user manual), published; what libnfc 1.8.0 really sends
 * was captured on the wire. Where the manual is silent (what is polled with, what a wrong
 * target number gives) the choice is inferred and says so.
 */
struct chip;

/** Which silicon. A PN533 is on USB: always awake, no SAM, no InAutoPoll; a status in front of registers. */
enum chip_kind {
	CHIP_PN532,
	CHIP_PN533
};

struct chip_options {
	const char *name; /* "reader0"; borrowed */
	int device;       /* its number in the fault list */
	const struct fault *faults;
	int fault_count;
	const struct chip_knobs *knobs; /* NULL: none */
	void (*remove)(void *ctx);      /* FAULT_REMOVE: take the phone away */
	void *remove_ctx;
	enum chip_kind kind;
	/** FAULT_UNPLUG: it loses its power later, but before it does anything more; back after @away_ns */
	void (*unplug)(void *ctx, int64_t away_ns);
	void *unplug_ctx;
};

/** On @line and @air, both borrowed; starts in LowVbat as after power-up. */
int chip_new(struct chip **out, struct world *w, struct line *line, struct air *air,
	     const struct chip_options *options, struct err *err);
void chip_free(struct chip *c); /* takes NULL */

/** Its power comes (as after power-up: PN532 in LowVbat) or goes: everything is forgotten. */
void chip_power(struct chip *c, bool on);

/**
 * What it is in target mode: a card that sleeps until a host asks the chip to be one. It
 * meets no reader and lies nowhere by itself (card_meet, card_place).
 */
struct card *chip_card(struct chip *c);

#endif
