#include "bench/core/wire/dbc.h"
#include "drivers/bus.h"
#include "drivers/can/cyclic.h"
#include "suites/steps/steps.h"
#include "suites/steps/stimulus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What goes out over the bus: single frames, cyclic ones, load; and the record of what came in, which the
 * steps of one attempt share.
 */
#define HEARD_MAX 100000

static int failed(struct step_env *env, int rc, struct err *err, const char *doing)
{
	env->failed |= NEED_BUS;
	return err_wrap(err, rc, "%s", doing);
}

/* What came before this attempt is none of its business, losses included. */
static int forget(struct step_env *env, struct err *err)
{
	enum bus_result result = BUS_OK;
	struct bus_frame f;
	int rc = 0;

	for (int i = 0; !rc && result == BUS_OK && i < 2 * BUS_KEEPS; i++)
		rc = bus_receive(env->bus, &f, 0, &result, err);
	return rc ? failed(env, rc, err, "emptying the bus") : 0;
}

int step_begin(struct step_env *env, struct err *err)
{
	env->heard_count = 0;
	env->heard_lost = 0;
	env->sent_count = env->echo_next = 0;
	env->stimulus_ns = clock_now(env->clock);
	if (env->trial == 0) /* another case */
		stimulus_forget(env);
	return env->bus ? forget(env, err) : 0;
}

void step_env_release(struct step_env *env)
{
	free(env->heard);
	free(env->sent);
	stimulus_forget(env);
	env->heard = NULL;
	env->sent = NULL;
	env->sent_count = 0;
	env->heard_count = env->heard_room = 0;
}

/* Several processors may hand frames over in another order than that in which they stamped them. */
#define DISORDER_NS (20 * NS_PER_MS)

/* A stamp that nothing can have: of the future, or older than what came before it. */
static int check_stamp(const struct step_env *env, const struct bus_frame *f,
		       struct err *err)
{
	const struct bus_frame *last =
		env->heard_count ? &env->heard[env->heard_count - 1] : NULL;

	if (!clock_holds(env->clock, INT64_MIN / 2, f->at_ns, f->slack_ns))
		return err_set(err, ERR_RANGE,
			       "a frame is stamped %.1f ms in the future: the clock of "
			       "the bus is not ours",
			       (double)(f->at_ns - clock_now(env->clock)) / 1e6);
	if (last && f->at_ns + f->slack_ns + DISORDER_NS < last->at_ns - last->slack_ns)
		return err_set(err, ERR_RANGE,
			       "a frame is stamped %.1f ms before the one that came "
			       "first: the clock of the bus was set",
			       (double)(last->at_ns - f->at_ns) / 1e6);
	return 0;
}

static int keep_frame(struct step_env *env, const struct bus_frame *f, struct err *err)
{
	if (env->heard_count == env->heard_room) {
		int room = env->heard_room ? 2 * env->heard_room : 1024;
		struct bus_frame *more =
			room <= 2 * HEARD_MAX
				? realloc(env->heard, (size_t)room * sizeof(*more))
				: NULL;

		if (!more)
			return err_set(err, ERR_RANGE,
				       "more than %d frames on the bus in one attempt",
				       env->heard_count);
		env->heard = more;
		env->heard_room = room;
	}
	env->heard[env->heard_count++] = *f;
	return 0;
}

int can_collect(struct step_env *env, int64_t deadline_ns, struct err *err)
{
	enum bus_result result = BUS_OK;
	int64_t until = deadline_ns;

	while (result == BUS_OK) {
		struct bus_frame f;
		int rc = bus_receive(env->bus, &f, until, &result, err);

		if (rc == ERR_INTERRUPTED)
			return rc;
		if (rc)
			return failed(env, rc, err, "listening to the bus");
		env->heard_lost += f.lost;
		if (result == BUS_OK && check_stamp(env, &f, err))
			return failed(env, ERR_RANGE, err, "listening to the bus");
		if (result == BUS_OK && (rc = keep_frame(env, &f, err)))
			return rc;
		until = 0; /* and whatever else is here already */
	}
	return 0;
}

/*
 * Injected means on the wire: what was sent comes back as our own, later than it was sent, unaltered. Otherwise
 * whatever the target did was not an answer to it.
 */
struct step_sent {
	struct canframe frame;
	int64_t at_ns;
	bool seen;
};
#define SENT_MAX 64 /* a case has no more than SUITE_MAX_STEPS steps */
#define SENT_WAIT_NS NS_PER_S

static int remember_sent(struct step_env *env, const struct canframe *f, int64_t at_ns,
			 struct err *err)
{
	if (!env->sent)
		env->sent = calloc(SENT_MAX, sizeof(*env->sent));
	if (!env->sent)
		return err_set(err, ERR_NOMEM, "no memory for what was sent");
	if (env->sent_count == SENT_MAX)
		return err_set(err, ERR_RANGE, "more than %d frames sent", SENT_MAX);
	env->sent[env->sent_count++] = (struct step_sent){ .frame = *f, .at_ns = at_ns };
	return 0;
}

