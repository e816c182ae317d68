#include "tools/emu/chip_bench.h"

#define WAKE "5555000000000000000000000000 0000"

/* -- a host and its chip -- */

static void hear(void *ctx, struct bytes message)
{
	struct host *h = ctx;

	h->pieces++;
	for (size_t i = 0; i < message.len; i++) {
		if (h->bytes_len < sizeof(h->bytes))
			h->bytes[h->bytes_len++] = message.data[i];
		switch (pn53x_feed(&h->parser, message.data[i])) {
		case PN53X_ACK:
			h->acks++;
			h->ack_ns = world_now(h->world);
			break;
		case PN53X_ERROR:
			h->errors++;
			break;
		case PN53X_FRAME:
			h->frames++;
			h->frame_ns = world_now(h->world);
			h->body_len = h->parser.len;
			memcpy(h->body, h->parser.body, h->body_len);
			break;
		case PN53X_BAD:
			h->bad++;
			break;
		default:
			break;
		}
	}
}

void host_init(struct host *h, struct world *w, const char *name)
{
	h->world = w;
	line_init(&h->line, w, name, 115200);
	h->line.sink = hear;
	h->line.sink_ctx = h;
	air_init(&h->air, w, AIRTIME_FDT_CARD);
	h->options.name = name;
	h->options.faults = &h->fault;
	h->options.fault_count = 1;
	h->options.knobs = &h->knobs;
	h->fault.device = -1; /* nobody's */
}

void host_make_chip(struct host *h)
{
	assert_int_equal(
		chip_new(&h->chip, h->world, &h->line, &h->air, &h->options, NULL), 0);
}

void wait_ms(struct host *h, int64_t ms)
{
	world_advance(h->world, world_now(h->world) + ms * NS_PER_MS);
}

void feed_hex(struct host *h, const char *hex)
{
	uint8_t bytes[600];
	int n = hex_parse(hex, bytes, sizeof(bytes));

	assert_true(n > 0);
	line_feed(&h->line, BYTES(bytes, (size_t)n));
}

void tell(struct host *h, const char *hex)
{
	uint8_t pd[300], room[320];
	struct buf out = BUF_ON(room);
	int n = hex_parse(hex, pd, sizeof(pd));

	assert_true(n > 0);
	pn53x_build(&out, PN53X_HOST, BYTES(pd, (size_t)n));
	h->acks = h->errors = h->frames = h->bad = h->pieces = 0;
	h->sent_ns = world_now(h->world) + (int64_t)out.len * BYTE_NS;
	line_feed(&h->line, buf_bytes(&out));
}

static const char *heard_within(struct host *h, int64_t ms)
{
	for (int64_t i = 0; i < ms && !h->frames; i++)
		wait_ms(h, 1);
	if (!h->frames)
		return "";
	h->frames = 0;
	return hex_of(BYTES(h->body + 1, h->body_len - 1), h->text, sizeof(h->text));
}

const char *heard(struct host *h)
{
	return heard_within(h, 3000);
}

const char *ask_for(struct host *h, const char *hex, int64_t ms)
{
	tell(h, hex);
	return heard_within(h, ms);
}

const char *ask(struct host *h, const char *hex)
{
	return ask_for(h, hex, 3000);
}

void talk(struct host *h, const char *const lines[][2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(ask(h, lines[i][0]), lines[i][1]);
}

void wake(struct host *h)
{
	h->frames = 0;
	feed_hex(h, WAKE "0000ff03fdd414011700");
	assert_string_equal(heard(h), "15");
}

/* -- a card in front of it -- */

static struct desk *desk_of(struct peer *p)
{
	return (struct desk *)((char *)p - offsetof(struct desk, applet.peer));
}

static void peer_reset(struct peer *p)
{
	desk_of(p)->resets++;
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	struct desk *d = desk_of(p);

	d->commands++;
	d->last_len = command.len;
	memcpy(d->last, command.data, command.len);
	for (size_t i = 0; i < d->answer_len; i++)
		buf_u8(answer, (uint8_t)(i * 7 + 1));
	*think_ns = d->think_ns;
	return 0;
}

static const char *peer_last(struct peer *p)
{
	(void)p;
	return "test";
}

static void take_away(void *ctx)
{
	struct desk *d = ctx;

	card_place(&d->card, false);
}

const struct card_traits phone = {
	.atqa = { 0x00, 0x04 },
	.sak = 0x20,
	.uid = { 0x08, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99 },
	.uid_len = 4,
	.ats = { 0x06, 0x75, 0x77, 0x81, 0x02, 0x80 },
	.ats_len = 6,
	.fsc = 64,
	.fwt_ns = 77328614,
	.max_d = 3,
	.wtx_after = 0.5,
};

int make_chip(void **state, const struct card_traits *traits)
{
	struct desk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	clock_virtual_init(&d->clock);
	assert_int_equal(world_new(&d->world, &d->clock.base, 1, NULL, NULL), 0);
	host_init(&d->host, d->world, "reader0");
	d->host.options.remove = take_away;
	d->host.options.remove_ctx = d;
	d->applet =
		(struct applet){ .peer = { .reset = peer_reset, .answer = peer_answer },
				 .last = peer_last };
	d->think_ns = 10 * NS_PER_MS;
	d->answer_len = 2;
	card_init(&d->card, d->world, &d->host.air, traits, &d->applet);
	host_make_chip(&d->host);
	*state = d;
	return 0;
}

int desk_set_up(void **state)
{
	return make_chip(state, &phone);
}

int desk_tear_down(void **state)
{
	struct desk *d = *state;

	chip_free(d->host.chip);
	world_free(d->world);
	free(d);
	return 0;
}

void activate(struct desk *d)
{
	wake(&d->host);
	card_place(&d->card, true);
	assert_string_equal(ask(&d->host, "320101"), "33");
	assert_string_equal(ask(&d->host, "4a0100"), "4b0101000420040811223306757781"
						     "0280");
}
