#ifndef RESULTS_SERIES_H
#define RESULTS_SERIES_H

#include "results/summary.h"

/*
 * Cases that ask one question, harder each time (a suite's keys series and at): where does it
 * break? Pure.
 *
 * The cases of a series are those of one suite that name it, in the order of the plan. It holds as
 * far as every case up to there is PASS, and breaks at the first one that is FAIL. A case that is
 * neither is open: nothing is known of it.
 */
struct series {
	const struct summary_case *first;       /* whose .suite and .series name it */
	const struct summary_case *holds;       /* NULL: not even the first */
	const struct summary_case *open;        /* the first that is open, or NULL */
	const struct summary_case *last_passed; /* the last that is PASS, or NULL */
	const struct summary_case *breaks;      /* NULL: no case failed */
	size_t count, open_count;
};

/**
 * The next series of @s from case *@at on, which is moved behind its first case.
 *
 * @return false: there is none any more
 */
bool series_next(const struct summary *s, size_t *at, struct series *out);
/** "holds up to 60 %, undecided at 90 %, breaks at 100 %". @return @out */
const char *series_text(const struct series *x, char out[240]);

#endif
