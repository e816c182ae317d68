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
 * shares; both from the binomial distribution, computed here in logarithms. Serial dependence: mean and
 * variance of a rank autocorrelation under randomness, Dufour and Roy (1985); effective size of a
 * first-order autoregressive series or two-state Markov chain, n (1 - rho) / (1 + rho). Runs of yes and
 * no: exact distribution, Wald and Wolfowitz (1940).
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
/**
 * May quantile @q be named from @n samples? Not when its rank could only be the largest or be missed
 * altogether: p50 needs 2 samples, p90 10, p95 20, p99 100.
 */
bool stats_quantile_printable(size_t n, double q);
/** Fewest trials with which quantile @q can have an upper bound: 59 for 0.95 at 95 %. */
size_t stats_trials_needed(double q, double confidence);
/** One-sided Clopper-Pearson bounds of a share, @k of @n. */
double stats_share_lower(size_t k, size_t n, double confidence);
double stats_share_upper(size_t k, size_t n, double confidence);

/** What may be said of quantile @q. */
struct stats_bounds {
	int64_t estimate_ns;           /* the sample quantile */
	int64_t lower_ns, upper_ns;    /* 0 and STATS_INFINITE when there is none */
	size_t lower_rank, upper_rank; /* 1-based among the n values; 0: none */
};
/**
 * One-sided bounds of quantile @q, each with @confidence, from n > 0 sorted values that are worth
 * @effective_n independent ones: the ranks are those of effective_n, scaled outwards to n.
 */
struct stats_bounds stats_bounds(const int64_t *sorted, size_t n, size_t effective_n,
				 double q, double confidence);

/** Are trials, in the order they were made, independent? Too few to ask below this many: then yes. */
#define STATS_DEPENDENCE_MIN 10
struct stats_dependence {
	double rho;         /* lag-1 rank autocorrelation, -1 .. 1 */
	double p;           /* two-sided p-value under independence */
	bool significant;   /* p < 0.01 */
	size_t effective_n; /* trials to count on: n unless significantly positive */
};
struct stats_dependence stats_dependence(const int64_t *in_order, size_t n);
/**
 * The same for yes and no, by the exact distribution of the number of runs given how many were yes: rare
 * events are far from what the ranks' approximation is good for. Too many runs and too few are both
 * significant; .rho is the lag-1 autocorrelation. All equal: nothing speaks against independence.
 */
struct stats_dependence stats_dependence_binary(const bool *in_order, size_t n);
/**
 * Clopper-Pearson bounds, each one-sided, of a share @k of @n > 0 attempts that are worth @effective_n
 * independent ones: the share is rounded away from what the bound is to show.
 */
void stats_share_bounds(size_t k, size_t n, size_t effective_n, double confidence,
			double *lower, double *upper);

#endif
