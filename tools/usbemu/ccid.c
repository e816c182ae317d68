#include "tools/usbemu/ccid.h"

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool ccid_feed(struct ccid_parser *p, uint8_t byte, struct ccid_message *out)
{
	if (p->len == 0)
		p->too_long = false;
	if (p->len < sizeof(p->bytes))
		p->bytes[p->len] = byte;
	p->len++;
	if (p->len == CCID_HEAD) {
		uint32_t length = le32(p->bytes + 1);

		/* nobody means 16 MiB: it is no CCID, and what comes next is looked at afresh */
		p->too_long = length > CCID_MAX_DATA;
		p->want = CCID_HEAD + (length > 0xffff ? 0 : length);
	}
	if (p->len < CCID_HEAD || p->len < p->want)
		return false;
	*out = (struct ccid_message){ .type = p->bytes[0],
				      .slot = p->bytes[5],
				      .seq = p->bytes[6],
				      .status = p->bytes[7],
				      .error = p->bytes[8] };
	if (!p->too_long)
		out->data = BYTES(p->bytes + CCID_HEAD, p->len - CCID_HEAD);
	p->len = 0;
	return true;
}

void ccid_build(struct buf *out, const struct ccid_message *m)
{
	buf_u8(out, m->type);
	for (int i = 0; i < 4; i++)
		buf_u8(out, (uint8_t)(m->data.len >> (8 * i)));
	buf_u8(out, m->slot);
	buf_u8(out, m->seq);
	buf_u8(out, m->status);
	buf_u8(out, m->error);
	buf_u8(out, 0);
	buf_add(out, m->data);
}
