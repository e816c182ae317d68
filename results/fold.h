#ifndef RESULTS_FOLD_H
#define RESULTS_FOLD_H

#include "results/tally.h"

#include <jansson.h>

/*
 * The journal of a run, line by line, into a summary: everything but samples and verdicts, which need to
 * know how the run went on (results/summary.c).
 */

/*
 * Samples go straight into the arrays of the summary, 8 bytes each. Whether a NO_TAP is one is not known
 * when it is read: until a later attempt proves the bench it stands there as a negative number, and
 * what is negative at the end was no sample.
 */
struct fold_case {
	int last_trial, last_attempt; /* -1, -1: none yet */
	enum outcome last_outcome;
	bool claimed[METRIC_COUNT];
	bool last_in[METRIC_COUNT];          /* the last attempt is the last sample */
	size_t undecided_from[METRIC_COUNT]; /* no NO_TAP before it waits */
	size_t order_from, order_cap; /* of tally.order: no NO_TAP before it waits */
	bool share_claimed;
	struct tally_waiting waiting;
	char *skip, *given_up;
	struct tally tally;
};

struct fold {
	struct summary *s;
	struct fold_case *cases; /* as many as s->cases */
	size_t case_cap, note_cap, last_case;
	bool undecided; /* some case has a NO_TAP that waits */
	bool climbing;  /* the last recovery is not at its end */
	bool has_run, has_attempt, has_end;
	const char *path;
};

/** A journal_fn over a struct fold; its errors name file and line. */
int fold_line(void *ctx, json_t *line, int line_no, struct err *err);
/** The journal is over: what is no sample leaves the arrays, and metrics without one leave the cases. */
void fold_samples(struct fold *f);
/** Free what @f holds, but for its summary. */
void fold_release(struct fold *f);
/** Room for one more @item of @size bytes in a growing array, zeroed; ERR_NOMEM. */
int fold_grow(void **array, size_t *cap, size_t count, size_t size);
/** Copy @text, NULL as it is; ERR_NOMEM. */
int fold_keep(char **out, const char *text);

#endif
