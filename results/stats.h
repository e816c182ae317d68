#ifndef RESULTS_STATS_H
#define RESULTS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Exact order statistics for verdicts: distribution-free, one-sided, at a stated confidence. A missing
 * latency is STATS_INFINITE and sorts last.
 *
 * Source: order-statistic bounds for quantiles (H. A. David, Order Statistics, 7.1), Clopper-Pearson for
 * shares; both from the binomial distribution, computed here in logarithms.
 */
#define STATS_INFINITE INT64_MAX

/** Sort in place, ascending. */
void stats_sort(int64_t *ns, size_t n);
/** Nearest-rank quantile of sorted values; 0 < q <= 1; n > 0. */
int64_t stats_quantile(const int64_t *sorted, size_t n, double q);
/**
 * Rank (1-based) of the order statistic that is an upper bound of quantile @q with @confidence.
 * @return 0 when n is too small for any.
 */
size_t stats_upper_rank(size_t n, double q, double confidence);
/** The same for the lower bound; 0 when there is none. */
size_t stats_lower_rank(size_t n, double q, double confidence);
/** Fewest trials with which quantile @q can have an upper bound: 59 for 0.95 at 95 %. */
size_t stats_trials_needed(double q, double confidence);
/** One-sided Clopper-Pearson bounds of a share, @k of @n. */
double stats_share_lower(size_t k, size_t n, double confidence);
double stats_share_upper(size_t k, size_t n, double confidence);

/** Are trials, in the order they were made, independent? */
struct stats_dependence {
	double rho;         /* lag-1 rank autocorrelation, -1 .. 1 */
	double p;           /* two-sided p-value under independence */
	bool significant;   /* p < 0.01 */
	size_t effective_n; /* trials to count on: n unless significantly positive */
};
struct stats_dependence stats_dependence(const int64_t *in_order, size_t n);

#endif
