/*
 * The statements of a DBC.
 */
#include "bench/core/fs.h"
#include "bench/core/wire/dbc_lex.h"

#include <stdlib.h>
#include <string.h>

/* Signals that belong to no message stand under this id; nobody sends it. */
#define ORPHANS 0xc0000000u
#define EXTENDED 0x80000000u
#define MAX_LABELS 200000 /* of the whole file: three bytes of text make one */

void *dbc_more(struct parser *p, void *have, int count, size_t size)
{
	void *room;

	if (count & (count - 1))
		return have;
	room = realloc(have, (count ? 2 * (size_t)count : 1) * size);
	if (!room)
		lex_no_memory(p);
	return room;
}

static struct dbc_message *last_message(struct parser *p)
{
	return &p->d->messages[p->d->message_count - 1];
}

/* start|length@order sign */
static void read_place(struct parser *p, struct dbc_signal *s)
{
	struct token order;

	s->start = (int)lex_want_whole(p, 511, "the start bit, 0 to 511,");
	lex_want(p, "|");
	s->length = (int)lex_want_whole(p, 64, "the length in bits, 1 to 64,");
	lex_want(p, "@");
	order = p->t;
	/* "0+" is two tokens: a sign belongs to a number only before digits */
	if (!lex_is(p, "0") && !lex_is(p, "1"))
		lex_expected(p, "the byte order, 0 (big-endian) or 1 (little-endian),");
	s->big_endian = order.len && order.text[0] == '0';
	lex_next(p);
	if (!lex_is(p, "+") && !lex_is(p, "-"))
		lex_expected(p, "the sign, + or -,");
	s->type = lex_is(p, "-") ? DBC_SIGNED : DBC_UNSIGNED;
	lex_next(p);
}

static void read_scale(struct parser *p, struct dbc_signal *s)
{
	struct token at;

	lex_want(p, "(");
	at = p->t;
	s->factor = lex_want_double(p, "the factor");
	lex_want(p, ",");
	s->offset = lex_want_double(p, "the offset");
	lex_want(p, ")");
	if (!p->rc && s->factor == 0)
		lex_mistake(p, at.line, at.column, "%s: the factor is 0", s->name);
	lex_want(p, "[");
	s->min = lex_want_double(p, "the minimum");
	lex_want(p, "|");
	s->max = lex_want_double(p, "the maximum");
	lex_want(p, "]");
	if (p->t.kind == STRING)
		s->unit = lex_cut(p, p->t);
	else
		lex_expected(p, "the unit in quotes");
	lex_next(p);
	while (p->t.kind == WORD && p->t.line == s->line) { /* receivers: A, B or A B */
		lex_next(p);
		if (lex_is(p, ","))
			lex_next(p);
	}
}

static void check_place(struct parser *p, const struct dbc_message *m,
			struct dbc_signal *s)
{
	int byte = s->start / 8,
	    first = s->big_endian ? byte * 8 + 7 - s->start % 8 : s->start;

	s->bytes = (first + s->length + 7) / 8;

