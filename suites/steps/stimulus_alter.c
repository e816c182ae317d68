#include "suites/steps/stimulus_int.h"

#include "fixtures/proto/tlv.h"

#include <string.h>

/*
 * What a suite's list makes of a command. Whatever comes in, nothing is read or written beyond it.
 */
struct parts { /* a command taken apart */
	uint8_t head[4];
	uint8_t data_mem[512];
	struct buf data;
	bool has_lc;
	struct bytes lc; /* as it is written; empty: what the data want */
	uint8_t le_mem[3];
	struct bytes le;
	size_t lost;
};

static const uint8_t field_prime[32] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};
/* Y of the point whose X is 0: with the prime in place of that 0 it is a point only to who reduces first. */
static const uint8_t y_of_zero[32] = {
	0x66, 0x48, 0x5c, 0x78, 0x0e, 0x2f, 0x83, 0xd7, 0x24, 0x33, 0xbd,
	0x5d, 0x84, 0xa0, 0x6b, 0xb6, 0x54, 0x1c, 0x2a, 0xf3, 0x1d, 0xae,
	0x87, 0x17, 0x28, 0xbf, 0x85, 0x6a, 0x17, 0x4f, 0x93, 0xf4,
};
static const uint8_t group_order[32] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
	0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

static int take_apart(struct parts *p, struct bytes command)
{
	struct apdu a;

	*p = (struct parts){ 0 };
	p->data = BUF_ON(p->data_mem);
	if (apdu_parse(&a, command))
		return ERR_RANGE;
	memcpy(p->head, (const uint8_t[]){ a.cla, a.ins, a.p1, a.p2 }, 4);
	buf_add(&p->data, a.data);
	p->le_mem[0] = (uint8_t)a.le;
	p->le = BYTES(p->le_mem, a.le ? 1 : 0);
	return 0;
}

static int put_together(const struct parts *p, struct buf *command)
{
	buf_clear(command);
	buf_add(command, BYTES(p->head, 4));
	if (p->has_lc)
		buf_add(command, p->lc);
	else if (p->data.len > APDU_MAX_DATA)
		return ERR_RANGE;
	else if (p->data.len)
		buf_u8(command, (uint8_t)p->data.len);
	buf_add(command, buf_bytes(&p->data));
	buf_add(command, p->le);
	if (command->failed || p->data.failed || p->lost >= command->len)
		return ERR_RANGE;
	command->len -= p->lost;
	return 0;
}

static uint16_t tag_of(struct bytes tag)
{
	return (uint16_t)(tag.len == 2 ? tag.data[0] << 8 | tag.data[1] : tag.data[0]);
}

/* The first TLV with that tag: whole, and its value. */
static bool find(const struct parts *p, struct bytes tag, struct bytes *whole,
		 struct bytes *value)
{
	struct cursor c = cursor_at(buf_bytes(&p->data));
	const uint8_t *from = c.rest.data;
	struct tlv t;

	while (tlv_next(&c, &t)) {
		if (t.tag == tag_of(tag)) {
			*whole = BYTES(from, (size_t)(c.rest.data - from));
			*value = t.value;
			return true;
		}
		from = c.rest.data;
	}
	return false;
}

/* These bytes in the place of a TLV. */
static void put_for(struct parts *p, struct bytes whole, struct bytes bytes)
{
	uint8_t mem[512];
	struct buf all = BUF_ON(mem);
	const struct bytes was = buf_bytes(&p->data);
	const size_t at = (size_t)(whole.data - was.data);

	buf_add(&all, BYTES(was.data, at));
	buf_add(&all, bytes);
	buf_add(&all, BYTES(was.data + at + whole.len, was.len - at - whole.len));
	buf_clear(&p->data);
	buf_add(&p->data, buf_bytes(&all));
	p->data.failed |= all.failed;
}

static void reverse(struct parts *p)
{
	uint8_t mem[512];
	struct buf all = BUF_ON(mem);
	struct bytes rest = buf_bytes(&p->data);

	while (rest.len) { /* the last of what is left */
		struct cursor c = cursor_at(rest);
		const uint8_t *from = c.rest.data;
		struct tlv t;

		while (tlv_next(&c, &t) && c.rest.len)
			from = c.rest.data;
		buf_add(&all, BYTES(from, (size_t)(rest.data + rest.len - from)));
		rest.len = (size_t)(from - rest.data);
	}
	buf_clear(&p->data);
	buf_add(&p->data, buf_bytes(&all));
}

static void make_point(struct buf *out, enum point_form form, struct bytes was)
{
	uint8_t point[65] = { 0x04 };

	if (was.len == 65)
		memcpy(point, was.data, sizeof(point));
	switch (form) {
	case POINT_OFF_CURVE:
		point[64] ^= 1;
		break;
	case POINT_INFINITY:
		buf_u8(out, 0x00);
		return;
	case POINT_ZEROS:
		memset(point + 1, 0, 64);
		break;
	case POINT_ODD:
		point[0] = 0x03;
		break;
	case POINT_EVEN:
		point[0] = 0x02;
		break;
	case POINT_HYBRID:
		point[0] = (uint8_t)(0x06 | (point[64] & 1));
		break;
	case POINT_COMPRESSED:
		buf_u8(out, (uint8_t)(0x02 | (point[64] & 1)));
		buf_add(out, BYTES(point + 1, 32));
		return;
	case POINT_BARE:
		buf_add(out, BYTES(point + 1, 64));
		return;
	case POINT_OVER_FIELD:
		memcpy(point + 1, field_prime, 32);
		memcpy(point + 33, y_of_zero, 32);
		break;
	}
	buf_add(out, BYTES_OF(point));
}

