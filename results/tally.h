#ifndef RESULTS_TALLY_H
#define RESULTS_TALLY_H

#include "results/record.h"
#include "results/summary.h"

/*
 * What may be held against a case, attempt by attempt. Warm-up is counted here as well: it is no sample and
 * no trial, but a fault in it is a fault.
 *
 * An attempt without an answer (RF_ERROR, a NO_TAP with a proven bench), or with a plain no (REFUSED without
 * a complaint), is excused only by a claim of the case that judges it: any share(...), or a quantile of a
 * metric that ends the attempt and that this attempt therefore lacks. A claim on an early metric says
 * nothing of what comes after it.
 */
struct trouble { /* attempts with the same fault */
	size_t count, in_warmup;
	char first[200]; /* what the first of them said */
};

struct tally {
	const char *skip; /* why it is not run, or NULL */
	const char *
		given_up; /* why the rest of it was left out when the run was resumed, or NULL */
	uint8_t *
		order; /* outcomes of the samples as made; only where a share claim asks */
	size_t order_n;
	struct trouble complaints, bench_errors;
	struct trouble refused, unanswered; /* that no claim excuses */
	struct trouble unproven;            /* NO_TAP with a bench that nothing proves */
};

/** NO_TAPs whose bench is not proven yet. */
struct tally_waiting {
	struct trouble all, open; /* open: no claim excuses it */
};

/** One attempt of @c; a NO_TAP goes to @w. Marks the claims that excuse it (.excused). */
void tally_attempt(struct tally *t, struct tally_waiting *w, struct summary_case *c,
		   const struct record_attempt *r);
/** What waits is decided. */
void tally_decide(struct tally *t, struct tally_waiting *w, bool proven);

#endif
