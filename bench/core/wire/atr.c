#include "bench/core/wire/atr.h"

#include "bench/core/err.h"

#define TS_DIRECT 0x3b
#define TS_INVERSE 0x3f
#define MAX_TD 8 /* no card has that many: the length of an ATR ends it before */

static uint8_t sum(struct bytes b)
{
	uint8_t all = 0;

	for (size_t i = 0; i < b.len; i++)
		all ^= b.data[i];
	return all;
}

/* The interface bytes, as each TD byte announces the next. @return whether a TCK follows in the end */
static bool take_interface(struct atr *a, struct cursor *c, uint8_t next)
{
	bool checked = false;
	int i = 0;

	while (next && i++ < MAX_TD && !c->failed) {
		int protocol;

		for (int bit = 0; bit < 3; bit++) /* TA, TB, TC */
			if (next & 1 << bit)
				cursor_u8(c);
		if (!(next & 8))
			return checked;
		next = cursor_u8(c);
		protocol = next & 15;
		a->t0 |= protocol == 0;
		a->t1 |= protocol == 1;
		checked |= protocol != 0;
		next >>= 4;
	}
	return checked;
}

int atr_parse(struct atr *out, struct bytes raw)
{
	struct cursor c = cursor_at(raw);
	struct atr a = { .t0 = false };
	uint8_t ts = cursor_u8(&c), t0 = cursor_u8(&c);
	bool checked;

	if ((ts != TS_DIRECT && ts != TS_INVERSE) || raw.len > ATR_MAX)
		return ERR_FORMAT;
	checked = take_interface(&a, &c, t0 >> 4);
	if (!a.t0 && !a.t1)
		a.t0 = true;
	a.historical = cursor_take(&c, t0 & 15);
	if (checked && sum(BYTES(raw.data + 1, raw.len - 1)) != 0)
		return ERR_FORMAT;
	if (checked)
		cursor_u8(&c);
	if (!cursor_done(&c))
		return ERR_FORMAT;
	a.contactless = ts == TS_DIRECT && t0 >> 4 == 8 && raw.data[2] == 0x80 &&
			raw.data[3] == 0x01;
	*out = a;
	return 0;
}

void atr_contactless(struct buf *out, struct bytes historical)
{
	size_t start = out->len, len = historical.len;

	if (len > ATR_MAX_HISTORICAL)
		len = ATR_MAX_HISTORICAL;
	buf_u8(out, TS_DIRECT);
	buf_u8(out, (uint8_t)(0x80 | len));
	buf_u8(out, 0x80);
	buf_u8(out, 0x01);
	buf_add(out, BYTES(historical.data, len));
	if (!out->failed)
		buf_u8(out, sum(BYTES(out->data + start + 1, out->len - start - 1)));
}

struct bytes ats_historical(struct bytes ats)
{
	struct cursor c = cursor_at(ats);
	uint8_t t0 = cursor_u8(&c);

	for (int bit = 4; bit < 7; bit++) /* TA, TB, TC */
		if (t0 & 1 << bit)
			cursor_u8(&c);
	return cursor_rest(&c);
}
