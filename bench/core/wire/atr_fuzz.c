/* A card's answer to reset; one that we made from its historical bytes is good. */
#include "bench/core/wire/atr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t room[ATR_MAX];
	struct buf again = BUF_ON(room);
	struct atr a, b;

	ats_historical(BYTES(data, size));
	if (atr_parse(&a, BYTES(data, size)))
		return 0;
	if (a.historical.len > ATR_MAX_HISTORICAL || (!a.t0 && !a.t1 && size < 4))
		abort();
	atr_contactless(&again, a.historical);
	if (again.failed || atr_parse(&b, buf_bytes(&again)) || !b.contactless ||
	    !bytes_equal(a.historical, b.historical))
		abort();
	return 0;
}
