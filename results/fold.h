#ifndef RESULTS_FOLD_H
#define RESULTS_FOLD_H

#include "results/judge.h"

#include <jansson.h>

/*
 * The journal of a run, line by line, into a summary: everything but samples and verdicts, which need to
 * know how the run went on (results/summary.c).
 */

/* One counted attempt, as much of it as the samples need. */
struct seen {
	enum outcome outcome;
	bool retried;  /* a later attempt of the trial exists */
	bool unproven; /* a NO_TAP that may have been the bench */
	int64_t ns[METRIC_COUNT];
};

struct fold_case {
	struct seen *seen;
	size_t count, cap;
	int last_trial, last_attempt; /* -1, -1: none yet */
	char *skip;
	struct tally tally;
};

/* A NO_TAP that waits for the attempt that proves the bench. */
struct waiting {
	size_t case_index, seen_index;
};

struct fold {
	struct summary *s;
	struct fold_case *cases; /* as many as s->cases */
	size_t case_cap, note_cap, last_case;
	struct waiting *waiting;
	size_t waiting_count, waiting_cap;
	bool has_run, has_attempt, has_end;
	const char *path;
};

/** A journal_fn over a struct fold; its errors name file and line. */
int fold_line(void *ctx, json_t *line, int line_no, struct err *err);
/** Free what @f holds, but for its summary. */
void fold_release(struct fold *f);
/** Room for one more @item of @size bytes in a growing array, zeroed; ERR_NOMEM. */
int fold_grow(void **array, size_t *cap, size_t count, size_t size);
/** Copy @text, NULL as it is; ERR_NOMEM. */
int fold_keep(char **out, const char *text);

#endif
