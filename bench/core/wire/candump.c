#include "bench/core/wire/candump.h"

#include <string.h>

#define S_NS INT64_C(1000000000)

struct candump candump_at(struct bytes file)
{
	return (struct candump){ file, 0 };
}

/* Seconds and a fraction of up to nine digits; NULL when there is none. */
static const uint8_t *read_time(const uint8_t *p, const uint8_t *end, int64_t *ns)
{
	const uint8_t *from = p;
	uint64_t s = 0, fraction = 0;
	int places = 0;

	for (; p < end && p - from < 10 && (uint8_t)(*p - '0') < 10; p++)
		s = s * 10 + (uint64_t)(*p - '0');
	if (p == from || s >= INT64_MAX / S_NS)
		return NULL;
	if (p < end && *p == '.') {
		for (p++; p < end && places < 9 && (uint8_t)(*p - '0') < 10; p++)
			fraction = fraction * 10 + (uint64_t)(*p - '0'), places++;
		if (!places)
			return NULL;
	}
	for (; places < 9; places++)
		fraction *= 10;
	*ns = (int64_t)(s * S_NS + fraction);
	return p;
}

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

static const uint8_t *skip_word(const uint8_t *p, const uint8_t *end)
{
	while (p<end && * p> ' ')
		p++;
	return p;
}

static int read_line(const uint8_t *p, const uint8_t *end, struct candump_frame *out)
{
	const uint8_t *word;

	p = read_time(p + 1, end, &out->at_ns);
	if (!p || p == end || *p++ != ')')
		return ERR_FORMAT;
	word = skip_blanks(p, end);
	p = skip_word(word, end);
	out->interface = BYTES(word, (size_t)(p - word));
	if (p == word)
		return ERR_FORMAT;
	word = skip_blanks(p, end);
	p = skip_word(word, end);
	if (p == word || canframe_parse(&out->frame, BYTES(word, (size_t)(p - word))))
		return ERR_FORMAT;
	p = skip_blanks(p, end);
	out->direction = 0;
	if (p < end && (*p == 'T' || *p == 'R'))
		out->direction = (char)*p++;
	return skip_blanks(p, end) == end ? 1 : ERR_FORMAT;
}

int candump_next(struct candump *c, struct candump_frame *out)
{
	while (c->rest.len) {
		const uint8_t *from = c->rest.data, *end;
		const uint8_t *newline = memchr(from, '\n', c->rest.len);
		size_t used = newline ? (size_t)(newline - from) + 1 : c->rest.len;

		end = newline ? newline : from + used;
		c->rest.data += used;
		c->rest.len -= used;
		c->line++;
		if (end > from && end[-1] == '\r')
			end--;
		if (end > from && *from == '(')
			return read_line(from, end, out);
	}
	return 0;
}

void candump_write(const struct candump_frame *f, struct buf *out)
{
	long long s = f->at_ns / S_NS, ns = f->at_ns % S_NS;
	char text[CANFRAME_TEXT_MAX];

	canframe_text(&f->frame, text);
	if (ns % 1000)
		buf_printf(out, "(%010lld.%09lld)", s, ns);
	else
		buf_printf(out, "(%010lld.%06lld)", s, ns / 1000);
	buf_printf(out, " %.*s %s", (int)f->interface.len,
		   (const char *)f->interface.data, text);
	if (f->direction)
		buf_printf(out, " %c", f->direction);
	buf_text(out, "\n");
}
