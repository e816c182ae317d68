#include "results/number.h"
#include "results/dump.h"
#include "results/report/report.h"
#include "results/series.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Version of what is written here; raised when a program that reads it would have to change. */
#define SUMMARY_FORMAT 1

/*
 * One object being filled. What could not be made is remembered once, at the end: a member short.
 */
struct object {
	json_t *json;
	bool failed;
};

static struct object object(void)
{
	struct object o = { .json = json_object() };

	o.failed = !o.json;
	return o;
}

static void put(struct object *o, const char *key, json_t *value)
{
	if (!value || json_object_set_new(o->json, key, value))
		o->failed = true;
}

static void put_text(struct object *o, const char *key, const char *text)
{
	put(o, key, text ? json_string(text) : json_null());
}

static void put_count(struct object *o, const char *key, size_t n)
{
	put(o, key, json_integer((json_int_t)n));
}

/* ns; an attempt without a latency is "inf". */
static void put_ns(struct object *o, const char *key, int64_t ns)
{
	put(o, key,
	    ns == STATS_INFINITE ? json_string("inf") : json_integer((json_int_t)ns));
}

/* null where there is no bound. */
static void put_bounds(struct object *o, bool has_lower, int64_t lower_ns, bool has_upper,
		       int64_t upper_ns)
{
	if (has_lower)
		put_ns(o, "lower_ns", lower_ns);
	else
		put(o, "lower_ns", json_null());
	if (has_upper)
		put_ns(o, "upper_ns", upper_ns);
	else
		put(o, "upper_ns", json_null());
}

static json_t *finish(struct object *o)
{
	if (!o->failed)
		return o->json;
	json_decref(o->json);
	return NULL;
}

