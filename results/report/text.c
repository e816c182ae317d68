#include "bench/core/fs.h"
#include "results/number.h"
#include "results/record.h"
#include "results/report/report.h"
#include "results/series.h"
#include "results/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME 11 /* columns of the names at the left */

/* A page being written. */
struct page {
	struct buf *out;
	const struct render_options *o;
};

/* How much of @text stands on a line of @columns: at the last blank that fits, else hard. */
static size_t line_of(const char *text, int columns)
{
	size_t at = 0, blank = 0;
	int shown = 0;

	for (; text[at] && shown < columns; shown++) {
		size_t len = text_sequence(text + at);

		if (text[at] == ' ')
			blank = at;
		at += len ? len : 1;
	}
	if (!text[at] || text[at] == ' ' || !blank)
		return at;
	return blank;
}

/* @name at the left, @text at column @indent and below itself when it is long. */
static void put_wrapped(struct page *p, const char *name, int indent, const char *text)
{
	int columns = p->o->width - indent;

	buf_printf(p->out, "%-*s", indent, name);
	for (bool first = true; first || *text; first = false) {
		size_t len = line_of(text, columns);
		char line[4 * 200 + 1];

		if (!first)
			buf_printf(p->out, "%*s", indent, "");
		if (len >= sizeof(line))
			len = sizeof(line) - 1;
		memcpy(line, text, len);
		line[len] = '\0';
		text_put(p->out, line, columns, p->o->utf8);
		buf_text(p->out, "\n");
		for (text += len; *text == ' '; text++)
			;
	}
}

static void __attribute__((format(printf, 4, 5)))
put_item(struct page *p, const char *name, int indent, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_wrapped(p, name, indent, text_trim(text));
}

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

static const char *many(size_t n)
{
	return n == 1 ? "" : "s";
}

/* The rate is a metric of the devices; which rung held says how bad it was. */
static void put_recoveries(struct page *p, const struct summary *s)
{
	char rate[NUMBER_SIZE], rungs[800] = "";
	size_t len = 0;

	for (size_t i = 0; i < s->rung_count && len < sizeof(rungs); i++) {
		const struct summary_rung *r = &s->rungs[i];

		len += (size_t)snprintf(rungs + len, sizeof(rungs) - len, "%s%s %s %zu",
					i ? ", " : "", r->device, r->rung, r->climbed);
		if (r->held != r->climbed && len < sizeof(rungs))
			len += (size_t)snprintf(rungs + len, sizeof(rungs) - len,
						" (held %zu)", r->held);
	}
	if (s->transactions) {
		number_fixed(rate, summary_recovery_rate(s), 1);
		put_item(p, "", NAME, "%s recoveries per 1000 transactions: %s", rate,
			 rungs);
	} else {
		put_item(p, "", NAME, "recovery: %s", rungs);
	}
}

static void put_run(struct page *p, const struct summary *s)
{
	char cuts[48] = "";

	if (s->cuts)
		snprintf(cuts, sizeof(cuts), ", %zu attempt%s cut short", s->cuts,
			 many(s->cuts));
	put_item(p, "run", NAME,
		 "%s: %zu case%s, %zu attempt%s, %zu transaction%s, %zu recover%s%s%s",
		 s->ended, s->case_count, many(s->case_count), s->attempts,
		 many(s->attempts), s->transactions, many(s->transactions), s->recoveries,
		 s->recoveries == 1 ? "y" : "ies", cuts,
		 s->torn ? "; the last line of the journal is torn and not counted" : "");
	if (s->recoveries)
		put_recoveries(p, s);
}

static void put_header(struct page *p, const struct summary *s)
{
	char utc[NUMBER_SIZE], took[NUMBER_SIZE], u[NUMBER_SIZE], conf[NUMBER_SIZE];
	bool ended = s->wall_end_ns >= s->wall_start_ns;

	number_fixed(took, ended ? (double)(s->wall_end_ns - s->wall_start_ns) / 1e9 : 0,
		     1);
	put_item(p, "keybench", NAME, "%s, run %s", s->version, s->run_name);
	if (s->simulated)
		put_item(p, "", 0, REPORT_SIMULATED);
	buf_text(p->out, "\n");
	put_item(p, "verdict", NAME, "%s", verdict_name(s->verdict));
	if (s->ended_why)
		put_item(p, "", NAME, "%s: %s", s->ended, s->ended_why);
	put_run(p, s);
	put_item(p, "started", NAME, "%s, on %s%s%s%s", number_utc(utc, s->wall_start_ns),
		 or_dash(s->host), ended ? ", took " : "", ended ? took : "",
		 ended ? " s" : "");
	put_item(p, "inputs", NAME, "rig %s, target %s, protocol %s, phone %s",
		 or_dash(s->rig), or_dash(s->target), or_dash(s->protocol),
		 or_dash(s->phone));
	put_item(p, "seed", NAME, "%" PRIu64, s->seed);
	for (size_t i = 0; i < s->device_count; i++)
		put_wrapped(p, i ? "" : "devices", NAME, s->devices[i]);
	for (size_t i = 0; i < s->note_count; i++)
		put_wrapped(p, i ? "" : "notes", NAME, s->notes[i]);
	put_item(p, "decision", NAME,
		 "order statistics on raw samples, one-sided at %s confidence, U = %s: "
		 "PASS when the "
		 "upper bound + U is within the limit, FAIL when the lower bound - U is "
		 "above it",
		 number_percent(conf, s->confidence), number_time(u, s->u_ns));
}

