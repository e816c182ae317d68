#ifndef BENCH_CORE_BUF_H
#define BENCH_CORE_BUF_H

#include "bench/core/bytes.h"

/*
 * Bytes that grow, up to a maximum given at birth.
 *
 * An append that does not fit (or finds no memory) sets .failed and changes nothing; later appends
 * do nothing either. Check .failed once, when the message is complete.
 */
struct buf {
	uint8_t *data;
	size_t len, cap, max;
	bool failed;
	bool fixed; /* the memory is the caller's */
};

/** Empty, on the heap when needed, never longer than @max. Free with buf_release. */
void buf_init(struct buf *b, size_t max);
/** Empty, on the caller's @mem; buf_release leaves it alone. */
void buf_init_on(struct buf *b, uint8_t *mem, size_t size);
#define BUF_ON(array) \
	((struct buf){ .data = (array), \
		       .cap = sizeof(array), \
		       .max = sizeof(array), \
		       .fixed = true })
void buf_release(struct buf *b);
/** Length 0 and not failed; keeps the memory. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, struct bytes bytes);
void buf_u8(struct buf *b, uint8_t v);
void buf_be16(struct buf *b, uint16_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** What is in it; borrowed until the next append. */
struct bytes buf_bytes(const struct buf *b);
/** As text; a zero is kept behind the content. "" when empty or out of room. */
const char *buf_str(struct buf *b);

#endif
