#include "drivers/wrap/worker.h"
#include "drivers/wrap/worker_child.h"
#include "drivers/wrap/worker_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The process that has a relay board open. It drops the board by itself: at end-of-file, on SIGTERM, and when no
 * message came for WORKER_HEARTBEAT_LIMIT_NS. After the last of these it goes on, but the next set or read
 * says what happened: who asks must not believe that a channel is still on.
 */
struct board {
	struct relay *relay;
	uint32_t
		on; /* channels that may be on: a set that failed may have reached them */
	int64_t heard_ns;  /* the last message */
	int64_t ticked_ns; /* the guard was told last */
	bool dropped;      /* by itself, and nobody was told yet */
	bool alone;        /* the guard is gone, and that was said */
};

static volatile sig_atomic_t ending;

static void on_end(int signal)
{
	(void)signal;
	ending = 1;
}

static int64_t now(void)
{
	return clock_now(clock_real());
}

static void tell_guard(struct board *b, enum guard_tick what)
{
	char c = (char)what;

	b->ticked_ns = now();
	if (write(CHILD_TICKS, &c, 1) < 0 && errno == EPIPE && !b->alone) {
		b->alone = true;
		b->dropped = true; /* unguarded, it does not stay on */
		if (relay_all_off(b->relay, NULL) == 0)
			b->on = 0;
		dprintf(STDERR_FILENO,
			"the guard of this board is gone\n"); /* to the log */
	}
}

static void drop_if_silent(struct board *b)
{
	if (!b->on || now() - b->heard_ns < WORKER_HEARTBEAT_LIMIT_NS)
		return;
	b->dropped = true;
	if (relay_all_off(b->relay, NULL) == 0)
		b->on = 0; /* else the next turn tries again */
}

static int say_dropped(struct board *b, struct err *err)
{
	b->dropped = false;
	return err_set(
		err, ERR_TIMEOUT,
		"the board dropped itself: no word from the controller for a second");
}

static int serve_set(struct board *b, const struct worker_set *set, struct err *err)
{
	int rc;

	if (set->channel < 1 || set->channel > 32)
		return err_set(err, ERR_USAGE, "there is no channel %d", set->channel);
	if (b->alone && set->on)
		return err_set(err, ERR_GONE, "the guard of this board is gone");
	if (b->dropped && set->on)
		return say_dropped(b, err);
	if (set->on)
		b->on |= UINT32_C(1) << (set->channel - 1);
	rc = relay_set(b->relay, set->channel, set->on, err);
	if (rc == 0 && !set->on)
		b->on &= ~(UINT32_C(1) << (set->channel - 1));
	return rc == 0 && b->dropped ? say_dropped(b, err) : rc;
}

static int serve_input(struct board *b, const struct worker_set *asked,
		       struct worker_set *answer, struct err *err)
{
	bool on = false;
	int rc;

	if (asked->channel < 1 || asked->channel > 32)
		return err_set(err, ERR_USAGE, "there is no input %d", asked->channel);
	rc = relay_input(b->relay, asked->channel, &on, err);
	answer->channel = asked->channel;
	answer->on = on;
	return rc;
}

static int serve_identity(struct board *b, struct worker_message *answer, struct err *err)
{
	struct worker_identity *out = &answer->u.identity;
	struct relay_identity id;
	int rc = relay_identity(b->relay, &id, err);

	if (rc)
		return rc;
	memcpy(out->model, id.model, sizeof(out->model));
	memcpy(out->link, id.link, sizeof(out->link));
	out->channels = id.channels;
	out->reads_back = id.reads_back;
	out->simulated = id.simulated;
	return 0;
}

static int serve(struct board *b, const struct worker_message *m,
		 struct worker_message *answer, struct err *err)
{
	int rc;

	switch (m->op) {
	case WORKER_SET:
		return serve_set(b, &m->u.set, err);
	case WORKER_ALL_OFF:
		rc = relay_all_off(b->relay, err);
		if (rc == 0)
			b->on = 0;
		return rc;
	case WORKER_READ:
		return b->dropped ? say_dropped(b, err)
				  : relay_read(b->relay, &answer->u.state, err);
	case WORKER_INPUT:
		return serve_input(b, &m->u.set, &answer->u.set, err);
	case WORKER_RELAY_IDENTITY:
		return serve_identity(b, answer, err);
	default:
		return err_set(err, ERR_UNSUPPORTED, "request %u is not a relay's",
			       m->op);
	}
}

static void say(struct worker_message *answer, int rc, const struct err *err)
{
	answer->rc = (int16_t)rc;
	if (rc) {
		memset(&answer->u, 0, sizeof(answer->u));
		memcpy(answer->u.text, err_text(err), strlen(err_text(err)) + 1);
	}
	worker_send(CHILD_SOCKET, answer);
}

static void serve_one(struct board *b, const struct worker_message *m)
{
	struct worker_message answer;
	struct err err = { 0 };

	worker_message_init(&answer, (enum worker_op)m->op, m->seq);
	say(&answer, serve(b, m, &answer, &err), &err);
}

/* SIGTERM is let in here and nowhere else: a call to the board is short and is not torn. */
static void wait_turn(int64_t until_ns)
{
	struct pollfd p = { .fd = CHILD_SOCKET, .events = POLLIN };
	int64_t left = until_ns - now();
	struct timespec t = { 0 };
	sigset_t none;

	if (left > 0)
		t = (struct timespec){ left / NS_PER_S, left % NS_PER_S };
	sigemptyset(&none);
	ppoll(&p, 1, &t, &none);
}

static void serve_all(struct board *b)
{
	struct worker_message m;

	while (!ending) {
		int n = worker_receive(CHILD_SOCKET, &m);

		if (n == 0 || (n < 0 && errno != EAGAIN) ||
		    (n == 1 && m.op == WORKER_CLOSE))
			return;
		/* whatever waited in the socket while this process was stopped is no sign of life now */
		drop_if_silent(b);
		if (n == 1) {
			b->heard_ns = now();
			if (m.op != WORKER_HEARTBEAT)
				serve_one(b, &m);
		}
		if (now() - b->ticked_ns >= WORKER_HEARTBEAT_NS)
			tell_guard(b, GUARD_OPEN);
		if (n != 1)
			wait_turn(b->ticked_ns + WORKER_HEARTBEAT_NS);
	}
}

static void let_in_only_while_waiting(void)
{
	struct sigaction a;
	sigset_t ends;

	memset(&a, 0, sizeof(a));
	a.sa_handler = on_end;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
}

void relay_child_run(const void *job_)
{
	const struct relay_job *job = job_;
	struct worker_message answer;
	struct board b = { 0 };
	struct err err = { 0 };
	int rc;

	let_in_only_while_waiting();
	fcntl(CHILD_TICKS, F_SETFL,
	      O_NONBLOCK); /* a guard that does not read must not stop us */
	worker_message_init(&answer, WORKER_OPEN, WORKER_OPEN_SEQ);
	rc = job->driver->open(&b.relay, job->options, job->clock, &err);
	if (rc == 0) {
		b.heard_ns = now();
		tell_guard(&b, GUARD_OPEN);
	}
	say(&answer, rc, &err);
	if (rc == 0) {
		serve_all(&b);
		relay_close(b.relay);
	}
	tell_guard(&b, GUARD_BYE);
	_exit(EXIT_SUCCESS);
}