	if (p->rc)
		return;
	if (s->length == 0)
		lex_mistake(p, s->line, s->column, "%s: a signal has 1 to 64 bits",
			    s->name);
	else if (first + s->length > m->length * 8)
		lex_mistake(
			p, s->line, s->column,
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
	void *room = dbc_more(p, m->signals, m->signal_count, sizeof(*s));

	if (room)
		m->signals = room;
	room = room ? dbc_more(p, p->mux, p->mux_count, sizeof(*p->mux)) : NULL;
	if (!room)
		return;
	p->mux = room;
	lex_next(p);
	at = p->t;
	s = &m->signals[m->signal_count++];
	*s = (struct dbc_signal){ .parent = -1, .line = at.line, .column = at.column };
	mux = &p->mux[p->mux_count++];
	*mux = (struct mux){ 0 };
	if (m->signal_count > DBC_MAX_SIGNALS)
		lex_mistake(p, at.line, at.column, "more than %d signals in one message",
			    DBC_MAX_SIGNALS);
	s->name = lex_want_name(p, "the name of a signal");
	for (int i = 0; !p->rc && i < m->signal_count - 1; i++)
		if (strcmp(m->signals[i].name, s->name) == 0)
			lex_mistake(p, at.line, at.column,
				    "%s has a signal '%s' already, in line %d", m->name,
				    s->name, m->signals[i].line);
	if (p->t.kind == WORD)
		dbc_read_mux(p, s, mux);
	lex_want(p, ":");
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
	void *room = dbc_more(p, p->d->messages, p->d->message_count, sizeof(*m));

	if (!room)
		return;
	p->d->messages = room;
	lex_next(p);
	at = p->t;
	id = (uint32_t)lex_want_whole(p, UINT32_MAX, "the identifier");
	orphans = id == ORPHANS;
	if (!orphans && (id & ~EXTENDED) > (id & EXTENDED ? CANFRAME_MAX_ID_EXTENDED
							  : CANFRAME_MAX_ID_STANDARD))
		lex_mistake(
			p, at.line, at.column,
			"%u is no identifier: 0 to 2047, or 2147483648 more than one of "
			"29 "
			"bits",
			id);
	if (p->d->message_count == DBC_MAX_MESSAGES)
		lex_mistake(p, at.line, at.column, "more than %d messages",
			    DBC_MAX_MESSAGES);
	if (p->d->message_count && message_by_id(p, id))
		lex_mistake(p, at.line, at.column, "the message '%s' has this identifier",
			    message_by_id(p, id)->name);
	if (p->rc)
		return;
	m = &p->d->messages[p->d->message_count];
	*m = (struct dbc_message){ .id = id & ~EXTENDED, .extended = id & EXTENDED };
	m->name = lex_want_name(p, "the name of a message");
	if (!m->name)
		return;
	p->d->message_count++;
	for (int i = 0; i < p->d->message_count - 1; i++)
		if (strcmp(p->d->messages[i].name, m->name) == 0)
			lex_mistake(p, at.line, at.column,
				    "there is a message '%s' already", m->name);
	lex_want(p, ":");
	m->length = (int)lex_want_whole(p, 64, "the length in bytes, 0 to 64,");
	free(lex_want_name(p, "the sender"));
	while (lex_is(p, "SG_") && !p->rc)
		read_signal(p, orphans);
}

/* To the ';' that ends it, past whatever stands in quotes. */
static void skip_statement(struct parser *p)
{
	struct token from = p->t;

	while (!lex_is(p, ";") && p->t.kind != END)
		lex_next(p);
	if (p->t.kind == END)
		lex_mistake(p, from.line, from.column,
			    "this '%.*s' has no ';' at its end",
			    from.len < 40 ? (int)from.len : 40, from.text);
	lex_next(p);
}

/* All that stands on this line; and with @list, all lines that begin with a blank. */
static void skip_lines(struct parser *p, bool list)
{
	int line = p->t.line;

	while (p->t.kind != END && (p->t.line == line || (list && p->t.column > 1)))
		lex_next(p);
}

struct dbc_signal *dbc_want_signal(struct parser *p, struct dbc_message **out)
{
	struct token at = p->t;
	uint32_t id =
		(uint32_t)lex_want_whole(p, UINT32_MAX, "the identifier of a message");
	struct dbc_message *m = p->rc ? NULL : message_by_id(p, id);
	struct dbc_signal *s = NULL;
	char *name;

