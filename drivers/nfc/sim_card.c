#include "drivers/nfc/sim_card.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_COMMAND 65544 /* an extended C-APDU */

const struct sim_card_options sim_card_options_default = {
	.activation_ns = 5600 * NS_PER_US, .byte_ns = 84956, /* 9 bits of 128/fc */
};

struct sim_card {
	struct card base;
	struct sim_card_options options;
	struct asker *asker;
	bool active, waiting;
	bool present, present_before;
	int64_t present_from_ns;
};

static const struct card_ops sim_card_ops;

static struct sim_card *sim_of(struct card *c)
{
	assert(c->ops == &sim_card_ops);
	return (struct sim_card *)c;
}

static bool present_at(const struct sim_card *s, int64_t at_ns)
{
	return at_ns >= s->present_from_ns ? s->present : s->present_before;
}

static void sleep_until(struct sim_card *s, int64_t until_ns)
{
	s->base.clock->sleep_until(s->base.clock, until_ns);
}

static int sim_listen(struct card *c, struct card_listen *l, struct err *err)
{
	struct sim_card *s = sim_of(c);
	int64_t now = clock_now(c->clock), deadline = now + l->timeout_ns;

	(void)err;
	s->active = s->waiting = false;
	l->slack_ns = 0;
	if (s->asker && !present_at(s, now) && s->present &&
	    s->present_from_ns < deadline) {
		sleep_until(s, s->present_from_ns);
		now = clock_now(c->clock);
	}
	if (!s->asker || !present_at(s, now)) {
		sleep_until(s, deadline);
		l->activated_ns = clock_now(c->clock);
		l->result = CARD_NO_READER;
		return 0;
	}
	s->asker->begin(s->asker);
	sleep_until(s, now + s->options.activation_ns);
	l->activated_ns = clock_now(c->clock);
	l->result = CARD_OK;
	s->active = true;
	return 0;
}

static void lose(struct sim_card *s, enum card_result *result)
{
	s->active = s->waiting = false;
	*result = CARD_RELEASED;
}

static int sim_receive(struct card *c, struct card_receive *x, struct err *err)
{
	struct sim_card *s = sim_of(c);
	int64_t called = clock_now(c->clock), think = 0, ready;
	struct buf command;
	int next, rc = 0;

	if (!s->active)
		return err_set(err, ERR_USAGE, "no reader has activated us");
	x->slack_ns = 0;
	buf_init(&command, MAX_COMMAND);
	next = s->asker->ask(s->asker, &command, &think);
	ready = called + think + (int64_t)command.len * s->options.byte_ns;
	if (next == ASKER_LETS_GO || !present_at(s, ready)) {
		sleep_until(s, ready);
		lose(s, &x->result);
	} else if (next < 0 || command.failed || ready - called > x->timeout_ns) {
		sleep_until(s, called + x->timeout_ns);
		x->result = CARD_NO_COMMAND;
		snprintf(x->note, sizeof(x->note), "the reader stays silent");
	} else {
		sleep_until(s, ready);
		x->result = CARD_OK;
		s->waiting = true;
		buf_add(x->command, buf_bytes(&command));
		if (x->command->failed)
			rc = err_set(err, ERR_RANGE, "no room for a command of %zu bytes",
				     command.len);
	}
	x->received_ns = clock_now(c->clock);
	buf_release(&command);
	return rc;
}

static int sim_answer(struct card *c, struct card_answer *x, struct err *err)
{
	struct sim_card *s = sim_of(c);
	int64_t end;

	if (!s->waiting)
		return err_set(err, ERR_USAGE, "no command waits for an answer");
	s->waiting = false;
	x->slack_ns = 0;
	x->answered_ns = clock_now(c->clock);
	end = x->answered_ns + (int64_t)x->answer.len * s->options.byte_ns;
	sleep_until(s, end);
	x->result = CARD_OK;
	if (!present_at(s, end))
		lose(s, &x->result);
	else
		s->asker->answered(s->asker, x->answer);
	return 0;
}

static int sim_release(struct card *c, struct card_release *x, struct err *err)
{
	struct sim_card *s = sim_of(c);
	int64_t think = 0;
	struct buf command;
	int next;

	(void)err;
	x->slack_ns = 0;
	x->result = CARD_RELEASED;
	if (s->active) {
		buf_init(&command, MAX_COMMAND);
		next = x->timeout_ns ? s->asker->ask(s->asker, &command, &think) : -1;
		if (next < 0 || think > x->timeout_ns) {
			think = x->timeout_ns;
			x->result = CARD_NO_COMMAND;
		} else if (next != ASKER_LETS_GO) {
			x->result = CARD_OK;
		}
		sleep_until(s, clock_now(c->clock) + think);
		buf_release(&command);
	}
	s->active = s->waiting = false;
	x->released_ns = clock_now(c->clock);
	return 0;
}

/* Nothing here ever blocks in another process. */
static int sim_abort(struct card *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

static int sim_identity(struct card *c, struct card_identity *id, struct err *err)
{
	(void)c;
	(void)err;
	*id = (struct card_identity){
		.model = "simulated card",
		.link = "in process",
		.software = "keybench " VERSION,
		.simulated = true,
	};
	return 0;
}

static int sim_reopen(struct card *c, struct err *err)
{
	struct sim_card *s = sim_of(c);

	(void)err;
	s->active = s->waiting = false;
	return 0;
}

static void sim_close(struct card *c)
{
	free(sim_of(c));
}

static const struct card_ops sim_card_ops = {
	.listen = sim_listen,
	.receive = sim_receive,
	.answer = sim_answer,
	.release = sim_release,
	.abort = sim_abort,
	.identity = sim_identity,
	.reopen = sim_reopen,
	.close = sim_close,
};

int sim_card_open(struct card **out, const struct sim_card_options *options,
		  struct asker *asker, struct clock *clock, struct err *err)
{
	struct sim_card *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_NOMEM, "simulated card");
	s->base = (struct card){ &sim_card_ops, clock };
	s->options = options ? *options : sim_card_options_default;
	s->asker = asker;
	s->present = s->present_before = true;
	*out = &s->base;
	return 0;
}

void sim_card_place(struct card *c, bool present, int64_t from_ns)
{
	struct sim_card *s = sim_of(c);

	s->present_before = present_at(s, clock_now(c->clock));
	s->present = present;
	s->present_from_ns = from_ns;
}

static int open_row(struct card **out, const void *options, struct clock *clock,
		    struct err *err)
{
	return sim_card_open(out, options, NULL, clock, err);
}

static const struct conf_item items[] = {
	{ .key = "activation",
	  .type = CONF_TIME,
	  .offset = offsetof(struct sim_card_options, activation_ns),
	  .fallback = "5600 us",
	  .help = "how long the reader takes to activate us",
	  .max = 10 * NS_PER_S },
	{ .key = "byte",
	  .type = CONF_TIME,
	  .offset = offsetof(struct sim_card_options, byte_ns),
	  .fallback = "84956 ns",
	  .help = "time of one byte, either way; 84956 ns at 106 kbit/s",
	  .max = NS_PER_S },
	{ 0 },
};

const struct card_driver sim_card_driver = {
	.name = "sim",
	.summary = "no chip at all: the reference vehicle asks in this process",
	.items = items,
	.options_size = sizeof(struct sim_card_options),
	.open = open_row,
};