static void case_name(char *out, size_t size, const struct summary_case *c)
{
	snprintf(out, size, "%s/%s", c->suite, c->id);
	text_trim(out);
}

static void put_verdicts(struct page *p, const struct summary *s)
{
	char name[256], counts[160];

	buf_printf(p->out, "\n%-13s%-*s%6s%8s%6s%7s%6s%6s\n", "verdict",
		   p->o->width - 13 - 39, "case", "done", "refused", "rf", "no-tap",
		   "bench", "compl");
	for (size_t i = 0; i < s->case_count; i++) {
		const struct summary_case *c = &s->cases[i];
		int columns, used;

		case_name(name, sizeof(name), c);
		snprintf(counts, sizeof(counts), "%6zu%8zu%6zu%7zu%6zu%6zu",
			 c->outcomes[OUTCOME_DONE], c->outcomes[OUTCOME_REFUSED],
			 c->outcomes[OUTCOME_RF_ERROR], c->outcomes[OUTCOME_NO_TAP],
			 c->outcomes[OUTCOME_BENCH_ERROR], c->complaints);
		columns = p->o->width - 13 - (int)strlen(counts);
		buf_printf(p->out, "%-13s", verdict_name(c->verdict));
		used = text_put(p->out, name, columns, p->o->utf8);
		buf_printf(p->out, "%*s%s\n", columns - used, "", counts);
		if (c->explore)
			put_wrapped(p, "", 13,
				    "explored: the verdict of the run does not "
				    "rest on it");
		if (c->verdict != VERDICT_PASS)
			put_wrapped(p, "", 13, c->reason);
	}
}

static void put_series(struct page *p, const struct summary *s)
{
	char text[240], name[128];
	struct series x;
	size_t at = 0;

	for (int n = 0; series_next(s, &at, &x); n++) {
		if (n == 0)
			buf_text(p->out, "\n");
		snprintf(name, sizeof(name), "%.60s/%.60s", x.first->suite,
			 x.first->series);
		put_item(p, n ? "" : "series", NAME, "%s: %s", text_trim(name),
			 series_text(&x, text));
	}
}

static void put_dependence(struct page *p, const struct claim_decision *d,
			   const char *correlation)
{
	char rho[NUMBER_SIZE], prob[NUMBER_SIZE];

	number_fixed(rho, d->dependence.rho, 3);
	number_fixed(prob, d->dependence.p, 4);
	if (d->n < STATS_DEPENDENCE_MIN)
		put_item(p, "", 4, "trials taken as independent: too few to ask");
	else if (!d->dependence.significant)
		put_item(p, "", 4, "trials taken as independent: %s %s, p %s",
			 correlation, rho, prob);
	else if (d->dependence.rho > 0)
		put_item(p, "", 4,
			 "trials depend on each other: %s %s, p %s; "
			 "the %zu are "
			 "counted as %zu",
			 correlation, rho, prob, d->n, d->effective_n);
	else
		put_item(p, "", 4,
			 "trials alternate: %s %s, p %s; bounds as "
			 "if independent, "
			 "so rather too wide",
			 correlation, rho, prob);
}

static void put_claim(struct page *p, const struct summary_claim *sc)
{
	const struct claim_decision *d = &sc->decision;
	char estimate[NUMBER_SIZE], lower[NUMBER_SIZE], upper[NUMBER_SIZE],
		u[NUMBER_SIZE];
	char conf[NUMBER_SIZE], q[NUMBER_SIZE];

	buf_text(p->out, "\n");
	put_item(p, "", 2, "%s: %s", sc->claim.text, verdict_name(d->verdict));
	put_wrapped(p, "", 4, d->why);
	if (d->n == 0)
		return;
	number_percent(conf, d->confidence);
	if (sc->claim.type == CLAIM_SHARE) {
		put_item(p, "", 4,
			 "n %zu, share %s, bounds %s and %s, each at %s confidence", d->n,
			 number_percent(estimate, d->share),
			 number_percent(lower, d->share_lower),
			 number_percent(upper, d->share_upper), conf);
		put_dependence(p, d, "lag-1 correlation");
		return;
	}
	number_percent(q, sc->claim.q);
	q[strlen(q) - 2] = '\0'; /* without " %" */
	put_item(p, "", 4,
		 "n %zu, sample p%s %s ms, bounds %s and %s ms, each at %s confidence, U "
		 "%s ms",
		 d->n, q, number_ms(estimate, d->estimate_ns),
		 d->lower_ns ? number_ms(lower, d->lower_ns) : "-",
		 number_ms(upper, d->upper_ns), conf, number_ms(u, d->u_ns));
	put_dependence(p, d, "lag-1 rank correlation");
}

