#ifndef TOOLS_EMU_CARD_H
#define TOOLS_EMU_CARD_H

#include "tools/emu/air.h"

#include "bench/core/rng.h"
#include "bench/core/wire/isodep.h"
#include "drivers/peer.h"

/*
 * A card at the air interface: ISO/IEC 14443-3 states, ATS, and the card's side of
 * ISO-DEP over an applet (struct peer) that thinks. The phone is one, and so is a chip in
 * target mode.
 */
#define CARD_MAX_AIRS 4
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
	/*
	 * .answer may return APPLET_LATER: the card asks for time until card_give is
	 * called
	 */
	struct peer peer;
	const char *(*last)(struct peer *p);
	/* The rest may be NULL. */
	/** RATS was answered. */
	void (*activated)(struct applet *a, struct bytes rats);
	/**
	 * A frame to a selected card, CRC checked and taken off. True: the applet takes
	 * it, and answers with card_give_raw or never; no RATS and no blocks then.
	 */
	bool (*raw)(struct applet *a, struct bytes frame);
	/** Does it answer a poll (REQA, WUPA)? */
	bool (*polled)(struct applet *a);
	/** A frame to nobody, in the polling, CRC checked and taken off. */
	void (*annotated)(struct applet *a, struct bytes frame);
	/** A frame that is none of ISO/IEC 14443 A. */
	void (*nfcip)(struct applet *a, const struct air_frame *f);
	/** The answer's last block is on the air, until @end_ns. */
	void (*said)(struct applet *a, int64_t end_ns);
	/** The session is over: S(DESELECT), or (false) the card lost power. */
	void (*ended)(struct applet *a, bool deselected);
};
#define APPLET_LATER 1

struct card {
	struct world *world;
	struct air *airs[CARD_MAX_AIRS]; /* of the readers it may come to */
	int air_count;
	struct air *air; /* whose frame it heard last */
	struct card_traits traits;
	struct applet *applet; /* borrowed */
	struct rng rng;
	const char *name; /* for the truth log; NULL: the phone */
	bool in_field;    /* it lies close enough */
	bool dormant; /* it is no card at present: a chip that was not asked to be one */
	bool deaf;    /* hears nothing until it is woken again */
	int64_t ready_ns; /* hears nothing before */
	enum card_state state;
	bool halted; /* woken up from HALT: goes back there on an error */
	int level;
	int up_d, down_d;
	struct isodep_picc dep;
	bool blocks_seen;
	bool asked_more;  /* S(WTX) is out */
	int64_t heard_ns; /* the last frame ended; the least delay counts from there */
	int64_t due_ns;   /* the answer is known then */
	struct buf answer;
	uint8_t answer_mem[ISODEP_MAX_COMMAND];
	struct timer think, more;
};

void card_init(struct card *c, struct world *w, struct air *air,
	       const struct card_traits *traits, struct applet *applet);
/** It may come to this reader too. */
void card_meet(struct card *c, struct air *air);
/** The card came close enough, or went. */
void card_place(struct card *c, bool in_field);
/** Be a card, or be none (any more). */
void card_wake(struct card *c, bool awake);
/** From the air. */
void card_carrier_changed(struct card *c);
void card_hear(struct card *c, struct air *air, const struct air_frame *f);

/** The answer that was to come later; copied. False: nobody waits for it. */
bool card_give(struct card *c, struct bytes answer);
/** A frame as it stands, CRC included. @return when its last bit is out */
int64_t card_give_raw(struct card *c, const struct air_frame *f);

#endif