static json_t *texts(char *const *all, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++)
		if (json_array_append_new(array, json_string(all[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *dependence_json(const struct stats_dependence *d)
{
	struct object o = object();

	put(&o, "rho", json_real(d->rho));
	put(&o, "p", json_real(d->p));
	put(&o, "significant", json_boolean(d->significant));
	return finish(&o);
}

/* How many independent trials the bounds were computed with, and why. */
static void put_worth(struct object *o, const struct claim_decision *d)
{
	put_count(o, "effective_n", d->effective_n);
	put(o, "dependence", dependence_json(&d->dependence));
}

static void put_share(struct object *o, const struct claim *c,
		      const struct claim_decision *d)
{
	put_text(o, "type", "share");
	put_text(o, "outcome", outcome_name(c->outcome));
	put(o, "at_least", json_real(c->share));
	put(o, "share", json_real(d->share));
	put(o, "share_lower", json_real(d->share_lower));
	put(o, "share_upper", json_real(d->share_upper));
	put_worth(o, d);
}

static void put_quantile(struct object *o, const struct claim *c,
			 const struct claim_decision *d)
{
	put_text(o, "type", "quantile");
	put_text(o, "metric", c->metric);
	put(o, "q", json_real(c->q));
	put_ns(o, "limit_ns", c->limit_ns);
	put_ns(o, "estimate_ns", d->estimate_ns);
	put_bounds(o, d->lower_rank, d->lower_ns, d->upper_rank, d->upper_ns);
	put_ns(o, "u_ns", d->u_ns);
	put_worth(o, d);
}

static json_t *claim_json(const struct summary_claim *sc)
{
	struct object o = object();

	put_text(&o, "text", sc->claim.text);
	put_text(&o, "verdict", verdict_name(sc->decision.verdict));
	put_text(&o, "why", sc->decision.why);
	if (sc->held_up)
		put(&o, "held_up", json_true());
	put_count(&o, "n", sc->decision.n);
	put(&o, "confidence", json_real(sc->decision.confidence));
	if (sc->claim.type == CLAIM_SHARE)
		put_share(&o, &sc->claim, &sc->decision);
	else
		put_quantile(&o, &sc->claim, &sc->decision);
	return finish(&o);
}

static json_t *quantile_json(const int64_t *sorted, size_t n, size_t effective_n,
			     double q, double confidence)
{
	struct stats_bounds b = stats_bounds(sorted, n, effective_n, q, confidence);
	struct object o = object();

	put(&o, "q", json_real(q));
	put_ns(&o, "estimate_ns", b.estimate_ns);
	put_bounds(&o, b.lower_rank, b.lower_ns, b.upper_rank, b.upper_ns);
	return finish(&o);
}

/* Those that the samples can stand behind, and no others. */
static json_t *quantiles_json(const int64_t *sorted, size_t n, size_t effective_n,
			      double confidence)
{
	static const double qs[] = { 0.5, 0.9, 0.95, 0.99, 0.999 };
	json_t *array = json_array();

	for (size_t i = 0; array && i < sizeof(qs) / sizeof(qs[0]); i++) {
		if (!stats_quantile_printable(n, qs[i]))
			continue;
		if (json_array_append_new(array, quantile_json(sorted, n, effective_n,
							       qs[i], confidence))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *samples_json(const struct summary_samples *s, double confidence)
{
	struct stats_dependence d = stats_dependence(s->ns, s->n);
	int64_t *sorted = report_sorted(s);
	struct object o = object();

	if (sorted) {
		put_text(&o, "name", metrics[s->metric].name);
		put_count(&o, "n", s->n);
		put_count(&o, "without_latency", s->n - report_finite(sorted, s->n));
		put_count(&o, "effective_n", d.effective_n);
		put_ns(&o, "min_ns", sorted[0]);
		put_ns(&o, "max_ns", sorted[s->n - 1]);
		put(&o, "quantiles",
		    quantiles_json(sorted, s->n, d.effective_n, confidence));
	}
	o.failed = o.failed || !sorted;
	free(sorted);
	return finish(&o);
}

static json_t *outcomes_json(const size_t counts[OUTCOME_COUNT])
{
	struct object o = object();

	for (int i = 0; i < OUTCOME_COUNT; i++)
		put_count(&o, outcome_name((enum outcome)i), counts[i]);
	return finish(&o);
}

static json_t *claims_json(const struct summary_case *c)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < c->claim_count; i++)
		if (json_array_append_new(array, claim_json(&c->claims[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *metrics_json(const struct summary_case *c, double confidence)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < c->sample_count; i++)
		if (json_array_append_new(array,
					  samples_json(&c->samples[i], confidence))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *case_json(const struct summary_case *c, double confidence)
{
	struct object o = object();

	put_text(&o, "suite", c->suite);
	put_text(&o, "id", c->id);
	put_text(&o, "title", c->title);
	if (c->series) {
		put_text(&o, "series", c->series);
		put_text(&o, "at", c->level);
	}
	if (c->explore)
		put(&o, "explore", json_true());
	put(&o, "requirements", texts(c->requirements, c->requirement_count));
	put_text(&o, "verdict", verdict_name(c->verdict));
	put_text(&o, "reason", c->reason);
	put(&o, "planned_trials", json_integer(c->planned_trials));
	put(&o, "trials", json_integer(c->trials));
	put(&o, "planned_warmup", json_integer(c->planned_warmup));
	put(&o, "warmups", json_integer(c->warmups));
	put(&o, "outcomes", outcomes_json(c->outcomes));
	put(&o, "warmup_outcomes", outcomes_json(c->warmup_outcomes));
	put_count(&o, "complaints", c->complaints);
	put_count(&o, "warmup_complaints", c->warmup_complaints);
	put_count(&o, "fallbacks", c->fallbacks);
	put_count(&o, "unproven_no_taps", c->unproven_no_taps);
	put_text(&o, "first_complaint", c->first_complaint);
	put_text(&o, "first_trouble", c->first_trouble);
	put_ns(&o, "first_ns", c->first_ns);
	put_ns(&o, "last_ns", c->last_ns);
	put(&o, "claims", claims_json(c));
	put(&o, "metrics", metrics_json(c, confidence));
	return finish(&o);
}

static json_t *cases_json(const struct summary *s)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < s->case_count; i++)
		if (json_array_append_new(array,
					  case_json(&s->cases[i], s->confidence))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *verdicts_json(const struct summary *s)
{
	size_t counts[VERDICT_COUNT] = { 0 };
	struct object o = object();

	for (size_t i = 0; i < s->case_count; i++)
		counts[s->cases[i].verdict]++;
	for (int i = 0; i < VERDICT_COUNT; i++)
		put_count(&o, verdict_name((enum verdict)i), counts[i]);
	return finish(&o);
}

static void put_environment(struct object *o, const struct summary *s)
{
	char seed[24], utc[NUMBER_SIZE];

	snprintf(seed, sizeof(seed), "%" PRIu64, s->seed);
	put_text(o, "version", s->version);
	put_text(o, "host", s->host);
	put_text(o, "rig", s->rig);
	put_text(o, "target", s->target);
	put_text(o, "protocol", s->protocol);
	put_text(o, "phone", s->phone);
	put_text(o, "seed", seed);
	put_text(o, "started", number_utc(utc, s->wall_start_ns));
	put_ns(o, "wall_start_ns", s->wall_start_ns);
	put(o, "wall_end_ns",
	    s->wall_end_ns ? json_integer(s->wall_end_ns) : json_null());
	put(o, "devices", texts(s->devices, s->device_count));
	put(o, "notes", texts(s->notes, s->note_count));
}

/* Only where there is one: what was written before there were any stays as it was. */
static void put_series(struct object *all, const struct summary *s)
{
	json_t *array = NULL;
	char text[240];
	struct series x;
	size_t at = 0;

	while (series_next(s, &at, &x)) {
		struct object o = object();

		put_text(&o, "suite", x.first->suite);
		put_text(&o, "series", x.first->series);
		put_text(&o, "text", series_text(&x, text));
		put_text(&o, "holds", x.holds ? x.holds->id : NULL);
		put_text(&o, "open", x.open ? x.open->id : NULL);
		put_text(&o, "last_passed", x.last_passed ? x.last_passed->id : NULL);
		put_text(&o, "breaks", x.breaks ? x.breaks->id : NULL);
		if (!array)
			array = json_array();
		json_array_append_new(array, finish(&o));
	}
	if (array)
		put(all, "series", array);
}

static json_t *rungs_json(const struct summary *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->rung_count; i++) {
		struct object o = object();

		put_text(&o, "device", s->rungs[i].device);
		put_text(&o, "rung", s->rungs[i].rung);
		put_count(&o, "climbed", s->rungs[i].climbed);
		put_count(&o, "held", s->rungs[i].held);
		json_array_append_new(array, finish(&o));
	}
	return array;
}

static json_t *summary_json(const struct summary *s)
{
	struct object o = object();

	put(&o, "format", json_integer(SUMMARY_FORMAT));
	put_text(&o, "run", s->run_name);
	put(&o, "simulated", json_boolean(s->simulated));
	if (s->simulated)
		put_text(&o, "warning", REPORT_SIMULATED);
	put_text(&o, "verdict", verdict_name(s->verdict));
	put_text(&o, "ended", s->ended);
	put_text(&o, "ended_why", s->ended_why);
	put(&o, "torn", json_boolean(s->torn));
	put(&o, "verdicts", verdicts_json(s));
	put_environment(&o, s);
	put(&o, "confidence", json_real(s->confidence));
	put_ns(&o, "u_ns", s->u_ns);
	put(&o, "risk_claim", json_real(s->risk_claim));
	put(&o, "risk_run", json_real(s->risk_run));
	put_count(&o, "attempts", s->attempts);
	put_count(&o, "cuts", s->cuts);
	put_count(&o, "transactions", s->transactions);
	put_count(&o, "recoveries", s->recoveries);
	put(&o, "recoveries_per_1000",
	    s->transactions ? json_real(summary_recovery_rate(s)) : json_null());
	put(&o, "rungs", rungs_json(s));
	put(&o, "cases", cases_json(s));
	put_series(&o, s);
	return finish(&o);
}

int report_json(const struct summary *s, const struct store_run *run,
		const struct render_options *o, struct buf *out, struct err *err)
{
	json_t *json = summary_json(s);
	bool made = json != NULL;

	(void)run;
	(void)o;
	/* 9 digits: what differs behind them is how a machine adds, not what was measured */
	if (made)
		dump_json(out, json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	json_decref(json);
	if (!made)
		return err_set(err, ERR_NOMEM, "summary as JSON");
	buf_text(out, "\n");
	return 0;
}
