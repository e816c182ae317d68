#include "tools/emu/chip_int.h"

#include "bench/core/wire/crc.h"

#include <string.h>

#define WUPA 0x52
#define CASCADE_TAG 0x88
#define LAYER3_WAIT_NS (200 * NS_PER_US) /* the delay is exact: 91 us */
#define ATS_WAIT_NS INT64_C(4833000)     /* 65536 / fc */
#define POLL_PERIOD_NS (2 * NS_PER_MS)
#define AUTO_PERIOD_NS (150 * NS_PER_MS)

static void try_once(struct chip *c);

void chip_forget(struct chip *c)
{
	memset(&c->target, 0, sizeof(c->target));
	c->answer_at = 0;
	c->chained_len = 0;
	buf_clear(&c->answer);
}

static void found(struct chip *c, bool yes)
{
	c->target.present = c->target.active = yes;
	if (!yes)
		chip_forget(c);
	c->poll.done(c, yes);
}

static void try_again(struct chip *c)
{
	if (c->poll.tries == 0) {
		found(c, false);
		return;
	}
	if (c->poll.tries > 0)
		c->poll.tries--;
	chip_pause(c, world_now(c->world) + POLL_PERIOD_NS, try_once);
}

/* SFGI and FWI stand in TB(1), FSCI in T0; what is absent has its default. */
static void read_ats(struct chip_target *t, int64_t now_ns)
{
	struct cursor in = cursor_at(BYTES(t->ats, t->ats_len));
	uint8_t t0, tb = 0x40;

	cursor_u8(&in);
	t0 = t->ats_len > 1 ? cursor_u8(&in) : 0x02;
	if (t0 & 0x10)
		cursor_u8(&in);
	if (t0 & 0x20)
		tb = cursor_u8(&in);
	if (in.failed)
		tb = 0x40;
	t->fwt_ns = airtime_fwt_ns(tb >> 4);
	t->ready_ns = now_ns + airtime_sfgt_ns(tb & 0x0f);
	t->layer4 = true;
	isodep_pcd_init(&t->dep, CHIP_FSD, isodep_frame_size(t0 & 0x0f), CHIP_RETRIES);
}

static void on_ats(struct chip *c, const struct air_frame *a)
{
	struct chip_target *t = &c->target;

	if (!a || !crc_a_fits(BYTES(a->data, a->len)) || a->data[0] != a->len - 2 ||
	    a->len - 2 > sizeof(t->ats)) {
		try_again(c);
		return;
	}
	t->ats_len = a->data[0];
	memcpy(t->ats, a->data, t->ats_len);
	read_ats(t, world_now(c->world));
	found(c, true);
}

static void selected(struct chip *c)
{
	struct chip_target *t = &c->target;
	struct air_frame rats = { .len = 2, .data = { 0xe0, 0x50 } };

	if (c->poll.want_len && (c->poll.want_len != t->uid_len ||
				 memcmp(c->poll.want, t->uid, t->uid_len) != 0)) {
		try_again(c);
		return;
	}
	if (c->poll.peer || !(t->sak & 0x20) || !(c->parameters & PARAM_AUTO_RATS)) {
		found(c, true);
		return;
	}
	air_add_crc(&rats);
	chip_air(c, &rats, ATS_WAIT_NS, on_ats);
}

static void anticollision(struct chip *c);

static void on_sak(struct chip *c, const struct air_frame *a)
{
	if (!a || a->len != 3 || !crc_a_fits(BYTES(a->data, a->len))) {
		try_again(c);
		return;
	}
	c->target.sak = a->data[0];
	if (!(a->data[0] & 0x04)) {
		selected(c);
	} else if (++c->poll.level > 2) {
		try_again(c);
	} else {
		anticollision(c);
	}
}

static void on_uid_part(struct chip *c, const struct air_frame *a)
{
	struct air_frame f = { .len = 7 };
	struct chip_target *t = &c->target;
	size_t skip, len;

	if (!a || a->len != 5 ||
	    (a->data[0] ^ a->data[1] ^ a->data[2] ^ a->data[3]) != a->data[4]) {
		try_again(c);
		return;
	}
	skip = a->data[0] == CASCADE_TAG && c->poll.level < 2;
	len = 4 - skip;
	memcpy(t->uid + t->uid_len, a->data + skip, len);
	t->uid_len = (uint8_t)(t->uid_len + len);
	f.data[0] = (uint8_t)(0x93 + 2 * c->poll.level);
	f.data[1] = 0x70;
	memcpy(f.data + 2, a->data, 5);
	air_add_crc(&f);
	chip_air(c, &f, LAYER3_WAIT_NS, on_sak);
}

static void anticollision(struct chip *c)
{
	struct air_frame f = { .len = 2,
			       .data = { (uint8_t)(0x93 + 2 * c->poll.level), 0x20 } };

	chip_air(c, &f, LAYER3_WAIT_NS, on_uid_part);
}

static void on_atqa(struct chip *c, const struct air_frame *a)
{
	if (!a || a->len != 2) {
		try_again(c);
		return;
	}
	chip_forget(c);
	c->registers[REG_BIT_FRAMING] &= 0xf8;
	c->target.sens_res[0] = a->data[1];
	c->target.sens_res[1] = a->data[0];
	c->poll.level = 0;
	anticollision(c);
}

/*
 * WUPA, not REQA: hosts list, deselect and list again until the same card comes twice, so
 * the chip must wake up what it has put to HALT (inferred from libnfc's loop).
 */
