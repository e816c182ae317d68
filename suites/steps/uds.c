#include "drivers/can/uds.h"

#include "drivers/bus.h"
#include "drivers/can/cyclic.h"
#include "drivers/can/isotp.h"
#include "suites/steps/steps.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Diagnostics: the module is asked by UDS as the target profile says, over the kernel's ISO-TP where the bus has
 * it, else over our own. Times are those of the frames on the bus in either case: from the end of the request to
 * the end of the first frame of the answer.
 */
#define SEND_LIMIT_NS (2 * NS_PER_S)
#define LATE_NS (100 * NS_PER_MS) /* what came in time may be read that much later */
#define TURN_NS \
	(5 * NS_PER_MS) /* the kernel's messages come by another way than its frames */
#define PENDING_MAX 100
#define ANSWER_LIMIT_NS (60 * NS_PER_S) /* of all frames of one */
#define PRESENT_EVERY_NS (2 * NS_PER_S) /* S3 of a tester */
#define READ 0x22
#define PENDING 0x78
#define SILENT 0x80

struct talk {
	const struct uds_target *target;
	int fd; /* of the kernel's; -1: .tp */
	struct tp tp;
	int next;        /* frame of env->heard that .tp has not seen */
	int from, begin; /* frames since the request; since the last answer */
	int wanted;      /* frames the request has */
	const struct bus_frame *asked; /* the last of them; NULL: it is not out yet */
	struct bus_frame asked_room;
	bool held; /* a message came before the request was seen to be out */
	struct buf answer;
	uint8_t room[TP_MAX];
};

/* A request and what became of it. */
struct question {
	struct bytes request;
	bool silent;            /* no answer is wanted */
	enum uds_answer kind;   /* out */
	uint8_t code;           /* out, with UDS_REFUSED */
	struct bytes answer;    /* out: borrowed from the talk */
	struct bus_frame first; /* out: its first frame */
};

static int begin_talk(struct talk *t, struct step_env *env, struct err *err)
{
	struct err own = { 0 };

	t->target = env->uds;
	t->answer = BUF_ON(t->room);
	tp_init(&t->tp, &t->target->tp);
	t->fd = bus_isotp(env->bus, &t->target->tp, &own);
	if (t->fd >= 0 || own.code == ERR_UNSUPPORTED) {
		t->fd = t->fd >= 0 ? t->fd : -1;
		return 0;
	}
	if (err)
		*err = own;
	env->failed |= NEED_BUS;
	return own.code;
}

static void end_talk(struct talk *t)
{
	if (t->fd >= 0)
		close(t->fd);
}

static bool is_from(const struct canframe *f, uint32_t id, bool extended)
{
	return f->id == id && f->extended == extended && !f->remote && !f->error &&
	       f->len;
}

/* The frame in which the request ended; flow control of ours is none of it. */
static void find_asked(struct talk *t, const struct step_env *env)
{
	const struct tp_options *o = &t->target->tp;
	int seen = 0;

	for (int i = t->from; !t->asked && i < env->heard_count; i++) {
		const struct bus_frame *f = &env->heard[i];

		if (!is_from(&f->frame, o->send, o->send_extended) ||
		    f->frame.data[0] >> 4 > 2 || ++seen < t->wanted)
			continue;
		t->asked_room = *f;
		t->asked = &t->asked_room;
		t->begin = i + 1;
	}
}

/* The frame with which a message of the other side began, behind those seen before. */
static bool find_first(struct talk *t, const struct step_env *env,
		       struct bus_frame *first)
{
	const struct tp_options *o = &t->target->tp;

	for (int i = t->begin; i < env->heard_count; i++) {
		const struct bus_frame *f = &env->heard[i];

		if (!is_from(&f->frame, o->receive, o->receive_extended) ||
		    f->frame.data[0] >> 4 > 1)
			continue;
		*first = *f;
		t->begin = i + 1;
		return true;
	}
	return false;
}

static int frames_of(const struct tp_options *o, size_t len)
{
	size_t first = (size_t)o->frame - 2, more = (size_t)o->frame - 1;

	if (len <= 7 || (o->frame > 8 && len <= first))
		return 1;
	return 1 + (int)((len - first + more - 1) / more);
}

