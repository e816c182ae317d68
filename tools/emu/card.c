#include "tools/emu/card.h"

#include "bench/core/wire/crc.h"

#include <assert.h>
#include <string.h>

#define REQA 0x26
#define WUPA 0x52
#define HLTA 0x50
#define RATS 0xE0
#define PPS 0xD0
#define CASCADE_TAG 0x88
#define SAK_MORE 0x04
#define MAX_WTXM 10 /* no phone asks for more at once */

/* A line about it, with its name when it is not the phone. */
static void note(const struct card *c, const char *what)
{
	if (c->name)
		truth_say(world_truth(c->world), world_now(c->world), what, "s:card",
			  c->name);
	else
		truth_say(world_truth(c->world), world_now(c->world), what, "");
}

static int64_t say(struct card *c, const struct air_frame *f, int64_t start_ns)
{
	int64_t soonest = c->heard_ns + air_ns(c->air, airtime_fdt_reader_cycles(f->d));

	return air_answer(c->air, c, f, start_ns > soonest ? start_ns : soonest);
}

static void say_now(struct card *c, const uint8_t *data, size_t len, bool crc)
{
	struct air_frame f = { .len = len };

	memcpy(f.data, data, len);
	if (crc)
		air_add_crc(&f);
	say(c, &f, 0);
}

/* An I-block that nothing follows. */
static bool is_last(uint8_t pcb)
{
	return (pcb & 0xe2) == ISODEP_I && !(pcb & ISODEP_CHAINING);
}

static void say_block(struct card *c, int64_t start_ns)
{
	struct air_frame f = { .len = c->dep.block_len, .d = c->up_d };
	int64_t end_ns;

	memcpy(f.data, c->dep.block, f.len);
	air_add_crc(&f);
	end_ns = say(c, &f, start_ns);
	if (c->applet->said && is_last(c->dep.block[0]))
		c->applet->said(c->applet, end_ns);
}

static void stop_thinking(struct card *c)
{
	c->asked_more = false;
	timer_stop(c->world, &c->think);
	timer_stop(c->world, &c->more);
}

static void end_session(struct card *c, bool deselected)
{
	stop_thinking(c);
	c->due_ns = 0;
	c->applet->peer.reset(&c->applet->peer);
	if (c->applet->ended)
		c->applet->ended(c->applet, deselected);
}

static void lose_power(struct card *c)
{
	if (c->state == CARD_OFF)
		return;
	c->state = CARD_OFF;
	air_card_lost(c->air, c);
	end_session(c, false);
}

static void gain_power(struct card *c)
{
	c->state = CARD_IDLE;
	c->ready_ns = world_now(c->world) + AIRTIME_GUARD_NS;
	if (!c->traits.random_uid)
		return;
	c->traits.uid_len = 4;
	c->traits.uid[0] = 0x08;
	for (int i = 1; i < 4; i++)
		c->traits.uid[i] = (uint8_t)rng_u64(&c->rng);
}

static int carriers(const struct card *c)
{
	int n = 0;

	for (int i = 0; i < c->air_count; i++)
		n += c->airs[i]->carrier;
	return n;
}

void card_carrier_changed(struct card *c)
{
	if (!c->in_field || c->dormant || carriers(c) == 0)
		lose_power(c);
	else if (c->state == CARD_OFF)
		gain_power(c);
}

void card_place(struct card *c, bool in_field)
{
	c->in_field = in_field;
	card_carrier_changed(c);
}

void card_wake(struct card *c, bool awake)
{
	c->dormant = !awake;
	c->deaf = false;
	card_carrier_changed(c);
}

void card_meet(struct card *c, struct air *air)
{
	assert(c->air_count < CARD_MAX_AIRS && air->card_count < AIR_MAX_CARDS);
	c->airs[c->air_count++] = air;
	air->cards[air->card_count++] = c;
	c->air = air;
}

/* The four bytes of UID level @level, a cascade tag first unless it is the last. */
static bool uid_part(const struct card *c, int level, uint8_t out[5])
{
	const uint8_t *uid = c->traits.uid + 3 * level;
	bool more = c->traits.uid_len > (size_t)(4 + 3 * level);

	if (more) {
		out[0] = CASCADE_TAG;
		memcpy(out + 1, uid, 3);
	} else {
		memcpy(out, uid, 4);
	}
	out[4] = out[0] ^ out[1] ^ out[2] ^ out[3];
	return more;
}

static void fall_back(struct card *c)
{
	c->state = c->halted ? CARD_HALT : CARD_IDLE;
}

