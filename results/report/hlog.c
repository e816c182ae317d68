#include "results/hdrlog.h"
#include "results/report/report.h"
#include "results/text.h"

#include <stdio.h>

/* What is not in a histogram must be said: without it the log would flatter. */
static void put_missing(struct buf *out, const struct summary_case *c,
			const struct summary_samples *s, int64_t over)
{
	size_t infinite = 0;

	for (size_t i = 0; i < s->n; i++)
		infinite += s->ns[i] == STATS_INFINITE;
	if (!infinite && !over)
		return;
	buf_text(out, "#");
	text_put(out, c->suite, 200, true);
	buf_text(out, "/");
	text_put(out, c->id, 200, true);
	buf_printf(out,
		   "/%s: of %zu samples %zu without a latency and %lld over an hour are "
		   "left out\n",
		   metrics[s->metric].name, s->n, infinite, (long long)over);
}

static int put_samples(struct buf *out, const struct summary_case *c,
		       const struct summary_samples *s, struct err *err)
{
	struct hist h;
	char tag[512];

	if (hist_init(&h, HIST_LOWEST_NS, HIST_HIGHEST_NS, HIST_DIGITS))
		return err_set(err, ERR_NOMEM, "a histogram");
	for (size_t i = 0; i < s->n; i++)
		if (s->ns[i] != STATS_INFINITE)
			hist_add(&h, s->ns[i]);
	put_missing(out, c, s, h.over);
	snprintf(tag, sizeof(tag), "%.200s/%.200s/%s", c->suite, c->id,
		 metrics[s->metric].name);
	if (h.total)
		hdrlog_line(out, tag, c->first_ns, c->last_ns - c->first_ns, &h);
	hist_release(&h);
	return 0;
}

int report_hlog(const struct summary *s, const struct store_run *run,
		const struct render_options *o, struct buf *out, struct err *err)
{
	const char *comments[3] = {
		"values in ns; start and length of intervals in s; max in ms"
	};
	int rc = 0;

	(void)run;
	(void)o;
	if (s->simulated)
		comments[1] = REPORT_SIMULATED;
	hdrlog_begin(out, s->wall_start_ns, comments);
	for (size_t i = 0; i < s->case_count; i++)
		for (size_t k = 0; k < s->cases[i].sample_count && !rc; k++)
			rc = put_samples(out, &s->cases[i], &s->cases[i].samples[k], err);
	return rc;
}
