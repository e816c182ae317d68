#include "bench/core/attempt.h"

#include "bench/core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void attempt_init(struct attempt *a)
{
	memset(a, 0, sizeof(*a));
}

void attempt_point(struct attempt *a, const char *name, int64_t at_ns, int64_t slack_ns)
{
	struct attempt_point *p = (struct attempt_point *)attempt_find(a, name);

	if (!p) {
		if (a->point_count == ATTEMPT_MAX_POINTS ||
		    strlen(name) >= sizeof(p->name)) {
			a->overflow = true;
			return;
		}
		p = &a->points[a->point_count++];
		snprintf(p->name, sizeof(p->name), "%s", name);
	}
	p->at_ns = at_ns;
	p->slack_ns = slack_ns;
}

void attempt_value(struct attempt *a, const char *name, int64_t ns)
{
	struct attempt_value *v;
	int i = 0;

	while (i < a->value_count && strcmp(a->values[i].name, name) != 0)
		i++;
	if (i == ATTEMPT_MAX_VALUES || strlen(name) >= sizeof(v->name)) {
		a->overflow = true;
		return;
	}
	v = &a->values[i];
	if (i == a->value_count) {
		snprintf(v->name, sizeof(v->name), "%s", name);
		a->value_count++;
	}
	v->ns = ns;
}

void attempt_note(struct attempt *a, const char *name, const char *text)
{
	struct attempt_note *n;
	int i = 0;

	while (i < a->note_count && strcmp(a->notes[i].name, name) != 0)
		i++;
	if (i == ATTEMPT_MAX_NOTES || strlen(name) >= sizeof(n->name)) {
		a->overflow = true;
		return;
	}
	n = &a->notes[i];
	if (i == a->note_count)
		a->note_count++;
	snprintf(n->name, sizeof(n->name), "%s", name);
	snprintf(n->text, sizeof(n->text), "%s", text);
	text_tame(n->text);
}

const struct attempt_point *attempt_find(const struct attempt *a, const char *name)
{
	for (int i = 0; i < a->point_count; i++)
		if (strcmp(a->points[i].name, name) == 0)
			return &a->points[i];
	return NULL;
}

int64_t attempt_value_of(const struct attempt *a, const char *name)
{
	for (int i = 0; i < a->value_count; i++)
		if (strcmp(a->values[i].name, name) == 0)
			return a->values[i].ns;
	return -1;
}

void attempt_end(struct attempt *a, enum outcome outcome, const char *fmt, ...)
{
	va_list ap;

	if (a->outcome != OUTCOME_DONE)
		return;
	a->outcome = outcome;
	va_start(ap, fmt);
	vsnprintf(a->detail, sizeof(a->detail), fmt, ap);
	va_end(ap);
}

void attempt_complain(struct attempt *a, const char *fmt, ...)
{
	va_list ap;

	if (a->complaint[0])
		return;
	va_start(ap, fmt);
	vsnprintf(a->complaint, sizeof(a->complaint), fmt, ap);
	va_end(ap);
}
