#ifndef BENCH_FAULTS_WORLD_H
#define BENCH_FAULTS_WORLD_H

#include "bench/faults/campaign.h"
#include "bench/plan.h"
#include "bench/runner.h"
#include "bench/target.h"
#include "drivers/nfc/sim_card.h"
#include "drivers/peer.h"
#include "results/summary.h"

/*
 * A whole bench in this process: a relay board that pushes the phone by one channel and switches the module's input by
 * another, a reader with the reference phone in front of it, or a card with the reference vehicle, and a body
 * controller on a CAN bus that must be woken and says when the door is open. Every role stands behind a
 * fault wrapper; below it a spy writes down what really happened.
 */
enum truth_kind {
	TRUTH_TAP,       /* the phone leaves for the reader; .ns: it is there */
	TRUTH_AWAY,      /* ... and leaves again */
	TRUTH_ACTIVATED, /* .ns by the bare device's stamp */
	TRUTH_ANSWERED,  /* the last APDU's answer, likewise */
	TRUTH_OPENED,    /* a transaction succeeded on both sides; .standard */
	TRUTH_ANNOUNCED  /* the frame's end on the bus */
};
struct truth {
	enum truth_kind what;
	int64_t at_ns;
	bool standard;
};
#define WORLD_MAX_TRUTHS 4000

struct world {
	struct peer peer;   /* first but one: what a simulated reader hands back */
	struct asker asker; /* likewise a simulated card */
	const struct scenario *s;
	struct clock_virtual clock;
	struct fault fault;
	OSSL_LIB_CTX *lib;
	struct target target;
	struct rig *rig;
	struct suite *suite;
	struct plan plan;
	struct pump *pump;
	struct journal *journal;
	struct store_run run;
	enum run_end end;
	/* the other side */
	struct device *device;  /* the phone, examined or in front of what is */
	struct vehicle *module; /* as_phone: what is examined */
	struct rng delays;
	bool auth1; /* of the session under way */
	/* bare devices, under fault and spy; NULL while closed */
	struct reader *reader;
	struct card *card;
	uint32_t relays;
	int64_t there_ns; /* the phone, since the coil was switched last */
	struct canbus *bus;
	int node;
	bool woken;
	struct truth truths[WORLD_MAX_TRUTHS];
	int truth_count;
};

/** Load and open everything. @return 0 or an error; world_close in either case */
int world_open(struct world *w, const struct scenario *s, struct err *err);
/** Phone away, all closed; what was seen stays. */
void world_close(struct world *w);
/** The latest one of a kind in a span of time; NULL: none. */
const struct truth *world_find(const struct world *w, enum truth_kind what,
			       int64_t from_ns, int64_t to_ns);
int world_count(const struct world *w, enum truth_kind what, int64_t from_ns,
		int64_t to_ns);

/** Wrap write, fsync and fdatasync (ld --wrap): from now on the plan of the scenario holds for regular files. */
void disk_arm(const struct scenario *s);
void disk_disarm(void);
int disk_strikes(void);

#endif