static int failed(struct step_env *env, int rc, struct err *err)
{
	env->failed |= NEED_BUS;
	return err_wrap(err, rc, "diagnostics");
}

/* What our own ISO-TP has to send, and when it wants to be asked again. */
static int send_frames(struct talk *t, struct step_env *env, int64_t *until_ns,
		       struct err *err)
{
	enum bus_result result = BUS_OK;
	struct canframe f;
	int64_t wake = *until_ns;

	while (result == BUS_OK && tp_next(&t->tp, &f, clock_now(env->clock), &wake)) {
		int rc = bus_send(env->bus, &f, 0, &result, err);

		if (rc)
			return failed(env, rc, err);
		if (result == BUS_OK)
			tp_sent(&t->tp, clock_now(env->clock));
		else
			wake = clock_now(env->clock) + NS_PER_MS;
	}
	if (wake < *until_ns)
		*until_ns = wake;
	return 0;
}

static int turn_kernel(struct talk *t, struct step_env *env, int64_t until_ns,
		       bool *message, struct err *err)
{
	int64_t soon = clock_now(env->clock) + TURN_NS;
	int rc;

	*message = false;
	if (t->held)
		return can_collect(env, soon, err);
	buf_clear(&t->answer);
	rc = isotp_receive(t->fd, &t->answer, 0, NULL, err);
	*message = !rc;
	if (rc && rc != ERR_TIMEOUT)
		return failed(env, rc, err);
	return can_collect(env, *message ? 0 : until_ns < soon ? until_ns : soon, err);
}

static int turn_own(struct talk *t, struct step_env *env, int64_t until_ns, bool *message,
		    struct err *err)
{
	struct bytes got;
	int64_t began;
	int rc;

	/* one after the other: a message is taken before the next may begin */
	*message = false;
	while (!*message && t->next < env->heard_count) {
		const struct bus_frame *f = &env->heard[t->next++];

		if (!f->own)
			tp_frame(&t->tp, &f->frame, f->at_ns);
		*message = tp_take(&t->tp, &got, &began);
	}
	if (*message) {
		buf_clear(&t->answer);
		buf_add(&t->answer, got);
	}
	rc = send_frames(t, env, &until_ns, err);
	return rc ? rc : can_collect(env, *message ? 0 : until_ns, err);
}

/* Serve the talk and wait, until @until at the latest. @param message  out: one is in t->answer */
static int turn(struct talk *t, struct step_env *env, int64_t until_ns, bool *message,
		struct err *err)
{
	int rc = t->fd >= 0 ? turn_kernel(t, env, until_ns, message, err)
			    : turn_own(t, env, until_ns, message, err);

	if (!rc && env->heard_lost)
		return err_set(err, ERR_RANGE,
			       "%u frames were lost on their way from the bus",
			       env->heard_lost);
	find_asked(t, env);
	return rc;
}

static const char *request_text(const struct question *q, char out[40])
{
	struct bytes b = q->request;

	hex_of(b, out, 33);
	if (b.len > 16)
		strcpy(out + 32, "...");
	return out;
}

/* The request is out, or why not: the bench's fault when nothing of it was seen on the bus. */
static int ask(struct talk *t, struct step_env *env, const struct question *q,
	       struct err *err)
{
	int64_t give_up = clock_now(env->clock) + SEND_LIMIT_NS;
	char text[40];
	bool message;
	int rc;

