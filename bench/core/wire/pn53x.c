#include "bench/core/wire/pn53x.h"

enum state {
	HUNT,  /* nothing yet */
	ZERO,  /* a 00 was the last byte */
	LEN,   /* 00 FF seen */
	LCS,   /* of a normal frame, or the second half of a mark */
	LEN_H, /* extended */
	LEN_L,
	LCS_X,
	BODY,
	DCS,
	POST
};

static uint8_t sum_of(struct bytes b)
{
	unsigned sum = 0;

	for (size_t i = 0; i < b.len; i++)
		sum += b.data[i];
	return (uint8_t)sum;
}

void pn53x_build(struct buf *out, uint8_t tfi, struct bytes pd)
{
	size_t len = pd.len + 1;

	if (len > PN53X_MAX_LEN)
		return;
	buf_add(out, BYTES((const uint8_t *)"\x00\x00\xff", 3));
	if (len <= 255) {
		buf_u8(out, (uint8_t)len);
		buf_u8(out, (uint8_t)-len);
	} else {
		buf_be16(out, 0xffff);
		buf_be16(out, (uint16_t)len);
		buf_u8(out, (uint8_t) - ((len >> 8) + (len & 0xff)));
	}
	buf_u8(out, tfi);
	buf_add(out, pd);
	buf_u8(out, (uint8_t) - (tfi + sum_of(pd)));
	buf_u8(out, 0x00);
}

void pn53x_build_ack(struct buf *out)
{
	buf_add(out, BYTES((const uint8_t *)"\x00\x00\xff\x00\xff\x00", 6));
}

void pn53x_build_nack(struct buf *out)
{
	buf_add(out, BYTES((const uint8_t *)"\x00\x00\xff\xff\x00\x00", 6));
}

void pn53x_build_error(struct buf *out)
{
	buf_add(out, BYTES((const uint8_t *)"\x00\x00\xff\x01\xff\x7f\x81\x00", 8));
}

void pn53x_reset(struct pn53x_parser *p)
{
	p->state = HUNT;
	p->hunted_wake = false;
}

bool pn53x_midway(const struct pn53x_parser *p)
{
	return p->state > ZERO;
}

/* Back to hunting; @byte may itself begin the next preamble. */
static enum pn53x_event bad(struct pn53x_parser *p, uint8_t byte)
{
	p->state = byte ? HUNT : ZERO;
	p->hunted_wake = false;
	return PN53X_BAD;
}

static enum pn53x_event begin_body(struct pn53x_parser *p, unsigned want, uint8_t byte)
{
	if (want < 1 || want > PN53X_MAX_LEN)
		return bad(p, byte);
	p->want = (uint16_t)want;
	p->len = 0;
	p->sum = 0;
	p->state = BODY;
	return PN53X_NOTHING;
}

static enum pn53x_event on_lcs(struct pn53x_parser *p, uint8_t byte)
{
	uint8_t len = p->len_high;

	p->wake = p->hunted_wake;
	if ((len == 0x00 && byte == 0xff) || (len == 0xff && byte == 0x00)) {
		p->pending = len ? PN53X_NACK : PN53X_ACK;
		p->len = 0;
		p->state = POST;
		return PN53X_NOTHING;
	}
	if (len == 0xff && byte == 0xff) {
		p->state = LEN_H;
		return PN53X_NOTHING;
	}
	if ((uint8_t)(len + byte) != 0)
		return bad(p, byte);
	return begin_body(p, len, byte);
}

static enum pn53x_event on_dcs(struct pn53x_parser *p, uint8_t byte)
{
	if ((uint8_t)(p->sum + byte) != 0)
		return bad(p, byte);
	p->pending = p->want == 1 && p->body[0] == 0x7f ? PN53X_ERROR : PN53X_FRAME;
	p->state = POST;
	return PN53X_NOTHING;
}

enum pn53x_event pn53x_feed(struct pn53x_parser *p, uint8_t byte)
{
	switch (p->state) {
	case HUNT:
	case ZERO:
		p->hunted_wake = p->hunted_wake || byte == 0x55;
		if (p->state == ZERO && byte == 0xff)
			p->state = LEN;
		else
			p->state = byte ? HUNT : ZERO;
		return PN53X_NOTHING;
	case LEN:
		p->len_high = byte;
		p->state = LCS;
		return PN53X_NOTHING;
	case LCS:
		return on_lcs(p, byte);
	case LEN_H:
		p->len_high = byte;
		p->state = LEN_L;
		return PN53X_NOTHING;
	case LEN_L:
		p->want = (uint16_t)(p->len_high << 8 | byte);
		p->state = LCS_X;
		return PN53X_NOTHING;
	case LCS_X:
		if ((uint8_t)((p->want >> 8) + (p->want & 0xff) + byte) != 0)
			return bad(p, byte);
		return begin_body(p, p->want, byte);
	case BODY:
		p->body[p->len++] = byte;
		p->sum = (uint8_t)(p->sum + byte);
		if (p->len == p->want)
			p->state = DCS;
		return PN53X_NOTHING;
	case DCS:
		return on_dcs(p, byte);
	default:
		p->state = byte ? HUNT : ZERO;
		p->hunted_wake = false;
		return (enum pn53x_event)p->pending;
	}
}
