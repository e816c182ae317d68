#ifndef RESULTS_CLAIM_H
#define RESULTS_CLAIM_H

#include "bench/core/err.h"
#include "bench/core/verdict.h"
#include "results/stats.h"

/*
 * A claim: "p95(tap) <= 300 ms" or "share(DONE) >= 99 %", and its decision on raw samples.
 *
 * A quantile claim is PASS if the upper confidence bound + U is within the limit, FAIL if the lower bound
 * - U is above it, else INCONCLUSIVE (guard band for the systematic part of the uncertainty, ILAC-G8;
 * scatter is in the quantile already). A share claim has no U.
 */
enum claim_type {
	CLAIM_QUANTILE,
	CLAIM_SHARE
};

struct claim {
	enum claim_type type;
	char text[120];       /* as written, ${…} filled in */
	double q;             /* quantile: 0.95 for p95 */
	char metric[28];      /* quantile: a name of results/metric.h */
	int64_t limit_ns;     /* quantile */
	enum outcome outcome; /* share */
	double share;         /* share: at least this */
};

/**
 * Parse @text, ${…} already filled in. Grammar: pN(metric) <= TIME with N 1 … 99.99, and
 * share(OUTCOME) >= PERCENT. ERR_FORMAT says what is allowed (without a place: the caller knows it).
 * A max(…) is refused: no number of trials supports it.
 */
int claim_parse(struct claim *out, const char *text, struct err *err);
/** Fewest trials with which it can ever be PASS. */
size_t claim_trials_needed(const struct claim *c, double confidence);

struct claim_decision {
	enum verdict verdict;
	size_t n;                      /* samples, infinite ones included */
	size_t effective_n;            /* what the bounds were computed with */
	int64_t estimate_ns;           /* the sample quantile; STATS_INFINITE possible */
	int64_t upper_ns;              /* bound; STATS_INFINITE also when there is none */
	int64_t lower_ns;              /* bound; 0 when there is none */
	size_t upper_rank, lower_rank; /* of the bounds among n, 1-based; 0: none */
	double share, share_lower, share_upper;
	int64_t u_ns;
	double confidence;
	struct stats_dependence dependence;
	char why[160]; /* one line: the decision rule with its numbers */
};

/**
 * Decide a quantile claim. @param in_order  samples as made, infinite ones included; not changed.
 * @return 0 or ERR_NOMEM
 */
int claim_decide(struct claim_decision *out, const struct claim *c,
		 const int64_t *in_order, size_t n, int64_t u_ns, double confidence);
/** Decide a share claim. @param in_order  attempts as made: true where it had the outcome */
void claim_decide_share(struct claim_decision *out, const struct claim *c,
			const bool *in_order, size_t n, double confidence);

#endif
