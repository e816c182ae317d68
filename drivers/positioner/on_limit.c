#include "drivers/positioner/on_limit.h"

#include <assert.h>
#include <string.h>

void on_limit_init(struct on_limit *l, int64_t max_on_ns, int64_t window_ns, double duty)
{
	*l = (struct on_limit){ 0 };
	on_limit_renew(l, max_on_ns, window_ns, duty);
}

void on_limit_renew(struct on_limit *l, int64_t max_on_ns, int64_t window_ns, double duty)
{
	l->max_on_ns = max_on_ns;
	l->window_ns = l->allowed_ns = 0;
	if (window_ns == 0 || duty >= 1)
		return;
	l->window_ns = window_ns;
	l->allowed_ns = (int64_t)(duty * (double)window_ns);
	if (l->allowed_ns < 1)
		l->allowed_ns = 1;
}

static void forget(struct on_limit *l, int64_t now_ns)
{
	int gone = 0;

	while (gone < l->count && l->past[gone].to_ns <= now_ns - l->window_ns)
		gone++;
	l->count -= gone;
	memmove(l->past, l->past + gone, (size_t)l->count * sizeof(l->past[0]));
	if (l->count < ON_LIMIT_PAST)
		return;
	/* no room: the pause between the two oldest counts as if it had been on */
	l->past[1].from_ns = l->past[0].from_ns;
	l->count--;
	memmove(l->past, l->past + 1, (size_t)l->count * sizeof(l->past[0]));
}

void on_limit_switched(struct on_limit *l, bool on, int64_t now_ns)
{
	if (on == l->on)
		return;
	l->on = on;
	if (on) {
		l->since_ns = now_ns;
		return;
	}
	if (now_ns - l->since_ns > l->longest_ns)
		l->longest_ns = now_ns - l->since_ns;
	if (!l->window_ns)
		return;
	forget(l, now_ns);
	l->past[l->count].from_ns = l->since_ns;
	l->past[l->count++].to_ns = now_ns;
}

void on_limit_was_on(struct on_limit *l, int64_t from_ns, int64_t to_ns)
{
	if (from_ns >= to_ns)
		return;
	if (l->count == ON_LIMIT_PAST - 1) { /* room for one more is kept; as above */
		l->past[0].from_ns = from_ns;
		return;
	}
	memmove(l->past + 1, l->past, (size_t)l->count * sizeof(l->past[0]));
	l->past[0].from_ns = from_ns;
	l->past[0].to_ns = to_ns;
	l->count++;
}

void on_limit_assume_worst(struct on_limit *l, int64_t now_ns)
{
	if (!l->window_ns)
		return;
	l->count = 0;
	on_limit_was_on(l, now_ns - l->allowed_ns, now_ns);
}

/* Of @from..@to, what lies at or behind @start. */
static int64_t behind(int64_t start, int64_t from, int64_t to)
{
	if (to <= start)
		return 0;
	return to - (from > start ? from : start);
}

int64_t on_limit_used(const struct on_limit *l, int64_t now_ns)
{
	int64_t start = now_ns - l->window_ns, used = 0;

	for (int i = 0; i < l->count; i++)
		used += behind(start, l->past[i].from_ns, l->past[i].to_ns);
	return used + (l->on ? behind(start, l->since_ns, now_ns) : 0);
}

int64_t on_limit_left(const struct on_limit *l, int64_t now_ns)
{
	int64_t left = l->max_on_ns - (l->on ? now_ns - l->since_ns : 0), share;

	if (!l->window_ns)
		return left;
	share = l->allowed_ns - on_limit_used(l, now_ns);
	return share < left ? share : left;
}

int64_t on_limit_start(const struct on_limit *l, int64_t now_ns, int64_t need_ns)
{
	int64_t excess, start = now_ns - l->window_ns;

	assert(!l->on);
	if (!l->window_ns)
		return now_ns;
	if (need_ns > l->allowed_ns)
		need_ns = l->allowed_ns;
	excess = on_limit_used(l, now_ns) + need_ns - l->allowed_ns;
	if (excess <= 0)
		return now_ns;
	/* so much of the oldest on-time must have left the window by then */
	for (int i = 0; i < l->count; i++) {
		int64_t part = behind(start, l->past[i].from_ns, l->past[i].to_ns);

		if (part >= excess)
			return l->past[i].to_ns - part + excess + l->window_ns;
		excess -= part;
	}
	return now_ns; /* not reached: what is used lies in the past kept here */
}
