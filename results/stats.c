#include "results/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/*
 * What a sum of a few thousand doubles may be off by: a probability that misses the confidence by
 * less than this is the same number.
 */
#define TOLERANCE 1e-12

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void stats_sort(int64_t *ns, size_t n)
{
	if (n > 1)
		qsort(ns, n, sizeof(*ns), compare);
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

struct place {
	int64_t ns;
	size_t at;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

/* Ranks 1 … n in the order made; equal values share the middle of theirs. NULL: no memory. */
static double *ranks_of(const int64_t *in_order, size_t n)
{
	struct place *places = calloc(n, sizeof(*places));
	double *ranks = calloc(n, sizeof(*ranks));

	if (!places || !ranks) {
		free(places);
		free(ranks);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ in_order[i], i };
	qsort(places, n, sizeof(*places), compare_places);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && places[to].ns == places[from].ns; to++)
			;
		for (size_t i = from; i < to; i++)
			ranks[places[i].at] = (double)(from + 1 + to) / 2;
	}
	free(places);
	return ranks;
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
	double mean = ((double)n + 1) / 2, around = 0, next = 0, z;
	double *ranks;

	if (n < STATS_DEPENDENCE_MIN)
		return d;
	ranks = ranks_of(in_order, n);
	if (!ranks) { /* cannot say, so nothing may be counted on */
		d.effective_n = 0;
		return d;
	}
	for (size_t i = 0; i < n; i++) {
		around += (ranks[i] - mean) * (ranks[i] - mean);
		if (i + 1 < n)
			next += (ranks[i] - mean) * (ranks[i + 1] - mean);
	}
	free(ranks);
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