	t->from = t->next = env->heard_count;
	t->wanted = frames_of(&t->target->tp, q->request.len);
	t->asked = NULL;
	t->held = false;
	env->stimulus_ns = clock_now(env->clock);
	rc = t->fd >= 0 ? isotp_send(t->fd, q->request, err)
			: tp_send(&t->tp, q->request, env->stimulus_ns);
	if (rc)
		return failed(env, rc, err);
	/* the kernel may hand over the answer before its frames, and those of the request, are looked at */
	while (!rc && !t->asked && clock_now(env->clock) < give_up &&
	       t->tp.trouble == TP_FINE) {
		rc = turn(t, env, give_up, &message, err);
		t->held = t->held || message;
	}
	if (rc || t->asked)
		return rc;
	for (int i = t->from; i < env->heard_count; i++)
		if (is_from(&env->heard[i].frame, t->target->tp.send,
			    t->target->tp.send_extended)) {
			attempt_complain(env->attempt, "%s: not taken as a whole: %s",
					 request_text(q, text),
					 tp_trouble_text(t->tp.trouble ? t->tp.trouble
								       : TP_NO_FLOW));
			return STEP_STOP;
		}
	err_set(err, ERR_IO,
		"the request was not seen on the bus (does the rig's filter hide %X?)",
		t->target->tp.send);
	return failed(env, ERR_IO, err);
}

/* Of something that did not come in time, which a machine that held the emulated desk up may have caused. */
__attribute__((format(printf, 2, 3))) static void complain_late(struct step_env *env,
								const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	env->attempt->timed = !env->attempt->complaint[0];
	attempt_complain(env->attempt, "%s", text);
}

/* P2 is over when an answer begins: one of many frames may take until none comes for N_Cr. 0: none began. */
static int64_t under_way_until(const struct talk *t, const struct step_env *env)
{
	const struct tp_options *o = &t->target->tp;
	int64_t until = 0;

	for (int i = t->begin; i < env->heard_count; i++) {
		const struct bus_frame *f = &env->heard[i];
		int kind = f->frame.data[0] >> 4;

		if (is_from(&f->frame, o->receive, o->receive_extended) &&
		    (kind == 1 || (kind == 2 && until)))
			until = f->at_ns + TP_WAIT_NS + LATE_NS;
	}
	return until;
}

/* Wait for a message that answers, pending or not. @return 0, STEP_STOP: none came */
static int await(struct talk *t, struct step_env *env, struct question *q,
		 const struct bus_frame *since, int64_t within_ns, const char *which,
		 struct err *err)
{
	int64_t give_up = since->at_ns + since->slack_ns + within_ns + LATE_NS;
	int64_t at_most = give_up + ANSWER_LIMIT_NS;
	char text[40];

	q->kind = UDS_OTHER;
	while (q->kind == UDS_OTHER && clock_now(env->clock) < give_up) {
		bool message = t->held;
		int rc = message ? 0 : turn(t, env, give_up, &message, err);
		int64_t until = under_way_until(t, env);

		if (rc)
			return rc;
		t->held = false;
		if (until > give_up)
			give_up = until < at_most ? until : at_most;
		if (!message)
			continue;
		if (!find_first(t, env, &q->first))
			return failed(env,
				      err_set(err, ERR_IO,
					      "an answer came that was not seen on the "
					      "bus (does the rig's filter hide %X?)",
					      t->target->tp.receive),
				      err);
		q->answer = buf_bytes(&t->answer);
		q->kind = uds_answer_to(q->answer, q->request.data[0], &q->code);
	}
	if (q->kind == UDS_OTHER && !q->silent)
		complain_late(env, "%s: no answer within %lld ms (%s)%s%s",
			      request_text(q, text), (long long)(within_ns / NS_PER_MS),
			      which, t->tp.trouble ? "; " : "",
			      tp_trouble_text(t->tp.trouble));
	if (q->kind == UDS_OTHER)
		return q->silent ? 0 : STEP_STOP;
	if (q->first.at_ns - since->at_ns - q->first.slack_ns - since->slack_ns <=
	    within_ns)
		return 0;
	complain_late(env, "%s: answered after %.1f ms; %s is %lld ms",
		      request_text(q, text),
		      (double)(q->first.at_ns - since->at_ns) / 1e6, which,
		      (long long)(within_ns / NS_PER_MS));
	return STEP_STOP;
}

static int converse(struct talk *t, struct step_env *env, struct question *q,
		    struct err *err)
{
	char text[40];
	int rc = ask(t, env, q, err);

