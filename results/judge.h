#ifndef RESULTS_JUDGE_H
#define RESULTS_JUDGE_H

#include "results/summary.h"

/*
 * From what was observed to what may be said: the rules of verdicts, and nothing of how a run is read.
 *
 * A case, in this order:
 *   SKIP          it was planned so
 *   FAIL          an expectation was not met (complaint), a claim fails, an attempt was REFUSED without a
 *                 share claim that says how often it may be, an attempt got no answer (RF_ERROR, NO_TAP)
 *                 and there is no claim at all that could judge it
 *   BENCH_ERROR   any counted attempt was, retried or not
 *   INCONCLUSIVE  a claim is, trials are missing, or a NO_TAP may have been the bench
 *   PASS          else
 *
 * Complaints of an attempt that ended in BENCH_ERROR are not held against the target.
 */
struct tally { /* what the rules ask of a case's attempts; warm-up is in none of it */
	const char *skip;              /* why it is not run, or NULL */
	size_t samples[OUTCOME_COUNT]; /* attempts that count in claims */
	size_t silent_refusals;        /* REFUSED without a complaint */
	size_t unanswered; /* RF_ERROR, and NO_TAP with a proven bench; no complaint */
	char first_refusal[160], first_unanswered[160], first_bench_error[160];
};

/**
 * Decide the claims of @c from its samples, then @c itself: .claims[].decision, .verdict, .reason.
 * @return 0 or ERR_NOMEM
 */
int judge_case(struct summary_case *c, const struct tally *t, int64_t u_ns,
	       double confidence);
/** Of the judged cases and how the run ended: .verdict, .risk_claim, .risk_run. */
void judge_run(struct summary *s);

#endif
