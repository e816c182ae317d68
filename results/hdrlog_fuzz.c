/*
 * Any text as an encoded histogram: first as it stands, then as what a base64 and a stored zlib stream would
 * have brought. What is taken is written and read again the same.
 */
#include "results/hdrlog.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(struct bytes text)
{
	struct hist h, back;
	struct buf out;

	if (hdrlog_decode(&h, text))
		return;
	if (h.total < 0 || hist_quantile(&h, 0.5) > hist_quantile(&h, 1))
		abort();
	buf_init(&out, 64 << 20);
	hdrlog_encode(&h, &out);
	if (out.failed || hdrlog_decode(&back, buf_bytes(&out)) ||
	    back.total != h.total || back.counts_len != h.counts_len ||
	    memcmp(back.counts, h.counts, h.counts_len * sizeof(*h.counts)) != 0)
		abort();
	hist_release(&back);
	buf_release(&out);
	hist_release(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t packed[8 + 4096 + 64], text[6000];
	uLongf len = sizeof(packed) - 8;
	int n;

	decode(BYTES(data, size));
	if (size > 4096 || compress2(packed + 8, &len, data, size, 0) != Z_OK)
		return 0;
	memcpy(packed, "\x1c\x84\x93\x14", 4);
	packed[4] = packed[5] = 0;
	packed[6] = (uint8_t)(len >> 8);
	packed[7] = (uint8_t)len;
	n = EVP_EncodeBlock(text, packed, (int)len + 8);
	decode(BYTES(text, (size_t)n));
	return 0;
}
