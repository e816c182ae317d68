#include "bench/core/wire/vpcd.h"

size_t vpcd_parse(struct bytes in, struct bytes *body)
{
	struct cursor c = cursor_at(in);
	size_t len = cursor_be16(&c);
	struct bytes found = cursor_take(&c, len);

	if (c.failed)
		return 0;
	*body = found;
	return VPCD_HEADER + len;
}

void vpcd_build(struct buf *out, struct bytes body)
{
	if (body.len > VPCD_MAX_BODY) {
		out->failed = true;
		return;
	}
	buf_be16(out, (uint16_t)body.len);
	buf_add(out, body);
}

void vpcd_build_control(struct buf *out, enum vpcd_control control)
{
	const uint8_t byte = (uint8_t)control;

	vpcd_build(out, BYTES(&byte, 1));
}
