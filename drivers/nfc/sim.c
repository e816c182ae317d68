#include "drivers/nfc/sim.h"

#include "bench/core/wire/airtime.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_SETTLE_NS (5 * NS_PER_MS + 100 * NS_PER_US)
#define FSD 256                 /* largest frame its RATS lets a card send */
#define POLL_NS (5 * NS_PER_MS) /* the shortest loop */
#define MAX_ANSWER 65538        /* an extended R-APDU; ISO-DEP itself knows no limit */

static const uint8_t default_uid[] = { 0x08, 0x11, 0x22, 0x33 };
static const uint8_t default_ats[] = { 0x75, 0x77, 0x81, 0x02 };

const struct sim_options sim_options_default = {
	.uid = { default_uid, sizeof(default_uid) },
	.ats = { default_ats, sizeof(default_ats) },
	.atqa = { 0x00, 0x04 },
	.sak = 0x20,
};

struct sim {
	struct reader base;
	struct sim_options options;
	struct peer *peer;
	size_t fsc;      /* of the ATS */
	int64_t sfgt_ns; /* likewise */
	bool field, activated;
	int64_t ready_ns; /* the activated card's guard time is over */
	bool present, present_before;
	int64_t present_from_ns;
};

static const struct reader_ops sim_ops;

static struct sim *sim_of(struct reader *r)
{
	assert(r->ops == &sim_ops);
	return (struct sim *)r;
}

static bool present_at(const struct sim *s, int64_t at_ns)
{
	return at_ns >= s->present_from_ns ? s->present : s->present_before;
}

static void sleep_until(struct sim *s, int64_t until_ns)
{
	s->base.clock->sleep_until(s->base.clock, until_ns);
}

static int sim_set_field(struct reader *r, bool on, struct err *err)
{
	struct sim *s = sim_of(r);

	(void)err;
	s->activated = false;
	if (!on && s->field && s->peer)
		s->peer->reset(s->peer);
	if (on && !s->field)
		sleep_until(s, clock_now(r->clock) + FIELD_SETTLE_NS);
	s->field = on;
	return 0;
}

static void show_card(const struct sim *s, struct reader_card *card)
{
	*card = (struct reader_card){ .sak = s->options.sak };
	memcpy(card->atqa, s->options.atqa, sizeof(card->atqa));
	card->uid_len = (uint8_t)s->options.uid.len;
	memcpy(card->uid, s->options.uid.data, s->options.uid.len);
	card->ats_len = (uint8_t)s->options.ats.len;
	memcpy(card->ats, s->options.ats.data, s->options.ats.len);
}

/* Poll somebody who is there until it answers, or the time is over. */
static bool poll(struct sim *s, struct reader_activation *a, int64_t deadline)
{
	struct bytes annotation = BYTES(a->annotation, a->annotation_len);
	int64_t period = a->period_ns > POLL_NS ? a->period_ns : POLL_NS;
	int64_t now = clock_now(s->base.clock);

	a->first_ns = now;
	for (;;) {
		a->started_ns = now;
		if (!s->peer->polled || s->peer->polled(s->peer, now))
			return true;
		if (annotation.len && s->peer->annotated)
			s->peer->annotated(s->peer, annotation, now);
		if (now + period >= deadline)
			return false;
		sleep_until(s, now + period);
		now = clock_now(s->base.clock);
		if (!present_at(s, now))
			return false;
	}
}

static int sim_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	struct sim *s = sim_of(r);
	int64_t now = clock_now(r->clock), deadline = now + a->timeout_ns;

	(void)err;
	s->activated = false;
	a->slack_ns = 0;
	if (s->field && s->peer && !present_at(s, now) && s->present_from_ns < deadline) {
		sleep_until(s, s->present_from_ns);
		now = clock_now(r->clock);
	}
	if (!s->field || !s->peer || !present_at(s, now) || !poll(s, a, deadline)) {
		sleep_until(s, deadline);
		a->activated_ns = clock_now(r->clock);
		a->result = READER_NO_CARD;
		return 0;
	}
	now = a->started_ns;
	s->peer->reset(s->peer);
	sleep_until(s, now + s->options.activation_ns);
	a->activated_ns = clock_now(r->clock);
	s->ready_ns = a->activated_ns + s->sfgt_ns;
	show_card(s, &a->card);
	a->result = READER_OK;
	s->activated = true;
	return 0;
}

static void say_silent(struct sim *s, struct reader_exchange *x, int64_t called)
{
	sleep_until(s, called + x->timeout_ns);
	x->answered_ns = clock_now(s->base.clock);
	x->result = READER_NO_ANSWER;
	snprintf(x->note, sizeof(x->note), "the card stays silent");
}

