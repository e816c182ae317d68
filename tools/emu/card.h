#ifndef TOOLS_EMU_CARD_H
#define TOOLS_EMU_CARD_H

#include "tools/emu/air.h"

#include "bench/core/rng.h"
#include "bench/core/wire/isodep.h"
#include "drivers/peer.h"

/*
 * The phone at the air interface: ISO/IEC 14443-3 states, ATS, and the card's side of ISO-DEP over
 * an applet (struct peer) that thinks.
 */
struct card_traits {
	uint8_t atqa[2], sak; /* atqa as SENS_RES is printed: 00 04 */
	bool random_uid;      /* 08 xx xx xx, new whenever power comes */
	uint8_t uid[10];
	size_t uid_len;
	uint8_t ats[32]; /* TL first */
	size_t ats_len;
	size_t fsc;
	int64_t fwt_ns;
	int max_d;
	double wtx_after; /* share of FWT; 0: never asks for time */
};

enum card_state {
	CARD_OFF,
	CARD_IDLE,
	CARD_READY,
	CARD_ACTIVE,
	CARD_PROTOCOL,
	CARD_HALT
};

/** An applet that also says what the last command was, for the truth log. */
struct applet {
	struct peer peer;
	const char *(*last)(struct peer *p);
};

struct card {
	struct world *world;
	struct air *air;
	struct card_traits traits;
	struct applet *applet; /* borrowed */
	struct rng rng;
	bool in_field;    /* it lies close enough */
	int64_t ready_ns; /* hears nothing before */
	enum card_state state;
	bool halted; /* woken up from HALT: goes back there on an error */
	int level;
	int up_d, down_d;
	struct isodep_picc dep;
	bool blocks_seen;
	int64_t heard_ns; /* the last frame ended; the least delay counts from there */
	int64_t due_ns;   /* the answer is known then */
	struct buf answer;
	uint8_t answer_mem[ISODEP_MAX_COMMAND];
	struct timer think, more;
};

void card_init(struct card *c, struct world *w, struct air *air,
	       const struct card_traits *traits, struct applet *applet);
/** The phone came close enough, or went. */
void card_place(struct card *c, bool in_field);
/** From the air. */
void card_set_carrier(struct card *c, bool on);
void card_hear(struct card *c, const struct air_frame *f);

#endif
