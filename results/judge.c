#include "results/judge.h"

#include "results/number.h"
#include "results/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void __attribute__((format(printf, 3, 4)))
rule(struct summary_case *c, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	c->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
	va_end(ap);
	text_trim(c->reason);
}

/*
 * A FAIL that the machine may have made: how it would be without what it did. It is then open, and no more than that: that
 * the target is good was not measured either.
 */
static void doubt(struct summary_claim *sc, const struct claim_decision *without,
		  size_t held, int64_t longest_ns)
{
	char ms[NUMBER_SIZE], longest[64] = "";

	if (sc->decision.verdict != VERDICT_FAIL || without->verdict == VERDICT_FAIL)
		return;
	if (longest_ns)
		snprintf(longest, sizeof(longest), ", by %s ms at most",
			 number_ms(ms, longest_ns));
	sc->held_up = true;
	sc->decision.verdict = VERDICT_INCONCLUSIVE;
	snprintf(sc->decision.why, sizeof(sc->decision.why),
		 "the machine held the emulated desk up in %zu of the %zu attempts%s: "
		 "without that it would be no FAIL",
		 held, sc->decision.n, longest);
}

/* Did attempt @i have the outcome? @kindly: or may it have had it, but for the machine */
static bool is_hit(const struct tally *t, size_t i, enum outcome asked, bool kindly)
{
	if (!(t->order[i] & TALLY_DOUBTFUL))
		return t->order[i] == (uint8_t)asked;
	return kindly || (t->order[i] & ~TALLY_DOUBTFUL) == (int)asked;
}

static int decide_share(struct summary_claim *sc, const struct tally *t,
			double confidence)
{
	bool *hits = calloc(t->order_n + 1, sizeof(*hits));
	struct claim_decision without;
	size_t doubtful = 0;

	if (!hits)
		return ERR_NOMEM;
	for (size_t i = 0; i < t->order_n; i++) {
		hits[i] = is_hit(t, i, sc->claim.outcome, false);
		doubtful += (t->order[i] & TALLY_DOUBTFUL) != 0;
	}
	claim_decide_share(&sc->decision, &sc->claim, hits, t->order_n, confidence);
	for (size_t i = 0; i < t->order_n; i++)
		hits[i] = is_hit(t, i, sc->claim.outcome, true);
	claim_decide_share(&without, &sc->claim, hits, t->order_n, confidence);
	doubt(sc, &without, doubtful, 0);
	free(hits);
	return 0;
}

/* A sample less what may be the machine's part of it. */
static int64_t less(int64_t ns, int64_t held_ns)
{
	if (ns == STATS_INFINITE)
		return held_ns == STATS_INFINITE ? 0 : ns;
	return ns > held_ns ? ns - held_ns : 0;
}

static int doubt_quantile(struct summary_claim *sc, const struct summary_samples *s,
			  const struct summary *run)
{
	int64_t *without_ns = calloc(s->n, sizeof(*without_ns)), longest_ns = 0;
	struct claim_decision without;
	size_t held = 0;
	int rc;

	if (!without_ns)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->n; i++) {
		int64_t held_ns = s->held_ns[i];

		without_ns[i] = less(s->ns[i], held_ns);
		held += held_ns > 0;
		if (held_ns > longest_ns && held_ns != STATS_INFINITE)
			longest_ns = held_ns;
	}
	rc = claim_decide(&without, &sc->claim, without_ns, s->n, run->u_ns,
			  run->confidence);
	free(without_ns);
	if (!rc)
		doubt(sc, &without, held, longest_ns);
	return rc;
}

static int decide_quantile(struct summary_claim *sc, const struct summary_samples *s,
			   const struct summary *run)
{
	int rc = claim_decide(&sc->decision, &sc->claim, s ? s->ns : NULL, s ? s->n : 0,
			      run->u_ns, run->confidence);

	if (rc || sc->decision.verdict != VERDICT_FAIL || !s || !s->held_ns)
		return rc;
	return doubt_quantile(sc, s, run);
}

