#include "tools/emu/chip_int.h"

#include "bench/core/wire/crc.h"

#include <string.h>

static void on_block(struct chip *c, const struct air_frame *a);

/* What the block layer wants next; @next when it is over. */
static void send_block(struct chip *c)
{
	struct chip_target *t = &c->target;
	struct air_frame f = { .len = t->dep.block_len, .d = t->down_d };

	chip_remove_at(c, ++c->blocks);
	memcpy(f.data, t->dep.block, f.len);
	air_add_crc(&f);
	chip_air(c, &f, t->fwt_ns * t->dep.wtxm + airtime_ns(AIRTIME_DELTA_FWT),
		 on_block);
}

/* At most a chunk of the card's answer; the host asks for the rest. */
void chip_give_answer(struct chip *c)
{
	size_t left = c->answer.len - c->answer_at;
	size_t part = left > chip_chunk(c) ? chip_chunk(c) : left;

	buf_u8(&c->reply, part < left ? STATUS_MORE : STATUS_OK);
	buf_add(&c->reply, BYTES(c->answer.data + c->answer_at, part));
	c->answer_at += part;
	chip_finish(c);
}

static void exchanged(struct chip *c, enum isodep_next how)
{
	c->chained_len = 0;
	if (how == ISODEP_DONE) {
		chip_give_answer(c);
		return;
	}
	buf_clear(&c->answer);
	c->answer_at = 0;
	chip_finish_status(c, how == ISODEP_PROTOCOL ? STATUS_PROTOCOL
			      : c->bad_crc           ? STATUS_CRC
						     : STATUS_TIMEOUT);
}

static void on_block(struct chip *c, const struct air_frame *a)
{
	struct chip_target *t = &c->target;
	enum isodep_next how;

	c->bad_crc = a && !crc_a_fits(BYTES(a->data, a->len));
	if (!a || c->bad_crc)
		how = isodep_pcd_missing(&t->dep);
	else
		how = isodep_pcd_received(&t->dep, BYTES(a->data, a->len - 2));
	if (how == ISODEP_SEND)
		send_block(c);
	else
		exchanged(c, how);
}

static void begin_exchange(struct chip *c)
{
	bool more = c->command[1] & STATUS_MORE;

	isodep_pcd_begin(&c->target.dep, BYTES(c->chained, c->chained_len), more,
			 &c->answer);
	send_block(c);
}

static void on_raw(struct chip *c, const struct air_frame *a);

static void send_raw_frame(struct chip *c)
{
	int64_t wait_ns = chip_timing_ns(c->timing[1]);
	struct air_frame f = c->raw_frame;

	chip_air(c, &f, wait_ns ? wait_ns : NS_PER_S, on_raw);
}

static void on_raw(struct chip *c, const struct air_frame *a)
{
	size_t crc = c->registers[REG_RX_MODE] & 0x80 ? 2 : 0;

	c->registers[REG_CONTROL] &= 0xf8; /* the last byte was whole */
	if (!a && c->raw_tries > 0) {
		c->raw_tries--;
		send_raw_frame(c);
		return;
	}
	if (!a) {
		chip_finish_status(c, STATUS_TIMEOUT);
		return;
	}
	if (a->len < crc || (crc && !crc_a_fits(BYTES(a->data, a->len)))) {
		chip_finish_status(c, STATUS_CRC);
		return;
	}
	buf_u8(&c->reply, STATUS_OK);
	buf_add(&c->reply, BYTES(a->data, a->len - crc));
	chip_finish(c);
}

/* One frame as it stands, CRC added and taken off as the registers say. */
static void send_raw(struct chip *c, struct bytes data)
{
	struct air_frame f = { .len = data.len, .d = c->target.down_d };

	memcpy(f.data, data.data, data.len);
	if ((c->registers[REG_BIT_FRAMING] & 7) == 7 && data.len == 1)
		f.bits = 7;
	if (c->registers[REG_TX_MODE] & 0x80)
		air_add_crc(&f);
	if ((c->registers[REG_BIT_FRAMING] & 7) && f.bits == 0)
		f.data[f.len - 1] ^=
			0x80; /* its last byte is cut short: no frame to anybody */
	c->raw_frame = f;
	c->raw_tries = c->command[0] == CHIP_EXCHANGE ? c->retries_com : 0;
	send_raw_frame(c);
}

enum chip_result chip_exchange(struct chip *c, struct bytes p)
{
	struct chip_target *t = &c->target;
	struct bytes data = BYTES(p.data + 1, p.len - 1);
	int64_t now = world_now(c->world);

	if ((p.data[0] & 0x3f) != 1 || !t->present || !t->active) {
		buf_u8(&c->reply, STATUS_CONTEXT);
		return CHIP_REPLY;
	}
	if (data.len == 0 && c->answer_at < c->answer.len) {
		chip_give_answer(c);
		return CHIP_LATER; /* it has left already */
	}
	buf_clear(&c->answer);
	c->answer_at = 0;
	c->bad_crc = false;
	if (!t->layer4 && !t->peer) {
		send_raw(c, data);
		return CHIP_LATER;
	}
	memcpy(c->chained, data.data, data.len);
	c->chained_len = data.len;
	if (t->peer) {
		chip_peer_exchange(c);
		return CHIP_LATER;
	}
	if (now < t->ready_ns)
		chip_pause(c, t->ready_ns, begin_exchange);
	else
		begin_exchange(c);
	return CHIP_LATER;
}

