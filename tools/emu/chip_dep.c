#include "tools/emu/chip_int.h"

#include "bench/core/wire/crc.h"

#include <string.h>

/*
 * Peer-to-peer (NFCIP-1) from the initiator's side: finding a target, its attributes, the exchange of data.
 *
 * Source: ISO/IEC 18092 (ECMA-340) 11 and 12, NXP UM0701-02 7.3.3 to 7.3.12. In active mode both sides raise their
 * fields in turn; here the initiator's stays on.
 */
#define START 0xF0          /* of a frame at 106 */
#define RATE_AND_BYTES 0x32 /* PP: frames of 254 bytes, general bytes follow */
#define HAS_GENERAL 0x02
#define POLL_WAIT_NS (4 * NS_PER_MS) /* the first time slot of SENSF_RES */
#define PEER_SAK 0x40
#define NO_PEER_PAUSE_NS NS_PER_MS

static void ask_attributes(struct chip *c);
static void look(struct chip *c);

void chip_peer_frame(struct air_frame *f, struct bytes pdu, int d, bool nfcip)
{
	size_t at = 0;
	uint16_t crc;

	*f = (struct air_frame){ .d = d, .nfcip = nfcip };
	if (d == 0)
		f->data[at++] = START;
	f->data[at++] = (uint8_t)(pdu.len + 1);
	memcpy(f->data + at, pdu.data, pdu.len);
	f->len = at + pdu.len;
	if (d == 0) {
		air_add_crc(f);
		return;
	}
	crc = dep_crc_f(BYTES(f->data, f->len));
	f->data[f->len++] = (uint8_t)(crc >> 8);
	f->data[f->len++] = (uint8_t)crc;
}

struct bytes chip_peer_pdu(const struct air_frame *f)
{
	struct cursor in = cursor_at(BYTES(f->data, f->len));
	bool good;

	if (f->len < 4)
		return BYTES(NULL, 0);
	good = f->d == 0 ? crc_a_fits(in.rest) && cursor_u8(&in) == START
			 : dep_crc_f(in.rest) == 0;
	if (!good || cursor_u8(&in) != in.rest.len - 1)
		return BYTES(NULL, 0);
	return BYTES(in.rest.data, in.rest.len - 2);
}

static void send_pdu(struct chip *c, struct bytes pdu, int64_t wait_ns,
		     void (*next)(struct chip *c, const struct air_frame *answer))
{
	struct air_frame f;

	chip_peer_frame(&f, pdu, c->target.down_d, c->target.nfcip_frames);
	chip_air(c, &f, wait_ns, next);
}

/* -- finding one -- */

static void found_none(struct chip *c)
{
	chip_forget(c);
	chip_finish_status(c, STATUS_TIMEOUT);
}

static void look_again(struct chip *c)
{
	if (c->jump.tries == 0) {
		found_none(c);
		return;
	}
	if (c->jump.tries > 0)
		c->jump.tries--;
	chip_pause(c, world_now(c->world) + NO_PEER_PAUSE_NS, look);
}

/* D5 01 NFCID3 DID BS BR TO PP [Gt] */
static void on_attributes(struct chip *c, const struct air_frame *a)
{
	struct chip_target *t = &c->target;
	struct bytes pdu = a ? chip_peer_pdu(a) : BYTES(NULL, 0);
	uint8_t to;

	if (pdu.len < 17 || pdu.data[0] != DEP_ANSWER || pdu.data[1] != DEP_ATR + 1) {
		if (c->command[0] == CHIP_ATR)
			chip_finish_status(c, a ? STATUS_FORMAT : STATUS_TIMEOUT);
		else
			look_again(c);
		return;
	}
	to = pdu.data[15] & 0x0f;
	t->present = t->active = t->peer = true;
	t->fwt_ns = airtime_fwt_ns(to > 14 ? 14 : to);
	dep_init(&t->nfcip, false, &c->answer);
	buf_u8(&c->reply, STATUS_OK);
	if (c->command[0] != CHIP_ATR)
		buf_u8(&c->reply, 1); /* Tg */
	buf_add(&c->reply, BYTES(pdu.data + 2, pdu.len - 2));
	chip_finish(c);
}