static int decide_claims(struct summary_case *c, const struct tally *t,
			 const struct summary *run)
{
	int rc = 0;

	for (size_t i = 0; i < c->claim_count && !rc; i++) {
		struct summary_claim *sc = &c->claims[i];

		if (sc->claim.type == CLAIM_SHARE)
			rc = decide_share(sc, t, run->confidence);
		else
			rc = decide_quantile(
				sc,
				summary_find_samples(c, metric_find(sc->claim.metric)),
				run);
	}
	return rc;
}

static const struct summary_claim *claim_with(const struct summary_case *c,
					      enum verdict verdict)
{
	for (size_t i = 0; i < c->claim_count; i++)
		if (c->claims[i].decision.verdict == verdict)
			return &c->claims[i];
	return NULL;
}

static const char *many(size_t n)
{
	return n == 1 ? "" : "s";
}

/* "3 attempts", "1 attempt in warm-up", "3 attempts (1 in warm-up)". */
static const char *attempts(char out[64], const struct trouble *t)
{
	if (t->in_warmup == 0 || t->in_warmup == t->count)
		snprintf(out, 64, "%zu attempt%s%s", t->count, many(t->count),
			 t->in_warmup ? " in warm-up" : "");
	else
		snprintf(out, 64, "%zu attempts (%zu in warm-up)", t->count,
			 t->in_warmup);
	return out;
}

static bool fails(struct summary_case *c, const struct tally *t)
{
	const struct summary_claim *claim = claim_with(c, VERDICT_FAIL);
	char n[64];

	if (t->complaints.count > t->complaints.doubtful)
		rule(c, VERDICT_FAIL, "%s did not meet the case's expectations: %s",
		     attempts(n, &t->complaints), t->complaints.first);
	else if (claim)
		rule(c, VERDICT_FAIL, "%s: %s", claim->claim.text, claim->decision.why);
	else if (t->refused.count)
		rule(c, VERDICT_FAIL, "%s REFUSED, and no claim allows any: %s",
		     attempts(n, &t->refused), t->refused.first);
	else if (t->unanswered.count > t->unanswered.doubtful)
		rule(c, VERDICT_FAIL, "%s without an answer, and no claim allows any: %s",
		     attempts(n, &t->unanswered), t->unanswered.first);
	else
		return false;
	return true;
}

static bool is_drained(const struct summary *s)
{
	return strcmp(s->ended, "drained") == 0;
}

static bool bench_failed(struct summary_case *c, const struct tally *t,
			 const struct summary *s)
{
	char n[64];

	if (t->given_up)
		rule(c, VERDICT_BENCH_ERROR, "%s", t->given_up);
	else if (t->bench_errors.count)
		rule(c, VERDICT_BENCH_ERROR, "%s ended in BENCH_ERROR: %s",
		     attempts(n, &t->bench_errors), t->bench_errors.first);
	else if (c->trials < c->planned_trials && is_drained(s))
		rule(c, VERDICT_BENCH_ERROR, "%d of %d trials were not run: %s",
		     c->planned_trials - c->trials, c->planned_trials,
		     s->ended_why ? s->ended_why : "the run was drained");
	else
		return false;
	return true;
}

static bool is_open(struct summary_case *c, const struct tally *t)
{
	const struct summary_claim *claim = claim_with(c, VERDICT_INCONCLUSIVE);
	char n[64];

	if (c->trials < c->planned_trials)
		rule(c, VERDICT_INCONCLUSIVE, "%d of %d trials were not run",
		     c->planned_trials - c->trials, c->planned_trials);
	else if (c->planned_trials == 0)
		rule(c, VERDICT_INCONCLUSIVE, "no trials were planned");
	else if (t->unproven.count)
		rule(c, VERDICT_INCONCLUSIVE,
		     "%s ended in NO_TAP, with no later tap that proves the bench: not "
		     "held "
		     "against the target",
		     attempts(n, &t->unproven));
	else if (t->complaints.count)
		rule(c, VERDICT_INCONCLUSIVE,
		     "%s heard nothing in time, and in each the machine held the "
		     "emulated "
		     "desk up by more than U: %s",
		     attempts(n, &t->complaints), t->complaints.first);
	else if (t->unanswered.count)
		rule(c, VERDICT_INCONCLUSIVE,
		     "%s without an answer, and in each the machine held the emulated "
		     "desk "
		     "up by more than U: %s",
		     attempts(n, &t->unanswered), t->unanswered.first);
	else if (claim)
		rule(c, VERDICT_INCONCLUSIVE, "%s: %s", claim->claim.text,
		     claim->decision.why);
	else
		return false;
	return true;
}

