#include "results/judge.h"

#include "results/text.h"

#include <stdarg.h>
#include <stdio.h>
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

static int decide_claims(struct summary_case *c, const struct tally *t, int64_t u_ns,
			 double confidence)
{
	for (size_t i = 0; i < c->claim_count; i++) {
		struct summary_claim *sc = &c->claims[i];
		const struct summary_samples *s;
		size_t n = 0;
		int rc;

		if (sc->claim.type == CLAIM_SHARE) {
			for (int o = 0; o < OUTCOME_COUNT; o++)
				n += t->samples[o];
			claim_decide_share(&sc->decision, &sc->claim,
					   t->samples[sc->claim.outcome], n, confidence);
			continue;
		}
		s = summary_find_samples(c, metric_find(sc->claim.metric));
		rc = claim_decide(&sc->decision, &sc->claim, s ? s->ns : NULL,
				  s ? s->n : 0, u_ns, confidence);
		if (rc)
			return rc;
	}
	return 0;
}

static const struct summary_claim *claim_with(const struct summary_case *c,
					      enum verdict verdict)
{
	for (size_t i = 0; i < c->claim_count; i++)
		if (c->claims[i].decision.verdict == verdict)
			return &c->claims[i];
	return NULL;
}

static bool has_share_claim(const struct summary_case *c)
{
	for (size_t i = 0; i < c->claim_count; i++)
		if (c->claims[i].claim.type == CLAIM_SHARE)
			return true;
	return false;
}

static const char *many(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool fails(struct summary_case *c, const struct tally *t)
{
	const struct summary_claim *claim = claim_with(c, VERDICT_FAIL);

	if (c->complaints)
		rule(c, VERDICT_FAIL,
		     "%zu attempt%s did not meet the case's expectations: %s",
		     c->complaints, many(c->complaints), c->first_complaint);
	else if (claim)
		rule(c, VERDICT_FAIL, "%s: %s", claim->claim.text, claim->decision.why);
	else if (t->silent_refusals && !has_share_claim(c))
		rule(c, VERDICT_FAIL,
		     "%zu attempt%s REFUSED, and no share is allowed to be: %s",
		     t->silent_refusals, many(t->silent_refusals), t->first_refusal);
	else if (t->unanswered && c->claim_count == 0)
		rule(c, VERDICT_FAIL,
		     "%zu attempt%s without an answer, and no claim allows any: %s",
		     t->unanswered, many(t->unanswered), t->first_unanswered);
	else
		return false;
	return true;
}

static bool is_open(struct summary_case *c)
{
	const struct summary_claim *claim = claim_with(c, VERDICT_INCONCLUSIVE);

	if (c->trials < c->planned_trials)
		rule(c, VERDICT_INCONCLUSIVE, "%d of %d trials were not run",
		     c->planned_trials - c->trials, c->planned_trials);
	else if (c->planned_trials == 0)
		rule(c, VERDICT_INCONCLUSIVE, "no trials were planned");
	else if (c->unproven_no_taps)
		rule(c, VERDICT_INCONCLUSIVE,
		     "%zu NO_TAP with no later tap that proves the bench: not held "
		     "against the target",
		     c->unproven_no_taps);
	else if (claim)
		rule(c, VERDICT_INCONCLUSIVE, "%s: %s", claim->claim.text,
		     claim->decision.why);
	else
		return false;
	return true;
}

int judge_case(struct summary_case *c, const struct tally *t, int64_t u_ns,
	       double confidence)
{
	size_t errors = c->outcomes[OUTCOME_BENCH_ERROR];
	int rc = decide_claims(c, t, u_ns, confidence);

	if (rc)
		return rc;
	if (t->skip)
		rule(c, VERDICT_SKIP, "%s", t->skip);
	else if (fails(c, t))
		return 0;
	else if (errors)
		rule(c, VERDICT_BENCH_ERROR, "%zu attempt%s ended in BENCH_ERROR: %s",
		     errors, many(errors), t->first_bench_error);
	else if (is_open(c))
		return 0;
	else if (c->claim_count)
		rule(c, VERDICT_PASS,
		     "all %d trials met what was expected, %zu claim%s hold%s", c->trials,
		     c->claim_count, many(c->claim_count),
		     c->claim_count == 1 ? "s" : "");
	else
		rule(c, VERDICT_PASS, "all %d trials met what was expected", c->trials);
	return 0;
}

void judge_run(struct summary *s)
{
	enum verdict verdict = VERDICT_SKIP;
	size_t passed = 0;

	for (size_t i = 0; i < s->case_count; i++) {
		const struct summary_case *c = &s->cases[i];

		verdict = verdict_worst(verdict, c->verdict);
		for (size_t k = 0; k < c->claim_count; k++)
			passed += c->claims[k].decision.verdict == VERDICT_PASS &&
				  c->verdict != VERDICT_SKIP;
	}
	if (verdict == VERDICT_SKIP || strcmp(s->ended, "complete") != 0)
		verdict = verdict_worst(VERDICT_INCONCLUSIVE, verdict);
	s->verdict = verdict;
	s->risk_claim = 1 - s->confidence;
	s->risk_run = s->risk_claim * (double)passed;
	if (s->risk_run > 1)
		s->risk_run = 1;
}