static void nothing_heard(struct chip *c)
{
	chip_finish_status(c, STATUS_TIMEOUT);
}

enum chip_result chip_thru(struct chip *c, struct bytes p)
{
	air_set_carrier(c->air, true);
	if (p.len == 0) { /* nothing to say: it only listens */
		chip_pause(c, world_now(c->world) + chip_timing_ns(c->timing[1]),
			   nothing_heard);
		return CHIP_LATER;
	}
	send_raw(c, p);
	return CHIP_LATER;
}

/* -- putting a card to HALT -- */

static void on_halted(struct chip *c, const struct air_frame *a)
{
	struct chip_target *t = &c->target;
	bool good = a && crc_a_fits(BYTES(a->data, a->len));

	if (!good && isodep_pcd_missing(&t->dep) == ISODEP_SEND) {
		struct air_frame f = { .len = t->dep.block_len, .d = t->down_d };

		memcpy(f.data, t->dep.block, f.len);
		air_add_crc(&f);
		chip_air(c, &f, airtime_fwt_ns(4), on_halted);
		return;
	}
	t->active = false;
	c->pause_next(c);
}

void chip_put_to_halt(struct chip *c, void (*next)(struct chip *c))
{
	struct chip_target *t = &c->target;
	struct air_frame f = { .d = t->down_d };

	if (t->active && t->peer) {
		chip_peer_end(c,
			      c->command[0] == CHIP_DESELECT ? DEP_DESELECT : DEP_RELEASE,
			      next);
		return;
	}
	c->pause_next = next;
	if (!t->active || !t->layer4) {
		t->active = false;
		next(c);
		return;
	}
	isodep_pcd_deselect(&t->dep);
	f.len = t->dep.block_len;
	memcpy(f.data, t->dep.block, f.len);
	air_add_crc(&f);
	chip_air(c, &f, airtime_fwt_ns(4), on_halted);
}

static void deselected(struct chip *c)
{
	chip_finish_status(c, STATUS_OK);
}

static void released(struct chip *c)
{
	chip_forget(c);
	chip_finish_status(c, STATUS_OK);
}

static bool wrong_target(const struct chip *c, uint8_t tg)
{
	return tg > 1 || (tg == 1 && !c->target.present);
}

static enum chip_result halt(struct chip *c, struct bytes p, void (*next)(struct chip *c))
{
	if (wrong_target(c, p.data[0])) {
		buf_u8(&c->reply, STATUS_CONTEXT);
		return CHIP_REPLY;
	}
	chip_put_to_halt(c, next);
	return CHIP_LATER;
}

enum chip_result chip_deselect(struct chip *c, struct bytes p)
{
	return halt(c, p, deselected);
}

enum chip_result chip_release(struct chip *c, struct bytes p)
{
	return halt(c, p, released);
}

/* -- bit rates -- */

static void on_pps(struct chip *c, const struct air_frame *a)
{
	struct chip_target *t = &c->target;

	if (!a || a->len != 3 || !crc_a_fits(BYTES(a->data, a->len))) {
		chip_finish_status(c, STATUS_TIMEOUT);
		return;
	}
	t->down_d = c->command[2];
	t->up_d = c->command[3];
	chip_finish_status(c, STATUS_OK);
}

enum chip_result chip_psl(struct chip *c, struct bytes p)
{
	struct chip_target *t = &c->target;
	struct air_frame f = { .len = 3, .data = { 0xd0, 0x11 } };

	if (p.data[0] != 1 || !t->active || !(t->layer4 || t->peer) || p.data[1] > 2 ||
	    p.data[2] > 2 || (t->peer && p.data[1] != p.data[2])) {
		buf_u8(&c->reply, STATUS_CONTEXT);
		return CHIP_REPLY;
	}
	if (t->peer) {
		chip_peer_psl(c);
		return CHIP_LATER;
	}
	f.data[2] = (uint8_t)(p.data[2] << 2 | p.data[1]);
	air_add_crc(&f);
	chip_air(c, &f, t->fwt_ns + airtime_ns(AIRTIME_DELTA_FWT), on_pps);
	return CHIP_LATER;
}

static void on_ping(struct chip *c, const struct air_frame *a)
{
	chip_finish_status(c, a ? STATUS_OK : STATUS_TIMEOUT);
}

/* Diagnose 06: is the card still there? R(NAK), any answer will do. */
enum chip_result chip_presence(struct chip *c)
{
	const struct chip_target *t = &c->target;
	struct air_frame f = { .len = 1, .d = t->down_d };

	if (!t->active || !(t->layer4 || t->peer)) {
		buf_u8(&c->reply, STATUS_CONTEXT);
		return CHIP_REPLY;
	}
	if (t->peer) {
		chip_peer_attention(c);
		return CHIP_LATER;
	}
	f.data[0] = (uint8_t)(ISODEP_R_NAK | t->dep.number);
	air_add_crc(&f);
	chip_air(c, &f, t->fwt_ns + airtime_ns(AIRTIME_DELTA_FWT), on_ping);
	return CHIP_LATER;
}
