#include "bench/core/wire/dbc_lex.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lex_mistake(struct parser *p, int line, int column, const char *fmt, ...)
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

int lex_expected(struct parser *p, const char *what)
{
	if (p->t.kind == END)
		return lex_mistake(p, p->t.line, p->t.column,
				   "the file ends where %s should be", what);
	return lex_mistake(p, p->t.line, p->t.column, "'%.*s' where %s should be",
			   p->t.len < 40 ? (int)p->t.len : 40, p->t.text, what);
}

int lex_no_memory(struct parser *p)
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
		lex_mistake(p, p->t.line, p->t.column, "this text has no end");
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

		if (!lex_is_digit(*p->at) && *p->at != '.' && *p->at != 'e' &&
		    *p->at != 'E' && !exponent)
			break;
	}
	p->t.len = (size_t)(p->at - from);
}

void lex_next(struct parser *p)
{
	bool sign;

	skip_blanks(p);
	p->t = (struct token){ END, p->at, 0, p->line, (int)(p->at - p->line_start) + 1 };
	if (p->at == p->end || p->rc) {
		p->at = p->end;
		return;
	}
	sign = (*p->at == '-' || *p->at == '+') && p->end - p->at > 1 &&
	       (lex_is_digit(p->at[1]) || p->at[1] == '.');
	if (*p->at == '"') {
		take_string(p);
	} else if (lex_is_digit(*p->at) || sign) {
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

bool lex_is(const struct parser *p, const char *text)
{
	return p->t.kind != STRING && p->t.len == strlen(text) &&
	       memcmp(p->t.text, text, p->t.len) == 0;
}

void lex_want(struct parser *p, const char *mark)
{
	char what[8];

	snprintf(what, sizeof(what), "'%s'", mark);
	if (!lex_is(p, mark))
		lex_expected(p, what);
	else
		lex_next(p);
}

/* A copy: the file itself stays whole, so that a later mistake can show its line. */
char *lex_cut(struct parser *p, struct token t)
{
	char *copy = strndup(t.text, t.len);

	if (!copy)
		lex_no_memory(p);
	return copy;
}

char *lex_want_name(struct parser *p, const char *what)
{
	char *name = NULL;

	if (p->t.kind != WORD)
		lex_expected(p, what);
	else
		name = lex_cut(p, p->t);
	lex_next(p);
	return name;
}

uint64_t lex_want_whole(struct parser *p, uint64_t max, const char *what)
{
	uint64_t v = 0;
	bool good = p->t.kind == NUMBER;

	for (size_t i = 0; good && i < p->t.len; i++) {
		unsigned digit = (unsigned)(p->t.text[i] - '0');

		good = digit < 10 && v <= (max - digit) / 10;
		v = v * 10 + digit;
	}
	if (!good)
		lex_expected(p, what);
	lex_next(p);
	return good ? v : 0;
}

double lex_want_double(struct parser *p, const char *what)
{
	char text[64], *end = NULL;
	double v = 0;

	if (p->t.kind == NUMBER && p->t.len < sizeof(text)) {
		memcpy(text, p->t.text, p->t.len);
		text[p->t.len] = '\0';
		v = strtod(text, &end);
	}
	if (!end || *end || !isfinite(v))
		lex_expected(p, what);
	lex_next(p);
	return v;
}