static int sim_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct sim *s = sim_of(r);
	int64_t called = clock_now(r->clock), think = 0, from, ready;
	struct buf answer;
	int rc = 0;

	if (!s->activated)
		return err_set(err, ERR_USAGE, "no card is activated");
	x->slack_ns = 0;
	x->sent_ns = called + (int64_t)x->command.len * s->options.link_byte_ns;
	if (!present_at(s, x->sent_ns)) {
		s->activated = false;
		x->answered_ns = x->sent_ns;
		x->result = READER_RELEASED;
		snprintf(x->note, sizeof(x->note), "the card left the field");
		return 0;
	}
	buf_init(&answer, MAX_ANSWER);
	if (s->peer->answer(s->peer, x->command, &answer, &think) < 0) {
		say_silent(s, x, called);
		goto out;
	}
	if (answer.failed) { /* ours, not the card's */
		rc = err_set(err, ERR_NOMEM, "no room for what the card answers");
		goto out;
	}
	from = x->sent_ns > s->ready_ns ? x->sent_ns : s->ready_ns;
	ready = from + think + (int64_t)answer.len * s->options.link_byte_ns +
		airtime_apdu_floor_ns(x->command.len, answer.len, FSD, s->fsc, 0);
	if (ready - called > x->timeout_ns) {
		say_silent(s, x, called);
		goto out;
	}
	sleep_until(s, ready);
	x->answered_ns = clock_now(r->clock);
	x->result = READER_OK;
	buf_add(x->answer, buf_bytes(&answer));
	if (x->answer->failed)
		rc = err_set(err, ERR_RANGE, "no room for an answer of %zu bytes",
			     answer.len);
out:
	buf_release(&answer);
	return rc;
}

static int sim_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	(void)r;
	(void)x;
	return err_set(err, ERR_UNSUPPORTED, "the simulated reader has no raw frames");
}

static int sim_deselect(struct reader *r, struct err *err)
{
	(void)err;
	sim_of(r)->activated = false;
	return 0;
}

/* Nothing here ever blocks in another process. */
static int sim_abort(struct reader *r, struct err *err)
{
	(void)r;
	(void)err;
	return 0;
}

static int sim_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	(void)r;
	(void)err;
	*id = (struct reader_identity){
		.model = "simulated reader",
		.link = "in process",
		.software = "keybench " VERSION,
		.fsd = FSD,
		.simulated = true,
	};
	return 0;
}

static int sim_reopen(struct reader *r, struct err *err)
{
	return sim_set_field(r, false, err);
}

static void sim_close(struct reader *r)
{
	free(sim_of(r));
}

static const struct reader_ops sim_ops = {
	.set_field = sim_set_field,
	.activate = sim_activate,
	.exchange = sim_exchange,
	.raw = sim_raw,
	.deselect = sim_deselect,
	.abort = sim_abort,
	.identity = sim_identity,
	.reopen = sim_reopen,
	.close = sim_close,
};

/* What the ATS says: FSC from T0, the start-up guard time from TB behind an optional TA. */
static void read_ats(struct sim *s)
{
	struct bytes ats = s->options.ats;
	size_t tb = 1 + (ats.len && ats.data[0] & 0x10);

	s->fsc = isodep_frame_size(ats.len ? ats.data[0] & 15 : 2);
	if (ats.len > tb && ats.data[0] & 0x20)
		s->sfgt_ns = airtime_sfgt_ns(ats.data[tb] & 15);
}

int sim_reader_open(struct reader **out, const struct sim_options *options,
		    struct peer *peer, struct clock *clock, struct err *err)
{
	const struct sim_options *o = options ? options : &sim_options_default;
	struct sim *s;

	if (o->uid.len != 4 && o->uid.len != 7 && o->uid.len != 10)
		return err_set(err, ERR_RANGE, "a UID has 4, 7 or 10 bytes, not %zu",
			       o->uid.len);
	if (o->ats.len > sizeof(((struct reader_card *)0)->ats))
		return err_set(err, ERR_RANGE, "an ATS has at most 254 bytes");
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, ERR_NOMEM, "simulated reader");
	s->base = (struct reader){ &sim_ops, clock };
	s->options = *o;
	if (!s->options.activation_ns)
		s->options.activation_ns =
			airtime_activation_ns(o->uid.len, o->ats.len + 1, 0);
	read_ats(s);
	s->peer = peer;
	s->present = s->present_before = true;
	*out = &s->base;
	return 0;
}

void sim_reader_place(struct reader *r, bool present, int64_t from_ns)
{
	struct sim *s = sim_of(r);

	s->present_before = present_at(s, clock_now(r->clock));
	s->present = present;
	s->present_from_ns = from_ns;
}

void sim_options_card(struct sim_options *o, const struct sim_options *card)
{
	o->uid = card->uid;
	o->ats = card->ats;
	memcpy(o->atqa, card->atqa, sizeof(o->atqa));
	o->sak = card->sak;
}

static int open_row(struct reader **out, const void *options, struct clock *clock,
		    struct err *err)
{
	struct sim_options o = *(const struct sim_options *)options;

	sim_options_card(&o, &sim_options_default);
	return sim_reader_open(out, &o, NULL, clock, err);
}

static const struct conf_item items[] = {
	{ .key = "activation",
	  .type = CONF_TIME,
	  .offset = offsetof(struct sim_options, activation_ns),
	  .fallback = "0 ns",
	  .help = "how long a poll takes that finds the card; 0: what the air needs",
	  .max = 10 * NS_PER_S },
	{ .key = "link_byte",
	  .type = CONF_TIME,
	  .offset = offsetof(struct sim_options, link_byte_ns),
	  .fallback = "0 ns",
	  .help = "time of one byte between host and reader, either way",
	  .max = NS_PER_S },
	{ 0 },
};

const struct reader_driver sim_reader_driver = {
	.name = "sim",
	.summary = "no reader at all: the reference phone answers in this process",
	.items = items,
	.options_size = sizeof(struct sim_options),
	.open = open_row,
};
