#include "bench/core/wire/candump.h"

#include <endian.h>
#include <string.h>

#define S_NS INT64_C(1000000000)

struct candump candump_at(struct bytes file)
{
	return (struct candump){ file, 0 };
}

static uint64_t load(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return le64toh(x);
}

/* Eight digits at once: as many bytes of a word, added up in pairs, fours and eights. */
static bool eight_digits(uint64_t x, uint64_t *value)
{
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
	if (end - p >= 8 && eight_digits(load(p), value))
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

/*
 * The line that candump writes nine times in ten: ten digits of seconds and six behind the point, an interface of
 * seven characters or less, a data frame of up to eight bytes. Eight characters are looked at together and
 * nearly nothing branches, for what a branch predictor guesses wrong costs more than all the rest; whatever is
 * not exactly this is left to read_line(), which knows all there is.
 */
#define QUICK_BYTES 64 /* more than such a line has; all are looked at */
#define ALL(byte) ((byte)*UINT64_C(0x0101010101010101))

/* Bit 7 of each byte that is a hexadecimal digit. Sums of two bytes below 0x80 stay in their byte. */
static uint64_t hex_digits(uint64_t x)
{
	uint64_t low = x & ALL(0x7f), letter = low | ALL(0x20);
	uint64_t digit = (low + ALL(0x80 - '0')) & ~(low + ALL(0x7f - '9'));
	uint64_t alpha = (letter + ALL(0x80 - 'a')) & ~(letter + ALL(0x7f - 'f'));

	return (digit | alpha) & ~x & ALL(0x80);
}

/* Eight hexadecimal digits as four bytes, the first the least significant. */
static uint32_t hex_bytes(uint64_t x)
{
	x = (x & ALL(0x0f)) + 9 * (x >> 6 & ALL(0x01));
	x = (x << 4 | x >> 8) & 0x00ff00ff00ff00ff;
	x = (x | x >> 8) & 0x0000ffff0000ffff;
	return (uint32_t)(x | x >> 16);
}

/* Bit 7 of byte i to bit i. */
static unsigned gather(uint64_t x)
{
	return (unsigned)((x >> 7 & ALL(0x01)) * 0x0102040810204080 >> 56);
}

/* "(1700000000.123456) ": 20 characters. */
static bool quick_time(const uint8_t *p, int64_t *ns)
{
	/* of the second eight digits the second is the point: taken for a zero */
	static const uint64_t point = (uint64_t)('.' ^ '0') << 8;
	uint64_t most, rest, x = load(p + 10) ^ point;
	unsigned ninth = (unsigned)p[9] - '0';

	if (p[0] != '(' || p[18] != ')' || p[19] != ' ' || ninth > 9 ||
	    !eight_digits(load(p + 1), &most) || !eight_digits(x, &rest))
		return false;
	most = most * 100 + ninth * 10 + rest / 10000000;
	*ns = (int64_t)(most * S_NS + rest % 10000000 * 1000);
	return most < INT64_MAX / S_NS;
}

/* "123#" or "12345678#"; behind it, or NULL. */
static const uint8_t *quick_id(const uint8_t *p, struct canframe *f)
{
	bool narrow = p[3] == '#';
	uint64_t x = load(p);

	x = narrow ? x << 40 | ALL('0') >> 24 : x;
	f->extended = !narrow;
	f->id = be32toh(htole32(hex_bytes(x)));
	if (hex_digits(x) != ALL(0x80) || (!narrow && p[8] != '#') ||
	    f->id > (narrow ? CANFRAME_MAX_ID_STANDARD : CANFRAME_MAX_ID_EXTENDED))
		return NULL;
	return p + (narrow ? 4 : 9);
}

/* Up to sixteen digits and the end of the line; behind it, or NULL. */
static const uint8_t *quick_data(const uint8_t *p, struct canframe *f)
{
	uint64_t a = load(p), b = load(p + 8), data;
	unsigned is_digit = gather(hex_digits(a)) | gather(hex_digits(b)) << 8;
	int n = __builtin_ctz(~is_digit);

	/* digits behind the end are cut off in two steps: no shift by 64 */
	data = (hex_bytes(a) | (uint64_t)hex_bytes(b) << 32) &
	       ~(UINT64_MAX << 2 * n << 2 * n);
	data = htole64(data);
	memcpy(f->data, &data, sizeof(data));
	f->len = (uint8_t)(n / 2);
	return n % 2 == 0 && p[n] == '\n' ? p + n + 1 : NULL;
}

/* QUICK_BYTES can be read at @p. @return behind the line, or NULL: it is not of this kind */
static const uint8_t *quick_line(const uint8_t *p, struct candump_frame *out)
{
	uint64_t x, stop;
	int n;

	if (!quick_time(p, &out->at_ns))
		return NULL;
	x = load(p + 20);
	stop = (x - ALL(' ' + 1)) & ~x & ALL(0x80); /* the lowest is the first blank */
	n = stop ? __builtin_ctzll(stop) / 8 : 0;
	if (!n || p[20 + n] != ' ')
		return NULL;
	out->interface = BYTES(p + 20, (size_t)n);
	out->direction = 0;
	memset(&out->frame, 0, sizeof(out->frame));
	p = quick_id(p + 20 + n + 1, &out->frame);
	return p ? quick_data(p, &out->frame) : NULL;
}

int candump_next(struct candump *c, struct candump_frame *out)
{
	if (c->rest.len >= QUICK_BYTES) {
		const uint8_t *from = c->rest.data, *behind = quick_line(from, out);

		if (behind) {
			c->rest.data = behind;
			c->rest.len -= (size_t)(behind - from);
			c->line++;
			return 1;
		}
	}
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
