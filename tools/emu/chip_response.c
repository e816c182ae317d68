#include "tools/emu/chip_int.h"

#include <math.h>

/*
 * What leaves the chip: when, in which frames and pieces, and how damaged.
 */
int64_t chip_work_ns(struct chip *c, uint8_t code)
{
	const struct chip_work *w = NULL;

	for (int i = 0; i < c->knobs.work_count && !w; i++)
		if (c->knobs.work[i].command == code)
			w = &c->knobs.work[i];
	for (int i = 0; i < c->knobs.work_count && !w; i++)
		if (c->knobs.work[i].command < 0)
			w = &c->knobs.work[i];
	if (!w)
		return 0;
	if (w->sigma <= 0)
		return w->median_ns;
	return (int64_t)((double)w->median_ns * exp(w->sigma * rng_normal(&c->work_rng)));
}

size_t chip_chunk(const struct chip *c)
{
	return c->knobs.chunk ? (size_t)c->knobs.chunk : CHIP_MAX_DATA;
}

static uint8_t sum_of(struct bytes b)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < b.len; i++)
		sum = (uint8_t)(sum + b.data[i]);
	return sum;
}

/* The long form, whatever the length. */
static void build_extended(struct buf *out, uint8_t tfi, struct bytes pd)
{
	size_t len = pd.len + 1;

	buf_add(out, BYTES((const uint8_t *)"\x00\x00\xff\xff\xff", 5));
	buf_be16(out, (uint16_t)len);
	buf_u8(out, (uint8_t) - ((len >> 8) + (len & 0xff)));
	buf_u8(out, tfi);
	buf_add(out, pd);
	buf_u8(out, (uint8_t) - (tfi + sum_of(pd)));
	buf_u8(out, 0x00);
}

static void damage(struct chip *c, struct buf *frame, bool extended)
{
	switch (c->fault->what) {
	case FAULT_GARBAGE:
		for (size_t i = 0; i < frame->len; i++)
			frame->data[i] = (uint8_t)rng_u64(&c->rng);
		break;
	case FAULT_BAD_LCS:
		frame->data[extended ? 7 : 4] ^= 0x01;
		break;
	case FAULT_BAD_DCS:
		frame->data[frame->len - 2] ^= 0x01;
		break;
	default:
		break;
	}
}

void chip_frame_response(struct chip *c)
{
	struct buf out = BUF_ON(c->last);
	bool extended = c->knobs.extended || c->reply.len + 1 > 255;
	uint8_t tfi = PN53X_CHIP;

	if (c->fault && c->fault->what == FAULT_BAD_TFI)
		tfi ^= 0x02;
	if (c->fault && c->fault->what == FAULT_BAD_CODE)
		c->reply.data[0] ^= 0x10;
	if (c->fault && c->fault->what == FAULT_ERROR_FRAME)
		pn53x_build_error(&out);
	else if (extended)
		build_extended(&out, tfi, buf_bytes(&c->reply));
	else
		pn53x_build(&out, tfi, buf_bytes(&c->reply));
	if (c->fault)
		damage(c, &out, extended);
	c->last_len = out.len;
}

struct bytes chip_dress(const struct chip *c, struct bytes frame)
{
	return c->bare ? BYTES(frame.data + 1, frame.len - 2) : frame;
}

void chip_send_pieces(struct chip *c, struct bytes frame)
{
	size_t first = (size_t)c->knobs.split;
	int64_t at_ns = world_now(c->world);

	frame = chip_dress(c, frame);
	if (first > 0 && first < frame.len) {
		at_ns = line_send(c->line, BYTES(frame.data, first), at_ns) +
			c->knobs.split_pause_ns;
		frame = BYTES(frame.data + first, frame.len - first);
	}
	line_send(c->line, frame, at_ns);
}
