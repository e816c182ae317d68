/*
 * The text of a DBC, one statement after the other.
 */
#include "bench/core/wire/dbc.h"

#include "bench/core/fs.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Signals that belong to no message stand under this id; nobody sends it. */
#define ORPHANS 0xc0000000u
#define EXTENDED 0x80000000u
#define MAX_LABELS 200000 /* of the whole file: three bytes of text make one */

enum token_kind {
	END,
	WORD,   /* identifier */
	NUMBER, /* also what only begins like one: "1-5" ends at the '-' */
	STRING, /* without its quotes */
	MARK    /* one other character */
};

struct token {
	enum token_kind kind;
	char *text; /* not terminated until cut() */
	size_t len;
	int line, column;
};

/* How a signal says it is multiplexed, until its message is complete. */
struct mux {
	bool multiplexed, resolved;
	uint64_t value;
	int line, column; /* of the mark */
};

struct parser {
	struct dbc *d;
	char *at, *end, *line_start;
	int line;
	struct token t;
	struct err *err;
	int rc;          /* the first mistake */
	struct mux *mux; /* of every signal, in the order of the file */
	int mux_count;
	int message; /* the last one found by its id */
	int labels;
};

__attribute__((format(printf, 4, 5))) static int mistake(struct parser *p, int line,
							 int column, const char *fmt, ...)
{
	char what[200], shown[120];
	const char *at = (const char *)p->d->text.data;
	const char *end = at + p->d->text.len;
	size_t n = 0;
	va_list ap;

	if (p->rc)
		return p->rc;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	p->rc = err_set(p->err, ERR_FORMAT, "%s:%d:%d: %s", p->d->name, line, column,
			what);
	for (int i = 1; i < line && at < end; at++)
		i += *at == '\n';
	for (; at < end && *at != '\n' && n < sizeof(shown) - 1; at++)
		shown[n++] = *at < ' ' || *at == 127 ? ' ' : *at;
	shown[n] = '\0';
	if (p->err && (size_t)column <= n + 1)
		snprintf(p->err->excerpt, sizeof(p->err->excerpt), "  %s\n  %*s^", shown,
			 column - 1, "");
	else if (p->err)
		snprintf(p->err->excerpt, sizeof(p->err->excerpt), "  %s", shown);
	return p->rc;
}

static int expected(struct parser *p, const char *what)
{
	if (p->t.kind == END)
		return mistake(p, p->t.line, p->t.column,
			       "the file ends where %s should be", what);
	return mistake(p, p->t.line, p->t.column, "'%.*s' where %s should be",
		       p->t.len < 40 ? (int)p->t.len : 40, p->t.text, what);
}

