#include "results/report/report.h"

#include "bench/core/fs.h"

#include <stdlib.h>
#include <string.h>

const struct renderer renderers[] = {
	{ "text", "report.txt", "verdicts, claims, latencies and histograms for people",
	  report_text },
	{ "json", "summary.json", "the whole summary for programs", report_json },
	{ "junit", "junit.xml", "cases and verdicts for a CI server", report_junit },
	{ "csv", "samples.csv", "every attempt with every latency", report_csv },
	{ "hlog", "histograms.hlog", "HdrHistogram V2 log, one tag per suite/case/metric",
	  report_hlog },
	{ "map", NULL, "success and latency by place, where a run swept places",
	  report_map },
	{ "svg", "positions.svg", "the same drawn; no file where nothing was swept",
	  report_svg },
	{ NULL, NULL, NULL, NULL },
};

const struct renderer *renderer_find(const char *name)
{
	for (const struct renderer *r = renderers; r->name; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

int summary_render(const struct renderer *r, const struct summary *s,
		   const struct store_run *run, const struct render_options *o,
		   struct buf *out, struct err *err)
{
	int rc = r->render(s, run, o, out, err);

	if (!rc && out->failed)
		rc = err_set(err, ERR_RANGE,
			     "the %s report does not fit into %zu bytes, or into memory",
			     r->name, out->max);
	return rc;
}

struct file {
	struct fs_writing writing;
	size_t len; /* so far */
};

static int write_part(void *ctx, struct bytes part, struct err *err)
{
	struct file *f = ctx;

	f->len += part.len;
	return fs_more(&f->writing, part, err);
}

static int write_report(const struct renderer *r, const struct summary *s,
			const struct store_run *run, struct err *err)
{
	char path[sizeof(run->path) + 64];
	struct file file = { 0 };
	const struct render_options o = {
		.width = 80, .utf8 = true, .flush = write_part, .ctx = &file
	};
	struct buf out;
	int rc = fs_begin(&file.writing, store_path(run, r->file, path, sizeof(path)),
			  err);

	buf_init(&out, SUMMARY_RENDERING_MAX);
	if (!rc)
		rc = summary_render(r, s, run, &o, &out, err);
	if (!rc)
		rc = write_part(&file, buf_bytes(&out), err);
	buf_release(&out);
	if (rc || file.len)
		return fs_end(&file.writing, rc, err);
	fs_end(&file.writing, ERR_USAGE, NULL); /* nothing to say: no file */
	return 0;
}

int summary_write_reports(const struct summary *s, const struct store_run *run,
			  struct err *err)
{
	int first = 0;

	for (const struct renderer *r = renderers; r->name; r++) {
		struct err why = { 0 };
		int rc = r->file ? write_report(r, s, run, &why) : 0;

		if (rc && !first)
			first = err_set(err, rc, "writing %s: %s", r->file,
					err_text(&why));
	}
	return first;
}

bool report_is_map(const struct renderer *r)
{
	return r->render == report_map || r->render == report_svg;
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
