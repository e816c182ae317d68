#include "tools/emu/chip_int.h"

#include <string.h>

/*
 * The chip as a card. With the PICC bit of SetParameters and a SAK that says so it
 * answers RATS and speaks ISO-DEP by itself, asking the reader for time while its host
 * thinks; without, every frame behind the selection is the host's business.
 *
 * Source: NXP UM0701-02 7.3.14 to 7.3.21; that a lost field reads as 29 like a release,
 * and that the chip asks for time at half of its waiting time, is inferred.
 */
#define MODE_PICC 0x08 /* of the answer to TgInitAsTarget */
#define ONLY_DEP 0x02  /* of its mode byte */
#define SAK_LAYER4 0x20
#define MAX_HISTORICAL 15

static struct chip *chip_of(struct applet *a)
{
	struct chip_role *r = (struct chip_role *)(void *)a;

	return (struct chip *)(void *)((char *)r - offsetof(struct chip, role));
}

/* The host's turn: at most a chunk of the command, the rest when it asks again. */
static void give_command(struct chip *c)
{
	struct chip_role *r = &c->role;
	size_t left = r->command.len - r->given;
	size_t part = left > chip_chunk(c) ? chip_chunk(c) : left;

	buf_u8(&c->reply, part < left ? STATUS_MORE : STATUS_OK);
	buf_add(&c->reply, BYTES(r->command.data + r->given, part));
	r->given += part;
	r->unread = part < left;
	chip_finish(c);
}

void chip_commanded(struct chip *c)
{
	struct chip_role *r = &c->role;

	r->given = 0;
	r->unread = true;
	if (r->waiting == WAIT_COMMAND)
		give_command(c);
}

static void take_command(struct chip *c, struct bytes command)
{
	buf_clear(&c->role.command);
	buf_add(&c->role.command, command);
	chip_commanded(c);
}

static void on_reset(struct peer *p)
{
	struct chip_role *r = (struct chip_role *)(void *)p;

	r->unread = false;
}

static int on_apdu(struct peer *p, struct bytes command, struct buf *answer,
		   int64_t *think_ns)
{
	(void)answer;
	(void)think_ns;
	take_command(chip_of((struct applet *)(void *)p), command);
	return APPLET_LATER;
}

static const char *last(struct peer *p)
{
	(void)p;
	return "host";
}

void chip_activated(struct chip *c, uint8_t mode, struct bytes frame)
{
	c->role.state = ROLE_ACTIVATED;
	c->role.released = false;
	if (c->role.waiting != WAIT_ACTIVATION)
		return;
	buf_u8(&c->reply, mode);
	buf_add(&c->reply, frame);
	chip_finish(c);
}

static void on_activated(struct applet *a, struct bytes rats)
{
	chip_activated(chip_of(a), MODE_PICC, rats);
}

static bool on_frame(struct applet *a, struct bytes frame)
{
	struct chip *c = chip_of(a);
	struct air_frame f = { .len = frame.len };

	memcpy(f.data, frame.data, frame.len);
	air_add_crc(&f);
	if (chip_peer_hears(c, &f) || (c->role.mode & ONLY_DEP))
		return true;
	if (!c->role.raw)
		return false;
	if (c->role.state != ROLE_ACTIVATED)
		chip_activated(c, 0x00, frame);
	else
		take_command(c, frame);
	return true;
}

static void on_nfcip(struct applet *a, const struct air_frame *f)
{
	chip_peer_hears(chip_of(a), f);
}

void chip_said(struct chip *c)
{
	chip_finish_status(c, STATUS_OK);
}

static void on_said(struct applet *a, int64_t end_ns)
{
	struct chip *c = chip_of(a);

	if (c->role.waiting == WAIT_SAID)
		chip_pause(c, end_ns, chip_said);
}

