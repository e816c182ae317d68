#include "results/tally.h"

#include "results/text.h"

#include <string.h>

static void add(struct trouble *t, bool warmup, const char *what)
{
	t->in_warmup += warmup;
	if (!t->count++)
		text_copy(t->first, sizeof(t->first), what);
}

static void merge(struct trouble *into, const struct trouble *from)
{
	if (!into->count)
		text_copy(into->first, sizeof(into->first), from->first);
	into->count += from->count;
	into->in_warmup += from->in_warmup;
}

/* Does @claim judge an attempt that came to no good end? */
static bool excuses(const struct claim *claim, const struct attempt *a)
{
	int metric = claim->type == CLAIM_QUANTILE ? metric_find(claim->metric) : -1;

	if (claim->type == CLAIM_SHARE)
		return true;
	if (a->outcome == OUTCOME_REFUSED) /* a "no" is not a matter of time */
		return false;
	return metric >= 0 && metrics[metric].ends && metric_of(metric, a) < 0;
}

static bool is_excused(struct summary_case *c, const struct attempt *a)
{
	bool excused = false;

	for (size_t i = 0; i < c->claim_count; i++)
		if (excuses(&c->claims[i].claim, a)) {
			c->claims[i].excused++;
			excused = true;
		}
	return excused;
}

void tally_attempt(struct tally *t, struct tally_waiting *w, struct summary_case *c,
		   const struct record_attempt *r)
{
	const struct attempt *a = r->result;
	const char *what = a->detail[0] ? a->detail : "no detail";
	bool complained = a->complaint[0] && a->outcome != OUTCOME_BENCH_ERROR;
	bool open;

	if (complained)
		add(&t->complaints, r->warmup, a->complaint);
	if (a->outcome == OUTCOME_DONE)
		return;
	if (a->outcome == OUTCOME_BENCH_ERROR) {
		add(&t->bench_errors, r->warmup, what);
		return;
	}
	/* a complaint is excused by nothing, and counts once */
	open = !complained && !is_excused(c, a);
	if (a->outcome == OUTCOME_NO_TAP)
		add(&w->all, r->warmup, what);
	if (open)
		add(a->outcome == OUTCOME_NO_TAP    ? &w->open
		    : a->outcome == OUTCOME_REFUSED ? &t->refused
						    : &t->unanswered,
		    r->warmup, what);
}

void tally_decide(struct tally *t, struct tally_waiting *w, bool proven)
{
	merge(proven ? &t->unanswered : &t->unproven, proven ? &w->open : &w->all);
	memset(w, 0, sizeof(*w));
}
