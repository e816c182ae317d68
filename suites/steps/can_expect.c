#include "bench/core/wire/dbc.h"
#include "drivers/bus.h"
#include "suites/steps/steps.h"

#include <stdio.h>
#include <string.h>

/*
 * Wait for a frame, or for a signal to have a value: the moment the vehicle speaks.
 *
 * Counted are frames since the phone was activated; one that says so before it was is held against the
 * target: it cannot be the answer to this tap. So is, in a transaction, one before the command that
 * the key proves itself in answer to was under way. Without an activation in the attempt it is the
 * last can_send that is answered.
 */
struct expect_params {
	const char *message, *signal, *equals, *frame;
	struct bytes mask;
	bool fd;
	int64_t within_ns;
};

#define FIELD(f) offsetof(struct expect_params, f)
static const struct conf_item expect_items[] = {
	{ "message", CONF_TEXT, FIELD(message), CONF_ABSENT, "a message of the rig's DBC",
	  0, 0, NULL },
	{ "signal", CONF_TEXT, FIELD(signal), CONF_ABSENT, "a signal of it", 0, 0, NULL },
	{ "equals", CONF_TEXT, FIELD(equals), CONF_ABSENT,
	  "the value it must have: a name of the DBC or a number", 0, 0, NULL },
	{ "frame", CONF_TEXT, FIELD(frame), CONF_ABSENT,
	  "a frame as it stands, 123#DEAD, instead of message: its bytes are the first",
	  0, 0, NULL },
	{ "mask", CONF_HEX, FIELD(mask), CONF_ABSENT,
	  "which bits of frame's bytes count: as many bytes", 0, 64, NULL },
	{ "fd", CONF_BOOL, FIELD(fd), "no",
	  "frame is an FD frame, of up to 64 bytes; a classic one is none", 0, 0, NULL },
	{ "within", CONF_TIME, FIELD(within_ns), "1 s",
	  "how long to wait, counted from this step on", NS_PER_MS, 600 * NS_PER_S,
	  NULL },
	{ 0 },
};

/* The parameters with their names looked up. */
struct wanted {
	const struct dbc_message *message; /* NULL: .frame */
	const struct dbc_signal *signal;   /* NULL: any frame of the message */
	uint64_t raw;
	struct canframe frame;
	struct bytes mask;
	char text[120];
};

static int look_up_signal(struct wanted *w, const struct expect_params *p, struct node at,
			  struct err *err)
{
	struct err own = { 0 };

	if (!p->signal)
		return 0;
	w->signal = dbc_signal(w->message, p->signal);
	if (!w->signal)
		return node_error(at, err, "%s has no signal '%.60s'", w->message->name,
				  p->signal);
	if (dbc_raw_of_text(w->signal, p->equals, &w->raw, &own))
		return node_error(at, err, "%s", own.text);
	snprintf(w->text, sizeof(w->text), "%.50s with %.40s = %.20s", w->message->name,
		 w->signal->name, p->equals);
	return 0;
}

static int look_up(struct wanted *w, const struct expect_params *p, const struct dbc *dbc,
		   struct node at, struct err *err)
{
	int rc;

	memset(w, 0, sizeof(*w));
	if (!p->message == !p->frame)
		return node_error(at, err, "either 'message' or 'frame' is needed");
	if (!p->signal != !p->equals || (p->signal && !p->message))
		return node_error(at, err,
				  "'message', 'signal' and 'equals' go together");
	if (p->message) {
		if (p->mask.len)
			return node_error(at, err, "'mask' goes with 'frame'");
		rc = can_find_message(&w->message, dbc, p->message, at, err);
		if (rc)
			return rc;
		snprintf(w->text, sizeof(w->text), "%.100s", p->message);
		return look_up_signal(w, p, at, err);
	}
	rc = can_read_fd_frame(&w->frame, p->frame, p->fd, false, at, err);
	if (rc)
		return rc;
	if (p->mask.len && p->mask.len != w->frame.len)
		return node_error(at, err, "mask: %zu bytes for the %d of the frame",
				  p->mask.len, w->frame.len);
	w->mask = p->mask;
	snprintf(w->text, sizeof(w->text), "%.100s", p->frame);
	return 0;
}

static bool same_source(const struct wanted *w, const struct canframe *f)
{
	if (w->message)
		return !f->remote && !f->error && f->id == w->message->id &&
		       f->extended == w->message->extended;
	return f->id == w->frame.id && f->extended == w->frame.extended &&
	       f->remote == w->frame.remote && !f->error && (f->fd || !w->frame.fd);
}

static bool matches(const struct wanted *w, const struct canframe *f)
{
	if (!same_source(w, f))
		return false;
	if (w->message)
		return !w->signal || (dbc_present(w->message, w->signal, f) &&
				      dbc_get(w->signal, f->data) == w->raw);
	if (f->remote)
		return true;
	if (f->len < w->frame.len)
		return false;
	for (int i = 0; i < w->frame.len; i++) {
		uint8_t mask = w->mask.len ? w->mask.data[i] : 0xff;

		if ((f->data[i] ^ w->frame.data[i]) & mask)
			return false;
	}
	return true;
}

