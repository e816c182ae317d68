#include "results/claim.h"

#include "results/metric.h"
#include "results/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A limit above this is a slip of the pen. */
#define MAX_LIMIT_NS INT64_C(3600000000000)

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Past @word and blanks around it, or NULL. */
static const char *expect(const char *p, const char *word)
{
	size_t len = strlen(word);

	p = skip_blanks(p);
	return strncmp(p, word, len) == 0 ? skip_blanks(p + len) : NULL;
}

/* The name up to ')' into @out; past the ')', or NULL. */
static const char *name_in_brackets(const char *p, char *out, size_t size)
{
	size_t len;

	p = expect(p, "(");
	len = p ? strcspn(p, " \t()") : 0;
	if (len == 0 || len >= size)
		return NULL;
	memcpy(out, p, len);
	out[len] = '\0';
	return expect(p + len, ")");
}

static const char *parse_time(const char *p, int64_t *ns)
{
	static const struct {
		const char *unit;
		int64_t per_second;
	} units[] = {
		{ "ns", 1000000000 }, { "us", 1000000 }, { "ms", 1000 }, { "s", 1 }
	};
	int64_t nano;

	p = number_parse(skip_blanks(p), &nano);
	if (!p)
		return NULL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *rest = expect(p, units[i].unit);

		if (rest && nano % units[i].per_second == 0) {
			*ns = nano / units[i].per_second;
			return rest;
		}
	}
	return NULL;
}

static void metric_names(char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; metrics[i].name; i++)
		if (metrics[i].decides && len + strlen(metrics[i].name) + 2 < size)
			len += (size_t)snprintf(out + len, size - len, " %s",
						metrics[i].name);
}

static int parse_quantile(struct claim *c, const char *p, struct err *err)
{
	char names[160];
	int64_t nano;
	int metric;

	p = number_parse(p, &nano);
	if (!p || nano < INT64_C(1000000000) || nano > INT64_C(99990000000))
		return err_set(err, ERR_FORMAT,
			       "a quantile is p1 to p99.99, not \"%.30s\"", c->text);
	c->q = (double)nano / 1e11;
	p = name_in_brackets(p, c->metric, sizeof(c->metric));
	metric = p ? metric_find(c->metric) : -1;
	if (metric < 0 || !metrics[metric].decides) {
		metric_names(names, sizeof(names));
		return err_set(err, ERR_FORMAT, "a claim is about one of:%s", names);
	}
	p = expect(p, "<=");
	if (!p)
		return err_set(err, ERR_FORMAT, "\"<=\" and a time must follow p…(%s)",
			       c->metric);
	p = parse_time(p, &c->limit_ns);
	if (!p || *p || c->limit_ns <= 0 || c->limit_ns > MAX_LIMIT_NS)
		return err_set(err, ERR_FORMAT,
			       "the limit must be a time above 0, at most 3600 s, with "
			       "its unit: "
			       "ns us ms s");
	return 0;
}

static int parse_share(struct claim *c, const char *p, struct err *err)
{
	char name[28];
	int64_t nano;
	int outcome;

	p = name_in_brackets(p, name, sizeof(name));
	outcome = p ? outcome_parse(name) : -1;
	if (outcome < 0 || outcome == OUTCOME_BENCH_ERROR)
		return err_set(err, ERR_FORMAT,
			       "a share is of one of: DONE REFUSED RF_ERROR NO_TAP");
	c->outcome = (enum outcome)outcome;
	p = expect(p, ">=");
	if (!p)
		return err_set(err, ERR_FORMAT,
			       "\">=\" and a percentage must follow share(%s)", name);
	p = number_parse(p, &nano);
	p = p ? expect(p, "%") : NULL;
	if (!p || *p || nano <= 0 || nano >= INT64_C(100000000000))
		return err_set(err, ERR_FORMAT,
			       "a share is more than 0 %% and less than 100 %%: no "
			       "number of trials "
			       "supports more");
	c->share = (double)nano / 1e11;
	return 0;
}

