#include "bench/core/wire/candump.h"

#include <endian.h>
#include <string.h>

#define S_NS INT64_C(1000000000)

struct candump candump_at(struct bytes file)
{
	return (struct candump){ file, 0 };
}

/* Eight digits at once: as many bytes of a word, added up in pairs, fours and eights. */
static bool eight_digits(const uint8_t *p, uint64_t *value)
{
	uint64_t x;

	memcpy(&x, p, 8);
	x = le64toh(x);
	if (((x & 0xf0f0f0f0f0f0f0f0) |
	     ((x + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4) != 0x3333333333333333)
		return false;
	x = (x & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8;
	x = (x & 0x00ff00ff00ff00ff) * 6553601 >> 16;
	*value = (x & 0x0000ffff0000ffff) * 42949672960001 >> 32;
	return true;
}

/* @return digits read, at most @max */
static int read_digits(const uint8_t *p, const uint8_t *end, int max, uint64_t *value)
{
	int n = 0;

	*value = 0;
	if (end - p >= 8 && eight_digits(p, value))
		n = 8;
	for (; n < max && end - p > n && (uint8_t)(p[n] - '0') < 10; n++)
		*value = *value * 10 + (uint64_t)(p[n] - '0');
	return n;
}

/* Seconds and a fraction of up to nine digits; NULL when there is none. */
static const uint8_t *read_time(const uint8_t *p, const uint8_t *end, int64_t *ns)
{
	static const uint32_t scale[] = { 1000000000, 100000000, 10000000, 1000000,
					  100000,     10000,     1000,     100,
					  10,         1 };
	uint64_t s, fraction = 0;
	int places = 0, n = read_digits(p, end, 10, &s);

	p += n;
	if (!n || s >= INT64_MAX / S_NS)
		return NULL;
	if (p < end && *p == '.') {
		places = read_digits(p + 1, end, 9, &fraction);
		if (!places)
			return NULL;
		p += 1 + places;
	}
	*ns = (int64_t)(s * S_NS + fraction * scale[places]);
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
	p = canframe_read(&out->frame, skip_blanks(p, end), end);
	if (!p || (p<end && * p> ' '))
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
