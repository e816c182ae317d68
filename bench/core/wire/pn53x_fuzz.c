/*
 * Any bytes from a line, twice: what is reported never depends on what was reported
 * before a reset.
 */
#include "bench/core/wire/pn53x.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A frame that was reported builds into bytes that give it again. */
static void again(const struct pn53x_parser *p)
{
	struct pn53x_parser other = { 0 };
	uint8_t mem[PN53X_MAX_FRAME];
	struct buf frame = BUF_ON(mem);
	enum pn53x_event event = PN53X_NOTHING;

	if (!p->len || p->len > PN53X_MAX_LEN)
		abort();
	pn53x_build(&frame, p->body[0], BYTES(p->body + 1, p->len - 1u));
	for (size_t i = 0; i < frame.len; i++)
		event = pn53x_feed(&other, frame.data[i]);
	if (event != PN53X_FRAME || !bytes_equal(pn53x_body(&other), pn53x_body(p)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pn53x_parser p = { 0 };

	for (size_t i = 0; i < size; i++)
		if (pn53x_feed(&p, data[i]) == PN53X_FRAME)
			again(&p);
	pn53x_reset(&p);
	if (pn53x_midway(&p))
		abort();
	return 0;
}
