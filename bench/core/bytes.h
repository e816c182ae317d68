#ifndef BENCH_CORE_BYTES_H
#define BENCH_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Borrowed bytes, and a cursor that cannot overrun: a parser reads like the message it parses.
 */
struct bytes {
	const uint8_t *data;
	size_t len;
};

/** The bytes of a fixed array. */
#define BYTES_OF(array) ((struct bytes){ (array), sizeof(array) })
/** @len bytes at @data. */
#define BYTES(data, len) ((struct bytes){ (data), (len) })

/** Same length and content? Not for secrets: see secret_equal. */
bool bytes_equal(struct bytes a, struct bytes b);

/**
 * Reads foreign bytes front to back. The first read that does not fit sets .failed, and from
 * then on every read gives zeros: check .failed once, at the end.
 */
struct cursor {
	struct bytes rest;
	bool failed;
};

struct cursor cursor_at(struct bytes b);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_be16(struct cursor *c);
uint32_t cursor_be32(struct cursor *c);
/** The next @len bytes, borrowed from the input; empty once failed. */
struct bytes cursor_take(struct cursor *c, size_t len);
/** All that is left; empty once failed. */
struct bytes cursor_rest(struct cursor *c);
/** Everything was read and nothing was missing. */
bool cursor_done(const struct cursor *c);

/** Compare secrets: the time depends on @len alone. */
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len);
/** Overwrite a secret; not optimised away. */
void secret_wipe(void *p, size_t len);

/**
 * Lower-case hex of @b with a terminating zero. @size is that of @out: what does not fit, cut at
 * a whole byte. @return @out.
 */
char *hex_of(struct bytes b, char *out, size_t size);
/**
 * Hex digits (either case, blanks between bytes allowed) into @out of @max bytes.
 * @return the number of bytes, or ERR_FORMAT (odd or foreign digit), ERR_RANGE (does not fit).
 */
int hex_parse(const char *text, uint8_t *out, size_t max);

#endif