static void try_once(struct chip *c)
{
	struct air_frame f = { .len = 1, .bits = 7, .data = { WUPA } };
	int64_t since = c->air->carrier_since_ns + AIRTIME_GUARD_NS;

	if (world_now(c->world) < since) {
		chip_pause(c, since, try_once);
		return;
	}
	/* and so it stays until somebody says otherwise, or a card was found */
	c->registers[REG_BIT_FRAMING] |= 7;
	chip_air(c, &f, LAYER3_WAIT_NS, on_atqa);
}

static void begin_poll(struct chip *c, void (*done)(struct chip *c, bool yes))
{
	c->poll.tries = c->max_retries[2] == 0xff ? -1 : c->max_retries[2];
	c->poll.done = done;
	c->poll.peer = false;
	air_set_carrier(c->air, true);
	if (c->target.active && (c->target.layer4 || c->target.peer))
		chip_put_to_halt(c, try_once);
	else
		try_once(c);
}

void chip_find_peer(struct chip *c, void (*done)(struct chip *c, bool yes))
{
	begin_poll(c, done);
	c->poll.peer = true;
}

static void add_target(struct chip *c)
{
	const struct chip_target *t = &c->target;

	buf_u8(&c->reply, 1); /* Tg */
	buf_add(&c->reply, BYTES_OF(t->sens_res));
	buf_u8(&c->reply, t->sak);
	buf_u8(&c->reply, t->uid_len);
	buf_add(&c->reply, BYTES(t->uid, t->uid_len));
	buf_add(&c->reply, BYTES(t->ats, t->ats_len));
}

static void listed(struct chip *c, bool yes)
{
	buf_u8(&c->reply, yes);
	if (yes)
		add_target(c);
	chip_finish(c);
}

static void nothing_listed(struct chip *c)
{
	listed(c, false);
}

/* A UID to look for comes with its cascade tags. */
static bool take_uid(struct chip *c, struct bytes data)
{
	c->poll.want_len = 0;
	if (data.len == 0)
		return true;
	if (data.len != 4 && data.len != 8 && data.len != 12)
		return false;
	for (size_t i = 0; i < data.len; i += 4) {
		size_t skip = i + 4 < data.len;

		if (skip && data.data[i] != CASCADE_TAG)
			return false;
		memcpy(c->poll.want + c->poll.want_len, data.data + i + skip, 4 - skip);
		c->poll.want_len += 4 - skip;
	}
	return true;
}

enum chip_result chip_list(struct chip *c, struct bytes p)
{
	int tries = c->max_retries[2];

	if (p.data[0] < 1 || p.data[0] > 2 || p.data[1] > 4)
		return CHIP_SYNTAX;
	if (p.data[1] !=
	    0) { /* type B, FeliCa, Jewel: none of these comes into this field */
		air_set_carrier(c->air, true);
		if (tries != 0xff)
			chip_pause(c, world_now(c->world) + (tries + 1) * POLL_PERIOD_NS,
				   nothing_listed);
		return CHIP_LATER;
	}
	if (!take_uid(c, BYTES(p.data + 2, p.len - 2)))
		return CHIP_SYNTAX;
	begin_poll(c, listed);
	return CHIP_LATER;
}

static void auto_round(struct chip *c);

static void auto_polled(struct chip *c, bool yes)
{
	size_t at;

	if (!yes && (c->poll.rounds < 0 || --c->poll.rounds > 0)) {
		chip_pause(c, world_now(c->world) + c->command[2] * AUTO_PERIOD_NS,
			   auto_round);
		return;
	}
	buf_u8(&c->reply, yes);
	if (yes) {
		buf_u8(&c->reply, c->target.layer4 ? 0x20 : 0x10);
		at = c->reply.len;
		buf_u8(&c->reply, 0);
		add_target(c);
		c->reply.data[at] = (uint8_t)(c->reply.len - at - 1);
	}
	chip_finish(c);
}

static void auto_round(struct chip *c)
{
	begin_poll(c, auto_polled);
	c->poll.tries = 0;
}

/* PollNr, Period (150 ms), types: only 14443 A at 106 can succeed here. */
enum chip_result chip_auto_poll(struct chip *c, struct bytes p)
{
	bool type_a = false;

	if (p.data[0] == 0 || p.data[1] == 0 || p.data[1] > 15)
		return CHIP_SYNTAX;
	for (size_t i = 2; i < p.len; i++)
		type_a = type_a || p.data[i] == 0x00 || p.data[i] == 0x10 ||
			 p.data[i] == 0x20;
	c->poll.want_len = 0;
	c->poll.rounds = p.data[0] == 0xff ? -1 : p.data[0];
	if (type_a)
		auto_round(c);
	else if (p.data[0] != 0xff)
		chip_pause(c,
			   world_now(c->world) + p.data[0] * p.data[1] * AUTO_PERIOD_NS,
			   nothing_listed);
	return CHIP_LATER;
}

static void reselected(struct chip *c, bool yes)
{
	chip_finish_status(c, yes ? STATUS_OK : STATUS_TIMEOUT);
}

/* Back from HALT: the same card, by its UID. */
enum chip_result chip_select(struct chip *c, struct bytes p)
{
	const struct chip_target *t = &c->target;

	if (p.data[0] != 1 || !t->present) {
		buf_u8(&c->reply, STATUS_CONTEXT);
		return CHIP_REPLY;
	}
	if (t->active) {
		buf_u8(&c->reply, STATUS_OK);
		return CHIP_REPLY;
	}
	c->poll.want_len = t->uid_len;
	memcpy(c->poll.want, t->uid, t->uid_len);
	begin_poll(c, reselected);
	c->poll.tries = 0;
	return CHIP_LATER;
}