static int no_memory(struct parser *p)
{
	if (!p->rc)
		p->rc = err_set(p->err, ERR_NOMEM, "%s: no memory", p->d->name);
	return p->rc;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(struct parser *p)
{
	for (; p->at < p->end; p->at++) {
		if (*p->at == '\n') {
			p->line++;
			p->line_start = p->at + 1;
		} else if (*p->at != ' ' && *p->at != '\t' && *p->at != '\r') {
			return;
		}
	}
}

static void take_string(struct parser *p)
{
	p->t.kind = STRING;
	p->t.text = ++p->at;
	for (; p->at < p->end && *p->at != '"'; p->at++) {
		if (*p->at == '\\' && p->end - p->at > 1 && p->at[1] == '"')
			p->at++; /* some tools escape a quote */
		if (*p->at == '\n') {
			p->line++;
			p->line_start = p->at + 1;
		}
	}
	p->t.len = (size_t)(p->at - p->t.text);
	if (p->at == p->end)
		mistake(p, p->t.line, p->t.column, "this text has no end");
	else
		p->at++;
}

static void take_number(struct parser *p)
{
	char *from = p->at++;

	p->t.kind = NUMBER;
	for (; p->at < p->end; p->at++) {
		bool exponent = (p->at[-1] == 'e' || p->at[-1] == 'E') &&
				(*p->at == '+' || *p->at == '-');

		if (!is_digit(*p->at) && *p->at != '.' && *p->at != 'e' &&
		    *p->at != 'E' && !exponent)
			break;
	}
	p->t.len = (size_t)(p->at - from);
}

/* The next token into p->t. After a mistake there is only the end. */
static void next(struct parser *p)
{
	bool sign;

	skip_blanks(p);
	p->t = (struct token){ END, p->at, 0, p->line, (int)(p->at - p->line_start) + 1 };
	if (p->at == p->end || p->rc) {
		p->at = p->end;
		return;
	}
	sign = (*p->at == '-' || *p->at == '+') && p->end - p->at > 1 &&
	       (is_digit(p->at[1]) || p->at[1] == '.');
	if (*p->at == '"') {
		take_string(p);
	} else if (is_digit(*p->at) || sign) {
		take_number(p);
	} else if (is_word(*p->at)) {
		p->t.kind = WORD;
		while (p->at < p->end && is_word(*p->at))
			p->at++;
		p->t.len = (size_t)(p->at - p->t.text);
	} else {
		p->t.kind = MARK;
		p->t.len = 1;
		p->at++;
	}
}

static bool is(const struct parser *p, const char *text)
{
	return p->t.kind != STRING && p->t.len == strlen(text) &&
	       memcmp(p->t.text, text, p->t.len) == 0;
}

static void want(struct parser *p, const char *mark)
{
	char what[8];

	snprintf(what, sizeof(what), "'%s'", mark);
	if (!is(p, mark))
		expected(p, what);
	else
		next(p);
}

/*
 * The token's text as a string of its own, beside the others: the file itself stays whole, so that a
 * later mistake can show its line.
 */
static char *cut(struct parser *p, struct token t)
{
	char *copy = strndup(t.text, t.len);

	if (!copy)
		no_memory(p);
	return copy;
}

static char *want_name(struct parser *p, const char *what)
{
	char *name = NULL;

	if (p->t.kind != WORD)
		expected(p, what);
	else
		name = cut(p, p->t);
	next(p);
	return name;
}

static uint64_t want_whole(struct parser *p, uint64_t max, const char *what)
{
	uint64_t v = 0;
	bool good = p->t.kind == NUMBER;

	for (size_t i = 0; good && i < p->t.len; i++) {
		unsigned digit = (unsigned)(p->t.text[i] - '0');

		good = digit < 10 && v <= (max - digit) / 10;
		v = v * 10 + digit;
	}
	if (!good)
		expected(p, what);
	next(p);
	return good ? v : 0;
}

static double want_double(struct parser *p, const char *what)
{
	char text[64], *end = NULL;
	double v = 0;

	if (p->t.kind == NUMBER && p->t.len < sizeof(text)) {
		memcpy(text, p->t.text, p->t.len);
		text[p->t.len] = '\0';
		v = strtod(text, &end);
	}
	if (!end || *end || !isfinite(v))
		expected(p, what);
	next(p);
	return v;
}

/* Room for one more of @count things of @size; doubles at each power of two. */
static void *more(struct parser *p, void *have, int count, size_t size)
{
	void *room;

	if (count & (count - 1))
		return have;
	room = realloc(have, (count ? 2 * (size_t)count : 1) * size);
	if (!room)
		no_memory(p);
	return room;
}

static struct dbc_message *last_message(struct parser *p)
{
	return &p->d->messages[p->d->message_count - 1];
}

static void add_range(struct parser *p, struct dbc_signal *s, uint64_t from, uint64_t to)
{
	void *room = more(p, s->ranges, s->range_count, sizeof(*s->ranges));

	if (!room)
		return;
	s->ranges = room;
	s->ranges[s->range_count++] = (struct dbc_range){ from, to };
}

/* "M", "m3" or "m3M" between the name and the colon. */
static void read_mux(struct parser *p, struct dbc_signal *s, struct mux *m)
{
	struct token t = p->t;
	size_t i = 1;

	m->line = t.line;
	m->column = t.column;
	next(p);
	if (t.len == 1 && t.text[0] == 'M') {
		s->multiplexor = true;
		return;
	}
	m->multiplexed = true;
	for (; t.text[0] == 'm' && i < t.len && is_digit(t.text[i]) && i < 10; i++)
		m->value = m->value * 10 + (uint64_t)(t.text[i] - '0');
	if (i < t.len && t.text[i] == 'M') {
		s->multiplexor = true;
		i++;
	}
	if (t.text[0] != 'm' || i != t.len || i < 2 || !is_digit(t.text[1]))
		mistake(p, t.line, t.column,
			"'%.*s' is no multiplexing; 'M', 'm' with a number, or 'm' with "
			"a number and 'M' is",
			t.len < 40 ? (int)t.len : 40, t.text);
}

/* start|length@order sign */
static void read_place(struct parser *p, struct dbc_signal *s)
{
	struct token order;

	s->start = (int)want_whole(p, 511, "the start bit, 0 to 511,");
	want(p, "|");
	s->length = (int)want_whole(p, 64, "the length in bits, 1 to 64,");
	want(p, "@");
	order = p->t;
	/* "0+" is two tokens: a sign belongs to a number only before digits */
	if (!is(p, "0") && !is(p, "1"))
		expected(p, "the byte order, 0 (big-endian) or 1 (little-endian),");
	s->big_endian = order.len && order.text[0] == '0';
	next(p);
	if (!is(p, "+") && !is(p, "-"))
		expected(p, "the sign, + or -,");
	s->type = is(p, "-") ? DBC_SIGNED : DBC_UNSIGNED;
	next(p);
}

static void read_scale(struct parser *p, struct dbc_signal *s)
{
	struct token at;

	want(p, "(");
	at = p->t;
	s->factor = want_double(p, "the factor");
	want(p, ",");
	s->offset = want_double(p, "the offset");
	want(p, ")");
	if (!p->rc && s->factor == 0)
		mistake(p, at.line, at.column, "%s: the factor is 0", s->name);
	want(p, "[");
	s->min = want_double(p, "the minimum");
	want(p, "|");
	s->max = want_double(p, "the maximum");
	want(p, "]");
	if (p->t.kind == STRING)
		s->unit = cut(p, p->t);
	else
		expected(p, "the unit in quotes");
	next(p);
	while (p->t.kind == WORD && p->t.line == s->line) { /* receivers: A, B or A B */
		next(p);
		if (is(p, ","))
			next(p);
	}
}

static void check_place(struct parser *p, const struct dbc_message *m,
			const struct dbc_signal *s)
{
	int byte = s->start / 8,
	    first = s->big_endian ? byte * 8 + 7 - s->start % 8 : s->start;

	if (p->rc)
		return;
	if (s->length == 0)
		mistake(p, s->line, s->column, "%s: a signal has 1 to 64 bits", s->name);
	else if (first + s->length > m->length * 8)
		mistake(p, s->line, s->column,
			"%s: %d bits from bit %d on (%s-endian) do not fit into the %d "
			"bytes of %s",
			s->name, s->length, s->start, s->big_endian ? "big" : "little",
			m->length, m->name);
}

static void read_signal(struct parser *p, bool orphan)
{
	struct dbc_message *m = last_message(p);
	struct token at;
	struct dbc_signal *s;
	struct mux *mux;
	void *room = more(p, m->signals, m->signal_count, sizeof(*s));

	if (room)
		m->signals = room;
	room = room ? more(p, p->mux, p->mux_count, sizeof(*p->mux)) : NULL;
	if (!room)
		return;
	p->mux = room;
	next(p);
	at = p->t;
	s = &m->signals[m->signal_count++];
	*s = (struct dbc_signal){ .parent = -1, .line = at.line, .column = at.column };
	mux = &p->mux[p->mux_count++];
	*mux = (struct mux){ 0 };
	if (m->signal_count > DBC_MAX_SIGNALS)
		mistake(p, at.line, at.column, "more than %d signals in one message",
			DBC_MAX_SIGNALS);
	s->name = want_name(p, "the name of a signal");
	for (int i = 0; !p->rc && i < m->signal_count - 1; i++)
		if (strcmp(m->signals[i].name, s->name) == 0)
			mistake(p, at.line, at.column,
				"%s has a signal '%s' already, in line %d", m->name,
				s->name, m->signals[i].line);
	if (p->t.kind == WORD)
		read_mux(p, s, mux);
	want(p, ":");
	read_place(p, s);
	read_scale(p, s);
	if (!orphan)
		check_place(p, m, s);
}

static struct dbc_message *message_by_id(struct parser *p, uint32_t id)
{
	struct dbc *d = p->d;

	for (int i = 0; i < d->message_count; i++) {
		struct dbc_message *m = &d->messages[(p->message + i) % d->message_count];

		if ((m->id | (m->extended ? EXTENDED : 0)) == id) {
			p->message = (int)(m - d->messages);
			return m;
		}
	}
	return NULL;
}

static void read_message(struct parser *p)
{
	struct token at;
	struct dbc_message *m;
	uint32_t id;
	bool orphans;
	void *room = more(p, p->d->messages, p->d->message_count, sizeof(*m));

	if (!room)
		return;
	p->d->messages = room;
	next(p);
	at = p->t;
	id = (uint32_t)want_whole(p, UINT32_MAX, "the identifier");
	orphans = id == ORPHANS;
	if (!orphans && (id & ~EXTENDED) > (id & EXTENDED ? CANFRAME_MAX_ID_EXTENDED
							  : CANFRAME_MAX_ID_STANDARD))
		mistake(p, at.line, at.column,
			"%u is no identifier: 0 to 2047, or 2147483648 more than one of "
			"29 "
			"bits",
			id);
	if (p->d->message_count == DBC_MAX_MESSAGES)
		mistake(p, at.line, at.column, "more than %d messages", DBC_MAX_MESSAGES);
	if (p->d->message_count && message_by_id(p, id))
		mistake(p, at.line, at.column, "the message '%s' has this identifier",
			message_by_id(p, id)->name);
	if (p->rc)
		return;
	m = &p->d->messages[p->d->message_count];
	*m = (struct dbc_message){ .id = id & ~EXTENDED, .extended = id & EXTENDED };
	m->name = want_name(p, "the name of a message");
	if (!m->name)
		return;
	p->d->message_count++;
	for (int i = 0; i < p->d->message_count - 1; i++)
		if (strcmp(p->d->messages[i].name, m->name) == 0)
			mistake(p, at.line, at.column, "there is a message '%s' already",
				m->name);
	want(p, ":");
	m->length = (int)want_whole(p, 64, "the length in bytes, 0 to 64,");
	free(want_name(p, "the sender"));
	while (is(p, "SG_") && !p->rc)
		read_signal(p, orphans);
}

/* To the ';' that ends it, past whatever stands in quotes. */
static void skip_statement(struct parser *p)
{
	struct token from = p->t;

	while (!is(p, ";") && p->t.kind != END)
		next(p);
	if (p->t.kind == END)
		mistake(p, from.line, from.column, "this '%.*s' has no ';' at its end",
			from.len < 40 ? (int)from.len : 40, from.text);
	next(p);
}

/* All that stands on this line; and with @list, all lines that begin with a blank. */
static void skip_lines(struct parser *p, bool list)
{
	int line = p->t.line;

	while (p->t.kind != END && (p->t.line == line || (list && p->t.column > 1)))
		next(p);
}

/* The message and signal a statement is about; NULL after a mistake, or for orphans. */
static struct dbc_signal *want_signal(struct parser *p, struct dbc_message **out)
{
	struct token at = p->t;
	uint32_t id = (uint32_t)want_whole(p, UINT32_MAX, "the identifier of a message");
	struct dbc_message *m = p->rc ? NULL : message_by_id(p, id);
	struct dbc_signal *s = NULL;
	char *name;

	if (!p->rc && !m)
		mistake(p, at.line, at.column,
			"there is no message with the identifier %u", id);
	at = p->t;
	name = want_name(p, "the name of a signal");
	if (!p->rc && name) {
		s = (struct dbc_signal *)dbc_signal(m, name); /* ours to change */
		if (!s)
			mistake(p, at.line, at.column, "%s has no signal '%.60s'",
				m->name, name);
	}
	free(name);
	*out = m;
	return p->rc ? NULL : s;
}

static void read_valtype(struct parser *p)
{
	struct dbc_message *m;
	struct dbc_signal *s;
	struct token at;
	uint64_t type;

	next(p);
	s = want_signal(p, &m);
	if (is(p, ":"))
		next(p); /* some tools leave it out */
	at = p->t;
	type = want_whole(p, 3, "0, 1 (32 bits) or 2 (64 bits)");
	if (s && type) {
		if (type == 3 || s->length != (type == 1 ? 32 : 64))
			mistake(p, at.line, at.column,
				"%s has %d bits: type 1 needs 32 and type 2 needs 64",
				s->name, s->length);
		else
			s->type = type == 1 ? DBC_FLOAT : DBC_DOUBLE;
	}
	want(p, ";");
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
	assert(!"a signal of no message");
	return NULL;
}

/* SG_MUL_VAL_ id signal multiplexor 1-1, 5-7; */
static void read_ranges(struct parser *p)
{
	struct dbc_message *m;
	struct dbc_signal *s;
	const struct dbc_signal *parent;
	struct token at;
	char *name;

	next(p);
	s = want_signal(p, &m);
	at = p->t;
	name = want_name(p, "the name of a multiplexor");
	parent = s && name ? dbc_signal(m, name) : NULL;
	if (s && (!parent || !parent->multiplexor))
		mistake(p, at.line, at.column, "%s has no multiplexor '%.60s'", m->name,
			name);
	free(name);
	if (p->rc)
		return;
	s->parent = (int)(parent - m->signals);
	mux_of(p, s)->resolved = true;
	while (!p->rc) {
		uint64_t from, to;

		at = p->t;
		from = want_whole(p, UINT64_MAX, "a range of values");
		/* "1-3" reads as 1 and -3 */
		if (p->t.kind == NUMBER && p->t.text[0] == '-') {
			p->t.text++;
			p->t.len--;
		} else {
			want(p, "-");
		}
		to = want_whole(p, UINT64_MAX, "the end of a range");
		if (!p->rc && to < from)
			mistake(p, at.line, at.column,
				"a range that ends before it begins");
		if (!p->rc)
			add_range(p, s, from, to);
		if (!is(p, ","))
			break;
		next(p);
	}
	want(p, ";");
}

static void add_label(struct parser *p, struct dbc_signal *s, uint64_t raw)
{
	void *room = more(p, s->labels, s->label_count, sizeof(*s->labels));
	char *text = room ? cut(p, p->t) : NULL;

	if (p->labels++ == MAX_LABELS)
		mistake(p, p->t.line, p->t.column, "more than %d named values",
			MAX_LABELS);

	if (room)
		s->labels = room;
	if (text)
		s->labels[s->label_count++] = (struct dbc_label){ raw, text };
}

/* VAL_ id signal 0 "Locked" 1 "Unlocked"; */
static void read_labels(struct parser *p)
{
	struct dbc_message *m;
	struct dbc_signal *s;

	next(p);
	if (p->t.kind == WORD) { /* of an environment variable */
		skip_statement(p);
		return;
	}
	s = want_signal(p, &m);
	while (s && !p->rc && p->t.kind == NUMBER) {
		bool minus = p->t.text[0] == '-';
		uint64_t raw;

		if (minus) {
			p->t.text++;
			p->t.len--;
		}
		raw = want_whole(p, UINT64_MAX, "a value");
		if (minus)
			raw = ~raw + 1;
		if (s->length < 64)
			raw &= (UINT64_C(1) << s->length) - 1;
		if (p->t.kind != STRING)
			expected(p, "the name of a value in quotes");
		else
			add_label(p, s, raw);
		next(p);
	}
	want(p, ";");
}

/* What no SG_MUL_VAL_ has spoken of hangs on the one multiplexor that hangs on nothing. */
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
			mistake(p, mux[i].line, mux[i].column,
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
			mistake(p, m->signals[i].line, m->signals[i].column,
				"%s: its multiplexors select each other in a circle",
				m->signals[i].name);
	}
}