static bool same_frame(const struct canframe *a, const struct canframe *b)
{
	return a->id == b->id && a->extended == b->extended && a->remote == b->remote &&
	       a->fd == b->fd && a->brs == b->brs && a->len == b->len &&
	       (a->remote || !memcmp(a->data, b->data, a->len));
}

/* Own frames heard since the last time; @return how many of what was sent were not seen yet. */
static int match_sent(struct step_env *env)
{
	int missing = 0;

	for (; env->echo_next < env->heard_count; env->echo_next++) {
		const struct bus_frame *f = &env->heard[env->echo_next];

		for (int k = 0; f->own && k < env->sent_count; k++) {
			struct step_sent *s = &env->sent[k];

			if (s->seen || !same_frame(&s->frame, &f->frame) ||
			    f->at_ns + f->slack_ns < s->at_ns)
				continue;
			s->seen = true;
			break;
		}
	}
	for (int k = 0; k < env->sent_count; k++)
		missing += !env->sent[k].seen;
	return missing;
}

int can_confirm(struct step_env *env, struct err *err)
{
	int64_t give_up = clock_now(env->clock) + SENT_WAIT_NS;
	int rc = env->sent_count ? can_collect(env, 0, err) : 0;

	while (!rc && match_sent(env) && clock_now(env->clock) < give_up)
		rc = can_collect(env, give_up, err);
	if (rc || !match_sent(env))
		return rc;
	err_set(err, ERR_IO, "what was sent never was on the bus as it should be");
	return failed(env, ERR_IO, err, "sending on the bus");
}

int can_find_message(const struct dbc_message **out, const struct dbc *dbc,
		     const char *name, struct node at, struct err *err)
{
	if (!dbc)
		return node_error(
			at, err, "the message '%.60s': the rig's bus names no dbc", name);
	*out = dbc_message(dbc, name);
	if (*out)
		return 0;
	return node_error(at, err, "there is no message '%.60s' in %s", name, dbc->name);
}

int can_read_frame(struct canframe *out, const char *text, struct node at,
		   struct err *err)
{
	if (!canframe_parse(out, BYTES((const uint8_t *)text, strlen(text))) &&
	    !out->error)
		return 0;
	return node_error(at, err,
			  "'%.60s' is no frame; 123#DEADBEEF, 12345678#00 or 123#R is",
			  text);
}

int can_read_fd_frame(struct canframe *out, const char *text, bool fd, bool brs,
		      struct node at, struct err *err)
{
	char written[CANFRAME_TEXT_MAX];
	const char *data = strchr(text, '#');

	if ((!fd && !brs) || !data)
		return can_read_frame(out, text, at, err);
	if (data[1] == '#')
		return node_error(
			at, err, "'%.60s' says itself what kind of FD frame it is", text);
	if (strlen(text) + 3 > sizeof(written))
		return node_error(at, err, "'%.60s' is longer than a frame", text);
	snprintf(written, sizeof(written), "%.*s##%d%s", (int)(data - text), text, brs,
		 data + 1);
	return can_read_frame(out, written, at, err);
}

/* A frame to send: by names, or as it stands. */
struct what {
	const char *message, *frame;
	struct node signals;
	bool fd, brs;
};

#define FD_ITEMS(type, fd, brs) \
	{ \
		"fd", \
		CONF_BOOL, \
		offsetof(type, fd), \
		"no", \
		"an FD frame, of up to 64 bytes", \
		0, \
		0, \
		NULL \
	}, \
	{ \
		"brs", CONF_BOOL, offsetof(type, brs), "no", \
			"an FD frame that switches to the data bit rate", 0, 0, NULL \
	}
#define WHAT_ITEMS(type) \
	{ "message", \
	  CONF_TEXT, \
	  offsetof(type, what.message), \
	  CONF_ABSENT, \
	  "a message of the rig's DBC", \
	  0, \
	  0, \
	  NULL }, \
		{ "signals", \
		  CONF_NODE, \
		  offsetof(type, what.signals), \
		  CONF_ABSENT, \
		  "its signals: {Name: value}; the others are 0", \
		  0, \
		  0, \
		  NULL }, \
		{ "frame", \
		  CONF_TEXT, \
		  offsetof(type, what.frame), \
		  CONF_ABSENT, \
		  "a frame as it stands, 123#DEADBEEF, instead of message", \
		  0, \
		  0, \
		  NULL }, \
		FD_ITEMS(type, what.fd, what.brs)

static int set_signal(struct canframe *f, const struct dbc_message *m, struct node name,
		      struct node value, struct err *err)
{
	const struct dbc_signal *s = dbc_signal(m, node_text(name));
	struct err own = { 0 };
	uint64_t raw;