static void hear_request(struct card *c, uint8_t code)
{
	uint8_t atqa[2] = { c->traits.atqa[1], c->traits.atqa[0] };

	if (c->state == CARD_PROTOCOL)
		return;
	if (c->state == CARD_READY || c->state == CARD_ACTIVE) {
		fall_back(c);
		return;
	}
	if (code != WUPA && (code != REQA || c->state == CARD_HALT))
		return;
	if (c->applet->polled && !c->applet->polled(c->applet))
		return;
	c->halted = c->state == CARD_HALT;
	c->state = CARD_READY;
	c->level = 0;
	say_now(c, atqa, 2, false);
}

static void hear_select(struct card *c, const struct air_frame *f)
{
	static const uint8_t codes[] = { 0x93, 0x95, 0x97 };
	uint8_t part[5], sak;
	bool more = uid_part(c, c->level, part);

	if (f->len < 2 || f->data[0] != codes[c->level]) {
		fall_back(c);
		return;
	}
	if (f->len == 2 && f->data[1] == 0x20) {
		say_now(c, part, 5, false);
		return;
	}
	if (f->len != 9 || f->data[1] != 0x70 || memcmp(f->data + 2, part, 5) != 0 ||
	    !crc_a_fits(BYTES(f->data, f->len))) {
		fall_back(c);
		return;
	}
	sak = more ? SAK_MORE : c->traits.sak;
	if (more)
		c->level++;
	else
		c->state = CARD_ACTIVE;
	say_now(c, &sak, 1, true);
}

static void hear_active(struct card *c, struct bytes body)
{
	if (c->applet->raw && c->applet->raw(c->applet, body))
		return;
	if (body.len == 2 && body.data[0] == RATS && c->traits.ats_len) {
		isodep_picc_init(&c->dep, isodep_frame_size(body.data[1] >> 4),
				 c->traits.fsc);
		c->up_d = c->down_d = 0;
		c->blocks_seen = false;
		c->state = CARD_PROTOCOL;
		truth_say(world_truth(c->world), world_now(c->world), "activated",
			  "x:uid x:rats", BYTES(c->traits.uid, c->traits.uid_len), body);
		say_now(c, c->traits.ats, c->traits.ats_len, true);
		if (c->applet->activated)
			c->applet->activated(c->applet, body);
		return;
	}
	if (body.len == 2 && body.data[0] == HLTA && body.data[1] == 0) {
		c->state = CARD_HALT;
		return;
	}
	fall_back(c);
}

/* Rates are offered alike in both directions; the answer still goes at the old one. */
static bool hear_pps(struct card *c, struct bytes body)
{
	uint8_t start = body.data[0];
	int dsi, dri;

	if (c->blocks_seen || body.len != 3 || (start & 0xf0) != PPS ||
	    body.data[1] != 0x11)
		return false;
	dsi = body.data[2] >> 2 & 3;
	dri = body.data[2] & 3;
	if (dsi > c->traits.max_d || dri > c->traits.max_d)
		return true;
	say_now(c, &start, 1, true);
	c->up_d = dsi;
	c->down_d = dri;
	return true;
}

/*
 * The answer is known at .due_ns; until then the phone asks for time as its profile says.
 */
static void plan_thinking(struct card *c, int wtxm)
{
	int64_t now = world_now(c->world);
	int64_t share = (int64_t)(c->traits.wtx_after * (double)c->traits.fwt_ns) * wtxm;

	if (c->air->more_time > 0)
		timer_set(c->world, &c->more, now);
	else if (share > 0 && c->due_ns > now + share)
		timer_set(c->world, &c->more, now + share);
	else if (c->due_ns < INT64_MAX)
		timer_set(c->world, &c->think, c->due_ns);
}

static void hear_command(struct card *c)
{
	struct bytes command = buf_bytes(&c->dep.command);
	int64_t now = world_now(c->world), think_ns = 0, known;
	int rc;

	buf_clear(&c->answer);
	rc = c->applet->peer.answer(&c->applet->peer, command, &c->answer, &think_ns);
	if (rc == APPLET_LATER) {
		truth_say(world_truth(c->world), now, "apdu", "s:card s:command i:bytes",
			  c->name, c->applet->last(&c->applet->peer),
			  (int64_t)command.len);
		c->due_ns = INT64_MAX;
		plan_thinking(c, 1);
		return;
	}
	if (rc) {
		truth_say(world_truth(c->world), now, "apdu_ignored", "i:bytes",
			  (int64_t)command.len);
		return;
	}
	truth_say(world_truth(c->world), now, "apdu", "s:command i:bytes i:delay_ns",
		  c->applet->last(&c->applet->peer), (int64_t)command.len, think_ns);
	known = world_clock(c->world); /* real work takes real time */
	c->due_ns = now + think_ns > known ? now + think_ns : known;
	plan_thinking(c, 1);
}

