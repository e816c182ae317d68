#include "bench/core/wire/tp.h"

#include <assert.h>
#include <string.h>

#define SINGLE 0x00
#define FIRST 0x10
#define CONSECUTIVE 0x20
#define FLOW 0x30
#define NONE (-1)
enum {
	GO_ON,
	WAIT,
	OVERFLOW
};

const char *tp_trouble_text(enum tp_trouble t)
{
	static const char *const texts[] = {
		"",
		"no flow control came",
		"its flow control asked to wait again and again",
		"its flow control refused the message",
		"a message broke off",
		"a message came with a frame missing",
		"a message of more than 4095 bytes was announced",
	};

	return texts[t];
}

void tp_init(struct tp *t, const struct tp_options *o)
{
	assert(o->frame >= 8 && o->frame <= CANFRAME_MAX_DATA);
	memset(t, 0, sizeof(*t));
	t->o = *o;
	t->owed = NONE;
}

int tp_send(struct tp *t, struct bytes message, int64_t now_ns)
{
	if (!message.len || message.len > TP_MAX)
		return ERR_RANGE;
	if (!tp_idle(t))
		return ERR_USAGE;
	memcpy(t->out, message.data, message.len);
	t->out_len = message.len;
	t->out_at = 0;
	t->out_number = 1;
	t->waits = 0;
	t->due_ns = now_ns;
	t->state = TP_FIRST;
	return 0;
}

bool tp_idle(const struct tp *t)
{
	return t->state == TP_IDLE;
}

/* Sending stops; what comes in goes on. */
static void give_up(struct tp *t, enum tp_trouble why)
{
	t->trouble = why;
	t->state = TP_IDLE;
}

/* -- frames that go -- */

/* As long as it must be, and filled up: a classic one when padding asks for it, FD to a length that exists. */
static void finish_frame(const struct tp *t, struct canframe *f, int len)
{
	static const uint8_t lengths[] = { 8, 12, 16, 20, 24, 32, 48, 64 };
	int to = len;

	f->id = t->o.send;
	f->extended = t->o.send_extended;
	f->fd = t->o.frame > 8;
	f->brs = f->fd && t->o.brs;
	if (t->o.padding != TP_NO_PADDING && to < 8)
		to = 8;
	for (int i = 0; len > 8 && i < 8; i++)
		if (lengths[i] >= len) {
			to = lengths[i];
			break;
		}
	memset(f->data + len, t->o.padding == TP_NO_PADDING ? 0xcc : t->o.padding,
	       (size_t)(to - len));
	f->len = (uint8_t)to;
}

static size_t add_data(const struct tp *t, struct canframe *f, size_t at)
{
	size_t room = (size_t)t->o.frame - at, left = t->out_len - t->out_at;
	size_t n = left < room ? left : room;

	memcpy(f->data + at, t->out + t->out_at, n);
	return n;
}

/* How much fits into a single frame; that of an FD frame says its length in a byte of its own. */
static size_t single_room(const struct tp *t)
{
	return t->o.frame > 8 ? (size_t)t->o.frame - 2 : 7;
}

static void make_first(const struct tp *t, struct canframe *f)
{
	size_t at;

	if (t->out_len <= 7) {
		f->data[0] = (uint8_t)(SINGLE | t->out_len);
		at = 1;
	} else if (t->out_len <= single_room(t)) {
		f->data[0] = SINGLE;
		f->data[1] = (uint8_t)t->out_len;
		at = 2;
	} else {
		f->data[0] = (uint8_t)(FIRST | t->out_len >> 8);
		f->data[1] = (uint8_t)t->out_len;
		at = 2;
	}
	finish_frame(t, f, (int)(at + add_data(t, f, at)));
}

static void make_consecutive(const struct tp *t, struct canframe *f)
{
	f->data[0] = CONSECUTIVE | t->out_number;
	finish_frame(t, f, (int)(1 + add_data(t, f, 1)));
}