static void ask_attributes(struct chip *c)
{
	uint8_t room[70];
	struct buf pdu = BUF_ON(room);
	bool general = c->jump.general_len > 0;
	int64_t wait_ns = chip_timing_ns(c->timing[0]);

	buf_u8(&pdu, DEP_ASK);
	buf_u8(&pdu, DEP_ATR);
	buf_add(&pdu, BYTES_OF(c->jump.nfcid3));
	buf_u8(&pdu, 0x00); /* DID */
	buf_u8(&pdu, 0x00); /* BS and BR: no rate but the one it is */
	buf_u8(&pdu, 0x00);
	buf_u8(&pdu, general ? RATE_AND_BYTES : RATE_AND_BYTES & ~HAS_GENERAL);
	buf_add(&pdu, BYTES(c->jump.general, c->jump.general_len));
	send_pdu(c, buf_bytes(&pdu), wait_ns ? wait_ns : NS_PER_S, on_attributes);
}

/* 01 NFCID2 PAD [system code]: in passive mode NFCID2 is our name for it too */
static void on_polled(struct chip *c, const struct air_frame *a)
{
	struct bytes pdu = a ? chip_peer_pdu(a) : BYTES(NULL, 0);

	if (pdu.len < 17 || pdu.data[0] != 0x01) {
		look_again(c);
		return;
	}
	if (!c->jump.has_nfcid3) {
		memcpy(c->jump.nfcid3, pdu.data + 1, 8);
		memcpy(c->jump.nfcid3 + 8, "ST", 2);
	}
	ask_attributes(c);
}

static void selected(struct chip *c, bool yes)
{
	if (yes && (c->target.sak & PEER_SAK))
		ask_attributes(c);
	else
		look_again(c);
}

static void look(struct chip *c)
{
	struct chip_target *t = &c->target;
	int64_t since = c->air->carrier_since_ns + AIRTIME_GUARD_NS;
	struct air_frame f;

	if (world_now(c->world) < since) {
		chip_pause(c, since, look);
		return;
	}
	if (!c->jump.active && c->jump.d == 0) {
		chip_find_peer(c, selected);
		return;
	}
	chip_forget(c);
	t->down_d = t->up_d = c->jump.d;
	t->nfcip_frames = true;
	if (c->jump.active) {
		ask_attributes(c);
		return;
	}
	chip_peer_frame(&f, BYTES_OF(c->jump.request), c->jump.d, true);
	chip_air(c, &f, POLL_WAIT_NS, on_polled);
}

/* NFCID3 and general bytes, as the bits of Next say. */
static bool take_names(struct chip *c, struct cursor *in, bool nfcid3, bool general)
{
	struct bytes id = nfcid3 ? cursor_take(in, 10) : BYTES(NULL, 0);
	struct bytes rest = general ? cursor_take(in, in->rest.len) : BYTES(NULL, 0);

	if (in->failed || in->rest.len || rest.len > sizeof(c->jump.general))
		return false;
	c->jump.has_nfcid3 = nfcid3;
	if (nfcid3)
		memcpy(c->jump.nfcid3, id.data, 10);
	for (int i = 0; !nfcid3 && i < 10; i++)
		c->jump.nfcid3[i] = (uint8_t)rng_u64(&c->work_rng);
	c->jump.general_len = rest.len;
	if (rest.len)
		memcpy(c->jump.general, rest.data, rest.len);
	return true;
}

/* ActPass BR Next [passive: UID at 106, SENSF_REQ at 212 and 424] [NFCID3] [Gi] */
enum chip_result chip_jump(struct chip *c, struct bytes p)
{
	struct cursor in = cursor_at(p);
	uint8_t active = cursor_u8(&in), rate = cursor_u8(&in), next = cursor_u8(&in);
	struct bytes request = BYTES(NULL, 0);

	if (active > 1 || rate > 2 || next > 7 || (active && (next & 1)))
		return CHIP_SYNTAX;
	memcpy(c->jump.request, "\x00\xff\xff\x00\x00", 5);
	if (next & 1)
		request = cursor_take(&in, rate ? 5 : 4);
	if (!take_names(c, &in, next & 2, next & 4))
		return CHIP_SYNTAX;
	if (rate && request.len)
		memcpy(c->jump.request, request.data, 5);
	c->poll.want_len = rate ? 0 : request.len;
	if (!rate && request.len)
		memcpy(c->poll.want, request.data, 4);
	c->jump.active = active;
	c->jump.d = rate;
	c->jump.tries = c->max_retries[0] == 0xff ? -1 : c->max_retries[0];
	air_set_carrier(c->air, true);
	chip_forget(c);
	look(c);
	return CHIP_LATER;
}