static void on_thought(void *ctx)
{
	struct card *c = ctx;
	struct bytes answer = buf_bytes(&c->answer);

	if (isodep_picc_answer(&c->dep, answer) != ISODEP_SEND)
		return;
	truth_say(world_truth(c->world), world_now(c->world), "answer",
		  "s:command i:bytes x:sw", c->applet->last(&c->applet->peer),
		  (int64_t)answer.len,
		  answer.len < 2 ? answer : BYTES(answer.data + answer.len - 2, 2));
	say_block(c, world_now(c->world));
}

static void on_more(void *ctx)
{
	struct card *c = ctx;
	bool storm = c->air->more_time > 0;
	int64_t share = (int64_t)(c->traits.wtx_after * (double)c->traits.fwt_ns);
	int64_t rounds = (c->due_ns - world_now(c->world)) / (share > 0 ? share : 1) + 1;
	uint8_t wtxm = (uint8_t)(rounds > MAX_WTXM ? MAX_WTXM : rounds < 1 ? 1 : rounds);

	if (storm)
		c->air->more_time--;
	if (c->due_ns == INT64_MAX || storm)
		wtxm = 1; /* a host says nothing of how long it will be */
	if (isodep_picc_more_time(&c->dep, wtxm) != ISODEP_SEND)
		return;
	c->asked_more = true;
	truth_say(world_truth(c->world), world_now(c->world), "wtx", "i:wtxm",
		  (int64_t)wtxm);
	say_block(c, world_now(c->world));
}

static void hear_block(struct card *c, struct bytes body)
{
	bool granted;

	c->blocks_seen = true;
	granted = body.len == 2 && body.data[0] == ISODEP_S_WTX;
	switch (isodep_picc_received(&c->dep, body)) {
	case ISODEP_SEND:
		say_block(c, 0);
		break;
	case ISODEP_COMMAND:
		hear_command(c);
		break;
	case ISODEP_RELEASED:
		say_block(c, 0);
		c->state = CARD_HALT;
		note(c, "deselected");
		end_session(c, true);
		break;
	default:
		if (!granted)
			break;
		c->asked_more = false;
		plan_thinking(c, body.data[1] & 0x3f);
		break;
	}
}

bool card_give(struct card *c, struct bytes answer)
{
	if (c->state != CARD_PROTOCOL || c->due_ns != INT64_MAX)
		return false;
	buf_clear(&c->answer);
	buf_add(&c->answer, answer);
	c->due_ns = world_now(c->world);
	if (c->asked_more)
		return true; /* when the reader has granted it */
	timer_stop(c->world, &c->more);
	timer_set(c->world, &c->think, c->due_ns);
	return true;
}

int64_t card_give_raw(struct card *c, const struct air_frame *f)
{
	return say(c, f, world_now(c->world));
}

void card_hear(struct card *c, struct air *air, const struct air_frame *f)
{
	struct bytes body;

	if (c->state == CARD_OFF || c->deaf || world_now(c->world) < c->ready_ns)
		return;
	if (carriers(c) > 1) {
		note(c, "interference");
		return;
	}
	c->air = air;
	c->heard_ns = world_now(c->world);
	if (f->nfcip) {
		if (c->applet->nfcip)
			c->applet->nfcip(c->applet, f);
		return;
	}
	if (f->bits == 7) {
		hear_request(c, f->data[0]);
		return;
	}
	if (c->state == CARD_READY) {
		hear_select(c, f);
		return;
	}
	if (!crc_a_fits(BYTES(f->data, f->len)))
		return; /* damaged: a card stays silent */
	body = BYTES(f->data, f->len - 2);
	if (c->state == CARD_IDLE && c->applet->annotated)
		c->applet->annotated(c->applet, body);
	else if (c->state == CARD_ACTIVE)
		hear_active(c, body);
	else if (c->state == CARD_PROTOCOL && f->d == c->down_d && !hear_pps(c, body))
		hear_block(c, body);
}

void card_init(struct card *c, struct world *w, struct air *air,
	       const struct card_traits *traits, struct applet *applet)
{
	*c = (struct card){ .world = w, .traits = *traits, .applet = applet };
	buf_init_on(&c->answer, c->answer_mem, sizeof(c->answer_mem));
	rng_init(&c->rng, world_seed(w), "phone.uid");
	c->think.fn = on_thought;
	c->more.fn = on_more;
	c->think.ctx = c->more.ctx = c;
	if (air)
		card_meet(c, air);
}
