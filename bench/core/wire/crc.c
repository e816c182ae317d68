#include "bench/core/wire/crc.h"

static uint16_t crc(struct bytes b, uint16_t start)
{
	uint32_t v = start;

	for (size_t i = 0; i < b.len; i++) {
		uint8_t x = b.data[i] ^ (uint8_t)v;

		x ^= (uint8_t)(x << 4);
		v = v >> 8 ^ (uint32_t)x << 8 ^ (uint32_t)x << 3 ^ (uint32_t)x >> 4;
		v &= 0xffff;
	}
	return (uint16_t)v;
}

uint16_t crc_a(struct bytes b)
{
	return crc(b, 0x6363);
}

uint16_t crc_b(struct bytes b)
{
	return (uint16_t)~crc(b, 0xffff);
}

bool crc_a_fits(struct bytes frame)
{
	uint16_t v;

	if (frame.len < 3)
		return false;
	v = crc_a(BYTES(frame.data, frame.len - 2));
	return frame.data[frame.len - 2] == (v & 0xff) &&
	       frame.data[frame.len - 1] == v >> 8;
}
