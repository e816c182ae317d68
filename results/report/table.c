#include "results/report/report.h"

#include <stdlib.h>
#include <string.h>

/* A report of a day's run; a samples.csv of a million attempts fits. */
#define MAX_REPORT ((size_t)512 << 20)

const struct renderer renderers[] = {
	{ "text", "report.txt", "verdicts, claims, latencies and histograms for people",
	  report_text },
	{ "json", "summary.json", "the whole summary for programs", report_json },
	{ "junit", "junit.xml", "cases and verdicts for a CI server", report_junit },
	{ "csv", "samples.csv", "every attempt with every latency", report_csv },
	{ "hlog", "histograms.hlog", "HdrHistogram V2 log, one tag per suite/case/metric",
	  report_hlog },
	{ NULL, NULL, NULL, NULL },
};

const struct renderer *renderer_find(const char *name)
{
	for (const struct renderer *r = renderers; r->name; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

int summary_write_reports(const struct summary *s, const struct store_run *run,
			  struct err *err)
{
	const struct render_options o = { .width = 80, .utf8 = true };

	for (const struct renderer *r = renderers; r->name; r++) {
		struct buf out;
		int rc;

		if (!r->file)
			continue;
		buf_init(&out, MAX_REPORT);
		rc = r->render(s, run, &o, &out, err);
		if (!rc && out.failed)
			rc = err_set(err, ERR_NOMEM, "too long");
		if (!rc)
			rc = store_file(run, r->file, buf_bytes(&out), err);
		buf_release(&out);
		if (rc)
			return err_wrap(err, rc, "writing %s", r->file);
	}
	return 0;
}

bool report_has_quantile(size_t n, double q)
{
	return (double)n * (1 - q) >= 1 - 1e-9;
}

int64_t *report_sorted(const struct summary_samples *s)
{
	int64_t *sorted = malloc((s->n ? s->n : 1) * sizeof(*sorted));

	if (!sorted)
		return NULL;
	memcpy(sorted, s->ns, s->n * sizeof(*sorted));
	stats_sort(sorted, s->n);
	return sorted;
}

size_t report_finite(const int64_t *sorted, size_t n)
{
	while (n > 0 && sorted[n - 1] == STATS_INFINITE)
		n--;
	return n;
}

int report_claim_metric(const struct claim *c)
{
	return c->type == CLAIM_QUANTILE ? metric_find(c->metric) : -1;
}
