#include "tools/emu/voice.h"

#include "bench/core/data.h"
#include "bench/core/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CYCLE_NS NS_PER_S /* of DoorStatus */
#define OPEN_AT_LEAST_NS (50 * NS_PER_MS)

/* What it needs of the DBC. */
struct words {
	struct dbc *dbc;
	const struct dbc_message *wake_up, *module_state, *door_status;
	const struct dbc_signal *awake, *lock;
	const struct dbc_signal *cause, *stay, *access, *limit; /* may be NULL */
	uint64_t locked, unlocked, by_key, awake_yes, awake_no;
};

struct voice {
	struct world *world;
	const struct rig_module *options;
	struct voice_events events;
	struct hub *hub;
	struct words words;
	/*
	 * one a message, -1: none: each has a mailbox of its own, in which the newest
	 * counts
	 */
	int door, state;
	struct rng rng;
	bool awake, is_open;
	uint8_t access; /* of the key that opened; 0: none known */
	bool limited;
	int64_t opened_ns;
	struct timer announce, cycle, sleep, relock;
};

/* -- words -- */

static int find_message(const struct dbc_message **out, const struct words *w,
			const char *name, struct err *err)
{
	*out = dbc_message(w->dbc, name);
	return *out ? 0
		    : err_set(err, ERR_FORMAT,
			      "%s: a vehicle module needs the message %s", w->dbc->name,
			      name);
}

static int find_signal(const struct dbc_signal **out, const struct words *w,
		       const struct dbc_message *m, const char *name, struct err *err)
{
	*out = dbc_signal(m, name);
	return *out ? 0
		    : err_set(err, ERR_FORMAT,
			      "%s: a vehicle module needs the signal %s.%s", w->dbc->name,
			      m->name, name);
}

static int find_value(uint64_t *out, const struct words *w, const struct dbc_signal *s,
		      const char *label, struct err *err)
{
	struct err own = { 0 };

	if (!dbc_raw_of_text(s, label, out, &own))
		return 0;
	return err_set(err, ERR_FORMAT, "%s: %s: %s", w->dbc->name, s->name,
		       err_text(&own));
}

static int find_words(struct words *w, struct err *err)
{
	int rc = find_message(&w->wake_up, w, "WakeUp", err);

	if (!rc)
		rc = find_message(&w->module_state, w, "ModuleState", err);
	if (!rc)
		rc = find_message(&w->door_status, w, "DoorStatus", err);
	if (!rc)
		rc = find_signal(&w->awake, w, w->module_state, "Awake", err);
	if (!rc)
		rc = find_value(&w->awake_yes, w, w->awake, "Awake", err);
	if (!rc)
		rc = find_value(&w->awake_no, w, w->awake, "Asleep", err);
	if (!rc)
		rc = find_signal(&w->lock, w, w->door_status, "Lock", err);
	if (!rc)
		rc = find_value(&w->locked, w, w->lock, "Locked", err);
	if (!rc)
		rc = find_value(&w->unlocked, w, w->lock, "Unlocked", err);
	if (rc)
		return rc;
	w->stay = dbc_signal(w->wake_up, "Stay");
	w->cause = dbc_signal(w->door_status, "Cause");
	w->access = dbc_signal(w->door_status, "Access");
	w->limit = dbc_signal(w->door_status, "SpeedLimit");
	if (w->cause && dbc_raw_of_text(w->cause, "DigitalKey", &w->by_key, NULL))
		w->cause = NULL;
	return 0;
}

static int load_words(struct words *w, const struct emu_rig *rig,
		      const struct rig_module *options, struct err *err)
{
	char path[DATA_PATH_MAX];
	int rc = data_find(path, options->dbc, "fixtures/dbc", rig->path, err);

	if (!rc)
		rc = dbc_read(&w->dbc, path, err);
	return rc ? rc : find_words(w, err);
}

int voice_check(const struct emu_rig *rig, const struct rig_module *options,
		struct err *err)
{
	struct words w = { 0 };
	int rc = load_words(&w, rig, options, err);

	dbc_free(w.dbc);
	return rc;
}

/* -- speaking -- */

static void send(struct voice *v, int node, const struct canframe *f)
{
	canbus_flush(hub_model(v->hub), node);
	hub_send(v->hub, node, f);
}

static void say_door(struct voice *v)
{
	const struct words *w = &v->words;
	struct canframe f;

	dbc_frame(w->door_status, &f);
	dbc_put(w->lock, f.data, v->is_open ? w->unlocked : w->locked);
	if (w->cause && v->is_open)
		dbc_put(w->cause, f.data, w->by_key);
	if (w->access && v->is_open)
		dbc_put(w->access, f.data, v->access);
	if (w->limit && v->is_open)
		dbc_put(w->limit, f.data, v->limited);
	send(v, v->door, &f);
	/* counted anew: none of them comes between a change and what answers it */
	timer_set(v->world, &v->cycle, world_now(v->world) + CYCLE_NS);
}

static void say_state(struct voice *v)
{
	const struct words *w = &v->words;
	struct canframe f;

	dbc_frame(w->module_state, &f);
	dbc_put(w->awake, f.data, v->awake ? w->awake_yes : w->awake_no);
	send(v, v->state, &f);
}

