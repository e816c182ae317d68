#include "results/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a sum of a few thousand doubles may be off by: a probability that misses the confidence by
 * less than this is the same number.
 */
#define TOLERANCE 1e-12

/* Let @ns[@at] sink to where both below it are smaller. */
static void sink_down(int64_t *ns, size_t at, size_t n)
{
	int64_t value = ns[at];
	size_t below;

	while ((below = 2 * at + 1) < n) {
		if (below + 1 < n && ns[below + 1] > ns[below])
			below++;
		if (ns[below] <= value)
			break;
		ns[at] = ns[below];
		at = below;
	}
	ns[at] = value;
}

/* Heapsort: in place (qsort takes as much memory again), and no order of the input makes it slow. */
void stats_sort(int64_t *ns, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sink_down(ns, i, n);
	for (size_t end = n; end-- > 1;) {
		int64_t largest = ns[0];

		ns[0] = ns[end];
		ns[end] = largest;
		sink_down(ns, 0, end);
	}
}

/* Smallest whole number not below @x, forgiving the last digits of a product such as 0.95 * 60. */
static size_t ceil_rank(double x)
{
	double nearest = round(x);

	return (size_t)(fabs(x - nearest) < 1e-9 * fmax(1, nearest) ? nearest : ceil(x));
}

int64_t stats_quantile(const int64_t *sorted, size_t n, double q)
{
	size_t rank = ceil_rank(q * (double)n);

	assert(n > 0);
	if (rank < 1)
		rank = 1;
	return sorted[(rank > n ? n : rank) - 1];
}

bool stats_quantile_printable(size_t n, double q)
{
	return (double)n * (1 - q) >= 1 - 1e-9;
}

/* Probability of exactly @k of @n, each with probability 0 < @p < 1. */
static double binomial_term(size_t n, size_t k, double p)
{
	double all = (double)n, hits = (double)k, log_ways;
	int sign;

	log_ways = lgamma_r(all + 1, &sign) - lgamma_r(hits + 1, &sign) -
		   lgamma_r(all - hits + 1, &sign);
	return exp(log_ways + hits * log(p) + (all - hits) * log1p(-p));
}

/* The terms k, k+1 … n; falling ones, for k lies above the mean. */
static double sum_up(size_t n, size_t k, double p)
{
	double term = binomial_term(n, k, p), sum = term, odds = p / (1 - p);

	for (size_t i = k; i < n && term > sum * 1e-18; i++) {
		term *= (double)(n - i) / (double)(i + 1) * odds;
		sum += term;
	}
	return sum;
}

/* The terms k, k-1 … 0; falling ones, for k lies below the mean. */
static double sum_down(size_t n, size_t k, double p)
{
	double term = binomial_term(n, k, p), sum = term, odds = (1 - p) / p;

	for (size_t i = k; i > 0 && term > sum * 1e-18; i--) {
		term *= (double)i / (double)(n - i + 1) * odds;
		sum += term;
	}
	return sum;
}

/* Probability of @k or more of @n; the smaller side is the one summed, so neither loses digits. */
static double at_least(size_t n, size_t k, double p)
{
	if (k == 0)
		return 1;
	if (k > n)
		return 0;
	if ((double)k > (double)n * p)
		return fmin(1, sum_up(n, k, p));
	return fmax(0, 1 - sum_down(n, k - 1, p));
}

static double at_most(size_t n, size_t k, double p)
{
	if (k >= n)
		return 1;
	if ((double)k < (double)n * p)
		return fmin(1, sum_down(n, k, p));
	return fmax(0, 1 - sum_up(n, k + 1, p));
}

static bool sensible(double share, double confidence)
{
	return share > 0 && share < 1 && confidence > 0 && confidence < 1;
}