/* Came it before what it should answer? The slacks of both stamps are the benefit of the doubt. */
static bool before(const struct bus_frame *f, int64_t at_ns, int64_t slack_ns)
{
	return f->at_ns + f->slack_ns + slack_ns < at_ns;
}

/* The phone is there: as a reader has it, else (both being strangers) as a sensor has; or NULL. */
static const struct attempt_point *arrival(const struct attempt *a)
{
	const struct attempt_point *activated = attempt_find(a, "activated");

	return activated ? activated : attempt_find(a, "t0");
}

/* Before this no vehicle can know whose phone it is; NULL: nothing was transacted yet. */
static const struct attempt_point *proof(const struct attempt *a)
{
	static const char *const names[] = { "auth1.sent", "auth1.received", "auth0.sent",
					     "auth0.received" };
	const struct attempt_point *p = NULL;

	for (int i = 0; i < 4 && !p; i++)
		p = attempt_find(a, names[i]);
	return p;
}

static void complain_early(struct step_env *env, const char *text, int64_t at_ns,
			   const struct attempt_point *p, const char *what)
{
	attempt_complain(env->attempt, "%s came %.1f ms before %s", text,
			 (double)(p->at_ns - at_ns) / (double)NS_PER_MS, what);
}

/* The first that counts from @from on, or NULL; one that came too early is complained about. */
static const struct bus_frame *find(struct step_env *env, const struct wanted *w,
				    int from)
{
	const struct attempt_point *there = arrival(env->attempt);
	const struct attempt_point *proved = proof(env->attempt);

	for (int i = from; i < env->heard_count; i++) {
		const struct bus_frame *f = &env->heard[i];

		if (f->own || !matches(w, &f->frame))
			continue;
		/* the proof first: a process that was not run may stamp an activation late */
		if (proved && before(f, proved->at_ns, proved->slack_ns))
			complain_early(env, w->text, f->at_ns, proved,
				       "the key could prove itself");
		else if (there && before(f, there->at_ns, there->slack_ns))
			complain_early(env, w->text, f->at_ns, there,
				       strcmp(there->name, "t0") == 0
					       ? "the sensor saw the phone"
					       : "the phone was activated");
		else if (there || !before(f, env->stimulus_ns, 0))
			return f;
	}
	return NULL;
}

static void complain_nothing(struct step_env *env, const struct wanted *w,
			     int64_t within_ns)
{
	const struct bus_frame *last = NULL;
	char value[60] = "";

	for (int i = 0; i < env->heard_count; i++)
		if (!env->heard[i].own && same_source(w, &env->heard[i].frame))
			last = &env->heard[i];
	if (last && w->signal && dbc_present(w->message, w->signal, &last->frame))
		dbc_text(w->signal, dbc_get(w->signal, last->frame.data), value,
			 sizeof(value));
	env->attempt->timed = !env->attempt->complaint[0];
	attempt_complain(env->attempt, "no %s within %lld ms%s%s%s", w->text,
			 (long long)(within_ns / NS_PER_MS),
			 value[0] ? "; the last one said " : "", value,
			 last ? "" : "; nothing of it was heard at all");
}

/* The first announcement of the tap is its point; what was expected before the tap is none. */
static void stamp(struct step_env *env, const struct bus_frame *f)
{
	const struct attempt_point *there = arrival(env->attempt);
	const struct attempt_point *bus = attempt_find(env->attempt, "bus");

	if (!bus || (there && bus->at_ns < there->at_ns))
		attempt_point(env->attempt, "bus", f->at_ns, f->slack_ns);
}

static int run_expect(const void *params, struct step_env *env, struct err *err)
{
	const struct expect_params *p = params;
	int64_t deadline = clock_now(env->clock) + p->within_ns;
	const struct bus_frame *found = NULL;
	struct wanted w;
	int rc = look_up(&w, p, env->dbc, (struct node){ 0 }, err);

	if (!rc)
		rc = can_collect(env, 0, err);
	for (int from = 0; !rc && !found;) {
		found = find(env, &w, from);
		from = env->heard_count;
		if (found || clock_now(env->clock) >= deadline)
			break;
		rc = can_collect(env, deadline, err);
	}
	if (rc)
		return rc;
	/* what was lost may have been the very frame, or an earlier one like it */
	if (env->heard_lost)
		return err_set(err, ERR_RANGE,
			       "%u frames were lost on their way from the bus",
			       env->heard_lost);
	if (!found)
		complain_nothing(env, &w, p->within_ns);
	else
		stamp(env, found);
	return found ? 0 : STEP_STOP;
}

/* Before the tap it leaves nothing that anything is measured from. */
static const char *rehearse_expect(const void *params, struct attempt *a)
{
	(void)params;
	if (arrival(a))
		attempt_point(a, "bus", 0, 0);
	return NULL;
}

static int check_expect(const void *params, const struct step_rig *rig, struct node at,
			struct err *err)
{
	struct wanted w;

	return look_up(&w, params, rig->dbc, at, err);
}

const struct step_kind step_can_expect = {
	.name = "can_expect",
	.help = "wait for a frame, or for a signal to have a value",
	.needs = NEED_BUS,
	.params = expect_items,
	.params_size = sizeof(struct expect_params),
	.rehearse = rehearse_expect,
	.run = run_expect,
	.check = check_expect,
};