static void make_flow(const struct tp *t, struct canframe *f)
{
	f->data[0] = (uint8_t)(FLOW | t->owed);
	f->data[1] = t->o.block;
	f->data[2] = t->o.separation;
	finish_frame(t, f, 3);
}

static void expire(struct tp *t, int64_t now_ns)
{
	if (t->state == TP_AWAIT && now_ns >= t->give_up_ns)
		give_up(t, TP_NO_FLOW);
	if (t->receiving && t->owed == NONE && now_ns >= t->in_give_up_ns) {
		t->receiving = false;
		t->trouble = TP_INCOMPLETE;
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool tp_next(struct tp *t, struct canframe *out, int64_t now_ns, int64_t *wake_ns)
{
	bool sending = t->state == TP_FIRST || t->state == TP_CONSECUTIVE;

	expire(t, now_ns);
	memset(out, 0, sizeof(*out));
	t->offered_flow = t->owed != NONE;
	if (t->offered_flow) {
		make_flow(t, out);
		return true;
	}
	if (sending && now_ns >= t->due_ns) {
		if (t->state == TP_FIRST)
			make_first(t, out);
		else
			make_consecutive(t, out);
		return true;
	}
	*wake_ns = sending ? t->due_ns : t->state == TP_AWAIT ? t->give_up_ns : TP_NEVER;
	if (t->receiving)
		*wake_ns = earlier(*wake_ns, t->in_give_up_ns);
	return false;
}

static void sent_flow(struct tp *t, int64_t now_ns)
{
	t->receiving = t->receiving && t->owed == GO_ON;
	t->in_give_up_ns = now_ns + TP_WAIT_NS;
	t->owed = NONE;
}

static void await_flow(struct tp *t, int64_t now_ns)
{
	t->state = TP_AWAIT;
	t->give_up_ns = now_ns + TP_WAIT_NS;
}

static void sent_first(struct tp *t, int64_t now_ns)
{
	bool single = t->out_len <= single_room(t);

	t->out_at = single ? t->out_len : (size_t)t->o.frame - 2;
	if (single)
		t->state = TP_IDLE;
	else
		await_flow(t, now_ns);
}

static void sent_consecutive(struct tp *t, int64_t now_ns)
{
	size_t n = (size_t)t->o.frame - 1, left = t->out_len - t->out_at;

	t->out_at += n < left ? n : left;
	t->out_number = (t->out_number + 1) & 0xf;
	t->due_ns = now_ns + t->gap_ns;
	if (t->left > 0)
		t->left--;
	if (t->out_at == t->out_len)
		t->state = TP_IDLE;
	else if (!t->left)
		await_flow(t, now_ns);
}

void tp_sent(struct tp *t, int64_t now_ns)
{
	if (t->offered_flow && t->owed != NONE)
		sent_flow(t, now_ns);
	else if (t->offered_flow)
		return; /* for a message that was begun anew meanwhile */
	else if (t->state == TP_FIRST)
		sent_first(t, now_ns);
	else if (t->state == TP_CONSECUTIVE)
		sent_consecutive(t, now_ns);
}

/* -- frames that come -- */

/* Reserved values count as the longest there is. */
static int64_t separation_ns(uint8_t v)
{
	if (v <= 0x7f)
		return v * (int64_t)1000000;
	if (v >= 0xf1 && v <= 0xf9)
		return (v - 0xf0) * (int64_t)100000;
	return 127 * (int64_t)1000000;
}

static void take_flow(struct tp *t, const struct canframe *f, int64_t at_ns)
{
	if (t->state != TP_AWAIT || f->len < 3)
		return;
	switch (f->data[0] & 0xf) {
	case GO_ON:
		t->waits = 0;
		t->left = f->data[1] ? f->data[1] : -1;
		t->gap_ns = separation_ns(f->data[2]);
		t->due_ns = at_ns;
		t->state = TP_CONSECUTIVE;
		return;
	case WAIT:
		if (++t->waits > TP_WAITS)
			give_up(t, TP_TOO_MANY_WAITS);
		else
			t->give_up_ns = at_ns + TP_WAIT_NS;
		return;
	default:
		give_up(t, TP_REFUSED);
	}
}

/* A message begins; whatever was coming is over, and never becomes one. */
static void begin(struct tp *t, size_t len, int64_t at_ns)
{
	t->complete = t->receiving = false;
	t->owed = NONE;
	t->in_len = len;
	t->in_at = 0;
	t->in_began_ns = at_ns;
}

static void keep(struct tp *t, const uint8_t *data, size_t len)
{
	size_t left = t->in_len - t->in_at, n = len < left ? len : left;

	memcpy(t->in + t->in_at, data, n);
	t->in_at += n;
	t->complete = t->in_at == t->in_len;
}

static void take_single(struct tp *t, const struct canframe *f, int64_t at_ns)
{
	size_t len = f->data[0] & 0xf, at = 1;

	if (!len && f->len > 8) {
		len = f->data[1];
		at = 2;
	}
	if (!len || at + len > f->len || (at == 1 && len > 7))
		return;
	begin(t, len, at_ns);
	keep(t, f->data + at, len);
}

static void take_first(struct tp *t, const struct canframe *f, int64_t at_ns)
{
	size_t len;

	if (f->len < 8)
		return;
	len = (size_t)(f->data[0] & 0xf) << 8 | f->data[1];
	/* what a single frame would hold needs no first one */
	if (len && len <= (f->len > 8 ? (size_t)f->len - 2 : 7))
		return;
	begin(t, len, at_ns);
	t->receiving = true;
	t->in_number = 1;
	t->in_frame = f->len;
	t->in_block = t->o.block;
	t->owed = GO_ON;
	if (!len) { /* its length stands in four more bytes: longer than we take */
		t->owed = OVERFLOW;
		t->trouble = TP_TOO_LONG;
		return;
	}
	keep(t, f->data + 2, (size_t)f->len - 2);
}

static void take_consecutive(struct tp *t, const struct canframe *f, int64_t at_ns)
{
	size_t left = t->in_len - t->in_at, most = (size_t)t->in_frame - 1;

	if (!t->receiving || t->owed != NONE)
		return;
	if ((f->data[0] & 0xf) != t->in_number) {
		t->receiving = false;
		t->trouble = TP_DISORDER;
		return;
	}
	/* one that holds less than it should is none */
	if ((size_t)f->len - 1 < (left < most ? left : most))
		return;
	keep(t, f->data + 1, most < (size_t)f->len - 1 ? most : (size_t)f->len - 1);
	t->in_number = (t->in_number + 1) & 0xf;
	t->in_give_up_ns = at_ns + TP_WAIT_NS;
	t->receiving = !t->complete;
	if (t->receiving && t->o.block && !--t->in_block) {
		t->in_block = t->o.block;
		t->owed = GO_ON;
	}
}

void tp_frame(struct tp *t, const struct canframe *f, int64_t at_ns)
{
	if (f->id != t->o.receive || f->extended != t->o.receive_extended || f->remote ||
	    f->error || !f->len)
		return;
	expire(t, at_ns);
	switch (f->data[0] & 0xf0) {
	case SINGLE:
		take_single(t, f, at_ns);
		return;
	case FIRST:
		take_first(t, f, at_ns);
		return;
	case CONSECUTIVE:
		take_consecutive(t, f, at_ns);
		return;
	case FLOW:
		take_flow(t, f, at_ns);
		return;
	default:
		return; /* of no kind that exists */
	}
}

bool tp_take(struct tp *t, struct bytes *message, int64_t *began_ns)
{
	if (!t->complete)
		return false;
	t->complete = false;
	*message = BYTES(t->in, t->in_len);
	*began_ns = t->in_began_ns;
	return true;
}
