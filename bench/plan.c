#include "bench/plan.h"

#include "results/metric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan_rig {
	unsigned has; /* NEED_ bits */
	const struct dbc *dbc;
};

static int check_claim(const struct suite_case *c, struct node at,
		       const struct claim *claim, int64_t trials, bool overridden,
		       struct err *err)
{
	size_t needed = claim_trials_needed(claim, PLAN_CONFIDENCE);

	if ((size_t)trials >= needed)
		return 0;
	return node_error(at, err,
			  "%s: %lld trials can never support '%s' at %g %% confidence; "
			  "it needs at least %zu%s",
			  c->id, (long long)trials, claim->text, PLAN_CONFIDENCE * 100,
			  needed, overridden ? " (--trials)" : "");
}

/* Why a step is left out that the suite only wants, or NULL. */
static const char *why_not(const struct plan_case *p, const struct suite_step *s,
			   const struct plan_rig *rig, char room[64])
{
	if (!(s->kind->needs & p->suite->wants))
		return NULL;
	if (s->kind->needs & ~rig->has) {
		snprintf(room, 64, "the rig has no %.50s",
			 step_needs_text(s->kind->needs & ~rig->has, (char[64]){ 0 }));
		return room;
	}
	if (!s->kind->check ||
	    s->kind->check(s->params, &(struct step_rig){ .dbc = rig->dbc }, s->at,
			   NULL) == 0)
		return NULL;
	return rig->dbc ? "the DBC of its bus lacks what they send"
			: "the rig's bus names no dbc";
}

/* What the suite only wants and the rig cannot give is left out, and said. */
static void choose_steps(struct plan_case *p, const struct plan_rig *rig)
{
	char names[100] = "", why[64] = "", room[64];

	for (int i = 0; i < p->c->step_count; i++) {
		const struct suite_step *s = &p->c->steps[i];
		const char *because = why_not(p, s, rig, room);
		size_t n = strlen(names);

		if (!because) {
			p->steps[p->step_count++] = s;
			continue;
		}
		snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
			 s->kind->name);
		snprintf(why, sizeof(why), "%s", because); /* one bus, one reason */
	}
	if (names[0])
		snprintf(p->left_out, sizeof(p->left_out), "%s: %s", names, why);
}

/* All steps as if all went well: what a case leaves at best. */
static int rehearse(struct attempt *a, const struct plan_case *p,
		    const struct plan_rig *rig, struct err *err)
{
	attempt_init(a);
	for (int i = 0; i < p->step_count; i++) {
		const struct suite_step *s = p->steps[i];
		const char *why =
			s->kind->rehearse ? s->kind->rehearse(s->params, a) : NULL;

		if (why)
			return node_error(s->at, err, "%s: %s", s->kind->name, why);
		/* the rig's sensor sees it come, whoever it is */
		if (rig->has & NEED_SENSOR && attempt_find(a, "approach") &&
		    !attempt_find(a, "t0"))
			attempt_point(a, "t0", 0, 0);
	}
	return 0;
}

static int plan_claim(struct claim *out, const struct suite_case *c,
		      const struct attempt *best, int i, int64_t trials, bool overridden,
		      struct err *err)
{
	const struct suite_claim *asked = &c->claims[i];
	struct err own = { 0 };

	if (claim_parse(out, asked->text, &own))
		return node_error(asked->at, err, "%s", err_text(&own));
	if (out->type == CLAIM_QUANTILE && metric_of(metric_find(out->metric), best) < 0)
		return node_error(
			asked->at, err,
			"no step of the case '%s' leaves what '%s' is measured from",
			c->id, out->metric);
	return check_claim(c, asked->at, out, trials, overridden, err);
}

static void mark_skip(struct plan_case *p, unsigned rig_has)
{
	char text[64];
	unsigned missing = p->c->needs & ~rig_has;

	if (missing)
		snprintf(p->skip, sizeof(p->skip), "the rig has no %s",
			 step_needs_text(missing, text));
}

static int plan_case(struct plan *plan, const struct suite *suite,
		     const struct suite_case *c, const struct plan_rig *rig,
		     int64_t trials, struct err *err)
{
	struct plan_case *p = &plan->cases[plan->count++];
	static const struct plan_rig all = { ~0u, NULL };
	struct attempt best;
	int rc;

	p->suite = suite;
	p->c = c;
	p->trials = trials > 0 ? trials : c->trials;
	choose_steps(p, rig);
	mark_skip(p, rig->has);
	/* what is skipped must still make sense on a rig that has it all */
	rc = rehearse(&best, p, p->skip[0] ? &all : rig, err);
	for (int i = 0; !rc && i < c->claim_count; i++)
		rc = plan_claim(&p->claims[i], c, &best, i, p->trials, trials > 0, err);
	if (!p->skip[0])
		plan->attempts += p->trials + c->warmup;
	return rc;
}

int plan_make(struct plan *out, struct suite *const *suites, int suite_count,
	      unsigned rig_has, const struct dbc *dbc, int64_t trials, struct err *err)
{
	const struct plan_rig rig = { rig_has, dbc };
	struct plan plan = { .confidence = PLAN_CONFIDENCE };
	int total = 0, rc = 0;

	for (int i = 0; i < suite_count; i++) {
		total += suites[i]->case_count;
		for (int k = 0; k < i; k++)
			if (strcmp(suites[i]->name, suites[k]->name) == 0)
				return err_set(err, ERR_USAGE,
					       "the suite '%s' is given twice",
					       suites[i]->name);
	}
	if (total > PLAN_MAX_CASES)
		return err_set(err, ERR_RANGE, "%d cases in one run; at most %d", total,
			       PLAN_MAX_CASES);
	plan.cases = calloc((size_t)total + 1, sizeof(*plan.cases));
	if (!plan.cases)
		return err_set(err, ERR_NOMEM, "no memory for the plan");
	for (int i = 0; !rc && i < suite_count; i++)
		for (int k = 0; !rc && k < suites[i]->case_count; k++)
			rc = plan_case(&plan, suites[i], &suites[i]->cases[k], &rig,
				       trials, err);
	if (rc)
		plan_free(&plan);
	else
		*out = plan;
	return rc;
}

void plan_free(struct plan *p)
{
	free(p->cases);
	*p = (struct plan){ 0 };
}
