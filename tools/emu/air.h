#ifndef TOOLS_EMU_AIR_H
#define TOOLS_EMU_AIR_H

#include "tools/emu/world.h"

#include "bench/core/rng.h"
#include "bench/core/wire/airtime.h"

/*
 * The air in front of one reader: frames that take their time, and are lost when the card is not
 * there at both their ends. Frames stand as they are on the air, CRC bytes included.
 *
 * A card may come to several readers (card_meet). Two cards that answer at once spoil the answer; a
 * card under two carriers understands neither.
 */
#define AIR_MAX 272
#define AIR_MAX_CARDS 4

struct air_frame {
	size_t len;
	int bits;   /* 7: REQA/WUPA, the rest 0: whole bytes */
	int d;      /* rate, 0 … 3 */
	bool nfcip; /* not of ISO/IEC 14443 A: at 212 or 424, or in active mode */
	uint8_t data[AIR_MAX];
};

struct card;

struct air {
	struct world *world;
	struct card *cards[AIR_MAX_CARDS]; /* borrowed; those that may come */
	int card_count;
	const struct card *speaker; /* whose answer is on its way */
	bool collided;
	bool carrier;
	bool instant; /* frames take no time, nor do delays between them */
	int64_t carrier_since_ns;
	int64_t gap_cycles; /* the reader's own gap after a card's frame */
	double loss;        /* share of frames lost, either way */
	struct rng rng;     /* draws them */
	bool corrupt;       /* planted: every card frame arrives damaged */
	int64_t more_time;  /* planted: the card asks so often for time */
	int phase;
	int64_t deadline_ns, wait_ns;
	struct air_frame request, answer;
	struct timer request_end, answer_end, silence;
	/** The reader's: the answer is in, or (NULL) the wait is over. */
	void (*done)(void *ctx, const struct air_frame *answer);
	void *ctx;
};

void air_init(struct air *a, struct world *w, int64_t gap_cycles);
/** How long @cycles take on this air. */
int64_t air_ns(const struct air *a, int64_t cycles);
/** The reader's carrier. */
void air_set_carrier(struct air *a, bool on);
/**
 * Put @f on the air now and wait for an answer to begin within @wait_ns of its end; .done is called
 * once, unless air_stop comes first.
 */
void air_send(struct air *a, const struct air_frame *f, int64_t wait_ns);
void air_stop(struct air *a);

/** @card's answer, from @start_ns on; lost when nobody listens. @return when its last bit is out */
int64_t air_answer(struct air *a, const struct card *card, const struct air_frame *f,
		   int64_t start_ns);
/** @card lost power: what it was saying is cut off. */
void air_card_lost(struct air *a, const struct card *card);

/** Append CRC_A. */
void air_add_crc(struct air_frame *f);

#endif
