#include "bench/core/wire/candump.h"

#include <endian.h>
#include <string.h>

#define S_NS INT64_C(1000000000)

struct candump candump_at(struct bytes file)
{
	/*
	 * what is remembered of the lines before must be true from the first: second 0
	 * begins like this
	 */
	return (struct candump){ .rest = file, .second = "(0000000000." };
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
 * The line that candump writes nine times in ten: ten digits of seconds and six behind
 * the point, an interface of seven characters or less, a data frame of up to eight bytes.
 * Sixteen characters are looked at together and nearly nothing branches, for what a
 * branch predictor guesses wrong costs more than all the rest; whatever is not exactly
 * this is left to read_line(), which knows all there is.
 */
#define QUICK_BYTES 64 /* more than such a line has; all are looked at */
#define ALL(byte) ((byte)*UINT64_C(0x0101010101010101))

/*
 * Sixteen characters, and what they are made into; gcc and clang know these on every
 * processor.
 */
typedef uint8_t chars __attribute__((vector_size(16)));
typedef uint16_t pairs __attribute__((vector_size(16)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef uint64_t words __attribute__((vector_size(16)));

/* "(1700000000." begins every line of the same second, which is read once. */
static bool new_second(struct candump *c, const uint8_t *p)
{
	uint64_t s;

	if (p[0] != '(' || p[11] != '.' || read_digits(p + 1, p + 11, 10, &s) != 10 ||
	    s >= INT64_MAX / S_NS)
		return false;
	memcpy(c->second, p, sizeof(c->second));
	c->second_ns = (int64_t)s * S_NS;
	return true;
}

/* "(1700000000.123456) ": 20 characters. */
static bool quick_time(struct candump *c, const uint8_t *p, int64_t *ns)
{
	uint64_t us;

	if (memcmp(p, c->second, sizeof(c->second)) != 0 && !new_second(c, p))
		return false;
	/*
	 * six digits behind two zeros, in place of the last of the second and the point
	 */
	if (!eight_digits((load(p + 10) & ~UINT64_C(0xffff)) | 0x3030, &us))
		return false;
	*ns = c->second_ns + (int64_t)us * 1000;
	return p[18] == ')' && p[19] == ' ';
}

/* Bit 7 of byte i to bit i. */
static unsigned gather(uint64_t x)
{
	return (unsigned)((x & ALL(0x80)) * 0x0002040810204081 >> 56);
}

/*
 * Up to sixteen hexadecimal digits as bytes, the first the least significant. @return
 * digits
 */
static int quick_hex(const uint8_t *p, uint64_t *bytes)
{
	chars c, letter, digit;
	words good;
	bytes8 half;
	int n;

	memcpy(&c, p, sizeof(c));
	letter = (chars)((c | 0x20) - 'a' < 6);
	digit = (chars)(c - '0' < 10);
	good = (words)(letter | digit);
	n = __builtin_ctz(~(gather(good[0]) | gather(good[1]) << 8));
	c = (c & 15) + (letter & 9);
	half = __builtin_convertvector((pairs)c << 4 | (pairs)c >> 8, bytes8);
	memcpy(bytes, &half, sizeof(half));
	/* what lies behind the digits is cut off in two steps: no shift by 64 */
	*bytes &= ~(UINT64_MAX << 2 * n << 2 * n);
	return n;
}

/* "123#"; behind it, or NULL. */
static const uint8_t *quick_id(const uint8_t *p, struct canframe *f)
{
	int a = canframe_digit(p[0]), b = canframe_digit(p[1]), c = canframe_digit(p[2]);

	f->id = (uint32_t)a << 8 | (uint32_t)b << 4 | (uint32_t)c;
	return (a | b | c) >= 0 && a < 8 && p[3] == '#' ? p + 4 : NULL;
}

/* "12345678#"; behind it, or NULL. */
static const uint8_t *quick_long_id(const uint8_t *p, struct canframe *f)
{
	uint64_t bytes;

	if (quick_hex(p, &bytes) != 8 || p[8] != '#')
		return NULL;
	f->id = __builtin_bswap32((uint32_t)bytes);
	f->extended = true;
	return f->id <= CANFRAME_MAX_ID_EXTENDED ? p + 9 : NULL;
}

/* Up to sixteen digits and the end of the line; behind it, or NULL. */
static const uint8_t *quick_data(const uint8_t *p, struct canframe *f)
{
	uint64_t data;
	int n = quick_hex(p, &data);

	memcpy(f->data, &data, sizeof(data));
	f->len = (uint8_t)(n / 2);
	return n % 2 == 0 && p[n] == '\n' ? p + n + 1 : NULL;
}

/*
 * An interface of up to seven characters and a blank. Its length seldom changes: while it
 * does not, nothing has to wait for it to be counted. @return its length, or 0
 */
static size_t quick_name(struct candump *c, const uint8_t *p)
{
	uint64_t x = load(p), blank = (x - ALL(' ' + 1)) & ~x & ALL(0x80);

	blank &= -blank; /* the first; those above it may be wrong */
	if (blank != c->blank) {
		c->blank = blank;
		c->name_len = blank ? (size_t)__builtin_ctzll(blank) / 8 : 0;
	}
	return p[c->name_len] == ' ' ? c->name_len : 0;
}

/*
 * QUICK_BYTES can be read at @p. @return behind the line, or NULL: it is not of this kind
 */
static const uint8_t *quick_line(struct candump *c, const uint8_t *p,
				 struct candump_frame *out)
{
	size_t n;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || !quick_time(c, p, &out->at_ns))
		return NULL;
	p += 20;
	n = quick_name(c, p);
	if (!n)
		return NULL;
	out->interface = BYTES(p, n);
	out->direction = 0;
	memset(&out->frame, 0, sizeof(out->frame));
	p += n + 1;
	p = p[3] == '#' ? quick_id(p, &out->frame) : quick_long_id(p, &out->frame);
	return p ? quick_data(p, &out->frame) : NULL;
}

int candump_next(struct candump *c, struct candump_frame *out)
{
	if (c->rest.len >= QUICK_BYTES) {
		const uint8_t *from = c->rest.data, *behind = quick_line(c, from, out);

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
