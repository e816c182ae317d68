#include "tools/emu/module.h"

#include "bench/core/data.h"
#include "bench/core/wire/pn53x.h"
#include "fixtures/vehicle/slots_file.h"
#include "tools/emu/voice.h"

#include <stdlib.h>
#include <string.h>

#define FRONT_END_BAUD 921600
#define EMPTY_POLLS 2 /* in a row, before it looks for somebody new */
#define MAX_APDU 262

struct module {
	struct world *world;
	const struct rig_module *options;
	struct module_events events;
	struct profile *profile;
	struct vehicle *vehicle;
	struct voice *voice; /* NULL: it is on no bus */
	/* the front end, and the wire to it */
	struct line line;
	struct chip *chip;
	struct pn53x_parser parser;
	uint8_t out_mem[PN53X_MAX_FRAME];
	struct buf out;
	void (*next)(struct module *m, struct bytes answer);
	struct timer talk, poll;
	/* what is going on */
	bool awake, input;
	bool polling;  /* or in a transaction */
	int empty;     /* polls in a row that found nobody */
	bool finished; /* with whoever is there */
	enum vehicle_kind asked;
};

static void say(struct module *m, const char *what)
{
	truth_say(world_truth(m->world), world_now(m->world), what, "s:device",
		  m->options->name);
}

/* -- the wire to the front end -- */

static void on_talk(void *ctx)
{
	struct module *m = ctx;

	line_feed(&m->line, buf_bytes(&m->out));
}

/* Send a command at @at_ns; its response goes to @next. */
static void ask_at(struct module *m, struct bytes command, int64_t at_ns,
		   void (*next)(struct module *m, struct bytes answer))
{
	buf_clear(&m->out);
	pn53x_build(&m->out, PN53X_HOST, command);
	m->next = next;
	timer_set(m->world, &m->talk, at_ns);
}

static void ask(struct module *m, const char *command, size_t len,
		void (*next)(struct module *m, struct bytes answer))
{
	ask_at(m, BYTES((const uint8_t *)command, len), world_now(m->world), next);
}
#define ASK(m, text, next) ask(m, text, sizeof(text) - 1, next)

static void on_front_end(void *ctx, struct bytes message)
{
	struct module *m = ctx;

	for (size_t i = 0; i < message.len; i++) {
		struct bytes body;

		if (pn53x_feed(&m->parser, message.data[i]) != PN53X_FRAME)
			continue;
		body = pn53x_body(&m->parser);
		if (body.len >= 2 && m->next)
			m->next(m, BYTES(body.data + 2, body.len - 2));
		return; /* one response a message */
	}
}

/* -- polling -- */

static void poll_later(struct module *m)
{
	m->polling = false;
	if (m->awake)
		timer_set(m->world, &m->poll, world_now(m->world) + m->options->poll_ns);
}

static void on_field_off(struct module *m, struct bytes answer)
{
	(void)answer;
	poll_later(m);
}

static void field_off(struct module *m, struct bytes answer)
{
	(void)answer;
	ASK(m, "\x32\x01\x00", on_field_off);
}

/* -- a transaction -- */

static void let_go(struct module *m)
{
	ASK(m, "\x52\x00", field_off);
}

static void log_transaction(struct module *m, bool lost)
{
	static const char *const kinds[] = { "fast", "standard" };
	const struct vehicle_result *r = vehicle_result(m->vehicle);

	truth_say(world_truth(m->world), world_now(m->world), "transaction",
		  "s:device s:asked s:kind b:opened b:fell_back b:lost s:why s:access",
		  m->options->name, kinds[m->asked],
		  lost ? NULL : kinds[r->kind == VEHICLE_FAST ? 0 : 1], r->opened,
		  r->fell_back, lost, lost ? "the card is gone" : r->why,
		  lost || !r->level ? NULL : r->level->name);
}

/*
 * A card that was lost half-way is tried again at once; one that was told its result is
 * not.
 */
static void end_transaction(struct module *m, bool lost)
{
	const struct vehicle_result *r = vehicle_result(m->vehicle);

	log_transaction(m, lost);
	m->finished = !lost;
	if (!lost && r->opened)
		voice_opened(m->voice, r->level);
	if (!lost && r->opened && m->events.opened)
		m->events.opened(m->events.ctx, VEHICLE_UNLOCK);
	let_go(m);
}

static void go_on(struct module *m);

static void on_exchanged(struct module *m, struct bytes answer)
{
	if (answer.len < 1 || answer.data[0] != 0x00) {
		end_transaction(m, true);
		return;
	}
	vehicle_answer(m->vehicle, BYTES(answer.data + 1, answer.len - 1));
	go_on(m);
}

/* The engine's work takes real time, and the controller around it what the rig says. */
static void go_on(struct module *m)
{
	uint8_t mem[MAX_APDU + 2], apdu_mem[MAX_APDU];
	struct buf command = BUF_ON(mem), apdu = BUF_ON(apdu_mem);
	int64_t soonest = world_now(m->world) + m->options->think_ns, known;
	const char *name;

	if (vehicle_next(m->vehicle, &apdu, &name) != VEHICLE_SEND) {
		end_transaction(m, false);
		return;
	}
	buf_u8(&command, 0x40);
	buf_u8(&command, 0x01);
	buf_add(&command, buf_bytes(&apdu));
	known = world_clock(m->world);
	ask_at(m, buf_bytes(&command), soonest > known ? soonest : known, on_exchanged);
}

