/*
 * Which signals of a DBC are there only for some values of another one.
 */
#include "bench/core/wire/dbc_lex.h"

#include <stdlib.h>

static void add_range(struct parser *p, struct dbc_signal *s, uint64_t from, uint64_t to)
{
	void *room = dbc_more(p, s->ranges, s->range_count, sizeof(*s->ranges));

	if (!room)
		return;
	s->ranges = room;
	s->ranges[s->range_count++] = (struct dbc_range){ from, to };
}

void dbc_read_mux(struct parser *p, struct dbc_signal *s, struct mux *m)
{
	struct token t = p->t;
	size_t i = 1;

	m->line = t.line;
	m->column = t.column;
	lex_next(p);
	if (t.len == 1 && t.text[0] == 'M') {
		s->multiplexor = true;
		return;
	}
	m->multiplexed = true;
	for (; t.text[0] == 'm' && i < t.len && lex_is_digit(t.text[i]) && i < 10; i++)
		m->value = m->value * 10 + (uint64_t)(t.text[i] - '0');
	if (i < t.len && t.text[i] == 'M') {
		s->multiplexor = true;
		i++;
	}
	if (t.text[0] != 'm' || i != t.len || i < 2 || !lex_is_digit(t.text[1]))
		lex_mistake(
			p, t.line, t.column,
			"'%.*s' is no multiplexing; 'M', 'm' with a number, or 'm' with "
			"a number and 'M' is",
			t.len < 40 ? (int)t.len : 40, t.text);
}

static struct mux *mux_of(struct parser *p, const struct dbc_signal *s)
{
	int at = 0;

	for (int i = 0; i < p->d->message_count; i++) {
		const struct dbc_message *m = &p->d->messages[i];

		if (s >= m->signals && s < m->signals + m->signal_count)
			return &p->mux[at + (s - m->signals)];
		at += m->signal_count;
	}
	abort(); /* a signal of no message */
}

void dbc_read_ranges(struct parser *p)
{
	struct dbc_message *m;
	struct dbc_signal *s;
	const struct dbc_signal *parent;
	struct token at;
	char *name;

	lex_next(p);
	s = dbc_want_signal(p, &m);
	at = p->t;
	name = lex_want_name(p, "the name of a multiplexor");
	parent = s && name ? dbc_signal(m, name) : NULL;
	if (s && (!parent || !parent->multiplexor))
		lex_mistake(p, at.line, at.column, "%s has no multiplexor '%.60s'",
			    m->name, name);
	free(name);
	if (p->rc)
		return;
	s->parent = (int)(parent - m->signals);
	mux_of(p, s)->resolved = true;
	while (!p->rc) {
		uint64_t from, to;

		at = p->t;
		from = lex_want_whole(p, UINT64_MAX, "a range of values");
		/* "1-3" reads as 1 and -3 */
		if (p->t.kind == NUMBER && p->t.text[0] == '-') {
			p->t.text++;
			p->t.len--;
		} else {
			lex_want(p, "-");
		}
		to = lex_want_whole(p, UINT64_MAX, "the end of a range");
		if (!p->rc && to < from)
			lex_mistake(p, at.line, at.column,
				    "a range that ends before it begins");
		if (!p->rc)
			add_range(p, s, from, to);
		if (!lex_is(p, ","))
			break;
		lex_next(p);
	}
	lex_want(p, ";");
}

/*
 * What no SG_MUL_VAL_ has spoken of hangs on the one multiplexor that hangs on nothing.
 */
static void resolve(struct parser *p, struct dbc_message *m, struct mux *mux)
{
	int root = -1, roots = 0;

	for (int i = 0; i < m->signal_count; i++) {
		if (m->signals[i].multiplexor && !mux[i].multiplexed &&
		    !mux[i].resolved) {
			root = i;
			roots++;
		}
	}
	for (int i = 0; !p->rc && i < m->signal_count; i++) {
		struct dbc_signal *s = &m->signals[i];

		if (!mux[i].multiplexed || mux[i].resolved)
			continue;
		if (roots != 1) {
			lex_mistake(
				p, mux[i].line, mux[i].column,
				roots ? "%s: %s has more than one multiplexor; "
					"SG_MUL_VAL_ "
					"must say which"
				      : "%s is multiplexed, and %s has no multiplexor",
				s->name, m->name);
			return;
		}
		s->parent = root;
		add_range(p, s, mux[i].value, mux[i].value);
	}
}

static void refuse_circles(struct parser *p, const struct dbc_message *m)
{
	for (int i = 0; !p->rc && i < m->signal_count; i++) {
		int steps = 0, k = i;

		while (k >= 0 && steps++ <= m->signal_count)
			k = m->signals[k].parent;
		if (k >= 0)
			lex_mistake(p, m->signals[i].line, m->signals[i].column,
				    "%s: its multiplexors select each other in a circle",
				    m->signals[i].name);
	}
}

void dbc_resolve_mux(struct parser *p, struct dbc_message *m, struct mux *mux)
{
	resolve(p, m, mux);
	refuse_circles(p, m);
}
