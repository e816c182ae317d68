#include "drivers/can/vbus_wire.h"

#include "bench/core/err.h"

#include <string.h>

static void put64(struct buf *out, int64_t v)
{
	buf_be32(out, (uint32_t)((uint64_t)v >> 32));
	buf_be32(out, (uint32_t)v);
}

static int64_t take64(struct cursor *c)
{
	uint64_t high = cursor_be32(c);

	return (int64_t)(high << 32 | cursor_be32(c));
}

void vbus_encode(const struct vbus_message *m, struct buf *out)
{
	buf_u8(out, (uint8_t)m->type);
	switch (m->type) {
	case VBUS_HELLO:
		buf_u8(out, m->version);
		buf_u8(out, m->deaf);
		buf_text(out, m->name);
		break;
	case VBUS_WELCOME:
		buf_u8(out, m->version);
		buf_be32(out, m->bitrate);
		buf_be32(out, m->data_bitrate);
		buf_be32(out, m->depth);
		break;
	case VBUS_SEND:
		put64(out, m->at_ns);
		canframe_to_capture(&m->frame, out);
		break;
	case VBUS_FRAME:
		buf_u8(out, m->own);
		buf_be32(out, m->lost);
		buf_be32(out, m->left);
		put64(out, m->at_ns);
		canframe_to_capture(&m->frame, out);
		break;
	case VBUS_STATUS:
		buf_be32(out, m->lost);
		buf_be32(out, m->left);
		break;
	case VBUS_FLUSH:
		break;
	}
}

static void decode_name(struct vbus_message *m, struct cursor *c)
{
	struct bytes name = cursor_rest(c);

	if (name.len > VBUS_MAX_NAME)
		c->failed = true;
	for (size_t i = 0; !c->failed && i < name.len; i++)
		m->name[i] = name.data[i] > ' ' && name.data[i] < 127 ? (char)name.data[i]
								      : '?';
}

static void decode_frame(struct vbus_message *m, struct cursor *c)
{
	struct bytes rest = cursor_rest(c);

	if (c->failed || canframe_from_capture(&m->frame, rest) || m->frame.error)
		c->failed = true;
}

int vbus_decode(struct vbus_message *m, struct bytes packet)
{
	struct cursor c = cursor_at(packet);

	memset(m, 0, sizeof(*m));
	m->type = (enum vbus_type)cursor_u8(&c);
	switch (m->type) {
	case VBUS_HELLO:
		m->version = cursor_u8(&c);
		m->deaf = cursor_u8(&c);
		decode_name(m, &c);
		break;
	case VBUS_WELCOME:
		m->version = cursor_u8(&c);
		m->bitrate = cursor_be32(&c);
		m->data_bitrate = cursor_be32(&c);
		m->depth = cursor_be32(&c);
		break;
	case VBUS_SEND:
		m->at_ns = take64(&c);
		decode_frame(m, &c);
		break;
	case VBUS_FRAME:
		m->own = cursor_u8(&c);
		m->lost = cursor_be32(&c);
		m->left = cursor_be32(&c);
		m->at_ns = take64(&c);
		decode_frame(m, &c);
		break;
	case VBUS_STATUS:
		m->lost = cursor_be32(&c);
		m->left = cursor_be32(&c);
		break;
	case VBUS_FLUSH:
		break;
	default:
		return ERR_FORMAT;
	}
	return cursor_done(&c) ? 0 : ERR_FORMAT;
}
