/* Anything as a packet of a virtual bus; what is taken must write back to a packet that reads the same. */
#include "drivers/can/vbus_wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t first[VBUS_MAX_MESSAGE], second[VBUS_MAX_MESSAGE];
	struct buf a = BUF_ON(first), b = BUF_ON(second);
	struct vbus_message m, again;

	if (vbus_decode(&m, BYTES(data, size)))
		return 0;
	vbus_encode(&m, &a);
	if (a.failed || vbus_decode(&again, buf_bytes(&a)))
		abort();
	vbus_encode(&again, &b);
	if (!bytes_equal(buf_bytes(&a), buf_bytes(&b)))
		abort();
	return 0;
}
