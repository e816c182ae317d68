#ifndef BENCH_SCHED_H
#define BENCH_SCHED_H

#include "bench/core/verdict.h"
#include "bench/plan.h"

/*
 * Which attempt is next: case by case, warm-ups first, a trial that the bench spoiled again. Pure.
 */
struct sched {
	const struct plan *plan;
	int case_no;
	int64_t trial;
	int attempt; /* 0: first try */
	bool warmup, started;
};

/** The attempt to make now; valid until sched_done. */
struct sched_slot {
	const struct plan_case *c;
	int case_no;
	int64_t trial;
	int attempt;
	bool warmup, first_of_case;
};

void sched_init(struct sched *s, const struct plan *plan);
/** @return false when nothing is left. */
bool sched_next(struct sched *s, struct sched_slot *slot);
/** How the attempt of the last slot ended. */
void sched_done(struct sched *s, enum outcome outcome);

/** Leave out what is left of the case that sched_next is at. */
void sched_skip(struct sched *s);

#endif