	if (!rc)
		rc = await(t, env, q, t->asked, t->target->p2_ns, "P2", err);
	for (int i = 0; !rc && q->kind == UDS_PENDING; i++) {
		struct bus_frame since = q->first;

		if (i == PENDING_MAX) {
			attempt_complain(env->attempt,
					 "%s: it says again and again that it takes "
					 "longer",
					 request_text(q, text));
			return STEP_STOP;
		}
		rc = await(t, env, q, &since, t->target->p2_star_ns, "P2*", err);
	}
	if (rc || q->kind == UDS_OTHER)
		return rc;
	attempt_point(env->attempt, "uds.sent", t->asked->at_ns, t->asked->slack_ns);
	attempt_point(env->attempt, "uds.answered", q->first.at_ns, q->first.slack_ns);
	return 0;
}

/* @return 0, STEP_STOP, or an error; what came is in @t until end_talk */
static int question(struct talk *t, struct step_env *env, struct question *q,
		    struct err *err)
{
	int rc = can_collect(env, 0, err);

	if (!rc && !env->uds)
		return err_set(err, ERR_UNSUPPORTED,
			       "the target profile has no 'uds', so nobody can be asked");
	if (!rc)
		rc = begin_talk(t, env, err);
	if (!rc)
		rc = converse(t, env, q, err);
	end_talk(t);
	return rc;
}

static int complain_refused(struct step_env *env, const struct question *q)
{
	char text[40];

	attempt_complain(env->attempt, "%s: refused with %02X %s", request_text(q, text),
			 q->code, uds_code_text(q->code));
	return STEP_STOP;
}

static const char *rehearse_asked(const void *params, struct attempt *a)
{
	(void)params;
	attempt_point(a, "uds.sent", 0, 0);
	attempt_point(a, "uds.answered", 0, 0);
	return NULL;
}

/* -- uds_read -- */

struct read_params {
	struct bytes id;
	const char *equals, *matches;
};

#define FIELD(f) offsetof(struct read_params, f)
static const struct conf_item read_items[] = {
	{ "id", CONF_HEX, FIELD(id), NULL, "the identifier: F18C", 2, 2, NULL },
	{ "equals", CONF_TEXT, FIELD(equals), CONF_ABSENT,
	  "the value it must have, as text, or in hex when it is none", 0, 0, NULL },
	{ "matches", CONF_TEXT, FIELD(matches), CONF_ABSENT,
	  "an extended regular expression that must be found in it", 0, 0, NULL },
	{ 0 },
};

/*
 * Counts in braces multiply what a pattern needs of memory, back-references what it needs of time: a suite from
 * anywhere has neither.
 */
static int compile(regex_t *out, const char *pattern, char why[80])
{
	int rc;

	snprintf(why, 80, "neither '{' nor '\\' and a digit");
	if (strlen(pattern) > 100 || strchr(pattern, '{'))
		return ERR_FORMAT;
	for (const char *p = strchr(pattern, '\\'); p; p = strchr(p + 1, '\\'))
		if (p[1] >= '0' && p[1] <= '9')
			return ERR_FORMAT;
	rc = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB);
	if (rc)
		regerror(rc, NULL, why, 80);
	return rc ? ERR_FORMAT : 0;
}

static int check_read(const void *params, const struct step_rig *rig, struct node at,
		      struct err *err)
{
	const struct read_params *p = params;
	char why[80];
	regex_t r;

	(void)rig;
	if (p->matches && compile(&r, p->matches, why))
		return node_error(at, err, "matches: '%.60s': %s", p->matches, why);
	if (p->matches)
		regfree(&r);
	return 0;
}

static int judge_value(const struct read_params *p, struct step_env *env,
		       const char *value, uint16_t id)
{
	bool found = true;
	char why[80];
	regex_t r;

	if (p->matches && !compile(&r, p->matches, why)) {
		found = regexec(&r, value, 0, NULL, 0) == 0;
		regfree(&r);
	}
	if (found && (!p->equals || strcmp(p->equals, value) == 0))
		return 0;
	attempt_complain(env->attempt, "%04X is '%.80s', not %s'%.60s'", id, value,
			 found ? "" : "as in ", found ? p->equals : p->matches);
	return STEP_STOP;
}