size_t stats_upper_rank(size_t n, double q, double confidence)
{
	double risk = 1 - confidence + TOLERANCE;
	size_t low = 0, high = n;

	/* The r-th value lies below the quantile when r or more of n do. */
	if (!sensible(q, confidence) || n == 0 || at_least(n, n, q) > risk)
		return 0;
	while (high - low > 1) { /* holds at high, not at low */
		size_t middle = low + (high - low) / 2;

		if (at_least(n, middle, q) <= risk)
			high = middle;
		else
			low = middle;
	}
	return high;
}

size_t stats_lower_rank(size_t n, double q, double confidence)
{
	double risk = 1 - confidence + TOLERANCE;
	size_t low = 0, high = n + 1;

	/* The r-th value lies above the quantile when fewer than r of n lie below it. */
	if (!sensible(q, confidence) || n == 0)
		return 0;
	while (high - low > 1) { /* holds at low (0: no bound), not at high */
		size_t middle = low + (high - low) / 2;

		if (at_most(n, middle - 1, q) <= risk)
			low = middle;
		else
			high = middle;
	}
	return low;
}

size_t stats_trials_needed(double q, double confidence)
{
	double needed;
	size_t n;

	if (!sensible(q, confidence))
		return SIZE_MAX;
	needed = log1p(-confidence) / log(q);
	if (needed > 1e15)
		return SIZE_MAX;
	n = needed < 2 ? 1 : (size_t)needed - 1;
	while (pow(q, (double)n) > 1 - confidence + TOLERANCE)
		n++;
	return n;
}

double stats_share_lower(size_t k, size_t n, double confidence)
{
	double low = 0, high = 1;

	assert(k <= n);
	if (k == 0)
		return 0;
	for (int i = 0; i < 80; i++) {
		double middle = low + (high - low) / 2;

		if (middle > 0 && at_least(n, k, middle) > 1 - confidence)
			high = middle;
		else
			low = middle;
	}
	return low;
}

double stats_share_upper(size_t k, size_t n, double confidence)
{
	double low = 0, high = 1;

	assert(k <= n);
	if (k == n)
		return 1;
	for (int i = 0; i < 80; i++) {
		double middle = low + (high - low) / 2;

		if (middle < 1 && at_most(n, k, middle) > 1 - confidence)
			low = middle;
		else
			high = middle;
	}
	return high;
}

void stats_share_bounds(size_t k, size_t n, size_t effective_n, double confidence,
			double *lower, double *upper)
{
	size_t m = effective_n < n ? effective_n : n;
	double scaled = (double)k * ((double)m / (double)n);

	*lower = 0;
	*upper = 1;
	if (m == 0)
		return;
	*lower = stats_share_lower(m == n ? k : (size_t)scaled, m, confidence);
	*upper = stats_share_upper(m == n ? k : (size_t)fmin(ceil(scaled), (double)m), m,
				   confidence);
}

struct stats_bounds stats_bounds(const int64_t *sorted, size_t n, size_t effective_n,
				 double q, double confidence)
{
	struct stats_bounds b = { .estimate_ns = stats_quantile(sorted, n, q),
				  .upper_ns = STATS_INFINITE };
	size_t m = effective_n < n ? effective_n : n;
	size_t upper = stats_upper_rank(m, q, confidence);
	size_t lower = stats_lower_rank(m, q, confidence);

	/* With m < n: the place among n that lies as far out as that rank does among m. */
	if (upper)
		b.upper_rank = ceil_rank((double)upper * (double)n / (double)m);
	if (lower)
		b.lower_rank = (size_t)((double)(lower - 1) * (double)n / (double)m) + 1;
	if (upper)
		b.upper_ns = sorted[b.upper_rank - 1];
	if (lower)
		b.lower_ns = sorted[b.lower_rank - 1];
	return b;
}

/* How many of the sorted values lie below @ns, or (@or_equal) not above it. */
static size_t count_below(const int64_t *sorted, size_t n, int64_t ns, bool or_equal)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted[middle] < ns || (or_equal && sorted[middle] == ns))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Among 1 … n; equal values share the middle of their ranks. */
static double rank_of(const int64_t *sorted, size_t n, int64_t ns)
{
	return (double)(count_below(sorted, n, ns, false) + 1 +
			count_below(sorted, n, ns, true)) /
	       2;
}