static void open_door(struct voice *v)
{
	v->is_open = true;
	v->opened_ns = world_now(v->world);
	truth_say(world_truth(v->world), v->opened_ns, "announced", "s:device",
		  v->options->name);
	say_door(v);
}

static void on_announce(void *ctx)
{
	open_door(ctx);
}

static void on_cycle(void *ctx)
{
	say_door(ctx);
}

static void on_relock(void *ctx)
{
	struct voice *v = ctx;

	if (!v->is_open)
		return;
	v->is_open = false;
	say_door(v);
}

void voice_activated(struct voice *v)
{
	if (v && v->options->announce == ANNOUNCE_BEFORE && !v->is_open)
		open_door(v);
}

void voice_opened(struct voice *v, const struct access_level *level)
{
	int64_t after;

	if (v) {
		v->access = level ? level->value : 0;
		v->limited = level && level->drive == DRIVE_RESTRICTED;
	}
	if (!v || v->options->announce != ANNOUNCE_AFTER)
		return;
	after = v->options->announce_ns +
		(int64_t)((double)v->options->announce_jitter_ns * rng_normal(&v->rng));
	timer_set(v->world, &v->announce, world_now(v->world) + (after > 0 ? after : 0));
}

void voice_empty(struct voice *v)
{
	int64_t since;

	if (!v || (!v->is_open && !timer_armed(&v->announce)) || timer_armed(&v->relock))
		return;
	since = timer_armed(&v->announce) ? v->announce.at_ns : v->opened_ns;
	timer_set(v->world, &v->relock, since + OPEN_AT_LEAST_NS);
}

/* -- sleeping -- */

static void set_awake(struct voice *v, bool awake)
{
	v->awake = awake;
	v->events.wake(v->events.ctx, awake);
	say_state(v);
	if (awake)
		timer_set(v->world, &v->cycle, world_now(v->world) + CYCLE_NS);
	else
		timer_stop(v->world, &v->cycle);
}

/* Not with the door open: it has to lock first. */
static void on_sleep(void *ctx)
{
	struct voice *v = ctx;

	if (v->is_open || timer_armed(&v->announce))
		timer_set(v->world, &v->sleep, world_now(v->world) + 100 * NS_PER_MS);
	else
		set_awake(v, false);
}

static int64_t stay_ns(const struct voice *v, const struct canframe *f)
{
	const struct dbc_signal *stay = v->words.stay;
	double s = 0;

	if (stay && dbc_present(v->words.wake_up, stay, f))
		s = dbc_physical(stay, dbc_get(stay, f->data));
	return s > 0 ? (int64_t)(s * (double)NS_PER_S) : v->options->stay_ns;
}

static void hear(void *ctx, const struct canbus_heard *heard)
{
	struct voice *v = ctx;

	if (heard->own || dbc_message_of(v->words.dbc, &heard->frame) != v->words.wake_up)
		return;
	if (!v->awake)
		set_awake(v, true);
	else
		say_state(v);
	if (v->options->sleeps)
		timer_set(v->world, &v->sleep, heard->end_ns + stay_ns(v, &heard->frame));
}

/* -- its life -- */

static void init(struct voice *v, struct world *w, struct hub *hub,
		 const struct rig_module *options, const struct voice_events *events)
{
	struct timer *timers[] = { &v->announce, &v->cycle, &v->sleep, &v->relock };
	void (*const fns[])(void *) = { on_announce, on_cycle, on_sleep, on_relock };
	char name[RIG_NAME + 16];

	v->world = w;
	v->hub = hub;
	v->options = options;
	v->events = *events;
	v->door = v->state = -1;
	v->awake = !options->sleeps;
	for (int i = 0; i < 4; i++) {
		timers[i]->fn = fns[i];
		timers[i]->ctx = v;
	}
	snprintf(name, sizeof(name), "%s.announce", options->name);
	rng_init(&v->rng, world_seed(w), name);
}

int voice_new(struct voice **out, struct world *w, struct hub *hub,
	      const struct emu_rig *rig, const struct rig_module *options,
	      const struct voice_events *events, struct err *err)
{
	struct voice *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return err_set(err, ERR_NOMEM, "no memory");
	init(v, w, hub, options, events);
	rc = load_words(&v->words, rig, options, err);
	if (!rc) {
		v->door = canbus_attach(hub_model(hub), NULL, v);
		v->state = canbus_attach(hub_model(hub), hear, v);
		if (v->door < 0 || v->state < 0)
			rc = err_set(err, ERR_RANGE, "%s: too many nodes", hub_name(hub));
	}
	if (rc) {
		voice_free(v);
		return rc;
	}
	if (v->awake)
		timer_set(w, &v->cycle, world_now(w) + CYCLE_NS);
	*out = v;
	return 0;
}

void voice_free(struct voice *v)
{
	if (!v)
		return;
	timer_stop(v->world, &v->announce);
	timer_stop(v->world, &v->cycle);
	timer_stop(v->world, &v->sleep);
	timer_stop(v->world, &v->relock);
	if (v->door >= 0)
		canbus_detach(hub_model(v->hub), v->door);
	if (v->state >= 0)
		canbus_detach(hub_model(v->hub), v->state);
	dbc_free(v->words.dbc);
	free(v);
}