static void free_message(struct dbc_message *m)
{
	for (int i = 0; i < m->signal_count; i++) {
		struct dbc_signal *s = &m->signals[i];

		for (int k = 0; k < s->label_count; k++)
			free((char *)s->labels[k].text);
		free(s->labels);
		free(s->ranges);
		free((char *)s->name);
		free((char *)s->unit);
	}
	free(m->signals);
	free((char *)m->name);
}

static void finish(struct parser *p)
{
	struct dbc *d = p->d;
	int at = 0, kept = 0;

	for (int i = 0; i < d->message_count; i++) {
		struct dbc_message *m = &d->messages[i];
		bool orphans = (m->id | EXTENDED) == ORPHANS && m->extended;

		if (!p->rc && !orphans && m->signal_count)
			resolve(p, m, p->mux + at);
		if (!p->rc && !orphans)
			refuse_circles(p, m);
		at += m->signal_count;
		if (orphans)
			free_message(m);
		else
			d->messages[kept++] = *m;
	}
	d->message_count = kept;
}

static void read_statement(struct parser *p)
{
	struct token at = p->t;

	if (is(p, "BO_"))
		read_message(p);
	else if (is(p, "VAL_"))
		read_labels(p);
	else if (is(p, "SIG_VALTYPE_"))
		read_valtype(p);
	else if (is(p, "SG_MUL_VAL_"))
		read_ranges(p);
	else if (is(p, "VERSION") || is(p, "BS_") || is(p, "BU_"))
		skip_lines(p, is(p, "BU_"));
	else if (is(p, "NS_"))
		skip_lines(p, true);
	else if (is(p, "SG_"))
		mistake(p, at.line, at.column, "a signal that stands in no message");
	else if (at.kind == WORD && at.text[at.len - 1] == '_')
		skip_statement(p);
	else
		expected(p, "a statement (BO_, SG_, VAL_, …)");
}