/* Tg Next [NFCID3] [Gi]: of a target that InListPassiveTarget has found */
enum chip_result chip_atr(struct chip *c, struct bytes p)
{
	struct chip_target *t = &c->target;
	struct cursor in = cursor_at(p);
	uint8_t tg = cursor_u8(&in), next = cursor_u8(&in);

	if (next > 3 || !take_names(c, &in, next & 1, next & 2))
		return CHIP_SYNTAX;
	if (tg != 1 || !t->active || t->layer4 || !(t->sak & PEER_SAK)) {
		buf_u8(&c->reply, STATUS_CONTEXT);
		return CHIP_REPLY;
	}
	ask_attributes(c);
	return CHIP_LATER;
}

/* -- exchanging -- */

static void on_pdu(struct chip *c, const struct air_frame *a);

static void send_next(struct chip *c)
{
	struct dep *d = &c->target.nfcip;
	int64_t wait_ns = c->target.fwt_ns * (d->rtox ? d->rtox : 1);

	d->rtox = 0;
	chip_remove_at(c, ++c->blocks);
	send_pdu(c, BYTES(d->frame, d->frame_len),
		 wait_ns + airtime_ns(AIRTIME_DELTA_FWT), on_pdu);
}

static void exchanged(struct chip *c, enum dep_next how)
{
	if (how == DEP_DONE && !c->answer.failed) {
		chip_give_answer(c);
		return;
	}
	buf_clear(&c->answer);
	c->answer_at = 0;
	chip_finish_status(c, how == DEP_DONE       ? STATUS_OVERFLOW
			      : how == DEP_PROTOCOL ? STATUS_FORMAT
			      : c->bad_crc          ? STATUS_CRC
						    : STATUS_TIMEOUT);
}

static void on_pdu(struct chip *c, const struct air_frame *a)
{
	struct bytes pdu = a ? chip_peer_pdu(a) : BYTES(NULL, 0);
	enum dep_next how;

	c->bad_crc = a && pdu.len == 0;
	if (pdu.len == 0)
		how = dep_missing(&c->target.nfcip, c->bad_crc);
	else
		how = dep_received(&c->target.nfcip, pdu);
	if (how == DEP_SEND)
		send_next(c);
	else
		exchanged(c, how);
}

void chip_peer_exchange(struct chip *c)
{
	dep_begin(&c->target.nfcip, BYTES(c->chained, c->chained_len),
		  c->command[1] & STATUS_MORE);
	send_next(c);
}

static void on_attention(struct chip *c, const struct air_frame *a)
{
	chip_finish_status(c, a && chip_peer_pdu(a).len ? STATUS_OK : STATUS_TIMEOUT);
}

void chip_peer_attention(struct chip *c)
{
	static const uint8_t attention[] = { DEP_ASK, DEP_PDU, 0x80 };

	send_pdu(c, BYTES_OF(attention), c->target.fwt_ns, on_attention);
}

static void on_rates(struct chip *c, const struct air_frame *a)
{
	struct bytes pdu = a ? chip_peer_pdu(a) : BYTES(NULL, 0);
	struct chip_target *t = &c->target;

	if (pdu.len != 3 || pdu.data[1] != DEP_PSL + 1) {
		chip_finish_status(c, STATUS_TIMEOUT);
		return;
	}
	t->down_d = t->up_d = c->command[2];
	t->nfcip_frames = t->nfcip_frames || t->down_d > 0;
	chip_finish_status(c, STATUS_OK);
}

/* Both directions at one rate: another is not possible in passive mode. */
void chip_peer_psl(struct chip *c)
{
	uint8_t pdu[] = { DEP_ASK, DEP_PSL, 0x00,
			  (uint8_t)(c->command[2] << 3 | c->command[3]), 0x03 };

	send_pdu(c, BYTES_OF(pdu), c->target.fwt_ns, on_rates);
}

static void on_end(struct chip *c, const struct air_frame *a)
{
	(void)a; /* gone or not */
	c->target.active = false;
	c->pause_next(c);
}

void chip_peer_end(struct chip *c, uint8_t how, void (*next)(struct chip *c))
{
	uint8_t pdu[] = { DEP_ASK, how };

	c->pause_next = next;
	send_pdu(c, BYTES_OF(pdu), c->target.fwt_ns, on_end);
}