int claim_parse(struct claim *out, const char *text, struct err *err)
{
	struct claim c = { .type = CLAIM_QUANTILE };
	const char *p = skip_blanks(text);
	size_t len = strlen(p);
	int rc;

	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	if (len >= sizeof(c.text))
		return err_set(err, ERR_FORMAT, "a claim has at most %zu bytes",
			       sizeof(c.text) - 1);
	memcpy(c.text, p, len);
	if (strncmp(c.text, "share", 5) == 0) {
		c.type = CLAIM_SHARE;
		rc = parse_share(&c, c.text + 5, err);
	} else if (strncmp(c.text, "max", 3) == 0) {
		rc = err_set(err, ERR_FORMAT,
			     "max(…) cannot be claimed: no number of trials supports it; "
			     "p99.9(…) "
			     "needs 2995");
	} else if (c.text[0] == 'p') {
		rc = parse_quantile(&c, c.text + 1, err);
	} else {
		rc = err_set(err, ERR_FORMAT,
			     "a claim reads pN(METRIC) <= TIME or share(OUTCOME) >= "
			     "PERCENT, such as "
			     "p95(tap) <= 300 ms");
	}
	if (!rc)
		*out = c;
	return rc;
}

size_t claim_trials_needed(const struct claim *c, double confidence)
{
	return stats_trials_needed(c->type == CLAIM_SHARE ? c->share : c->q, confidence);
}

static int64_t plus(int64_t bound, int64_t u_ns)
{
	return bound > STATS_INFINITE - u_ns ? STATS_INFINITE : bound + u_ns;
}

/* An infinite bound stays infinite: no uncertainty of the bench makes a missing answer a fast one. */
static int64_t minus(int64_t bound, int64_t u_ns)
{
	return bound == STATS_INFINITE ? bound : bound - u_ns;
}

static void say_quantile(struct claim_decision *d, const struct claim *c)
{
	char upper[NUMBER_SIZE], lower[NUMBER_SIZE], u[NUMBER_SIZE], limit[NUMBER_SIZE];
	char conf[NUMBER_SIZE];

	number_ms(upper, d->upper_ns);
	number_ms(lower, d->lower_ns);
	number_ms(u, d->u_ns);
	number_ms(limit, c->limit_ns);
	number_percent(conf, d->confidence);
	if (d->verdict == VERDICT_PASS)
		snprintf(d->why, sizeof(d->why),
			 "at most %s ms at %s (rank %zu of %zu), + U %s ms is within %s "
			 "ms",
			 upper, conf, d->upper_rank, d->n, u, limit);
	else if (d->verdict == VERDICT_FAIL && d->lower_ns == STATS_INFINITE)
		snprintf(d->why, sizeof(d->why),
			 "at %s even the lower bound (rank %zu of %zu) is an attempt "
			 "without a latency",
			 conf, d->lower_rank, d->n);
	else if (d->verdict == VERDICT_FAIL)
		snprintf(d->why, sizeof(d->why),
			 "at least %s ms at %s (rank %zu of %zu), - U %s ms is above %s "
			 "ms",
			 lower, conf, d->lower_rank, d->n, u, limit);
	else if (!d->upper_rank)
		snprintf(d->why, sizeof(d->why),
			 "%zu trials%s have no upper bound at %s: it takes %zu",
			 d->effective_n,
			 d->effective_n < d->n ? "' worth of dependent ones" : "", conf,
			 claim_trials_needed(c, d->confidence));
	else
		snprintf(d->why, sizeof(d->why),
			 "between %s and %s ms at %s each, U %s ms: too near to %s ms to "
			 "say",
			 lower, upper, conf, u, limit);
}

