#include "bench/progress.h"

#include "bench/core/clock.h"
#include "bench/core/log.h"
#include "results/metric.h"
#include "results/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REFRESH_NS (100 * NS_PER_MS)

struct progress {
	const struct plan *plan;
	bool terminal, shown;
	int64_t started_ns, drawn_ns, made; /* attempts made in the whole run */
	const struct plan_case *c;          /* the one under way */
	int64_t of_case;
	size_t outcomes[OUTCOME_COUNT];
	int64_t *samples; /* latencies of the case; sorted when they are shown */
	size_t n, cap;
};

int progress_metric(const struct plan_case *c)
{
	for (int i = 0; i < c->c->claim_count; i++)
		if (c->claims[i].type == CLAIM_QUANTILE)
			return metric_find(c->claims[i].metric);
	return metric_find("tap");
}

static void erase(void *ctx)
{
	struct progress *p = ctx;

	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	p->shown = false;
}

struct progress *progress_new(const struct plan *plan)
{
	struct progress *p = calloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	if (!p)
		return NULL;
	p->plan = plan;
	p->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	p->started_ns = clock_now(clock_real());
	setvbuf(stderr, NULL, _IONBF, 0);
	log_set_hook(erase, p);
	return p;
}

static void add_sample(struct progress *p, int64_t ns)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 256;
		int64_t *more = realloc(p->samples, cap * sizeof(*more));

		if (!more)
			return; /* progress is for looking: the journal has them all */
		p->samples = more;
		p->cap = cap;
	}
	p->samples[p->n++] = ns;
}

static void outcome_counts(const struct progress *p, char *out, size_t size)
{
	static const char *const words[OUTCOME_COUNT] = { "done", "refused", "rf error",
							  "no tap", "bench error" };
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; i < OUTCOME_COUNT && at < size; i++)
		if (p->outcomes[i] || i == OUTCOME_DONE)
			at += (size_t)snprintf(out + at, size - at, "%s%s %zu",
					       at ? ", " : "", words[i], p->outcomes[i]);
}

static void quantiles(struct progress *p, char *out, size_t size)
{
	static const double qs[] = { 0.50, 0.95 };
	size_t at = 0;

	out[0] = '\0';
	if (p->n)
		stats_sort(p->samples, p->n);
	if (!p->n || p->samples[0] == STATS_INFINITE)
		return; /* no tap at all, or none was asked for: the counts say it */
	for (int i = 0; i < 2; i++) {
		int64_t ns;

		if (!stats_quantile_printable(p->n, qs[i]))
			continue;
		ns = stats_quantile(p->samples, p->n, qs[i]);
		if (ns == STATS_INFINITE)
			at += (size_t)snprintf(out + at, size - at, "  p%.0f inf",
					       qs[i] * 100);
		else
			at += (size_t)snprintf(out + at, size - at, "  p%.0f %.1f ms",
					       qs[i] * 100, (double)ns / 1e6);
	}
}

/* "1 min 20 s left", from the mean time of an attempt so far */
static void time_left(const struct progress *p, char *out, size_t size)
{
	int64_t spent = clock_now(clock_real()) - p->started_ns, left;

	out[0] = '\0';
	if (p->made < 3 || p->plan->attempts <= p->made)
		return;
	left = spent / p->made * (p->plan->attempts - p->made) / NS_PER_S;
	if (left >= 60)
		snprintf(out, size, "  %lld min %lld s left", (long long)left / 60,
			 (long long)left % 60);
	else
		snprintf(out, size, "  %lld s left", (long long)left + 1);
}

/* A line that wraps cannot be taken back. */
static int columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
}

static int64_t case_total(const struct plan_case *c)
{
	return c->trials + c->c->warmup;
}

static void draw(struct progress *p)
{
	char counts[120], numbers[80], left[40], line[320];

	outcome_counts(p, counts, sizeof(counts));
	quantiles(p, numbers, sizeof(numbers));
	time_left(p, left, sizeof(left));
	snprintf(line, sizeof(line), "%s %lld of %lld  %s%s%s", p->c->c->id,
		 (long long)p->of_case, (long long)case_total(p->c), counts, numbers,
		 left);
	fprintf(stderr, "\r\033[K%.*s", columns() - 1, line);
	p->shown = true;
	p->drawn_ns = clock_now(clock_real());
}

/* The line that stays, for a terminal and for a pipe alike. */
static void finish_case(struct progress *p)
{
	char counts[120], numbers[80];

	if (!p->c)
		return;
	erase(p);
	outcome_counts(p, counts, sizeof(counts));
	quantiles(p, numbers, sizeof(numbers));
	fprintf(stderr, "%s: %lld of %lld  %s%s\n", p->c->c->id, (long long)p->of_case,
		(long long)case_total(p->c), counts, numbers);
	p->c = NULL;
}

void progress_attempt(struct progress *p, const struct sched_slot *slot,
		      enum outcome outcome, int64_t ns)
{
	if (!p)
		return;
	if (p->c != slot->c) {
		finish_case(p);
		p->c = slot->c;
		p->of_case = 0;
		p->n = 0;
		memset(p->outcomes, 0, sizeof(p->outcomes));
	}
	p->outcomes[outcome]++;
	if (slot->attempt == 0) {
		p->made++;
		p->of_case++;
	}
	if (!slot->warmup && outcome != OUTCOME_BENCH_ERROR)
		add_sample(p, ns >= 0 ? ns : STATS_INFINITE);
	if (p->terminal && clock_now(clock_real()) - p->drawn_ns >= REFRESH_NS)
		draw(p);
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	finish_case(p);
	log_set_hook(NULL, NULL);
	free(p->samples);
	free(p);
}
