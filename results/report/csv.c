#include "results/journal.h"
#include "results/record.h"
#include "results/report/report.h"
#include "results/text.h"

#include <inttypes.h>
#include <string.h>

/*
 * Every attempt, read from the journal again: also warm-up, retries, bench errors and what was cut short,
 * which the summary's samples leave out. Quoted as in RFC 4180, but lines end in LF: awk and grep are readers too, and no field
 * has a line break in it.
 */
struct writer {
	struct buf *out;
	const struct render_options *options; /* may be NULL */
	bool simulated;
};

#define PART (64 << 10)

/* Whole parts are handed over. */
static int hand_over(struct writer *w, struct err *err)
{
	const struct render_options *o = w->options;
	int rc;

	if (!o || !o->flush || w->out->len < PART || w->out->failed)
		return 0;
	rc = o->flush(o->ctx, buf_bytes(w->out), err);
	buf_clear(w->out);
	return rc;
}

/* A field on one line, in quotes where it must be. */
static void put_field(struct buf *out, const char *text)
{
	struct buf safe;
	const char *p;

	buf_init(&safe, 4096);
	text_put(&safe, text, 1000, true);
	p = buf_str(&safe);
	if (!p[strcspn(p, ",\"")]) {
		buf_text(out, p);
	} else {
		buf_text(out, "\"");
		for (; *p; p++) {
			if (*p == '"')
				buf_text(out, "\"");
			buf_u8(out, (uint8_t)*p);
		}
		buf_text(out, "\"");
	}
	out->failed = out->failed || safe.failed;
	buf_release(&safe);
}

static int put_attempt(void *ctx, json_t *line, int line_no, struct err *err)
{
	struct writer *w = ctx;
	const char *type = json_string_value(json_object_get(line, "type"));
	struct record_attempt r;
	struct attempt a;
	int rc;

	(void)line_no;
	if (!type || strcmp(type, "attempt") != 0)
		return 0;
	rc = record_attempt_parse(&r, &a, line, err);
	if (rc)
		return rc;
	put_field(w->out, r.suite);
	buf_text(w->out, ",");
	put_field(w->out, r.case_id);
	buf_printf(w->out, ",%d,%d,%d,%d,%s,", r.trial, r.attempt, r.warmup, r.cut,
		   outcome_name(a.outcome));
	put_field(w->out, a.kind);
	buf_text(w->out, ",");
	put_field(w->out, a.detail);
	buf_text(w->out, ",");
	put_field(w->out, a.complaint);
	buf_printf(w->out, ",%s,%" PRId64 ",%" PRId64, w->simulated ? "SIMULATED" : "",
		   r.started_ns, r.ended_ns);
	for (int m = 0; m < METRIC_COUNT; m++) {
		int64_t ns = metric_of(m, &a);

		if (ns < 0)
			buf_text(w->out, ",");
		else
			buf_printf(w->out, ",%" PRId64, ns);
	}
	buf_text(w->out, "\n");
	return hand_over(w, err);
}

int report_csv(const struct summary *s, const struct store_run *run,
	       const struct render_options *o, struct buf *out, struct err *err)
{
	struct writer w = { out, o, s->simulated };
	char path[sizeof(run->path) + 64];

	buf_text(out, "suite,case,trial,attempt,warmup,cut,outcome,kind,detail,complaint,"
		      "simulated,"
		      "started_ns,ended_ns");
	for (int m = 0; m < METRIC_COUNT; m++)
		buf_printf(out, ",%s_ns", metrics[m].name);
	buf_text(out, "\n");
	store_path(run, "journal.jsonl", path, sizeof(path));
	return journal_read(path, put_attempt, &w, NULL, err);
}
