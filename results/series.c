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
		all &= c->verdict == VERDICT_PASS;
		if (all)
			x.holds = c;
		if (c->verdict == VERDICT_PASS)
			x.last_passed = c;
		else if (c->verdict == VERDICT_FAIL)
			x.breaks = x.breaks ? x.breaks : c;
		else if (!x.open_count++)
			x.open = c;
	}
	++*at;
	*out = x;
	return true;
}

static void say(char out[240], const char *what, const char *level)
{
	size_t n = strlen(out);

	if (n)
		n += (size_t)snprintf(out + n, 240 - n, ", ");
	snprintf(out + n, 240 - n, "%s%.40s", what, level);
}

const char *series_text(const struct series *x, char out[240])
{
	out[0] = '\0';
	if (x->holds)
		say(out, "holds up to ", x->holds->level);
	if (x->open)
		say(out, x->open_count > 1 ? "undecided from " : "undecided at ",
		    x->open->level);
	if (x->last_passed != x->holds)
		say(out, "held at ", x->last_passed->level);
	if (x->breaks)
		say(out, "breaks at ", x->breaks->level);
	else if (!x->open)
		say(out, "did not break", "");
	return out;
}
