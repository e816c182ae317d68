#include "tools/emu/dep.h"

#include <string.h>

#define KIND 0xE0 /* of the PFB */
#define INFORMATION 0x00
#define ACK 0x40
#define SUPERVISORY 0x80
#define FLAG \
	0x10 /* information: more; ACK: it is a NACK; supervisory: time, not attention */
#define NUMBER 0x03
#define TRIES 3

void dep_init(struct dep *d, bool target, struct buf *in)
{
	*d = (struct dep){ .target = target, .in = in };
}

static enum dep_next put(struct dep *d, uint8_t pfb, struct bytes data)
{
	d->frame[0] = d->target ? DEP_ANSWER : DEP_ASK;
	d->frame[1] = d->target ? DEP_PDU + 1 : DEP_PDU;
	d->frame[2] = pfb;
	if (data.len)
		memcpy(d->frame + 3, data.data, data.len);
	d->frame_len = 3 + data.len;
	return DEP_SEND;
}

/* What may have to be said again. */
static enum dep_next put_last(struct dep *d, uint8_t pfb, struct bytes data)
{
	put(d, pfb, data);
	memcpy(d->last, d->frame, d->frame_len);
	d->last_len = d->frame_len;
	d->tries = TRIES;
	return DEP_SEND;
}

static enum dep_next repeat(struct dep *d)
{
	if (d->last_len == 0)
		return DEP_WAIT;
	memcpy(d->frame, d->last, d->last_len);
	d->frame_len = d->last_len;
	return DEP_SEND;
}

static enum dep_next next_part(struct dep *d)
{
	size_t left = d->out.len - d->sent;
	bool more;

	d->part = left > DEP_MAX_DATA ? DEP_MAX_DATA : left;
	more = d->part < left || d->more;
	return put_last(d, (uint8_t)(INFORMATION | (more ? FLAG : 0) | d->number),
			BYTES(d->out.data + d->sent, d->part));
}

static bool is_chaining(const struct dep *d)
{
	return (d->last[2] & (KIND | FLAG)) == (INFORMATION | FLAG);
}

enum dep_next dep_begin(struct dep *d, struct bytes message, bool more)
{
	d->out = message;
	d->more = more;
	d->sent = 0;
	buf_clear(d->in);
	return next_part(d);
}

enum dep_next dep_missing(struct dep *d, bool damaged)
{
	if (d->tries-- == 0)
		return DEP_TIMEOUT;
	if (damaged)
		return put(d, (uint8_t)(ACK | FLAG | d->number), BYTES(NULL, 0));
	return put(d, SUPERVISORY, BYTES(NULL, 0));
}

enum dep_next dep_answer(struct dep *d, struct bytes message, bool more)
{
	d->out = message;
	d->more = more;
	d->sent = 0;
	d->owes = false;
	return next_part(d);
}

enum dep_next dep_more_time(struct dep *d, uint8_t rtox)
{
	d->rtox = rtox;
	return put(d, SUPERVISORY | FLAG, BYTES(&rtox, 1));
}

static void advance(struct dep *d)
{
	d->number = (d->number + 1) & NUMBER;
}

/* -- the initiator -- */

static enum dep_next answer_information(struct dep *d, uint8_t pfb, struct bytes data)
{
	if ((pfb & NUMBER) != d->number || is_chaining(d))
		return DEP_PROTOCOL;
	buf_add(d->in, data);
	advance(d);
	if (!(pfb & FLAG))
		return DEP_DONE;
	return put_last(d, ACK | d->number, BYTES(NULL, 0));
}

static enum dep_next answer_ack(struct dep *d, uint8_t pfb)
{
	if ((pfb & FLAG) || (pfb & NUMBER) != d->number || !is_chaining(d))
		return DEP_PROTOCOL;
	advance(d);
	d->sent += d->part;
	return d->sent == d->out.len ? DEP_DONE : next_part(d);
}

static enum dep_next answered(struct dep *d, uint8_t pfb, struct bytes data)
{
	switch (pfb & KIND) {
	case INFORMATION:
		return answer_information(d, pfb, data);
	case ACK:
		return answer_ack(d, pfb);
	case SUPERVISORY:
		if (!(pfb & FLAG))
			return repeat(d); /* it is there: again, then */
		if (data.len != 1 || (data.data[0] & 0x3f) == 0)
			return DEP_PROTOCOL;
		d->rtox = data.data[0] & 0x3f;
		return put(d, SUPERVISORY | FLAG, BYTES(&d->rtox, 1));
	default:
		return DEP_PROTOCOL;
	}
}

/* -- the target -- */

static enum dep_next asked_information(struct dep *d, uint8_t pfb, struct bytes data)
{
	uint8_t expected = d->begun ? (d->number + 1) & NUMBER : 0;

	if (d->begun && (pfb & NUMBER) == d->number)
		return d->owes ? DEP_WAIT : repeat(d); /* our answer was lost */
	if ((pfb & NUMBER) != expected || d->owes)
		return DEP_WAIT;
	if (!d->begun || !(d->last[2] == (ACK | d->number)))
		buf_clear(d->in);
	d->begun = true;
	d->number = expected;
	buf_add(d->in, data);
	if (d->in->failed)
		return DEP_WAIT; /* longer than anything we can take */
	if (pfb & FLAG)
		return put_last(d, ACK | d->number, BYTES(NULL, 0));
	d->last_len = 0;
	d->last[2] = 0;
	d->owes = true;
	return DEP_COMMAND;
}

static enum dep_next asked_ack(struct dep *d, uint8_t pfb)
{
	if (pfb & FLAG)
		return repeat(d);
	if (d->owes)
		return DEP_WAIT;
	if ((pfb & NUMBER) == d->number)
		return repeat(d); /* what followed it was lost */
	if (!is_chaining(d) || (pfb & NUMBER) != ((d->number + 1) & NUMBER))
		return DEP_WAIT;
	advance(d);
	d->sent += d->part;
	d->owes = d->sent == d->out.len;
	return d->owes ? DEP_TAKEN : next_part(d);
}

static enum dep_next asked(struct dep *d, uint8_t pfb, struct bytes data)
{
	switch (pfb & KIND) {
	case INFORMATION:
		return asked_information(d, pfb, data);
	case ACK:
		return asked_ack(d, pfb);
	case SUPERVISORY:
		if (!(pfb & FLAG))
			return put(d, SUPERVISORY, BYTES(NULL, 0));
		if (d->rtox == 0 || data.len != 1 || (data.data[0] & 0x3f) != d->rtox)
			return DEP_WAIT;
		d->rtox = 0;
		return DEP_GRANTED;
	default:
		return DEP_WAIT;
	}
}

enum dep_next dep_received(struct dep *d, struct bytes pdu)
{
	struct cursor in = cursor_at(pdu);
	uint8_t from = cursor_u8(&in), code = cursor_u8(&in), pfb = cursor_u8(&in);

	if (d->target) {
		if (in.failed || from != DEP_ASK || code != DEP_PDU)
			return DEP_WAIT;
		return asked(d, pfb, in.rest);
	}
	if (in.failed || from != DEP_ANSWER || code != DEP_PDU + 1)
		return DEP_PROTOCOL;
	return answered(d, pfb, in.rest);
}

uint16_t dep_crc_f(struct bytes b)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < b.len; i++) {
		crc = (uint16_t)(crc ^ b.data[i] << 8);
		for (int k = 0; k < 8; k++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}