	if (!s)
		return node_error(name, err, "%s has no signal '%.60s'", m->name,
				  node_text(name));
	if (!node_text(value))
		return node_error(value, err, "the value of a signal is a plain text");
	if (dbc_raw_of_text(s, node_text(value), &raw, &own))
		return node_error(value, err, "%s", own.text);
	dbc_put(s, f->data, raw);
	return 0;
}

static int set_signals(struct canframe *f, const struct dbc_message *m,
		       struct node signals, struct err *err)
{
	int rc = 0;

	if (node_present(signals) && !node_is_map(signals))
		return node_error(signals, err,
				  "signals: a map is needed, as in {Reason: Timer}");
	for (int i = 0; !rc && i < node_count(signals); i++)
		rc = set_signal(f, m, node_key(signals, i), node_item(signals, i), err);
	for (int i = 0; !rc && i < node_count(signals); i++) {
		const struct dbc_signal *s =
			dbc_signal(m, node_text(node_key(signals, i)));

		if (!dbc_present(m, s, f))
			rc = node_error(node_key(signals, i), err,
					"%s is in the frame only when %s selects it",
					s->name,
					s->parent < 0 ? "its length"
						      : m->signals[s->parent].name);
	}
	return rc;
}

static int make_frame(struct canframe *f, const struct what *w, const struct dbc *dbc,
		      struct node at, struct err *err)
{
	const struct dbc_message *m;
	int rc;

	if (!w->message == !w->frame)
		return node_error(at, err, "either 'message' or 'frame' is needed");
	if (w->frame && node_present(w->signals))
		return node_error(w->signals, err, "signals need a 'message'");
	if (w->frame)
		return can_read_fd_frame(f, w->frame, w->fd, w->brs, at, err);
	rc = can_find_message(&m, dbc, w->message, at, err);
	if (rc)
		return rc;
	dbc_frame(m, f);
	rc = set_signals(f, m, w->signals, err);
	f->fd = f->fd || w->fd || w->brs;
	f->brs = w->brs;
	if (!rc && !canframe_valid(f))
		rc = node_error(at, err, "%s has %d bytes: no frame has", m->name,
				m->length);
	return rc;
}

struct send_params {
	struct what what;
};

static const struct conf_item send_items[] = {
	WHAT_ITEMS(struct send_params),
	{ 0 },
};

static int check_send(const void *params, const struct step_rig *rig, struct node at,
		      struct err *err)
{
	const struct send_params *p = params;
	struct canframe f;

	return make_frame(&f, &p->what, rig->dbc, at, err);
}

static bool send_is_fd(const void *params, const struct dbc *dbc)
{
	const struct send_params *p = params;
	struct canframe f;

	return !make_frame(&f, &p->what, dbc, (struct node){ 0 }, NULL) && f.fd;
}

static int run_send(const void *params, struct step_env *env, struct err *err)
{
	const struct send_params *p = params;
	int64_t now = clock_now(env->clock), give_up = now + NS_PER_S;
	enum bus_result result = BUS_FULL;
	struct canframe f;
	int rc = make_frame(&f, &p->what, env->dbc, (struct node){ 0 }, err);

	while (!rc && result == BUS_FULL && now < give_up) {
		env->stimulus_ns = now;
		rc = bus_send(env->bus, &f, 0, &result, err);
		if (!rc && result == BUS_FULL)
			rc = can_collect(env, now + NS_PER_MS, err);
		now = clock_now(env->clock);
	}
	if (!rc && result == BUS_FULL)
		rc = err_set(err, ERR_TIMEOUT, "its queue stayed full for 1 s");
	if (!rc)
		rc = remember_sent(env, &f, env->stimulus_ns, err);
	return rc ? failed(env, rc, err, "sending on the bus") : 0;
}

struct cyclic_params {
	struct what what;
	int64_t every_ns;
};

static const struct conf_item cyclic_items[] = {
	WHAT_ITEMS(struct cyclic_params),
	{ "every", CONF_TIME, offsetof(struct cyclic_params, every_ns), NULL,
	  "the period; the first one goes out at once", NS_PER_MS, 3600 * NS_PER_S,
	  NULL },
	{ 0 },
};

static int check_cyclic(const void *params, const struct step_rig *rig, struct node at,
			struct err *err)
{
	const struct cyclic_params *p = params;
	struct canframe f;

	return make_frame(&f, &p->what, rig->dbc, at, err);
}

static int no_helper(struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED, "this bus cannot send by itself");
}

static bool cyclic_is_fd(const void *params, const struct dbc *dbc)
{
	const struct cyclic_params *p = params;
	struct canframe f;

	return !make_frame(&f, &p->what, dbc, (struct node){ 0 }, NULL) && f.fd;
}

