#ifndef RESULTS_METRIC_H
#define RESULTS_METRIC_H

#include "bench/core/attempt.h"

/*
 * Metrics: differences of an attempt's points, or one of its values.
 */
struct metric {
	const char *name; /* "tap" */
	const char *
		help; /* one line, printed by `keybench list --metrics` and in the man page */
	bool decides; /* may stand in a claim: an attempt without it counts as +infinity */
	bool ends; /* reaches to the end of an attempt: what fails on the way has none */
};

#define METRIC_COUNT 22
/** Ended by a row without name. In the order reports show them. */
extern const struct metric metrics[];
/** -1 when there is none of that name. */
int metric_find(const char *name);
/**
 * @return ns; -1 when the attempt has no such metric, or its points or values contradict each other (an
 * answer before its command): a number that cannot be stood behind is none
 */
int64_t metric_of(int metric, const struct attempt *a);

#endif