int claim_decide(struct claim_decision *out, const struct claim *c,
		 const int64_t *in_order, size_t n, int64_t u_ns, double confidence)
{
	struct claim_decision d = { .verdict = VERDICT_INCONCLUSIVE,
				    .n = n,
				    .estimate_ns = STATS_INFINITE,
				    .upper_ns = STATS_INFINITE,
				    .u_ns = u_ns,
				    .confidence = confidence,
				    .dependence.p = 1 };
	struct stats_bounds b;
	int64_t *sorted;

	if (n == 0) {
		snprintf(d.why, sizeof(d.why), "no samples");
		*out = d;
		return 0;
	}
	d.dependence = stats_dependence(in_order, n); /* before: one copy at a time */
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return ERR_NOMEM;
	memcpy(sorted, in_order, n * sizeof(*sorted));
	stats_sort(sorted, n);
	d.effective_n = d.dependence.effective_n;
	b = stats_bounds(sorted, n, d.effective_n, c->q, confidence);
	free(sorted);
	d.estimate_ns = b.estimate_ns;
	d.upper_ns = b.upper_ns;
	d.lower_ns = b.lower_ns;
	d.upper_rank = b.upper_rank;
	d.lower_rank = b.lower_rank;
	if (b.upper_rank && plus(d.upper_ns, u_ns) <= c->limit_ns)
		d.verdict = VERDICT_PASS;
	else if (b.lower_rank && minus(d.lower_ns, u_ns) > c->limit_ns)
		d.verdict = VERDICT_FAIL;
	say_quantile(&d, c);
	*out = d;
	return 0;
}

static void say_share(struct claim_decision *d, const struct claim *c, size_t k)
{
	char lower[NUMBER_SIZE], upper[NUMBER_SIZE], limit[NUMBER_SIZE],
		conf[NUMBER_SIZE];
	char worth[64] = "";
	size_t needed = claim_trials_needed(c, d->confidence);

	if (d->effective_n < d->n)
		snprintf(worth, sizeof(worth), " (dependent, worth %zu)", d->effective_n);
	number_percent(lower, d->share_lower);
	number_percent(upper, d->share_upper);
	number_percent(limit, c->share);
	number_percent(conf, d->confidence);
	if (d->verdict == VERDICT_PASS)
		snprintf(d->why, sizeof(d->why),
			 "%zu of %zu%s: at least %s at %s confidence, of %s asked", k,
			 d->n, worth, lower, conf, limit);
	else if (d->verdict == VERDICT_FAIL)
		snprintf(d->why, sizeof(d->why),
			 "%zu of %zu%s: at most %s at %s confidence, of %s asked", k,
			 d->n, worth, upper, conf, limit);
	else if (d->effective_n < needed)
		snprintf(d->why, sizeof(d->why),
			 "%zu of %zu%s: so few cannot show %s at %s: it takes %zu", k,
			 d->n, worth, limit, conf, needed);
	else
		snprintf(d->why, sizeof(d->why),
			 "%zu of %zu%s: between %s and %s at %s each, too near to %s to "
			 "say",
			 k, d->n, worth, lower, upper, conf, limit);
}

void claim_decide_share(struct claim_decision *out, const struct claim *c,
			const bool *in_order, size_t n, double confidence)
{
	struct claim_decision d = { .verdict = VERDICT_INCONCLUSIVE,
				    .n = n,
				    .effective_n = n,
				    .share_upper = 1,
				    .confidence = confidence,
				    .dependence = { .p = 1, .effective_n = n } };
	size_t k = 0;

	if (n == 0) {
		snprintf(d.why, sizeof(d.why), "no samples");
		*out = d;
		return;
	}
	for (size_t i = 0; i < n; i++)
		k += in_order[i];
	d.dependence = stats_dependence_binary(in_order, n);
	d.effective_n = d.dependence.effective_n;
	d.share = (double)k / (double)n;
	stats_share_bounds(k, n, d.effective_n, confidence, &d.share_lower,
			   &d.share_upper);
	if (d.share_lower >= c->share - 1e-12)
		d.verdict = VERDICT_PASS;
	else if (d.share_upper < c->share)
		d.verdict = VERDICT_FAIL;
	say_share(&d, c, k);
	*out = d;
}
