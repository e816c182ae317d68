/* A stream from a stranger: every message in it, and built again, is what it was. */
#include "bench/core/wire/vpcd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size), body;
	size_t len;

	while ((len = vpcd_parse(in, &body)) != 0) {
		struct buf again;

		if (len > in.len || len != body.len + VPCD_HEADER)
			abort();
		buf_init(&again, VPCD_MAX_MESSAGE);
		vpcd_build(&again, body);
		if (!bytes_equal(buf_bytes(&again), BYTES(in.data, len)))
			abort();
		buf_release(&again);
		in = BYTES(in.data + len, in.len - len);
	}
	return 0;
}