static const char *short_verdict(enum verdict v)
{
	return v == VERDICT_INCONCLUSIVE ? "INCONCL." : verdict_name(v);
}

/* Limit, bound and verdict of every claim on the metric: the first behind its row, others below. */
static void put_limits(struct page *p, const struct summary_case *c, int metric)
{
	char limit[NUMBER_SIZE], bound[NUMBER_SIZE];
	int put = 0;

	for (size_t i = 0; i < c->claim_count; i++) {
		const struct summary_claim *sc = &c->claims[i];
		bool fail = sc->decision.verdict == VERDICT_FAIL;

		if (report_claim_metric(&sc->claim) != metric)
			continue;
		if (put++)
			buf_printf(p->out, "%56s", "");
		buf_printf(p->out, " %6s %6s %s\n", number_ms(limit, sc->claim.limit_ns),
			   number_ms(bound, fail ? sc->decision.lower_ns
						 : sc->decision.upper_ns),
			   short_verdict(sc->decision.verdict));
	}
	if (!put)
		buf_text(p->out, "\n");
}

static void put_metric(struct page *p, const struct summary_case *c,
		       const struct summary_samples *s, const int64_t *sorted)
{
	static const double qs[] = { 0.5, 0.9, 0.95, 0.99 };
	char text[NUMBER_SIZE];

	buf_printf(p->out, "%-15s%6zu", metrics[s->metric].name, s->n);
	for (size_t i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
		number_ms(text, stats_quantile(sorted, s->n, qs[i]));
		buf_printf(p->out, " %6s",
			   stats_quantile_printable(s->n, qs[i]) ? text : "-");
	}
	buf_printf(p->out, " %6s", number_ms(text, sorted[s->n - 1]));
	put_limits(p, c, s->metric);
}

static int put_metrics(struct page *p, const struct summary_case *c, struct err *err)
{
	if (!c->sample_count)
		return 0;
	buf_printf(p->out, "\n%-15s%6s %6s %6s %6s %6s %6s %6s %6s %s\n", "latency in ms",
		   "n", "p50", "p90", "p95", "p99", "max", "limit", "bound", "verdict");
	for (size_t i = 0; i < c->sample_count; i++) {
		int64_t *sorted = report_sorted(&c->samples[i]);

		if (!sorted)
			return err_set(err, ERR_NOMEM, "samples of %s", c->id);
		put_metric(p, c, &c->samples[i], sorted);
		free(sorted);
	}
	return 0;
}

/* Metrics that decide; where no claim names one, what a person feels: the tap. */
static bool is_charted(const struct summary_case *c, int metric)
{
	for (size_t i = 0; i < c->claim_count; i++)
		if (c->claims[i].claim.type == CLAIM_QUANTILE)
			return summary_is_claimed(c, metric);
	return metric == metric_find("tap");
}

static int put_chart(struct page *p, const struct summary_case *c,
		     const struct summary_samples *s, struct err *err)
{
	int64_t *sorted = report_sorted(s), limits[RECORD_MAX_CLAIMS];
	struct chart chart = { .sorted = sorted, .n = s->n, .limits_ns = limits };

	if (!sorted)
		return err_set(err, ERR_NOMEM, "samples of %s", c->id);
	for (size_t i = 0; i < c->claim_count; i++)
		if (report_claim_metric(&c->claims[i].claim) == s->metric)
			limits[chart.limit_count++] = c->claims[i].claim.limit_ns;
	buf_printf(p->out,
		   "\n%s, ms: %zu sample%s, each row from its number up to the next\n",
		   metrics[s->metric].name, s->n, many(s->n));
	chart_put(p->out, &chart, p->o);
	free(sorted);
	return 0;
}

/* "59 DONE, 1 RF_ERROR": where there is more to say than that all are DONE. */
static void put_outcomes(struct page *p, const char *name,
			 const size_t outcomes[OUTCOME_COUNT], size_t complaints)
{
	char text[200] = "";
	size_t len = 0;

	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (outcomes[i])
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s%zu %s", len ? ", " : "", outcomes[i],
						outcome_name((enum outcome)i));
	if (complaints)
		snprintf(text + len, sizeof(text) - len, "; %zu complaint%s", complaints,
			 many(complaints));
	put_item(p, "", 2, "%s: %s", name, text);
}

