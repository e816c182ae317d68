#include "results/tally.h"

#include "results/text.h"

#include <string.h>

int64_t tally_held_up(const struct attempt *a)
{
	int64_t ns = attempt_value_of(a, "held_up");

	return ns > 0 ? ns : 0;
}

bool tally_is_doubtful(const struct attempt *a, int64_t u_ns)
{
	return (a->outcome == OUTCOME_RF_ERROR || a->outcome == OUTCOME_NO_TAP) &&
	       tally_held_up(a) > u_ns;
}

static void add(struct trouble *t, bool warmup, bool doubtful, const char *what)
{
	t->in_warmup += warmup;
	t->doubtful += doubtful;
	if (!t->count++)
		text_copy(t->first, sizeof(t->first), what);
}

static void merge(struct trouble *into, const struct trouble *from)
{
	if (!into->count)
		text_copy(into->first, sizeof(into->first), from->first);
	into->count += from->count;
	into->in_warmup += from->in_warmup;
	into->doubtful += from->doubtful;
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
		   const struct record_attempt *r, int64_t u_ns)
{
	const struct attempt *a = r->result;
	const char *what = a->detail[0] ? a->detail : "no detail";
	bool complained = a->complaint[0] && a->outcome != OUTCOME_BENCH_ERROR;
	bool doubtful = tally_is_doubtful(a, u_ns), open;

	if (complained)
		add(&t->complaints, r->warmup, a->timed && tally_held_up(a) > u_ns,
		    a->complaint);
	if (a->outcome == OUTCOME_DONE)
		return;
	if (a->outcome == OUTCOME_BENCH_ERROR) {
		add(&t->bench_errors, r->warmup, false, what);
		return;
	}
	/* a complaint is excused by nothing, and counts once */
	open = !complained && !is_excused(c, a);
	if (a->outcome == OUTCOME_NO_TAP)
		add(&w->all, r->warmup, doubtful, what);
	if (open)
		add(a->outcome == OUTCOME_NO_TAP    ? &w->open
		    : a->outcome == OUTCOME_REFUSED ? &t->refused
						    : &t->unanswered,
		    r->warmup, doubtful, what);
}

void tally_decide(struct tally *t, struct tally_waiting *w, bool proven)
{
	merge(proven ? &t->unanswered : &t->unproven, proven ? &w->open : &w->all);
	memset(w, 0, sizeof(*w));
}
