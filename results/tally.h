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
	size_t doubtful; /* of them, held up by the machine for longer than U */
	char first[200]; /* what the first of them said */
};

/*
 * What the machine did to an emulated desk. Where it held the desk up by more than U in an attempt (held_up,
 * bench/core/attempt.h), an answer that did not come in time may have been kept away by that.
 */
#define TALLY_DOUBTFUL 0x40 /* beside an outcome in .order */
/** How long in all, ns; 0: not at all. */
int64_t tally_held_up(const struct attempt *a);
/** Did it end without an answer, and may the machine be why? */
bool tally_is_doubtful(const struct attempt *a, int64_t u_ns);

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

/** One attempt of @c, @u_ns the run's U; a NO_TAP goes to @w. Marks the claims that excuse it (.excused). */
void tally_attempt(struct tally *t, struct tally_waiting *w, struct summary_case *c,
		   const struct record_attempt *r, int64_t u_ns);
/** What waits is decided. */
void tally_decide(struct tally *t, struct tally_waiting *w, bool proven);

#endif
