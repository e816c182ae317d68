#include "bench/core/wire/ecp.h"

#include "bench/core/err.h"

#include <string.h>

#define V1_TCI 3

void ecp_build(struct buf *out, const struct ecp *e)
{
	if (e->data_len > ECP_MAX_DATA || (e->version == 1 && e->data_len != V1_TCI)) {
		out->failed = true;
		return;
	}
	buf_u8(out, ECP_HEADER);
	buf_u8(out, e->version);
	if (e->version != 1) {
		buf_u8(out, (uint8_t)((e->config & 0xf0) | e->data_len));
		buf_u8(out, e->terminal);
		buf_u8(out, e->subtype);
	}
	buf_add(out, BYTES(e->data, e->data_len));
}

int ecp_parse(struct ecp *out, struct bytes frame)
{
	struct cursor in = cursor_at(frame);
	size_t len = V1_TCI;
	struct bytes data;

	memset(out, 0, sizeof(*out));
	if (cursor_u8(&in) != ECP_HEADER)
		return ERR_FORMAT;
	out->version = cursor_u8(&in);
	if (out->version == 2) {
		out->config = cursor_u8(&in);
		out->terminal = cursor_u8(&in);
		out->subtype = cursor_u8(&in);
		len = out->config & 0x0f;
	} else if (out->version != 1) {
		return ERR_FORMAT;
	}
	data = cursor_take(&in, len);
	if (!cursor_done(&in))
		return ERR_FORMAT;
	memcpy(out->data, data.data, data.len);
	out->data_len = data.len;
	return 0;
}