static int run_read(const void *params, struct step_env *env, struct err *err)
{
	const struct read_params *p = params;
	uint16_t id = (uint16_t)(p->id.data[0] << 8 | p->id.data[1]);
	uint8_t ask_room[3], code;
	struct buf request = BUF_ON(ask_room);
	struct question q = { 0 };
	char value[ATTEMPT_NOTE_TEXT] = "", name[16];
	struct bytes got;
	struct talk t;
	int rc;

	uds_ask(id, &request);
	q.request = buf_bytes(&request);
	rc = question(&t, env, &q, err);
	if (rc)
		return rc;
	if (q.kind == UDS_REFUSED)
		return complain_refused(env, &q);
	if (uds_read(q.answer, id, &got, &code) != UDS_VALUE) {
		attempt_complain(env->attempt,
				 "%04X: the answer is to another identifier", id);
		return STEP_STOP;
	}
	uds_value_text(got, value, sizeof(value));
	snprintf(name, sizeof(name), "uds %04X", id);
	attempt_note(env->attempt, name, value);
	return judge_value(p, env, value, id);
}

const struct step_kind step_uds_read = {
	.name = "uds_read",
	.help = "ask the module for an identifier by UDS; its value goes on record",
	.needs = NEED_BUS,
	.asks = true,
	.params = read_items,
	.params_size = sizeof(struct read_params),
	.rehearse = rehearse_asked,
	.run = run_read,
	.check = check_read,
};

/* -- uds_request -- */

struct request_params {
	struct bytes request, answer, refused;
	bool silent;
};

#undef FIELD
#define FIELD(f) offsetof(struct request_params, f)
static const struct conf_item request_items[] = {
	{ "request", CONF_HEX, FIELD(request), NULL, "its bytes: 31 01 02 03", 1, 512,
	  NULL },
	{ "answer", CONF_HEX, FIELD(answer), CONF_ABSENT,
	  "what a positive answer must begin with; else any is taken", 1, 64, NULL },
	{ "refused", CONF_HEX, FIELD(refused), CONF_ABSENT,
	  "it must be refused, with this response code: 33", 1, 1, NULL },
	{ "silent", CONF_BOOL, FIELD(silent), "no",
	  "no answer must come (within P2): 3E 80", 0, 0, NULL },
	{ 0 },
};

static int check_request(const void *params, const struct step_rig *rig, struct node at,
			 struct err *err)
{
	const struct request_params *p = params;
	uint8_t service = p->request.data[0];

	(void)rig;
	if ((p->answer.len > 0) + (p->refused.len > 0) + p->silent > 1)
		return node_error(at, err,
				  "'answer', 'refused' and 'silent' exclude each other");
	if (service & 0x40)
		return node_error(at, err, "request: %02X is an answer", service);
	if (p->answer.len && p->answer.data[0] != (service | 0x40))
		return node_error(
			at, err,
			"answer: that to %02X begins with %02X; what is refused "
			"is said by 'refused'",
			service, service | 0x40);
	if (p->refused.len && p->refused.data[0] == PENDING)
		return node_error(at, err,
				  "refused: 78 is no refusal; it is waited for what "
				  "comes behind it");
	return 0;
}

static int judge_answer(const struct request_params *p, struct step_env *env,
			const struct question *q)
{
	char asked[40], got[40], wanted[40];

	if (p->silent && q->kind == UDS_OTHER)
		return 0;
	if (p->refused.len && q->kind == UDS_REFUSED && q->code == p->refused.data[0])
		return 0;
	if (q->kind == UDS_REFUSED)
		return complain_refused(env, q);
	hex_of(q->answer, got, sizeof(got));
	if (p->silent || p->refused.len) {
		attempt_complain(env->attempt, "%s: answered with %s, not %s",
				 request_text(q, asked), got,
				 p->silent ? "silence" : "refused");
		return STEP_STOP;
	}
	if (q->answer.len >= p->answer.len &&
	    (!p->answer.len || !memcmp(q->answer.data, p->answer.data, p->answer.len)))
		return 0;
	attempt_complain(env->attempt, "%s: answered with %s, not %s",
			 request_text(q, asked), got,
			 hex_of(p->answer, wanted, sizeof(wanted)));
	return STEP_STOP;
}

