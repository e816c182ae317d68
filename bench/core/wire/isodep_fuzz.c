/*
 * Both sides of the block protocol, each fed foreign blocks. Byte 0: which side, bytes 1
 * and 2: frame sizes. Then blocks, each a length byte and that many bytes; length 255:
 * none came.
 */
#include "bench/core/wire/isodep.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool next_block(struct cursor *c, struct bytes *block)
{
	size_t len = cursor_u8(c);

	*block = BYTES(NULL, 0);
	if (len == 255)
		return false;
	*block = cursor_take(c, len < c->rest.len ? len : c->rest.len);
	return true;
}

static void reader_side(struct cursor *c, size_t fsd, size_t fsc)
{
	static const uint8_t command[300] = { 0x00, 0xa4 };
	uint8_t mem[600];
	struct buf answer = BUF_ON(mem);
	struct isodep_pcd p;
	enum isodep_next next;
	struct bytes block;

	isodep_pcd_init(&p, fsd, fsc, 2);
	next = isodep_pcd_begin(&p, BYTES(command, cursor_u8(c)), cursor_u8(c) & 1,
				&answer);
	while (c->rest.len && next == ISODEP_SEND) {
		if (p.block_len > sizeof(p.block) || p.block_len + ISODEP_CRC > p.fsc)
			abort();
		next = next_block(c, &block) ? isodep_pcd_received(&p, block)
					     : isodep_pcd_missing(&p);
	}
	if (next == ISODEP_SEND)
		next = isodep_pcd_deselect(&p);
	if (next == ISODEP_COMMAND || next == ISODEP_RELEASED || next == ISODEP_QUIET)
		abort();
}

static void card_side(struct cursor *c, size_t fsd, size_t fsc)
{
	static const uint8_t answer[512] = { 0x90 };
	struct isodep_picc p;
	struct bytes block;

	isodep_picc_init(&p, fsd, fsc);
	while (c->rest.len) {
		enum isodep_next next;

		if (!next_block(c, &block)) {
			isodep_picc_more_time(&p, (uint8_t)(1 + cursor_u8(c) % 59));
			continue;
		}
		next = isodep_picc_received(&p, block);
		if (next == ISODEP_COMMAND)
			next = isodep_picc_answer(&p, BYTES(answer, 2u * cursor_u8(c)));
		if (next == ISODEP_SEND &&
		    (p.block_len > sizeof(p.block) || p.block_len + ISODEP_CRC > p.fsd))
			abort();
		if (next == ISODEP_DONE || next == ISODEP_LOST || next == ISODEP_PROTOCOL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_at(BYTES(data, size));
	uint8_t side = cursor_u8(&c);
	size_t fsd = cursor_u8(&c) + 8u, fsc = cursor_u8(&c) + 8u;

	if (side & 1)
		reader_side(&c, fsd, fsc);
	else
		card_side(&c, fsd, fsc);
	return 0;
}
