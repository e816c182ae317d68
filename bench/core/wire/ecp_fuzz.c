/* Anything as a frame; what is taken must make the same frame again. */
#include "bench/core/wire/ecp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t mem[ECP_MAX_FRAME];
	struct buf again = BUF_ON(mem);
	struct ecp e;

	if (ecp_parse(&e, BYTES(data, size)))
		return 0;
	ecp_build(&again, &e);
	if (again.failed || !bytes_equal(buf_bytes(&again), BYTES(data, size)))
		abort();
	return 0;
}
