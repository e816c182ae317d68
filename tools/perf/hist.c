#include "tools/perf/perf.h"

#include "bench/core/rng.h"
#include "results/hist.h"
#include "results/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define VALUES 1000000
#define PASSES 5 /* the fastest counts: what else the machine does only adds */

static int64_t now(void)
{
	return clock_now(clock_real());
}

/* Latencies as phones have them: around 110 ms, and a long tail. */
static void draw(int64_t *ns, int n)
{
	struct rng rng;

	rng_init(&rng, 1, "perf.hist");
	for (int i = 0; i < n; i++) {
		ns[i] = llround(110e6 * exp(0.2 * rng_normal(&rng)));
		if (rng_below(&rng, 100) == 0)
			ns[i] += (int64_t)rng_below(&rng, 300 * NS_PER_MS);
	}
}

static double record_cost(struct hist *h, const int64_t *ns, int n)
{
	double best = HUGE_VAL;

	for (int pass = 0; pass < PASSES; pass++) {
		int64_t from = now();

		for (int i = 0; i < n; i++)
			hist_add(h, ns[i]);
		best = fmin(best, (double)(now() - from) / n);
	}
	return best;
}

/* Of the least that is done for every latency: reading the clock once. */
static double clock_cost(int n)
{
	double best = HUGE_VAL;
	volatile int64_t sink = 0;

	for (int pass = 0; pass < PASSES; pass++) {
		int64_t from = now();

		for (int i = 0; i < n; i++)
			sink = now();
		best = fmin(best, (double)(now() - from) / n);
	}
	(void)sink;
	return best;
}

static void tell_errors(struct perf *p, const struct hist *h, int64_t *ns, int n)
{
	static const double quantiles[] = { 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999 };
	double worst = 0;
	struct row *r = table_row(p->table, "histogram: largest error of p50 to p99.99");

	stats_sort(ns, (size_t)n);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		double exact = (double)stats_quantile(ns, (size_t)n, quantiles[i]);
		double seen = (double)hist_quantile(h, quantiles[i]);

		worst = fmax(worst, fabs(seen - exact) / exact);
	}
	snprintf(r->measured, sizeof(r->measured), "%.4f %%", 100 * worst);
	snprintf(r->reference, sizeof(r->reference), "exact quantiles of %d samples", n);
	snprintf(r->aim, sizeof(r->aim), "<= 0.1 %%");
	r->missed = worst > 1e-3;
}

int perf_hist(struct perf *p, struct err *err)
{
	int n = perf_count(p, VALUES), rc;
	int64_t *ns = calloc((size_t)n, sizeof(*ns));
	struct hist h = { 0 };
	double record, clock;
	char time[24];
	struct row *r;

	rc = ns ? hist_init(&h, HIST_LOWEST_NS, HIST_HIGHEST_NS, HIST_DIGITS) : ERR_NOMEM;
	if (rc) {
		free(ns);
		return err_set(err, rc, "no memory");
	}
	draw(ns, n);
	record = record_cost(&h, ns, n);
	clock = clock_cost(n);
	r = table_row(p->table, "histogram: recording one value");
	row_time(r->measured, sizeof(r->measured), record);
	row_time(time, sizeof(time), clock);
	snprintf(r->reference, sizeof(r->reference), "%s one reading of the clock", time);
	row_ratio(r, record / clock, 0);
	tell_errors(p, &h, ns, n);
	hist_release(&h);
	free(ns);
	return 0;
}