static bool all_done(const size_t outcomes[OUTCOME_COUNT])
{
	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (outcomes[i] && i != OUTCOME_DONE)
			return false;
	return true;
}

static void put_case_header(struct page *p, const struct summary_case *c)
{
	char name[512];
	int used;

	snprintf(name, sizeof(name), "%s/%s%s%s", c->suite, c->id,
		 c->title && *c->title ? ": " : "", c->title ? c->title : "");
	buf_text(p->out, "\n-- ");
	used = text_put(p->out, text_trim(name), p->o->width - 4, p->o->utf8);
	buf_text(p->out, " ");
	for (used += 4; used < p->o->width; used++)
		buf_text(p->out, "-");
	buf_text(p->out, "\n");
	put_item(p, "", 0, "%s: %s", verdict_name(c->verdict), c->reason);
	put_item(p, "", 2, "%d of %d trials, %d of %d for warm-up", c->trials,
		 c->planned_trials, c->warmups, c->planned_warmup);
	if (!all_done(c->outcomes))
		put_outcomes(p, "outcomes", c->outcomes, c->complaints);
	if (!all_done(c->warmup_outcomes) || c->warmup_complaints)
		put_outcomes(p, "in warm-up, in no count above", c->warmup_outcomes,
			     c->warmup_complaints);
	if (c->requirement_count) {
		char all[600] = "", one[200];

		for (size_t i = 0;
		     i < c->requirement_count && strlen(all) < sizeof(all) - 40; i++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
				 i ? ", " : "",
				 text_copy(one, sizeof(one), c->requirements[i]));
		put_item(p, "", 2, "requirements: %s", text_trim(all));
	}
	if (c->fallbacks)
		put_item(p, "", 2, "%zu fell back from fast to standard", c->fallbacks);
	if (c->unproven_no_taps)
		put_item(p, "", 2, "%zu NO_TAP not counted: nothing proves the bench",
			 c->unproven_no_taps);
	if (c->first_trouble[0])
		put_item(p, "", 2, "first trouble: %s", c->first_trouble);
}

static int put_case(struct page *p, const struct summary_case *c, struct err *err)
{
	int rc;

	put_case_header(p, c);
	if (c->verdict == VERDICT_SKIP)
		return 0;
	for (size_t i = 0; i < c->claim_count; i++)
		put_claim(p, &c->claims[i]);
	rc = put_metrics(p, c, err);
	for (size_t i = 0; i < c->sample_count && !rc; i++)
		if (is_charted(c, c->samples[i].metric))
			rc = put_chart(p, c, &c->samples[i], err);
	return rc;
}

static void put_footer(struct page *p, const struct summary *s,
		       const struct store_run *folder)
{
	char claim[NUMBER_SIZE], run[NUMBER_SIZE], truth[sizeof(folder->path) + 32];

	buf_text(p->out, "\n");
	if (s->risk_run > 0)
		put_item(p, "risk", NAME,
			 "of a wrong PASS: %s per claim, at most %s for the run",
			 number_percent(claim, s->risk_claim),
			 number_percent(run, s->risk_run));
	else
		put_item(p, "risk", NAME, "of a wrong PASS: none, for no claim passed");
	put_item(p, "columns", NAME,
		 "'-': too few samples for the quantile; bound: the upper one, of a FAIL "
		 "the lower "
		 "one; 'inf': an attempt without a latency, or no bound; a metric that "
		 "no claim "
		 "names lists the attempts that have it");
	put_item(p, "files", NAME,
		 "beside this one: journal.jsonl (the record), summary.json, junit.xml, "
		 "samples.csv "
		 "(every attempt), histograms.hlog, inputs/%s",
		 fs_exists(store_path(folder, "truth.jsonl", truth, sizeof(truth)))
			 ? ", truth.jsonl (what really happened)"
			 : "");
}

int report_text(const struct summary *s, const struct store_run *run,
		const struct render_options *o, struct buf *out, struct err *err)
{
	struct render_options use = { .width = 80, .utf8 = true };
	struct page p = { out, &use };
	int rc = 0;

	if (o)
		use = *o;
	if (use.width < 80) /* the tables need it */
		use.width = 80;
	if (use.width > 200)
		use.width = 200;
	put_header(&p, s);
	put_verdicts(&p, s);
	put_series(&p, s);
	for (size_t i = 0; i < s->case_count && !rc; i++)
		rc = put_case(&p, &s->cases[i], err);
	put_footer(&p, s, run);
	return rc;
}
