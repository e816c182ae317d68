#include "drivers/wrap/worker_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_LIMIT_NS NS_PER_S
/*
 * An answer is first waited for like this, by recv() alone: the loop costs as much again
 * as half a wake-up.
 */
#define SOON_NS (10 * NS_PER_MS)

void proc_init(struct proc *p, struct pump *pump, enum log_level words_level,
	       const char *fmt, ...)
{
	va_list ap;

	memset(p, 0, sizeof(*p));
	p->pump = pump;
	p->words_level = words_level;
	p->pid = -1;
	p->pidfd = p->socket_fd = p->words_fd = -1;
	va_start(ap, fmt);
	vsnprintf(p->title, sizeof(p->title), fmt, ap);
	va_end(ap);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void hear(struct proc *p, char c)
{
	if (c != '\n' && p->words_ended) {
		p->words_len = 0;
		p->words_ended = false;
	}
	if (c == '\n') {
		if (!p->words_ended && p->words_len)
			log_say(p->words_level, "%s: %s", p->title, p->words);
		p->words_ended = true;
		return;
	}
	if (p->words_len + 1 < sizeof(p->words))
		p->words[p->words_len++] = c >= ' ' && c != 0x7f ? c : '?';
	p->words[p->words_len] = '\0';
}

static void read_words(struct proc *p)
{
	char some[512];
	ssize_t n;

	while ((n = read(p->words_fd, some, sizeof(some))) > 0)
		for (ssize_t i = 0; i < n; i++)
			hear(p, some[i]);
	if (n == 0 ||
	    errno != EAGAIN) { /* it closed them: a poll would never sleep again */
		pump_unwatch(p->pump, p->words_fd);
		shut(&p->words_fd);
	}
}

static void on_words(void *ctx, int fd)
{
	(void)fd;
	read_words(ctx);
}

static int make_words(struct proc *p, int *theirs, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	p->words_fd = ends[0];
	*theirs = ends[1];
	if (pump_watch(p->pump, p->words_fd, on_words, p) < 0) {
		shut(&p->words_fd);
		shut(theirs);
		return err_set(err, ERR_NOMEM, "too many workers for the event loop");
	}
	return 0;
}

static int make_pair(int pair[2], struct err *err)
{
	static const struct timeval soon = { 0, SOON_NS / NS_PER_US };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ||
	    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)))
		return err_set(err, ERR_IO, "socket pair: %s", strerror(errno));
	return 0;
}

int proc_start(struct proc *p, struct child *child, bool with_socket, struct err *err)
{
	int pair[2] = { -1, -1 };
	int rc;

	p->seq = WORKER_OPEN_SEQ;
	p->outstanding = 0;
	p->words_len = 0;
	p->words[0] = p->epitaph[0] = '\0';
	rc = make_words(p, &child->words_fd, err);
	if (rc)
		return rc;
	if (with_socket)
		rc = make_pair(pair, err);
	p->socket_fd = pair[0];
	if (with_socket)
		child->keep[0] = pair[1];
	if (!rc)
		rc = child_start(&p->pid, &p->pidfd, child, err);
	shut(&pair[1]);
	shut(&child->words_fd);
	if (rc)
		proc_release(p);
	return rc;
}

static void write_epitaph(struct proc *p, int status)
{
	char how[64];

	if (p->words_fd >= 0)
		read_words(p);
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		snprintf(how, sizeof(how), "died of SIG%s", name ? name : "?");
	} else {
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	}
	snprintf(p->epitaph, sizeof(p->epitaph), "%s %s%s%s", p->title, how,
		 p->words_len ? ": " : "", p->words_len ? p->words : "");
}

static bool reap(struct proc *p)
{
	int status;
	pid_t pid;

	if (p->pid < 0)
		return true;
	pid = waitpid(p->pid, &status, WNOHANG);
	if (pid == p->pid)
		write_epitaph(p, status);
	else if (pid < 0 && errno == ECHILD) /* somebody else reaped it */
		snprintf(p->epitaph, sizeof(p->epitaph), "%s ended", p->title);
	else
		return false;
	p->pid = -1;
	shut(&p->pidfd);
	return true;
}

/*
 * With the pump, so that others keep their heartbeat; without it when a person wants to
 * stop everything.
 */
