#ifndef RESULTS_JUDGE_H
#define RESULTS_JUDGE_H

#include "results/tally.h"

/*
 * From what was observed to what may be said: the rules of verdicts, and nothing of how a run is read.
 *
 * A case, in this order:
 *   SKIP          it was planned so
 *   FAIL          an expectation was not met (complaint), a claim fails, an attempt got no answer or was
 *                 REFUSED and no claim judges that (results/tally.h)
 *   BENCH_ERROR   any attempt was, retried or not, in warm-up or not; or trials are missing because the
 *                 run was drained
 *   INCONCLUSIVE  a claim is, trials are missing, or a NO_TAP may have been the bench
 *   PASS          else
 *
 * Where the machine held an emulated desk up (results/tally.h), no FAIL rests on that: a claim that fails is decided once more
 * with every sample less held_up of its attempt, and what got no answer in an attempt held up by more than U as if it had
 * met the claim. When that is no FAIL, the claim is INCONCLUSIVE; so is a case whose attempts without an answer, or without
 * something that was to come in time (.timed), were all held up by more than U. Nothing else changes by it, and no PASS.
 *
 * Complaints of an attempt that ended in BENCH_ERROR are not held against the target.
 *
 * A run is the worst of its cases; at least BENCH_ERROR when it was drained (a device could not be
 * recovered, or not even opened), and at least INCONCLUSIVE when it did not come to its end otherwise.
 */

/**
 * Decide the claims of @c from its samples, then @c itself: .claims[].decision, .verdict, .reason.
 * @param s  the run: its U, its confidence and how it ended
 * @return 0 or ERR_NOMEM
 */
int judge_case(struct summary_case *c, const struct tally *t, const struct summary *s);
/** Of the judged cases and how the run ended: .verdict, .risk_claim, .risk_run. */
void judge_run(struct summary *s);

#endif
