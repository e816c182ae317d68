#ifndef RESULTS_HIST_H
#define RESULTS_HIST_H

#include "bench/core/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Latency histogram, for looking at and for exchange with other tools; verdicts use the raw samples
 * (results/stats.h).
 *
 * Laid out as HdrHistogram does it, so that its encodings are ours: buckets that double in range, each of
 * as many equal steps as the significant digits need; the lower half of a bucket is the range of the one
 * before and left out. With 3 digits a step is at most 1/1000 of its values.
 * Source: HdrHistogram (G. Tene), public domain, its published layout and encodings.
 */
struct hist {
	int64_t lowest, highest; /* as asked: told apart from 0; at least trackable */
	int digits;              /* significant, 1 … 5 */
	int unit_magnitude;      /* log2 of the finest step */
	int half_magnitude;      /* log2 of half the steps of a bucket */
	int64_t *counts;
	size_t counts_len;
	int64_t total;
	int64_t min, max; /* exact; meaningless while total is 0 */
	int64_t over;     /* values that lie beyond, not in total */
};

/* What we use for latencies: from 1 us to an hour. */
#define HIST_LOWEST_NS 1000
#define HIST_HIGHEST_NS INT64_C(3600000000000)
#define HIST_DIGITS 3

/**
 * Empty. ERR_RANGE unless 1 <= @lowest, 2 * @lowest <= @highest <= 2^61, 1 <= @digits <= 5 and it takes less
 * than 2^22 counts; ERR_NOMEM. Free with hist_release.
 */
int hist_init(struct hist *h, int64_t lowest, int64_t highest, int digits);
void hist_release(struct hist *h); /* takes a zeroed one */

/** Count @value (>= 0) once. */
void hist_add(struct hist *h, int64_t value);
/**
 * The value that a share @q of the counted ones does not exceed (nearest rank).
 * @param q  0 < q <= 1
 * @return   the upper edge of its step, never too low; -1 when total is 0
 */
int64_t hist_quantile(const struct hist *h, double q);
/** From the middles of the steps; 0 when total is 0. */
double hist_mean(const struct hist *h);

/** Where @value is counted: below counts_len when it is trackable. */
size_t hist_index(const struct hist *h, int64_t value);
/** Lower edge of step @index, and its width. */
int64_t hist_value(const struct hist *h, size_t index);
int64_t hist_width(const struct hist *h, size_t index);

#endif
