#include "results/report/report.h"

#include "bench/core/fs.h"

#include <stdlib.h>
#include <string.h>

/* Of a rendering that does not go out in parts. */
#define MAX_REPORT ((size_t)64 << 20)

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

static int write_part(void *ctx, struct bytes part, struct err *err)
{
	return fs_more(ctx, part, err);
}

static int write_report(const struct renderer *r, const struct summary *s,
			const struct store_run *run, struct err *err)
{
	char path[sizeof(run->path) + 64];
	struct fs_writing file;
	const struct render_options o = {
		.width = 80, .utf8 = true, .flush = write_part, .ctx = &file
	};
	struct buf out;
	int rc = fs_begin(&file, store_path(run, r->file, path, sizeof(path)), err);

	buf_init(&out, MAX_REPORT);
	if (!rc)
		rc = r->render(s, run, &o, &out, err);
	if (!rc && out.failed)
		rc = err_set(err, ERR_NOMEM, "too long");
	if (!rc)
		rc = fs_more(&file, buf_bytes(&out), err);
	buf_release(&out);
	return fs_end(&file, rc, err);
}

int summary_write_reports(const struct summary *s, const struct store_run *run,
			  struct err *err)
{
	for (const struct renderer *r = renderers; r->name; r++) {
		int rc = r->file ? write_report(r, s, run, err) : 0;

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
