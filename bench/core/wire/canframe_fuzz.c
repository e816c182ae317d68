/*
 * Anything as a frame from a socket, a capture file and a text; what is taken must write
 * back.
 */
#include "bench/core/wire/canframe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void back_through_all(const struct canframe *f)
{
	uint8_t room[128];
	char text[CANFRAME_TEXT_MAX];
	struct buf b = BUF_ON(room);
	struct canframe again;
	int bits = canframe_bits(f);

	canframe_to_socket(f, &b);
	if (canframe_from_socket(&again, buf_bytes(&b)) || !canframe_equal(f, &again))
		abort();
	buf_clear(&b);
	canframe_to_capture(f, &b);
	if (canframe_from_capture(&again, buf_bytes(&b)) || !canframe_equal(f, &again))
		abort();
	if (canframe_parse(&again,
			   BYTES((uint8_t *)text, (size_t)canframe_text(f, text))) ||
	    !canframe_equal(f, &again))
		abort();
	if (bits && (bits < canframe_bits_min(f->extended, f->remote ? 0 : f->len) ||
		     bits > canframe_bits_max(f->extended, f->remote ? 0 : f->len)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct canframe f;

	if (!canframe_from_socket(&f, BYTES(data, size)))
		back_through_all(&f);
	if (!canframe_from_capture(&f, BYTES(data, size)))
		back_through_all(&f);
	if (!canframe_parse(&f, BYTES(data, size)))
		back_through_all(&f);
	return 0;
}