static void begin_transaction(struct module *m)
{
	bool standard = m->options->ask == MODULE_STANDARD || m->input;

	m->asked = standard ? VEHICLE_STANDARD : VEHICLE_FAST;
	vehicle_begin(m->vehicle, m->asked, VEHICLE_UNLOCK);
	go_on(m);
}

static void on_listed(struct module *m, struct bytes answer)
{
	bool found = answer.len >= 1 && answer.data[0] == 1;
	bool layer4 = found && answer.len >= 5 && (answer.data[4] & 0x20);

	m->empty = found ? 0 : m->empty + 1;
	if (m->empty >= EMPTY_POLLS) {
		m->finished = false;
		voice_empty(m->voice);
	}
	if (layer4 && !m->finished)
		voice_activated(m->voice);
	if (layer4 && !m->finished)
		begin_transaction(m);
	else if (found)
		let_go(m);
	else
		field_off(m, answer);
}

static void on_poll(void *ctx)
{
	struct module *m = ctx;

	if (!m->awake)
		return;
	m->polling = true;
	ASK(m, "\x4a\x01\x00", on_listed);
}

/* -- power -- */

static void on_retries_set(struct module *m, struct bytes answer)
{
	(void)answer;
	poll_later(m);
}

static void on_parameters_set(struct module *m, struct bytes answer)
{
	(void)answer;
	ASK(m, "\x32\x05\x00\x01\x02", on_retries_set); /* a poll that ends soon */
}

static void on_sam(struct module *m, struct bytes answer)
{
	(void)answer;
	ASK(m, "\x12\x14", on_parameters_set);
}

static void start(struct module *m)
{
	static const uint8_t wake[16] = { 0x55, 0x55 };

	buf_clear(&m->out);
	buf_add(&m->out, BYTES_OF(wake));
	pn53x_build(&m->out, PN53X_HOST, BYTES((const uint8_t *)"\x14\x01", 2));
	m->next = on_sam;
	timer_set(m->world, &m->talk, world_now(m->world));
}

void module_wake(struct module *m, bool awake)
{
	if (m->awake == awake)
		return;
	m->awake = awake;
	say(m, awake ? "module_awake" : "module_asleep");
	m->finished = m->finished && awake; /* who it meets next is new to it */
	if (!awake)
		timer_stop(m->world, &m->poll);
	else if (!m->polling)
		timer_set(m->world, &m->poll, world_now(m->world));
}

void module_input(struct module *m, bool on)
{
	m->input = on;
	truth_say(world_truth(m->world), world_now(m->world), "module_input",
		  "s:device b:on", m->options->name, on);
}

void module_on_events(struct module *m, const struct module_events *events)
{
	m->events = *events;
}

static void on_bus_wake(void *ctx, bool awake)
{
	module_wake(ctx, awake);
}

static int load(struct module *m, const struct emu_rig *rig, struct err *err)
{
	char path[DATA_PATH_MAX];
	int rc = data_find(path, rig->protocol, "fixtures/profiles/protocol", rig->path,
			   err);

	if (!rc)
		rc = profile_load(&m->profile, path, err);
	if (!rc)
		rc = data_find(path, rig->pairing, "fixtures/pairings", rig->path, err);
	if (!rc)
		rc = vehicle_new_file(&m->vehicle, m->profile, path, NULL, err);
	return rc;
}

static void unload(struct module *m)
{
	vehicle_free(m->vehicle);
	profile_free(m->profile);
}

int module_check(const struct emu_rig *rig, struct err *err)
{
	struct module m = { 0 };
	int rc = load(&m, rig, err);

	unload(&m);
	return rc || rig->modules[0].bus < 0 ? rc
					     : voice_check(rig, &rig->modules[0], err);
}

int module_new(struct module **out, struct world *w, const struct emu_rig *rig,
	       const struct rig_module *options, struct air *air, struct hub *hub,
	       struct err *err)
{
	struct module *m = calloc(1, sizeof(*m));
	struct voice_events events = { on_bus_wake, m };
	struct chip_options chip = { .name = options->name, .device = -1 };
	int rc;

	if (!m)
		return err_set(err, ERR_NOMEM, "no memory");
	m->world = w;
	m->options = options;
	m->awake = !options->sleeps;
	m->polling = true; /* until the front end is set up */
	buf_init_on(&m->out, m->out_mem, sizeof(m->out_mem));
	m->talk.fn = on_talk;
	m->poll.fn = on_poll;
	m->talk.ctx = m->poll.ctx = m;
	line_init(&m->line, w, options->name, FRONT_END_BAUD);
	m->line.sink = on_front_end;
	m->line.sink_ctx = m;
	rc = load(m, rig, err);
	if (!rc)
		rc = chip_new(&m->chip, w, &m->line, air, &chip, err);
	if (!rc && hub)
		rc = voice_new(&m->voice, w, hub, rig, options, &events, err);
	if (rc) {
		module_free(m);
		return rc;
	}
	start(m);
	*out = m;
	return 0;
}

void module_free(struct module *m)
{
	if (!m)
		return;
	timer_stop(m->world, &m->talk);
	timer_stop(m->world, &m->poll);
	voice_free(m->voice);
	chip_free(m->chip);
	line_close(&m->line);
	unload(m);
	free(m);
}
