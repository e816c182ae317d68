#ifndef RESULTS_REPORT_REPORT_H
#define RESULTS_REPORT_REPORT_H

#include "results/summary.h"

/*
 * What the renderers share. A rendering depends on the run folder alone: not on the locale, the time or the
 * place where it is made.
 */
#define REPORT_SIMULATED \
	"SIMULATED: nothing here was measured on real hardware, nor says anything of it"

/** Of runs that swept places alone; for others the rendering is empty. */
bool report_is_map(const struct renderer *r);

/** Samples in ascending order, the caller's to free; NULL: no memory. */
int64_t *report_sorted(const struct summary_samples *s);
/** How many of ascending values are not infinite. */
size_t report_finite(const int64_t *sorted, size_t n);
/** The metric that a quantile claim is about, else -1. */
int report_claim_metric(const struct claim *c);

/** What a bar chart is drawn from. */
struct chart {
	const int64_t *sorted; /* n > 0 */
	size_t n;
	const int64_t *limits_ns; /* marked where they lie */
	size_t limit_count;
};
/** Append @c as rows of bars, at most @o->width columns (40 or more) wide (chart.c). */
void chart_put(struct buf *out, const struct chart *c, const struct render_options *o);

typedef int report_render(const struct summary *s, const struct store_run *run,
			  const struct render_options *o, struct buf *out,
			  struct err *err);
report_render report_text, report_json, report_junit, report_csv, report_hlog, report_map,
	report_svg;

#endif
