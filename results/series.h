#ifndef RESULTS_SERIES_H
#define RESULTS_SERIES_H

#include "results/summary.h"

/*
 * Cases that ask one question, harder each time (a suite's keys series and at): where does it break? Pure.
 *
 * The cases of a series are those of one suite that name it, in the order of the plan. It holds as far as every
 * case up to there is PASS, and breaks at the first one that is FAIL; what lies between is open.
 */
struct series {
	const struct summary_case *first;  /* whose .suite and .series name it */
	const struct summary_case *holds;  /* NULL: not even the first */
	const struct summary_case *breaks; /* NULL: no case failed */
	size_t count;
	bool again; /* a case behind the one that broke it is PASS: the cases do not grow harder, or luck */
};

/**
 * The next series of @s from case *@at on, which is moved behind its first case.
 *
 * @return false: there is none any more
 */
bool series_next(const struct summary *s, size_t *at, struct series *out);
/** "holds up to 90 %, breaks at 100 %". @return @out */
const char *series_text(const struct series *x, char out[240]);

#endif
