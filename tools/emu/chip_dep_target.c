#include "tools/emu/chip_int.h"

#include <string.h>

/*
 * Peer-to-peer (NFCIP-1) from the target's side: answers SENSF_REQ and ATR_REQ by itself, exchanges data with its host
 * behind it, and asks for more time while the host thinks.
 *
 * Source: as chip_dep.c.
 */
#define ONLY_PASSIVE 0x01 /* of TgInitAsTarget's mode */
#define ONLY_PICC 0x04
#define MODE_DEP 0x04 /* of its answer */
#define FRAMING_ACTIVE 0x01
#define FRAMING_FELICA 0x02
#define PEER_SAK 0x40
#define WAITING_CODE 9 /* TO: 154.7 ms */
#define SIZES 0x30     /* PP: frames of 254 bytes */
#define HAS_GENERAL 0x02
#define SENSF_REQ 0x00

static int64_t say(struct chip *c, struct bytes pdu)
{
	struct chip_role *r = &c->role;
	struct air_frame f;
	int64_t end_ns;

	chip_peer_frame(&f, pdu, r->d, r->nfcip_frames);
	end_ns = card_give_raw(&r->card, &f);
	r->d = r->next_d;
	r->nfcip_frames = r->nfcip_frames || r->d > 0;
	return end_ns;
}

static int64_t say_next(struct chip *c)
{
	return say(c, BYTES(c->role.nfcip.frame, c->role.nfcip.frame_len));
}

static void wait_for_host(struct chip *c)
{
	timer_set(c->world, &c->role.more,
		  world_now(c->world) + airtime_fwt_ns(WAITING_CODE) / 2);
}

void chip_peer_reset(struct chip *c)
{
	c->role.peer = c->role.owes_atr = c->role.polled = c->role.said_early = false;
	timer_stop(c->world, &c->role.more);
}

static void answer_attributes(struct chip *c)
{
	struct chip_role *r = &c->role;
	uint8_t room[70];
	struct buf pdu = BUF_ON(room);

	r->owes_atr = false;
	buf_u8(&pdu, DEP_ANSWER);
	buf_u8(&pdu, DEP_ATR + 1);
	buf_add(&pdu, BYTES_OF(r->nfcid3));
	buf_u8(&pdu, 0x00); /* DID */
	buf_u8(&pdu, 0x00); /* BS, BR */
	buf_u8(&pdu, 0x00);
	buf_u8(&pdu, WAITING_CODE);
	buf_u8(&pdu, r->general_len ? SIZES | HAS_GENERAL : SIZES);
	buf_add(&pdu, BYTES(r->general, r->general_len));
	say(c, buf_bytes(&pdu));
}

void chip_peer_general(struct chip *c)
{
	if (c->role.owes_atr)
		answer_attributes(c);
}

/* D4 00 NFCID3 DID BS BR PP [Gi]; the host gets it with its length byte in front. */
static void hear_attributes(struct chip *c, const struct air_frame *f, struct bytes pdu)
{
	struct chip_role *r = &c->role;
	uint8_t mode = MODE_DEP;
	bool active = f->nfcip && !r->polled;

	if (pdu.len < 16 || (active && (r->mode & ONLY_PASSIVE)))
		return;
	mode = (uint8_t)(mode | f->d << 4 |
			 (active ? FRAMING_ACTIVE
			  : f->d ? FRAMING_FELICA
				 : 0));
	r->peer = true;
	r->d = r->next_d = f->d;
	r->nfcip_frames = f->nfcip;
	dep_init(&r->nfcip, true, &r->command);
	r->owes_atr = !(c->parameters & PARAM_AUTO_ATR);
	if (!r->owes_atr)
		answer_attributes(c);
	chip_activated(c, mode, BYTES(pdu.data - 1, pdu.len + 1));
}

/* FF FF or ours: system code; then what is asked for beside NFCID2, and the number of slots: we take the first. */
static void hear_poll(struct chip *c, const struct air_frame *f, struct bytes pdu)
{
	struct chip_role *r = &c->role;
	uint8_t room[20];
	struct buf answer = BUF_ON(room);

	for (int i = 0; i < 2; i++)
		if (pdu.data[1 + i] != 0xff && pdu.data[1 + i] != r->felica[16 + i])
			return;
	buf_u8(&answer, 0x01);
	buf_add(&answer, BYTES(r->felica, 16));
	if (pdu.data[3] == 0x01) /* the system code too */
		buf_add(&answer, BYTES(r->felica + 16, 2));
	r->d = r->next_d = f->d;
	r->nfcip_frames = r->polled = true;
	say(c, buf_bytes(&answer));
}

