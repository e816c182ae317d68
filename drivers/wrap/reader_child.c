#include "drivers/wrap/worker_child.h"
#include "drivers/wrap/worker_wire.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * A call that blocks ends in two ways. SIGUSR1, from the controller: abort the call, go on serving. SIGTERM,
 * from anybody, and from the kernel when the controller dies: abort the call, close the device (the field
 * goes off), end. An abort that comes a moment too early is lost, so both are repeated: the first by the
 * controller, the second by a timer that also makes an end of it when the device does not.
 */
#define END_TICK_US 50000
#define END_TICKS 40 /* 2 s to come back from a call and close */

static struct reader *device; /* for the handlers; NULL while it is opened or closed */
static volatile sig_atomic_t calling; /* inside one of its calls */
static volatile sig_atomic_t ending;

static void abort_call(void)
{
	if (calling && device)
		device->ops->abort(device, NULL);
}

static void on_abort(int signal)
{
	int saved = errno;

	(void)signal;
	abort_call();
	errno = saved;
}

static void on_end(int signal)
{
	const struct itimerval every = { { 0, END_TICK_US }, { 0, END_TICK_US } };
	int saved = errno;

	(void)signal;
	if (!ending) {
		ending = 1;
		setitimer(ITIMER_REAL, &every, NULL);
	}
	abort_call();
	errno = saved;
}

static void on_tick(int signal)
{
	int saved = errno;

	(void)signal;
	if (++ending > END_TICKS)
		_exit(EXIT_FAILURE);
	abort_call();
	errno = saved;
}

static void handle(int signal, void (*handler)(int))
{
	struct sigaction a;

	memset(&a, 0, sizeof(a)); /* no SA_RESTART: a poll must come back */
	a.sa_handler = handler;
	sigemptyset(&a.sa_mask);
	sigaddset(&a.sa_mask, SIGUSR1);
	sigaddset(&a.sa_mask, SIGTERM);
	sigaddset(&a.sa_mask, SIGALRM);
	sigaction(signal, &a, NULL);
}

static int serve_exchange(struct reader *r, const struct worker_message *m,
			  struct worker_message *answer, struct err *err)
{
	uint8_t room[WORKER_MAX_DATA];
	struct buf got = BUF_ON(room);
	struct reader_exchange x;
	int rc;

	worker_take_request(m, &x);
	x.answer = &got;
	rc = m->op == WORKER_RAW ? reader_raw(r, &x, err) : reader_exchange(r, &x, err);
	return rc ? rc : worker_put_answer(answer, &x, err);
}

static int serve_identity(struct reader *r, struct worker_message *answer,
			  struct err *err)
{
	struct worker_identity *out = &answer->u.identity;
	struct reader_identity id;
	int rc = reader_identity(r, &id, err);

	if (rc)
		return rc;
	memcpy(out->model, id.model, sizeof(out->model));
	memcpy(out->link, id.link, sizeof(out->link));
	memcpy(out->software, id.software, sizeof(out->software));
	out->fsd = id.fsd;
	out->simulated = id.simulated;
	return 0;
}

static int serve(struct reader *r, const struct worker_message *m,
		 struct worker_message *answer, struct err *err)
{
	switch (m->op) {
	case WORKER_SET_FIELD:
		return reader_set_field(r, m->u.set.on, err);
	case WORKER_ACTIVATE:
		answer->u.activation = m->u.activation;
		return reader_activate(r, &answer->u.activation, err);
	case WORKER_EXCHANGE:
	case WORKER_RAW:
		return serve_exchange(r, m, answer, err);
	case WORKER_DESELECT:
		return reader_deselect(r, err);
	case WORKER_REOPEN:
		return reader_reopen(r, err);
	case WORKER_READER_IDENTITY:
		return serve_identity(r, answer, err);
	default:
		return err_set(err, ERR_UNSUPPORTED, "request %u is not a reader's",
			       m->op);
	}
}

static void say(const struct worker_message *request, struct worker_message *answer,
		int rc, const struct err *err)
{
	answer->rc = (int16_t)rc;
	if (rc) {
		memset(&answer->u, 0, sizeof(answer->u));
		memcpy(answer->u.text, err_text(err), strlen(err_text(err)) + 1);
	}
	answer->seq = request->seq;
	worker_send(CHILD_SOCKET, answer); /* nobody there: the next receive says so */
}

static void serve_one(struct reader *r, const struct worker_message *m)
{
	struct worker_message answer;
	struct err err = { 0 };
	int rc;

	worker_message_init(&answer, (enum worker_op)m->op, m->seq);
	calling = 1;
	rc = serve(r, m, &answer, &err);
	calling = 0;
	say(m, &answer, rc, &err);
}

static void serve_all(struct reader *r)
{
	struct worker_message m;

	while (!ending) {
		/* a signal between the check above and here costs one tick of its timer */
		int n = worker_wait(CHILD_SOCKET, &m);

		if (n == 1 && m.op == WORKER_CLOSE)
			return;
		if (n == 1 && m.op != WORKER_HEARTBEAT)
			serve_one(r, &m);
		else if (n == 0 || (n < 0 && errno != EINTR))
			return;
	}
}

void reader_child_run(const void *job_)
{
	const struct reader_job *job = job_;
	struct worker_message request, answer;
	struct reader *r = NULL;
	struct err err = { 0 };
	int rc;

	handle(SIGUSR1, on_abort);
	handle(SIGTERM, on_end);
	handle(SIGHUP, on_end);
	handle(SIGALRM, on_tick);
	worker_message_init(&request, WORKER_OPEN, WORKER_OPEN_SEQ);
	worker_message_init(&answer, WORKER_OPEN, WORKER_OPEN_SEQ);
	rc = job->driver->open(&r, job->options, job->clock, &err);
	device = r;
	say(&request, &answer, rc, &err);
	if (rc == 0) {
		serve_all(r);
		device = NULL;
		reader_close(r);
	}
	_exit(EXIT_SUCCESS);
}
