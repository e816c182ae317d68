#include "bench/core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_init_on(struct buf *b, uint8_t *mem, size_t size)
{
	*b = (struct buf){ .data = mem, .cap = size, .max = size, .fixed = true };
}

void buf_release(struct buf *b)
{
	if (!b->fixed)
		free(b->data);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* Room for @more bytes, kept behind .len; false leaves the content alone. */
static bool reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap;
	uint8_t *data;

	if (more > b->max || b->len > b->max - more)
		return false;
	if (b->len + more <= cap)
		return true;
	if (b->fixed)
		return false;
	cap = cap ? cap : 64;
	while (cap < b->len + more)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	data = realloc(b->data, cap);
	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, struct bytes bytes)
{
	if (b->failed || bytes.len == 0)
		return;
	if (!reserve(b, bytes.len)) {
		b->failed = true;
		return;
	}
	memcpy(b->data + b->len, bytes.data, bytes.len);
	b->len += bytes.len;
}

void buf_u8(struct buf *b, uint8_t v)
{
	buf_add(b, BYTES(&v, 1));
}

void buf_be16(struct buf *b, uint16_t v)
{
	uint8_t be[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	buf_add(b, BYTES_OF(be));
}

void buf_be32(struct buf *b, uint32_t v)
{
	buf_be16(b, (uint16_t)(v >> 16));
	buf_be16(b, (uint16_t)v);
}

void buf_text(struct buf *b, const char *text)
{
	buf_add(b, BYTES((const uint8_t *)text, strlen(text)));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char small[256], *text = small;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(small)) {
		text = malloc((size_t)n + 1);
		if (text)
			vsnprintf(text, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (n < 0 || !text)
		b->failed = true;
	else
		buf_add(b, BYTES((const uint8_t *)text, (size_t)n));
	if (text != small)
		free(text);
}

struct bytes buf_bytes(const struct buf *b)
{
	return BYTES(b->data, b->len);
}

const char *buf_str(struct buf *b)
{
	if (!reserve(b, 1))
		return "";
	b->data[b->len] = '\0';
	return (const char *)b->data;
}
