#include "drivers/wrap/worker_int.h"

#include <signal.h>
#include <sys/pidfd.h>

int worker_passed_on(const struct worker_message *m, struct err *err)
{
	return m->rc ? err_set(err, m->rc, "%s", m->u.text) : 0;
}

int worker_await_open(struct proc *p, struct err *err)
{
	struct worker_message m;
	int rc = proc_await(p, WORKER_OPEN_SEQ, &m, OPEN_LIMIT_NS, err);

	return rc ? rc : worker_passed_on(&m, err);
}

bool worker_end_proc(struct proc *p, bool in_doubt)
{
	struct worker_message m;
	bool ended;

	if (p->pid >= 0 && in_doubt) {
		pidfd_send_signal(p->pidfd, SIGTERM, NULL, 0);
	} else if (p->pid >= 0) {
		worker_message_init(&m, WORKER_CLOSE, 0);
		worker_send(p->socket_fd, &m);
	}
	ended = p->pid >= 0 &&
		proc_wait_end(p, in_doubt ? CLOSE_IN_DOUBT_NS : CLOSE_LIMIT_NS);
	proc_release(p);
	return ended;
}

int worker_abort_call(struct proc *p, struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + ABORT_LIMIT_NS;

	if (p->socket_fd < 0)
		return err_set(err, ERR_GONE, "%s", p->epitaph);
	while (p->outstanding) {
		struct worker_message m;
		int rc;

		pidfd_send_signal(p->pidfd, SIGUSR1, NULL, 0);
		rc = proc_await(p, p->outstanding, &m, ABORT_PERIOD_NS, err);
		if (rc == 0)
			break;
		if (rc != ERR_TIMEOUT)
			return rc;
		if (clock_now(clock_real()) > deadline)
			return err_set(err, ERR_TIMEOUT,
				       "%s does not come back from its call", p->title);
	}
	return 0;
}

int worker_reopen_call(struct proc *p, bool *doubt, struct err *err)
{
	struct worker_message m;
	int rc = worker_abort_call(p, err);

	if (rc)
		return rc;
	worker_message_init(&m, WORKER_REOPEN, 0);
	rc = proc_request(p, &m, REOPEN_LIMIT_NS, err);
	*doubt = rc == ERR_TIMEOUT || rc == ERR_INTERRUPTED;
	return rc ? rc : worker_passed_on(&m, err);
}
