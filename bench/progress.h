#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include "bench/sched.h"

/*
 * Live progress on stderr: one updating line on a terminal, one line per finished case in a pipe.
 */
struct progress;

struct progress *progress_new(const struct plan *plan);
void progress_free(struct progress *p); /* takes NULL; ends the line */
/** An attempt of @slot ended. @param ns  its latency in the case's first claimed metric, or -1 */
void progress_attempt(struct progress *p, const struct sched_slot *slot,
		      enum outcome outcome, int64_t ns);
/** The metric whose quantiles are shown for a case: its first claim's, else "tap". */
int progress_metric(const struct plan_case *c);

#endif