bool proc_wait_end(struct proc *p, int64_t limit_ns)
{
	int64_t deadline = clock_now(clock_real()) + limit_ns;

	if (p->pid < 0)
		return true;
	if (pump_wait(p->pump, p->pidfd, deadline, NULL) == ERR_INTERRUPTED) {
		struct pollfd f = { .fd = p->pidfd, .events = POLLIN };
		int64_t left = deadline - clock_now(clock_real());

		poll(&f, 1, left > 0 ? (int)(left / NS_PER_MS) : 0);
	}
	return reap(p);
}

bool proc_kill(struct proc *p)
{
	if (p->pid < 0)
		return true;
	pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
	return proc_wait_end(p, KILL_LIMIT_NS);
}

void proc_release(struct proc *p)
{
	proc_kill(p);
	shut(&p->pidfd);
	shut(&p->socket_fd);
	if (p->words_fd >= 0) {
		read_words(p);
		if (p->words_fd >= 0)
			pump_unwatch(p->pump, p->words_fd);
	}
	shut(&p->words_fd);
}

static int gone(struct proc *p, struct err *err)
{
	if (!proc_wait_end(p, KILL_LIMIT_NS) && !proc_kill(p))
		snprintf(p->epitaph, sizeof(p->epitaph),
			 "%s hung up and cannot be killed", p->title);
	shut(&p->socket_fd);
	p->outstanding = 0;
	return err_set(err, ERR_GONE, "%s", p->epitaph);
}

/*
 * One message, if there is one, or with @block if there is one soon: 1, 0 nothing, or an
 * error.
 */
static int take_message(struct proc *p, struct worker_message *m, bool block,
			struct err *err)
{
	int n = block ? worker_wait(p->socket_fd, m) : worker_receive(p->socket_fd, m);

	/*
	 * It ended without having read all that it was sent, a heartbeat for one. The kernel
	 * says that first, and only once; what it said last still lies behind that.
	 */
	if (n < 0 && errno == ECONNRESET)
		n = worker_receive(p->socket_fd, m);
	if (n == 1)
		return 1;
	if (n == 0 || errno == ECONNRESET)
		return gone(p, err);
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	if (errno == EBADMSG) {
		proc_kill(p); /* its memory is not to be trusted any more */
		shut(&p->socket_fd);
		return err_set(err, ERR_GONE, "%s sent nonsense and was killed",
			       p->title);
	}
	return err_set(err, ERR_IO, "%s: %s", p->title, strerror(errno));
}

static int await(struct proc *p, uint32_t seq, struct worker_message *m, int64_t limit_ns,
		 struct err *err)
{
	int64_t now = clock_now(clock_real()), deadline = now + limit_ns;
	bool block = limit_ns >= SOON_NS && pump_idle_until(p->pump) >= now + SOON_NS;

	for (;; block = false) {
		int rc = block ? 0 : pump_wait(p->pump, p->socket_fd, deadline, err);

		if (rc == ERR_TIMEOUT)
			return err_set(err, rc, "%s did not answer within %lld ms",
				       p->title, (long long)(limit_ns / NS_PER_MS));
		if (rc)
			return rc;
		rc = take_message(p, m, block, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		if (m->seq == p->outstanding)
			p->outstanding =
				0; /* late: no answer, but a sign that it is back */
		if (m->seq == seq)
			return 0;
	}
}

int proc_await(struct proc *p, uint32_t seq, struct worker_message *m, int64_t limit_ns,
	       struct err *err)
{
	int rc;

	if (p->socket_fd < 0)
		return err_set(err, ERR_GONE, "%s", p->epitaph);
	if (p->busy)
		return err_set(err, ERR_USAGE, "%s is in use", p->title);
	p->busy = true;
	rc = await(p, seq, m, limit_ns, err);
	p->busy = false;
	if (rc == ERR_TIMEOUT || rc == ERR_INTERRUPTED)
		p->outstanding = seq;
	return rc;
}

int proc_request(struct proc *p, struct worker_message *m, int64_t limit_ns,
		 struct err *err)
{
	if (p->socket_fd < 0)
		return err_set(err, ERR_GONE, "%s", p->epitaph);
	if (p->busy)
		return err_set(err, ERR_USAGE, "%s is in use", p->title);
	m->seq = ++p->seq;
	if (worker_send(p->socket_fd, m)) {
		if (errno == EPIPE || errno == ECONNRESET)
			return gone(p, err);
		return err_set(err, ERR_IO, "asking %s: %s", p->title, strerror(errno));
	}
	return proc_await(p, m->seq, m, limit_ns, err);
}