static void end_session(struct chip *c, uint8_t code)
{
	uint8_t pdu[] = { DEP_ANSWER, (uint8_t)(code + 1) };

	say(c, BYTES_OF(pdu));
	truth_say(world_truth(c->world), world_now(c->world),
		  code == DEP_DESELECT ? "deselected" : "released", "s:card",
		  c->options.name);
	chip_ended(c, code == DEP_DESELECT);
}

static void hear_rates(struct chip *c, struct bytes pdu)
{
	uint8_t answer[] = { DEP_ANSWER, DEP_PSL + 1, 0x00 };

	if (pdu.len != 5 || (pdu.data[3] & 7) > 2 || (pdu.data[3] >> 3 & 7) > 2)
		return;
	c->role.next_d = pdu.data[3] & 7;
	answer[2] = pdu.data[2];
	say(c, BYTES_OF(answer));
}

static void on_said(struct chip *c)
{
	chip_said(c);
}

/* A PDU of the host's message; behind the last of a whole one the host is told. */
static void say_part(struct chip *c)
{
	int64_t end_ns = say_next(c);

	if (c->role.waiting == WAIT_SAID && (c->role.nfcip.frame[2] & 0xf0) == 0)
		chip_pause(c, end_ns, on_said);
}

static void hear_data(struct chip *c, struct bytes pdu)
{
	struct chip_role *r = &c->role;

	switch (dep_received(&r->nfcip, pdu)) {
	case DEP_SEND:
		say_part(c);
		break;
	case DEP_COMMAND:
		wait_for_host(c);
		chip_commanded(c);
		break;
	case DEP_GRANTED:
		if (r->said_early)
			chip_peer_says(c, BYTES(r->message, r->message_len),
				       r->more_follows);
		else
			wait_for_host(c);
		break;
	case DEP_TAKEN: /* the part of a longer answer */
		wait_for_host(c);
		chip_said(c);
		break;
	default:
		break;
	}
}

bool chip_peer_hears(struct chip *c, const struct air_frame *f)
{
	struct chip_role *r = &c->role;
	struct bytes pdu = chip_peer_pdu(f);

	if (r->mode & ONLY_PICC)
		return false;
	if (f->d == 0 && !f->nfcip && !r->peer && !(r->card.traits.sak & PEER_SAK))
		return false;
	if (f->d == 0 && f->len && f->data[0] != 0xF0)
		return r->peer;
	if (pdu.len < 2)
		return true; /* damaged: silence */
	if (!r->peer && f->d && pdu.len == 5 && pdu.data[0] == SENSF_REQ)
		hear_poll(c, f, pdu);
	else if (!r->peer && pdu.data[0] == DEP_ASK && pdu.data[1] == DEP_ATR)
		hear_attributes(c, f, pdu);
	else if (!r->peer || f->d != r->d || pdu.data[0] != DEP_ASK)
		return true;
	else if (pdu.data[1] == DEP_PDU)
		hear_data(c, pdu);
	else if (pdu.data[1] == DEP_PSL)
		hear_rates(c, pdu);
	else if (pdu.data[1] == DEP_DESELECT || pdu.data[1] == DEP_RELEASE)
		end_session(c, pdu.data[1]);
	return true;
}

void chip_peer_says(struct chip *c, struct bytes message, bool more)
{
	struct chip_role *r = &c->role;

	if (message.data != r->message) {
		memcpy(r->message, message.data, message.len);
		r->message_len = message.len;
		r->more_follows = more;
	}
	r->said_early = r->nfcip.rtox != 0; /* the initiator's grant comes first */
	if (r->said_early)
		return;
	timer_stop(c->world, &r->more);
	dep_answer(&r->nfcip, BYTES(r->message, r->message_len), r->more_follows);
	say_part(c);
}

void chip_peer_ask_time(void *ctx)
{
	struct chip *c = ctx;

	dep_more_time(&c->role.nfcip, 1);
	truth_say(world_truth(c->world), world_now(c->world), "wtx", "i:wtxm",
		  (int64_t)1);
	say_next(c);
}