static int run_request(const void *params, struct step_env *env, struct err *err)
{
	const struct request_params *p = params;
	struct question q = { .request = p->request, .silent = p->silent };
	char text[ATTEMPT_NOTE_TEXT], name[16];
	struct talk t;
	int rc = question(&t, env, &q, err);

	if (rc)
		return rc;
	if (q.kind != UDS_OTHER) {
		snprintf(name, sizeof(name), "uds %02X", p->request.data[0]);
		attempt_note(env->attempt, name, hex_of(q.answer, text, sizeof(text)));
	}
	return judge_answer(p, env, &q);
}

static const char *rehearse_request(const void *params, struct attempt *a)
{
	const struct request_params *p = params;

	return p->silent ? NULL : rehearse_asked(params, a);
}

const struct step_kind step_uds_request = {
	.name = "uds_request",
	.help = "send a UDS request as it stands, and expect an answer, a refusal or "
		"none",
	.needs = NEED_BUS,
	.asks = true,
	.params = request_items,
	.params_size = sizeof(struct request_params),
	.rehearse = rehearse_request,
	.run = run_request,
	.check = check_request,
};

/* -- uds_session -- */

struct session_params {
	int kind;
	bool keep;
};

static const char *const sessions[] = { "default", "programming", "extended", "safety",
					NULL };
static const struct conf_item session_items[] = {
	{ "kind", CONF_CHOICE, offsetof(struct session_params, kind), NULL, "the session",
	  0, 0, sessions },
	{ "keep", CONF_BOOL, offsetof(struct session_params, keep), "yes",
	  "tell it every 2 s that a tester is present, until the attempt ends", 0, 0,
	  NULL },
	{ 0 },
};

/* One frame that wants no answer, from the process that sends cyclic ones. */
static int keep_session(struct step_env *env, struct err *err)
{
	static const uint8_t present[] = { 0x3e, SILENT };
	struct canframe f;
	int64_t wake;
	struct tp tp;
	int rc;

	if (!env->cyclic)
		return err_set(err, ERR_UNSUPPORTED, "this bus cannot send by itself");
	tp_init(&tp, &env->uds->tp);
	tp_send(&tp, BYTES_OF(present), 0);
	tp_next(&tp, &f, 0, &wake);
	env->sending = true;
	rc = cyclic_add(env->cyclic, &f, PRESENT_EVERY_NS,
			clock_now(env->clock) + PRESENT_EVERY_NS, err);
	return rc ? failed(env, rc, err) : 0;
}

static int change_session(struct step_env *env, uint8_t kind, struct err *err)
{
	uint8_t request[] = { 0x10, kind };
	struct question q = { .request = BYTES_OF(request) };
	struct talk t;
	int rc = question(&t, env, &q, err);

	if (rc)
		return rc;
	if (q.kind == UDS_REFUSED)
		return complain_refused(env, &q);
	if (q.answer.len >= 2 && q.answer.data[1] == kind)
		return 0;
	attempt_complain(env->attempt, "it answers for another session than %02X", kind);
	return STEP_STOP;
}

static int run_session(const void *params, struct step_env *env, struct err *err)
{
	const struct session_params *p = params;
	uint8_t kind = (uint8_t)(p->kind + 1);
	int rc = change_session(env, kind, err);

	if (rc)
		return rc;
	env->in_session = kind != 1;
	return env->in_session && p->keep ? keep_session(env, err) : 0;
}

/* A module that does not go back goes by itself when nobody is present: that it does is not asked here. */
int uds_end_session(struct step_env *env, struct err *err)
{
	struct attempt *of = env->attempt, unwanted;
	int rc;

	attempt_init(&unwanted);
	env->attempt = &unwanted;
	rc = change_session(env, 1, err);
	env->attempt = of;
	env->in_session = false;
	return rc > 0 ? 0 : rc;
}

const struct step_kind step_uds_session = {
	.name = "uds_session",
	.help = "change the module's diagnostic session, and keep it; tear-down ends it",
	.needs = NEED_BUS,
	.asks = true,
	.params = session_items,
	.params_size = sizeof(struct session_params),
	.rehearse = rehearse_asked,
	.run = run_session,
};
