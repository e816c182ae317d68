#ifndef BENCH_FAULTS_CAMPAIGN_H
#define BENCH_FAULTS_CAMPAIGN_H

#include "bench/core/verdict.h"
#include "bench/rig_fault.h"

/*
 * The fault campaign: many runs of the bench, each with one thing in it that goes wrong, and each held against the
 * record of what really happened in its world.
 *
 * What must hold whatever goes wrong:
 *   - it ends: in process within a bound of virtual time and of a watchdog's, on the desk within a watchdog's;
 *   - nothing is held against an honest target for what the bench did, and nothing clears a bad one;
 *   - every tap that really happened is in the journal, and every planned case; the chain holds;
 *   - the phone is away and the relays are off at the end;
 *   - the exit status is that of the verdict.
 */
enum campaign_place {
	PLACE_PROCESS, /* all in this process, on a virtual clock */
	PLACE_DESK     /* the program keybench on the emulated desk */
};

enum campaign_phone { /* what is examined: the truth that no fault of the bench may turn round */
	PHONE_HONEST,
	PHONE_SLOW, /* its latency is beyond the limit, by far */
	PHONE_LIAR  /* its signature does not verify */
};

/*
 * Beside the roles of the bench: the disk, which writes the journal, and what the desk itself does, its chip and its phone
 * (keybench-emu(1)).
 */
#define CAMPAIGN_DISK RIG_ROLE_COUNT
#define CAMPAIGN_CHIP (RIG_ROLE_COUNT + 1)
#define CAMPAIGN_ROLES (RIG_ROLE_COUNT + 2)
extern const char *const campaign_role_names[CAMPAIGN_ROLES];
/* Beside the faults of drivers: the n-th write finds the disk full, the n-th fsync fails; and then the chip's. */
#define FAULT_DISK_FULL FAULT_KIND_COUNT
#define FAULT_FSYNC (FAULT_KIND_COUNT + 1)
#define FAULT_CHIP (FAULT_KIND_COUNT + 2)
#define CAMPAIGN_KINDS (FAULT_CHIP + 16)
extern const char *const campaign_kind_names[CAMPAIGN_KINDS];

struct scenario {
	int id; /* within its campaign, from 1 */
	enum campaign_place place;
	int role, kind;
	bool as_phone; /* arrangement B: a vehicle module is examined */
	enum campaign_phone phone;
	struct fault_plan plan; /* .kind is not used for the disk's and the chip's */
	uint64_t seed;
};
/** "#12 reader/hang, exchange 9, honest phone, seed 7". */
const char *scenario_text(const struct scenario *s, char out[200]);
/** Is it the target that does it, and not the bench? (drivers/wrap/fault.h) */
bool scenario_is_targets(const struct scenario *s);

/* What a scenario came to. */
struct finding {
	bool made; /* it was run at all */
	bool wrong;
	char text[400]; /* what was wrong, the first thing of it */
	enum verdict verdict;
	int attempts, outcomes[OUTCOME_COUNT];
	int recoveries; /* rungs that held */
	int strikes;
	/*
	 * Attempts that went wrong without a fault, said that something came late, and in which the desk wrote down that the
	 * machine had held it up by more than U: neither the bench's fault nor the campaign's.
	 */
	int late;
	bool drained;
};
void finding_wrong(struct finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** All scenarios of a seed in one place, in order. @param room  of @out @return how many there are */
int campaign_plan(struct scenario *out, int room, enum campaign_place place,
		  uint64_t seed);

/** The verdict against the truth: what was examined, whose fault struck. */
void finding_judge(struct finding *f, const struct scenario *s);

/** In a child of its own: one run in this process, judged. @param dir  an empty folder for it */
void process_run(const struct scenario *s, const char *dir, struct finding *f);
/** Drive the program: a desk of its own. @param dir  an empty folder for it */
void desk_run(const struct scenario *s, const char *dir, struct finding *f);

#endif