	if (!p->rc && !m)
		lex_mistake(p, at.line, at.column,
			    "there is no message with the identifier %u", id);
	at = p->t;
	name = lex_want_name(p, "the name of a signal");
	if (!p->rc && name) {
		s = (struct dbc_signal *)dbc_signal(m, name); /* ours to change */
		if (!s)
			lex_mistake(p, at.line, at.column, "%s has no signal '%.60s'",
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

	lex_next(p);
	s = dbc_want_signal(p, &m);
	if (lex_is(p, ":"))
		lex_next(p); /* some tools leave it out */
	at = p->t;
	type = lex_want_whole(p, 3, "0, 1 (32 bits) or 2 (64 bits)");
	if (s && type) {
		if (type == 3 || s->length != (type == 1 ? 32 : 64))
			lex_mistake(p, at.line, at.column,
				    "%s has %d bits: type 1 needs 32 and type 2 needs 64",
				    s->name, s->length);
		else
			s->type = type == 1 ? DBC_FLOAT : DBC_DOUBLE;
	}
	lex_want(p, ";");
}

static void add_label(struct parser *p, struct dbc_signal *s, uint64_t raw)
{
	void *room = dbc_more(p, s->labels, s->label_count, sizeof(*s->labels));
	char *text = room ? lex_cut(p, p->t) : NULL;

	if (p->labels++ == MAX_LABELS)
		lex_mistake(p, p->t.line, p->t.column, "more than %d named values",
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

	lex_next(p);
	if (p->t.kind == WORD) { /* of an environment variable */
		skip_statement(p);
		return;
	}
	s = dbc_want_signal(p, &m);
	while (s && !p->rc && p->t.kind == NUMBER) {
		bool minus = p->t.text[0] == '-';
		uint64_t raw;

		if (minus) {
			p->t.text++;
			p->t.len--;
		}
		raw = lex_want_whole(p, UINT64_MAX, "a value");
		if (minus)
			raw = ~raw + 1;
		if (s->length < 64)
			raw &= (UINT64_C(1) << s->length) - 1;
		if (p->t.kind != STRING)
			lex_expected(p, "the name of a value in quotes");
		else
			add_label(p, s, raw);
		lex_next(p);
	}
	lex_want(p, ";");
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
	free(m->cuts);
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
			dbc_resolve_mux(p, m, p->mux + at);
		at += m->signal_count;
		if (orphans)
			free_message(m);
		else
			d->messages[kept++] = *m;
	}
	d->message_count = kept;
	if (!p->rc && dbc_prepare(d))
		lex_no_memory(p);
}

static void read_statement(struct parser *p)
{
	struct token at = p->t;

	if (lex_is(p, "BO_"))
		read_message(p);
	else if (lex_is(p, "VAL_"))
		read_labels(p);
	else if (lex_is(p, "SIG_VALTYPE_"))
		read_valtype(p);
	else if (lex_is(p, "SG_MUL_VAL_"))
		dbc_read_ranges(p);
	else if (lex_is(p, "VERSION") || lex_is(p, "BS_") || lex_is(p, "BU_"))
		skip_lines(p, lex_is(p, "BU_"));
	else if (lex_is(p, "NS_"))
		skip_lines(p, true);
	else if (lex_is(p, "SG_"))
		lex_mistake(p, at.line, at.column, "a signal that stands in no message");
	else if (at.kind == WORD && at.text[at.len - 1] == '_')
		skip_statement(p);
	else
		lex_expected(p, "a statement (BO_, SG_, VAL_, …)");
}

static int parse(struct dbc *d, struct err *err)
{
	struct parser p = { .d = d, .err = err, .line = 1 };

	p.at = p.line_start = (char *)d->text.data;
	p.end = p.at + d->text.len;
	if (!d->text.len)
		return lex_mistake(&p, 1, 1, "an empty file, no DBC");
	if (memchr(p.at, 0, d->text.len))
		return err_set(err, ERR_FORMAT, "%s: a binary file, no DBC", d->name);
	if (d->text.len >= 3 && memcmp(p.at, "\xef\xbb\xbf", 3) == 0)
		p.at = p.line_start = p.at + 3;
	lex_next(&p);
	if (p.t.kind == END)
		lex_mistake(&p, 1, 1, "an empty file, no DBC");
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
	buf_u8(&d->text, 0); /* so that there is memory, whatever the text */
	d->text.len -= !d->text.failed;
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
	free(d->index);
	buf_release(&d->text);
	free(d->name);
	free(d);
}
