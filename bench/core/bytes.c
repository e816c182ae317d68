#include "bench/core/bytes.h"

#include "bench/core/err.h"

#include <openssl/crypto.h>
#include <string.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct cursor cursor_at(struct bytes b)
{
	return (struct cursor){ .rest = b };
}

struct bytes cursor_take(struct cursor *c, size_t len)
{
	struct bytes taken = { c->rest.data, len };

	if (c->failed || len > c->rest.len) {
		c->failed = true;
		c->rest.len = 0;
		return (struct bytes){ NULL, 0 };
	}
	if (len) {
		c->rest.data += len;
		c->rest.len -= len;
	}
	return taken;
}

static uint32_t take_be(struct cursor *c, size_t len)
{
	struct bytes b = cursor_take(c, len);
	uint32_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.data[i];
	return v;
}

uint8_t cursor_u8(struct cursor *c)
{
	return (uint8_t)take_be(c, 1);
}

uint16_t cursor_be16(struct cursor *c)
{
	return (uint16_t)take_be(c, 2);
}

uint32_t cursor_be32(struct cursor *c)
{
	return take_be(c, 4);
}

struct bytes cursor_rest(struct cursor *c)
{
	return cursor_take(c, c->rest.len);
}

bool cursor_done(const struct cursor *c)
{
	return !c->failed && c->rest.len == 0;
}

bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void secret_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}

char *hex_of(struct bytes b, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < b.len && at + 3 <= size; i++) {
		out[at++] = digits[b.data[i] >> 4];
		out[at++] = digits[b.data[i] & 15];
	}
	if (size)
		out[at] = '\0';
	return out;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_parse(const char *text, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (; *text; text += 2) {
		while (*text == ' ')
			text++;
		if (!*text)
			break;
		if (digit(text[0]) < 0 || digit(text[1]) < 0)
			return ERR_FORMAT;
		if (n == max)
			return ERR_RANGE;
		out[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
	}
	return (int)n;
}
