/* Any bytes to a reader; what is understood is built back the same. */
#include "tools/usbemu/ccid.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ccid_parser p = { 0 };

	for (size_t i = 0; i < size; i++) {
		uint8_t room[CCID_HEAD + CCID_MAX_DATA];
		struct buf b = BUF_ON(room);
		struct ccid_message m;

		if (!ccid_feed(&p, data[i], &m) || p.too_long)
			continue;
		ccid_build(&b, &m);
		if (b.failed || b.len > i + 1 || memcmp(b.data, data + i + 1 - b.len, 9))
			abort();
		if (m.data.len &&
		    memcmp(m.data.data, data + i + 1 - m.data.len, m.data.len))
			abort();
	}
	return 0;
}