void chip_ended(struct chip *c, bool deselected)
{
	struct chip_role *r = &c->role;
	bool was = r->state == ROLE_ACTIVATED;

	chip_peer_reset(c);
	r->state = deselected ? ROLE_DESELECTED : ROLE_RELEASED;
	r->released = r->released || was;
	r->card.deaf = was; /* no other session before the host asks for one */
	if (r->waiting != WAIT_COMMAND && r->waiting != WAIT_SAID)
		return;
	chip_finish_status(c, STATUS_RELEASED);
}

static void on_ended(struct applet *a, bool deselected)
{
	chip_ended(chip_of(a), deselected);
}

void chip_role_init(struct chip *c)
{
	static const struct card_traits none = { .uid_len = 4 };
	struct chip_role *r = &c->role;

	r->applet = (struct applet){ .peer = { .reset = on_reset, .answer = on_apdu },
				     .last = last,
				     .activated = on_activated,
				     .raw = on_frame,
				     .nfcip = on_nfcip,
				     .said = on_said,
				     .ended = on_ended };
	r->more.fn = chip_peer_ask_time;
	r->more.ctx = c;
	buf_init_on(&r->command, r->command_mem, sizeof(r->command_mem));
	card_init(&r->card, c->world, NULL, &none, &r->applet);
	r->card.name = c->options.name;
	r->card.dormant = true;
}

void chip_role_end(struct chip *c)
{
	struct chip_role *r = &c->role;

	if (r->card.dormant)
		return;
	card_wake(&r->card, false);
	chip_peer_reset(c);
	r->state = ROLE_RELEASED;
	r->released = r->unread = false;
}

/* SENS_RES low byte first, three bytes of NFCID1 behind its fixed 08, SEL_RES. */
static void read_mifare(struct card_traits *t, struct cursor *in)
{
	struct bytes id;

	t->atqa[1] = cursor_u8(in);
	t->atqa[0] = cursor_u8(in);
	id = cursor_take(in, 3);
	t->uid[0] = 0x08;
	if (id.len == 3)
		memcpy(t->uid + 1, id.data, 3);
	t->uid_len = 4;
	t->sak = cursor_u8(in);
}

/*
 * T0 and the interface bytes are the chip's own: 64-byte frames, 106 to 424, FWI 9, SFGI
 * 2.
 */
static void make_ats(struct card_traits *t, struct bytes historical)
{
	size_t len = historical.len > MAX_HISTORICAL ? MAX_HISTORICAL : historical.len;

	memcpy(t->ats, "\x05\x75\x33\x92\x03", 5);
	if (len)
		memcpy(t->ats + 5, historical.data, len);
	t->ats_len = 5 + len;
	t->ats[0] = (uint8_t)t->ats_len;
	t->fsc = isodep_frame_size(5);
	t->fwt_ns = airtime_fwt_ns(9);
	t->max_d = 2;
	t->wtx_after = 0.5;
}

enum chip_result chip_become_card(struct chip *c, struct bytes p)
{
	struct chip_role *r = &c->role;
	struct card_traits t = { 0 };
	struct cursor in = cursor_at(p);
	uint8_t mode = cursor_u8(&in);
	struct bytes general, historical, felica, nfcid3;

	read_mifare(&t, &in);
	felica = cursor_take(&in, sizeof(r->felica));
	nfcid3 = cursor_take(&in, sizeof(r->nfcid3));
	general = cursor_take(&in, cursor_u8(&in));
	historical = in.rest.len ? cursor_take(&in, cursor_u8(&in)) : BYTES(NULL, 0);
	if (in.failed || in.rest.len || general.len > sizeof(r->general))
		return CHIP_SYNTAX;
	chip_role_end(c);
	chip_forget(c);
	memcpy(r->felica, felica.data, felica.len);
	memcpy(r->nfcid3, nfcid3.data, nfcid3.len);
	r->mode = mode;
	r->nfcip_frames = false;
	r->d = r->next_d = 0;
	r->general_len = general.len;
	if (general.len)
		memcpy(r->general, general.data, general.len);
	air_set_carrier(c->air, false);
	make_ats(&t, historical);
	r->raw = !(c->parameters & PARAM_PICC) || !(t.sak & SAK_LAYER4);
	r->card.traits = t;
	r->waiting = WAIT_ACTIVATION;
	card_wake(&r->card, true);
	return CHIP_LATER;
}

