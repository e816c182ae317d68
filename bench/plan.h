#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include "results/claim.h"
#include "suites/suite.h"

/*
 * The plan: suites and what the rig has, folded into cases in order. Pure; nothing has moved yet.
 *
 * What can never come true is refused here: an unknown metric, a claim its trials can never support.
 */
#define PLAN_MAX_CASES 256
#define PLAN_CONFIDENCE 0.95

struct plan_case {
	const struct suite *suite;
	const struct suite_case *c;
	int64_t trials; /* of the suite, or --trials */
	struct claim claims[SUITE_MAX_CLAIMS];
	char skip[120]; /* why it will not run, or "" */
	/* the steps of the case that this rig can do: all, but for what the suite only wants */
	const struct suite_step *steps[SUITE_MAX_STEPS];
	int step_count;
	char left_out[160]; /* "can_send, can_cyclic: the rig has no bus", or "" */
};

struct plan {
	struct plan_case *cases;
	int count;
	double confidence;
	int64_t attempts; /* trials and warm-ups of all cases that will run */
};

/**
 * @param rig_has    NEED_ bits of the rig; a case that needs more is planned as SKIP
 * @param dbc        what the frames of its bus mean; NULL where the rig says nothing
 * @param trials     > 0: instead of every case's own count
 * @return 0, or ERR_FORMAT at the claim or the count that is wrong. Free with plan_free.
 */
int plan_make(struct plan *out, struct suite *const *suites, int suite_count,
	      unsigned rig_has, const struct dbc *dbc, int64_t trials, struct err *err);
void plan_free(struct plan *p);

#endif