/* Variance of the lag-1 rank autocorrelation when every order is equally likely. */
static double rank_variance(double n)
{
	return ((((5 * n - 14) * n - 9) * n + 26) * n + 16) /
	       (5 * (n - 1) * (n - 1) * n * n * (n + 1));
}

struct stats_dependence stats_dependence(const int64_t *in_order, size_t n)
{
	struct stats_dependence d = { .p = 1, .effective_n = n };
	double mean = ((double)n + 1) / 2, around = 0, next = 0, before = 0, z;
	int64_t *sorted;

	if (n < STATS_DEPENDENCE_MIN)
		return d;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted) { /* cannot say, so nothing may be counted on */
		d.effective_n = 0;
		return d;
	}
	memcpy(sorted, in_order, n * sizeof(*sorted));
	stats_sort(sorted, n);
	for (size_t i = 0; i < n; i++) {
		double from_mean = rank_of(sorted, n, in_order[i]) - mean;

		around += from_mean * from_mean;
		next += before * from_mean; /* the first has none before it: 0 */
		before = from_mean;
	}
	free(sorted);
	if (around <= 0) /* all equal */
		return d;
	d.rho = next / around;
	z = (d.rho + 1 / (double)n) / sqrt(rank_variance((double)n));
	d.p = erfc(fabs(z) / sqrt(2));
	d.significant = d.p < 0.01;
	if (d.significant && d.rho > 0)
		d.effective_n = (size_t)((double)n * (1 - d.rho) / (1 + d.rho));
	return d;
}

/* Of n over k; minus infinity where there is none. */
static double log_choose(double n, double k)
{
	int sign;

	if (k < 0 || k > n)
		return -INFINITY;
	return lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) -
	       lgamma_r(n - k + 1, &sign);
}

/* Probability of exactly @runs runs of @yes and @no when every order is equally likely. */
static double runs_term(double yes, double no, size_t runs)
{
	double all = log_choose(yes + no, yes), half = (double)(runs / 2);

	if (runs % 2 == 0)
		return 2 * exp(log_choose(yes - 1, half - 1) +
			       log_choose(no - 1, half - 1) - all);
	return exp(log_choose(yes - 1, half) + log_choose(no - 1, half - 1) - all) +
	       exp(log_choose(yes - 1, half - 1) + log_choose(no - 1, half) - all);
}

/* Two-sided: twice the smaller side. */
static double runs_p(double yes, double no, size_t runs)
{
	size_t most = (size_t)(2 * fmin(yes, no)) + 1;
	double few = 0, many = 0;

	for (size_t r = 2; r <= most; r++) {
		double term = runs_term(yes, no, r);

		few += r <= runs ? term : 0;
		many += r >= runs ? term : 0;
	}
	return fmin(1, 2 * fmin(few, many));
}

struct stats_dependence stats_dependence_binary(const bool *in_order, size_t n)
{
	struct stats_dependence d = { .p = 1, .effective_n = n };
	double mean, around, next = 0;
	size_t yes = 0, runs = 1;

	for (size_t i = 0; i < n; i++)
		yes += in_order[i];
	if (n < STATS_DEPENDENCE_MIN || yes == 0 || yes == n)
		return d;
	mean = (double)yes / (double)n;
	around = (double)n * mean * (1 - mean);
	for (size_t i = 1; i < n; i++) {
		runs += in_order[i] != in_order[i - 1];
		next += (in_order[i] - mean) * (in_order[i - 1] - mean);
	}
	d.rho = next / around;
	d.p = runs_p((double)yes, (double)(n - yes), runs);
	d.significant = d.p < 0.01;
	if (d.significant && d.rho > 0)
		d.effective_n = (size_t)((double)n * (1 - d.rho) / (1 + d.rho));
	return d;
}