/* @return true when the reader has let go: the host is told so, and it is told once */
static bool let_go(struct chip *c)
{
	if (c->role.state == ROLE_ACTIVATED)
		return false;
	buf_u8(&c->reply, c->role.released ? STATUS_RELEASED : STATUS_CONTEXT);
	c->role.released = false;
	return true;
}

static enum chip_result get(struct chip *c)
{
	c->role.waiting = WAIT_COMMAND;
	if (c->role.unread)
		give_command(c);
	return CHIP_LATER;
}

static enum chip_result wrong_context(struct chip *c)
{
	buf_u8(&c->reply, STATUS_CONTEXT);
	return CHIP_REPLY;
}

enum chip_result chip_get_data(struct chip *c, struct bytes p)
{
	(void)p;
	if (let_go(c))
		return CHIP_REPLY;
	return c->role.raw && !c->role.peer ? wrong_context(c) : get(c);
}

enum chip_result chip_get_frame(struct chip *c, struct bytes p)
{
	(void)p;
	if (let_go(c))
		return CHIP_REPLY;
	return c->role.raw && !c->role.peer ? get(c) : wrong_context(c);
}

static enum chip_result say_to_peer(struct chip *c, struct bytes message, bool more)
{
	if (c->role.unread || !c->role.nfcip.owes)
		return wrong_context(c);
	c->role.waiting = WAIT_SAID;
	chip_peer_says(c, message, more);
	return CHIP_LATER;
}

enum chip_result chip_set_data(struct chip *c, struct bytes p)
{
	if (c->fault && c->fault->what == FAULT_RELEASE)
		card_wake(&c->role.card, false);
	if (let_go(c))
		return CHIP_REPLY;
	if (c->role.peer)
		return say_to_peer(c, p, false);
	if (c->role.raw || c->role.unread || !card_give(&c->role.card, p))
		return wrong_context(c);
	c->role.waiting = WAIT_SAID;
	return CHIP_LATER;
}

enum chip_result chip_set_frame(struct chip *c, struct bytes p)
{
	struct air_frame f = { .len = p.len };

	if (let_go(c))
		return CHIP_REPLY;
	if (!c->role.raw || c->role.peer || p.len == 0)
		return wrong_context(c);
	memcpy(f.data, p.data, p.len);
	if (c->registers[REG_TX_MODE] & 0x80)
		air_add_crc(&f);
	c->role.waiting = WAIT_SAID;
	chip_pause(c, card_give_raw(&c->role.card, &f), chip_said);
	return CHIP_LATER;
}

/* State and the two bit rates, the reader's in the high nibble. */
enum chip_result chip_role_status(struct chip *c, struct bytes p)
{
	const struct card *card = &c->role.card;

	(void)p;
	buf_u8(&c->reply, (uint8_t)c->role.state);
	buf_u8(&c->reply, (uint8_t)(c->role.peer ? c->role.d << 4 | c->role.d
						 : card->down_d << 4 | card->up_d));
	return CHIP_REPLY;
}

/* For the next answer to ATR_REQ; it may be waiting for them. */
enum chip_result chip_set_general(struct chip *c, struct bytes p)
{
	if (p.len)
		memcpy(c->role.general, p.data, p.len);
	c->role.general_len = p.len;
	chip_peer_general(c);
	buf_u8(&c->reply, STATUS_OK);
	return CHIP_REPLY;
}

/* A part of a longer peer-to-peer answer: no card has one. */
enum chip_result chip_set_meta(struct chip *c, struct bytes p)
{
	if (let_go(c))
		return CHIP_REPLY;
	return c->role.peer ? say_to_peer(c, p, true) : wrong_context(c);
}
