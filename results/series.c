#include "results/series.h"

#include <stdio.h>
#include <string.h>

static bool same(const struct summary_case *a, const struct summary_case *b)
{
	return b->series && strcmp(a->series, b->series) == 0 &&
	       strcmp(a->suite, b->suite) == 0;
}

static bool begins_one(const struct summary *s, size_t at)
{
	if (!s->cases[at].series)
		return false;
	for (size_t i = 0; i < at; i++)
		if (same(&s->cases[at], &s->cases[i]))
			return false;
	return true;
}

bool series_next(const struct summary *s, size_t *at, struct series *out)
{
	struct series x = { 0 };
	bool all = true;

	while (*at < s->case_count && !begins_one(s, *at))
		++*at;
	if (*at >= s->case_count)
		return false;
	x.first = &s->cases[*at];
	for (size_t i = *at; i < s->case_count; i++) {
		const struct summary_case *c = &s->cases[i];

		if (!same(x.first, c))
			continue;
		x.count++;
		x.again |= x.breaks && c->verdict == VERDICT_PASS;
		all &= c->verdict == VERDICT_PASS;
		if (all)
			x.holds = c;
		if (!x.breaks && c->verdict == VERDICT_FAIL)
			x.breaks = c;
	}
	++*at;
	*out = x;
	return true;
}

const char *series_text(const struct series *x, char out[240])
{
	int n;

	if (x->holds)
		n = snprintf(out, 240, "holds up to %.80s", x->holds->level);
	else
		n = snprintf(out, 240, "%s",
			     x->breaks ? "holds nowhere" : "nothing shown");
	if (x->breaks)
		n += snprintf(out + n, (size_t)(240 - n), ", breaks at %.80s",
			      x->breaks->level);
	else
		n += snprintf(out + n, (size_t)(240 - n), ", did not break");
	if (x->again)
		snprintf(out + n, (size_t)(240 - n), "; yet a harder one held");
	return out;
}