static int run_cyclic(const void *params, struct step_env *env, struct err *err)
{
	const struct cyclic_params *p = params;
	struct canframe f;
	int rc = make_frame(&f, &p->what, env->dbc, (struct node){ 0 }, err);

	if (rc)
		return rc;
	if (!env->cyclic)
		return no_helper(err);
	env->sending = true;
	rc = cyclic_add(env->cyclic, &f, p->every_ns, clock_now(env->clock), err);
	return rc ? failed(env, rc, err, "sending cyclically") : 0;
}

struct load_params {
	double share;
	const char *frame;
	bool fd, brs;
};

static const struct conf_item load_items[] = {
	{ "share", CONF_SHARE, offsetof(struct load_params, share), NULL,
	  "of the bus' time, 60 %; 100 % leaves nothing to higher identifiers", 0, 0,
	  NULL },
	{ "frame", CONF_TEXT, offsetof(struct load_params, frame), "001#0011223344556677",
	  "what the load is made of; its identifier decides whom it delays", 0, 0, NULL },
	FD_ITEMS(struct load_params, fd, brs),
	{ 0 },
};

static int check_load(const void *params, const struct step_rig *rig, struct node at,
		      struct err *err)
{
	const struct load_params *p = params;
	struct canframe f;

	(void)rig;
	return can_read_fd_frame(&f, p->frame, p->fd, p->brs, at, err);
}

static bool load_is_fd(const void *params, const struct dbc *dbc)
{
	const struct load_params *p = params;
	struct canframe f;

	(void)dbc;
	return !can_read_fd_frame(&f, p->frame, p->fd, p->brs, (struct node){ 0 },
				  NULL) &&
	       f.fd;
}

static int run_load(const void *params, struct step_env *env, struct err *err)
{
	const struct load_params *p = params;
	struct bus_identity id = { 0 };
	struct canframe f;
	int64_t each;
	int rc = can_read_fd_frame(&f, p->frame, p->fd, p->brs, (struct node){ 0 }, err);

	if (rc || p->share <= 0)
		return rc;
	if (!env->cyclic)
		return no_helper(err);
	rc = bus_identity(env->bus, &id, err);
	if (!rc && !id.bitrate)
		return err_set(err, ERR_UNSUPPORTED,
			       "the bit rate of this bus is unknown, so no load can be "
			       "reckoned");
	if (!rc) {
		each = canframe_wire_ns(&f, id.bitrate, id.data_bitrate);
		if (!each)
			return err_set(err, ERR_UNSUPPORTED,
				       "the data bit rate of this bus is unknown (the "
				       "rig's bus: data_bitrate), so no load can be "
				       "reckoned");
		env->sending = true;
		rc = cyclic_load(env->cyclic, &f, (int64_t)((double)each / p->share),
				 clock_now(env->clock), err);
	}
	return rc ? failed(env, rc, err, "loading the bus") : 0;
}

/* Load that a full bus holds back is what was asked for; a cyclic frame that comes too late is not. */
int can_stop(struct step_env *env, struct err *err)
{
	struct cyclic_count count = { 0 };
	int rc = cyclic_stop(env->cyclic, &count, NULL, err);

	char text[80];

	env->sending = false;
	if (count.unsent) {
		snprintf(text, sizeof(text),
			 "%llu frames of the log were not sent: the attempt ended first",
			 (unsigned long long)count.unsent);
		attempt_note(env->attempt, STEP_NOTE_UNSENT, text);
	}
	if (rc)
		return failed(env, rc, err, "stopping what is sent cyclically");
	if (count.late)
		return err_set(err, ERR_TIMEOUT,
			       "%llu of %llu cyclic frames were a period late or more",
			       (unsigned long long)count.late,
			       (unsigned long long)count.sent);
	return 0;
}

const struct step_kind step_can_send = {
	.name = "can_send",
	.help = "send one frame on the bus",
	.needs = NEED_BUS,
	.stimulus = true,
	.params = send_items,
	.params_size = sizeof(struct send_params),
	.run = run_send,
	.check = check_send,
	.is_fd = send_is_fd,
};

const struct step_kind step_can_cyclic = {
	.name = "can_cyclic",
	.help = "send a frame over and over, until the attempt ends",
	.needs = NEED_BUS,
	.stimulus = true,
	.params = cyclic_items,
	.params_size = sizeof(struct cyclic_params),
	.run = run_cyclic,
	.check = check_cyclic,
	.is_fd = cyclic_is_fd,
};

const struct step_kind step_can_load = {
	.name = "can_load",
	.help = "fill a share of the bus' time, until the attempt ends",
	.needs = NEED_BUS,
	.stimulus = true,
	.params = load_items,
	.params_size = sizeof(struct load_params),
	.run = run_load,
	.check = check_load,
	.is_fd = load_is_fd,
};
