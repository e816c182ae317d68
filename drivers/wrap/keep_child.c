#include "drivers/wrap/keep_child.h"

#include "drivers/wrap/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void tell_guard(struct keeper *k, enum guard_tick what)
{
	char c = (char)what;

	k->ticked_ns = now();
	if (write(CHILD_TICKS, &c, 1) < 0 && errno == EPIPE && !k->alone) {
		k->alone = true;
		k->dropped = true; /* unguarded, it does not stay as it is */
		k->drop(k);
		dprintf(STDERR_FILENO,
			"the guard of this device is gone\n"); /* to the log */
	}
}

static void drop_if_silent(struct keeper *k)
{
	if (!k->exposed(k) || now() - k->heard_ns < WORKER_HEARTBEAT_LIMIT_NS)
		return;
	k->dropped = true;
	k->drop(k); /* failed: still exposed, and the next turn tries again */
}

int keep_say_dropped(struct keeper *k, struct err *err)
{
	k->dropped = false;
	if (k->alone)
		return err_set(err, ERR_GONE,
			       "the device dropped itself: its guard is gone");
	return err_set(err, ERR_TIMEOUT,
		       "the device dropped itself: no word from the controller for a "
		       "second");
}

int keep_may_expose(struct keeper *k, struct err *err)
{
	if (k->alone)
		return err_set(err, ERR_GONE, "the guard of this device is gone");
	return k->dropped ? keep_say_dropped(k, err) : 0;
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

static void serve_one(struct keeper *k, const struct worker_message *m)
{
	struct worker_message answer;
	struct err err = { 0 };

	worker_message_init(&answer, (enum worker_op)m->op, m->seq);
	say(&answer, k->serve(k, m, &answer, &err), &err);
}

/*
 * SIGTERM is let in here and nowhere else: a call to the device is short and is not torn.
 */
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

static void serve_all(struct keeper *k)
{
	struct worker_message m;

	while (!ending) {
		int n = worker_receive(CHILD_SOCKET, &m);

		if (n == 0 || (n < 0 && errno != EAGAIN) ||
		    (n == 1 && m.op == WORKER_CLOSE))
			return;
		/*
		 * whatever waited in the socket while this process was stopped is no sign
		 * of life now
		 */
		drop_if_silent(k);
		if (n == 1) {
			k->heard_ns = now();
			if (m.op != WORKER_HEARTBEAT)
				serve_one(k, &m);
		}
		if (now() - k->ticked_ns >= WORKER_HEARTBEAT_NS)
			tell_guard(k, GUARD_OPEN);
		if (n != 1)
			wait_turn(k->ticked_ns + WORKER_HEARTBEAT_NS);
	}
}

void keep_begin(void)
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

void keep_run(struct keeper *k, int rc, const struct err *err)
{
	struct worker_message answer;

	/* a guard that does not read must not stop us */
	fcntl(CHILD_TICKS, F_SETFL, O_NONBLOCK);
	worker_message_init(&answer, WORKER_OPEN, WORKER_OPEN_SEQ);
	if (rc == 0) {
		k->heard_ns = now();
		tell_guard(k, GUARD_OPEN);
	}
	say(&answer, rc, err);
	if (rc == 0) {
		serve_all(k);
		k->close(k);
	}
	tell_guard(k, GUARD_BYE);
	_exit(EXIT_SUCCESS);
}