static size_t sum(const size_t counts[OUTCOME_COUNT])
{
	size_t all = 0;

	for (int i = 0; i < OUTCOME_COUNT; i++)
		all += counts[i];
	return all;
}

static void __attribute__((format(printf, 3, 4)))
say(char *out, size_t size, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + len, size - len, fmt, ap);
	va_end(ap);
}

/* "66 of 100 DONE, 4 REFUSED, 30 without an answer" */
static void say_counts(char *out, size_t size, const size_t counts[OUTCOME_COUNT])
{
	size_t silent = counts[OUTCOME_RF_ERROR] + counts[OUTCOME_NO_TAP];

	say(out, size, "%zu of %zu DONE", counts[OUTCOME_DONE], sum(counts));
	if (counts[OUTCOME_REFUSED])
		say(out, size, ", %zu REFUSED", counts[OUTCOME_REFUSED]);
	if (silent)
		say(out, size, ", %zu without an answer", silent);
}

/* ", allowed by p50(tap), share(DONE)" */
static void say_excuses(char *out, size_t size, const struct summary_case *c)
{
	const char *before = ", allowed by ";

	for (size_t i = 0; i < c->claim_count; i++) {
		const char *text = c->claims[i].claim.text;

		if (!c->claims[i].excused)
			continue;
		say(out, size, "%s%.*s", before, (int)strcspn(text, "<>= "), text);
		before = ", ";
	}
}

static void passes(struct summary_case *c)
{
	bool warm = sum(c->warmup_outcomes) == c->warmup_outcomes[OUTCOME_DONE];
	bool all = sum(c->outcomes) == c->outcomes[OUTCOME_DONE];
	char text[sizeof(c->reason)] = "";

	if (all && warm) {
		say(text, sizeof(text), "all %d trials met what was expected", c->trials);
	} else {
		say_counts(text, sizeof(text), c->outcomes);
		if (!warm) {
			say(text, sizeof(text), " (in warm-up ");
			say_counts(text, sizeof(text), c->warmup_outcomes);
			say(text, sizeof(text), ")");
		}
		say_excuses(text, sizeof(text), c);
	}
	if (c->claim_count)
		say(text, sizeof(text), "%s%zu claim%s hold%s", all && warm ? ", " : "; ",
		    c->claim_count, many(c->claim_count), c->claim_count == 1 ? "s" : "");
	rule(c, VERDICT_PASS, "%s", text);
}

int judge_case(struct summary_case *c, const struct tally *t, const struct summary *s)
{
	int rc = decide_claims(c, t, s);

	if (rc)
		return rc;
	if (t->skip)
		rule(c, VERDICT_SKIP, "%s", t->skip);
	else if (!fails(c, t) && !bench_failed(c, t, s) && !is_open(c, t))
		passes(c);
	return 0;
}

void judge_run(struct summary *s)
{
	enum verdict verdict = VERDICT_SKIP;
	size_t passed = 0;

	for (size_t i = 0; i < s->case_count; i++) {
		const struct summary_case *c = &s->cases[i];

		/* what is only explored is no claim; that the bench could not do it is still its fault */
		if (c->explore && c->verdict != VERDICT_BENCH_ERROR)
			continue;
		verdict = verdict_worst(verdict, c->verdict);
		for (size_t k = 0; k < c->claim_count; k++)
			passed += c->claims[k].decision.verdict == VERDICT_PASS &&
				  c->verdict != VERDICT_SKIP;
	}
	if (is_drained(s))
		verdict = verdict_worst(VERDICT_BENCH_ERROR, verdict);
	if (verdict == VERDICT_SKIP || strcmp(s->ended, "complete") != 0)
		verdict = verdict_worst(VERDICT_INCONCLUSIVE, verdict);
	s->verdict = verdict;
	s->risk_claim = 1 - s->confidence;
	s->risk_run = s->risk_claim * (double)passed;
	if (s->risk_run > 1)
		s->risk_run = 1;
}
