#include "tools/device/card.h"

#include "bench/core/wire/vpcd.h"

/*
 * Source: PC/SC Workgroup, Interoperability Specification part 3, 3.2.2.1.3 Get Data (published): 90 00; 62 82 when there
 * is less than Le; 6C xx, ask again for xx bytes.
 */
static bool is_for_reader(struct bytes m)
{
	return m.len == 5 && m.data[0] == 0xff && m.data[1] == 0xca && m.data[2] <= 1 &&
	       m.data[3] == 0;
}

static void get_data(const struct virtual_card *c, struct bytes m, struct buf *answer)
{
	struct bytes found = m.data[2] ? c->historical : BYTES(c->uid, c->uid_len);
	size_t le = m.data[4];

	if (le && le < found.len) {
		buf_be16(answer, (uint16_t)(0x6c00 | found.len));
		return;
	}
	buf_add(answer, found);
	buf_be16(answer, le > found.len ? 0x6282 : 0x9000);
}

static enum card_heard control(struct virtual_card *c, uint8_t byte, struct buf *answer)
{
	switch (byte) {
	case VPCD_OFF:
		device_reset(c->device);
		return CARD_HEARD_OFF;
	case VPCD_ON:
		device_reset(c->device);
		return CARD_HEARD_ON;
	case VPCD_RESET:
		device_reset(c->device);
		return CARD_HEARD_RESET;
	case VPCD_ATR:
		atr_contactless(answer, c->historical);
		return CARD_HEARD_ATR;
	default:
		return CARD_HEARD_NOTHING;
	}
}

enum card_heard card_hear(struct virtual_card *c, struct bytes m, struct buf *answer)
{
	if (m.len == 0)
		return CARD_HEARD_NOTHING;
	if (m.len == 1)
		return control(c, m.data[0], answer);
	if (is_for_reader(m)) {
		get_data(c, m, answer);
		return CARD_HEARD_READER;
	}
	c->last = device_answer(c->device, m, answer);
	return CARD_HEARD_APDU;
}