static int parse(struct dbc *d, struct err *err)
{
	struct parser p = { .d = d, .err = err, .line = 1 };

	p.at = p.line_start = (char *)d->text.data;
	p.end = p.at + d->text.len;
	if (!d->text.len)
		return mistake(&p, 1, 1, "an empty file, no DBC");
	if (memchr(p.at, 0, d->text.len))
		return err_set(err, ERR_FORMAT, "%s: a binary file, no DBC", d->name);
	if (d->text.len >= 3 && memcmp(p.at, "\xef\xbb\xbf", 3) == 0)
		p.at = p.line_start = p.at + 3;
	next(&p);
	if (p.t.kind == END)
		mistake(&p, 1, 1, "an empty file, no DBC");
	while (!p.rc && p.t.kind != END)
		read_statement(&p);
	finish(&p);
	free(p.mux);
	return p.rc;
}

int dbc_parse(struct dbc **out, const char *name, struct bytes text, struct err *err)
{
	struct dbc *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return err_set(err, ERR_NOMEM, "%s: no memory", name);
	buf_init(&d->text, DBC_MAX_BYTES + 1);
	buf_add(&d->text, text);
	d->name = strdup(name);
	if (text.len > DBC_MAX_BYTES)
		rc = err_set(err, ERR_RANGE, "%s: longer than %d bytes", name,
			     DBC_MAX_BYTES);
	else if (d->text.failed || !d->name)
		rc = err_set(err, ERR_NOMEM, "%s: no memory", name);
	else
		rc = parse(d, err);
	if (rc)
		dbc_free(d);
	else
		*out = d;
	return rc;
}

int dbc_read(struct dbc **out, const char *path, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, DBC_MAX_BYTES);
	rc = fs_read(path, DBC_MAX_BYTES, &text, err);
	if (!rc)
		rc = dbc_parse(out, path, buf_bytes(&text), err);
	buf_release(&text);
	return rc;
}

void dbc_free(struct dbc *d)
{
	if (!d)
		return;
	for (int i = 0; i < d->message_count; i++)
		free_message(&d->messages[i]);
	free(d->messages);
	buf_release(&d->text);
	free(d->name);
	free(d);
}
