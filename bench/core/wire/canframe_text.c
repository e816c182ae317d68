/*
 * A frame as can-utils write it; made for logs of millions of lines.
 */
#include "bench/core/wire/canframe.h"

#include <string.h>

static const char digits[] = "0123456789ABCDEF";

const uint8_t canframe_hex[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static char *add_hex(char *p, uint32_t value, int count)
{
	while (count--)
		*p++ = digits[value >> (4 * count) & 15];
	return p;
}

int canframe_text(const struct canframe *f, char out[CANFRAME_TEXT_MAX])
{
	bool wide = f->extended || f->error;
	char *p = add_hex(out, f->id | (f->error ? 0x20000000u : 0), wide ? 8 : 3);

	*p++ = '#';
	if (f->fd) {
		*p++ = '#';
		*p++ = digits[(f->brs ? 1 : 0) | (f->esi ? 2 : 0)];
	}
	if (f->remote) {
		*p++ = 'R';
		if (f->len)
			*p++ = digits[f->len & 15];
	}
	for (int i = 0; !f->remote && i < f->len; i++)
		p = add_hex(p, f->data[i], 2);
	if (f->raw_dlc) {
		*p++ = '_';
		*p++ = digits[f->raw_dlc & 15];
	}
	*p = '\0';
	return (int)(p - out);
}

/* @return digits read; the value in @value */
static size_t read_hex(const uint8_t *p, const uint8_t *end, uint32_t *value)
{
	const uint8_t *from = p;

	*value = 0;
	for (; p < end && p - from < 9 && canframe_hex[*p]; p++)
		*value = *value << 4 | (uint32_t)canframe_digit(*p);
	return (size_t)(p - from);
}

static int set_id(struct canframe *f, uint32_t id, size_t count)
{
	if (count == 3) {
		f->id = id;
		return id <= CANFRAME_MAX_ID_STANDARD ? 0 : ERR_FORMAT;
	}
	if (count != 8)
		return ERR_FORMAT;
	f->error = id & 0x20000000u;
	f->extended = !f->error;
	f->id = id & CANFRAME_MAX_ID_EXTENDED;
	return id >> 30 ? ERR_FORMAT : 0;
}

/* A byte of two digits, or negative. */
static int read_pair(const uint8_t *p)
{
	int high = canframe_digit(p[0]), low = canframe_digit(p[1]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static const uint8_t *read_data(struct canframe *f, const uint8_t *p, const uint8_t *end)
{
	int room = f->fd ? CANFRAME_MAX_DATA : 8, n = 0, byte;

	for (; n < room && end - p >= 2 && (byte = read_pair(p)) >= 0; p += 2) {
		f->data[n++] = (uint8_t)byte;
		if (end - p > 2 && p[2] == '.') /* cansend allows dots between bytes */
			p++;
	}
	f->len = (uint8_t)n;
	return p;
}

static const uint8_t *read_remote(struct canframe *f, const uint8_t *p,
				  const uint8_t *end)
{
	f->remote = true;
	p++;
	if (p < end && *p >= '0' && *p <= '8')
		f->len = (uint8_t)(*p++ - '0');
	return p;
}

const uint8_t *canframe_read(struct canframe *f, const uint8_t *p, const uint8_t *end)
{
	uint32_t id;
	size_t count = read_hex(p, end, &id);

	memset(f, 0, sizeof(*f));
	p += count;
	if (set_id(f, id, count) || p == end || *p++ != '#')
		return NULL;
	if (end - p >= 2 && p[0] == '#' && canframe_hex[p[1]]) {
		f->fd = true;
		f->brs = canframe_digit(p[1]) & 1;
		f->esi = canframe_digit(p[1]) & 2;
		p += 2;
	}
	if (p < end && (*p == 'R' || *p == 'r'))
		p = read_remote(f, p, end);
	else
		p = read_data(f, p, end);
	if (end - p >= 2 && *p == '_' && canframe_digit(p[1]) > 8) {
		f->raw_dlc = (uint8_t)canframe_digit(p[1]);
		p += 2;
	}
	return canframe_valid(f) ? p : NULL;
}

int canframe_parse(struct canframe *out, struct bytes text)
{
	const uint8_t *end = text.data + text.len;
	struct canframe f;

	if (!text.len || canframe_read(&f, text.data, end) != end)
		return ERR_FORMAT;
	*out = f;
	return 0;
}