static void der_integer(struct buf *out, const uint8_t n[32])
{
	size_t skip = 0;

	while (skip < 31 && n[skip] == 0)
		skip++;
	buf_u8(out, 0x02);
	buf_u8(out, (uint8_t)(32 - skip + (n[skip] >> 7)));
	if (n[skip] & 0x80)
		buf_u8(out, 0);
	buf_add(out, BYTES(n + skip, 32 - skip));
}

static void make_der(struct buf *out, const uint8_t sig[64])
{
	uint8_t mem[72];
	struct buf body = BUF_ON(mem);

	der_integer(&body, sig);
	der_integer(&body, sig + 32);
	buf_u8(out, 0x30);
	buf_u8(out, (uint8_t)body.len);
	buf_add(out, buf_bytes(&body));
}

static int make_signature(struct buf *out, enum signature_form form, struct bytes was,
			  struct vehicle *v)
{
	uint8_t sig[64] = { 0 };

	if (was.len == 64)
		memcpy(sig, was.data, sizeof(sig));
	switch (form) {
	case SIGNATURE_R_ZERO:
		memset(sig, 0, 32);
		break;
	case SIGNATURE_S_ZERO:
		memset(sig + 32, 0, 32);
		break;
	case SIGNATURE_ZERO:
		memset(sig, 0, 64);
		break;
	case SIGNATURE_R_ORDER:
		memcpy(sig, group_order, 32);
		break;
	case SIGNATURE_S_ORDER:
		memcpy(sig + 32, group_order, 32);
		break;
	case SIGNATURE_S_OVER:
		memset(sig + 32, 0xff, 32);
		break;
	case SIGNATURE_FOREIGN:
		if (vehicle_forge_signature(v, sig))
			return ERR_IO;
		break;
	case SIGNATURE_DER:
		make_der(out, sig);
		return 0;
	case SIGNATURE_SHORT:
		buf_add(out, BYTES(sig, 63));
		return 0;
	}
	buf_add(out, BYTES_OF(sig));
	return 0;
}

static int alter_tlv(struct parts *p, const struct edit *e, struct vehicle *v)
{
	uint8_t mem[512], value_mem[300];
	struct buf out = BUF_ON(mem), value = BUF_ON(value_mem);
	struct bytes whole, was;
	int rc = 0;

	if (!find(p, e->tag, &whole, &was))
		return ERR_RANGE;
	switch (e->what) {
	case EDIT_DROP:
		break;
	case EDIT_TWICE:
		buf_add(&out, whole);
		buf_add(&out, whole);
		break;
	case EDIT_LENGTH:
		buf_add(&out, e->tag);
		buf_add(&out, e->hex);
		buf_add(&out, was);
		break;
	default:
		if (e->what == EDIT_VALUE)
			buf_add(&value, e->hex);
		else if (e->what == EDIT_POINT)
			make_point(&value, (enum point_form)e->form, was);
		else
			rc = make_signature(&value, (enum signature_form)e->form, was, v);
		tlv_add(&out, tag_of(e->tag), buf_bytes(&value));
		break;
	}
	put_for(p, whole, buf_bytes(&out));
	return rc ? rc : out.failed || value.failed ? ERR_RANGE : 0;
}

static int alter(struct parts *p, const struct edit *e, struct vehicle *v)
{
	const int64_t len = (int64_t)p->data.len;
	const int64_t at = e->number < 0 ? len + e->number : e->number;

	switch (e->what) {
	case EDIT_CLA:
	case EDIT_INS:
	case EDIT_P1:
	case EDIT_P2:
		p->head[e->what - EDIT_CLA] = e->hex.data[0];
		return 0;
	case EDIT_LC:
		p->lc = e->hex;
		p->has_lc = true;
		return 0;
	case EDIT_LE:
		p->le = e->hex;
		return 0;
	case EDIT_FLIP:
		if (at < 0 || at >= len)
			return ERR_RANGE;
		p->data.data[at] ^= (uint8_t)(1 << e->bit);
		return 0;
	case EDIT_CUT:
		if (e->number > len)
			return ERR_RANGE;
		p->data.len -= (size_t)e->number;
		return 0;
	case EDIT_LOSE:
		p->lost += (size_t)e->number;
		return 0;
	case EDIT_EXTEND:
		buf_add(&p->data, e->hex);
		return 0;
	case EDIT_REVERSE:
		if (e->all)
			reverse(p);
		return 0;
	default:
		return alter_tlv(p, e, v);
	}
}

int stimulus_alter(const struct stimulus *s, struct vehicle *v, struct buf *command,
		   struct err *err)
{
	struct parts p;
	int rc;

	if (!s->edit_count)
		return 0;
	rc = take_apart(&p, buf_bytes(command));
	if (rc)
		return err_set(err, rc, "alter: this is no command that can be altered");
	for (int i = 0; !rc && i < s->edit_count; i++) {
		rc = alter(&p, &s->edits[i], v);
		if (rc)
			err_set(err, rc, "alter[%d]: the command has no such place", i);
	}
	if (!rc && put_together(&p, command))
		rc = err_set(err, ERR_RANGE, "alter: the command becomes too long");
	return rc;
}
