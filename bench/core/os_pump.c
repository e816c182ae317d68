#include "bench/core/pump.h"

#include "bench/core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WATCHES 32
#define MAX_TICKS 16
#define TURN_NS (50 * NS_PER_MS)

struct watch {
	int fd;
	pump_fd_fn *fn;
	void *ctx;
};

struct tick {
	int64_t period_ns, due_ns;
	pump_tick_fn *fn; /* NULL: free */
	void *ctx;
};

struct pump {
	struct watch watches[MAX_WATCHES];
	int watch_count;
	struct tick ticks[MAX_TICKS];
	int64_t polled_ns; /* when it last looked at its descriptors */
	int stop_pipe[2];
	bool hold;
	volatile bool stop;
};

int pump_new(struct pump **out, struct err *err)
{
	struct pump *p = calloc(1, sizeof(*p));

	if (!p)
		return err_set(err, ERR_NOMEM, "event loop");
	if (pipe2(p->stop_pipe, O_CLOEXEC | O_NONBLOCK)) {
		free(p);
		return err_set(err, ERR_IO, "event loop: %s", strerror(errno));
	}
	*out = p;
	return 0;
}

/* Who hears the signals; none from the moment it is freed, for a signal may come later than that. */
static struct pump *volatile obedient;
static int status_again;

void pump_free(struct pump *p)
{
	if (!p)
		return;
	if (obedient == p)
		obedient = NULL;
	close(p->stop_pipe[0]);
	close(p->stop_pipe[1]);
	free(p);
}

int pump_watch(struct pump *p, int fd, pump_fd_fn *fn, void *ctx)
{
	if (p->watch_count == MAX_WATCHES)
		return ERR_NOMEM;
	p->watches[p->watch_count++] = (struct watch){ fd, fn, ctx };
	return 0;
}

void pump_unwatch(struct pump *p, int fd)
{
	for (int i = 0; i < p->watch_count; i++)
		if (p->watches[i].fd == fd)
			p->watches[i--] = p->watches[--p->watch_count];
}

int pump_every(struct pump *p, int64_t period_ns, pump_tick_fn *fn, void *ctx)
{
	for (int i = 0; i < MAX_TICKS; i++) {
		if (p->ticks[i].fn)
			continue;
		p->ticks[i] =
			(struct tick){ period_ns, clock_now(clock_real()) + period_ns, fn,
				       ctx };
		return i;
	}
	return ERR_NOMEM;
}

void pump_stop(struct pump *p, int id)
{
	if (id >= 0 && id < MAX_TICKS)
		p->ticks[id].fn = NULL;
}

void pump_request_stop(struct pump *p)
{
	p->stop = true;
	if (write(p->stop_pipe[1], "", 1) < 0)
		return; /* full: it will wake anyway */
}

static void on_signal(int sig)
{
	static volatile sig_atomic_t asked;
	int saved = errno;

	(void)sig;
	if (asked++ && status_again)
		_exit(status_again);
	if (obedient)
		pump_request_stop(obedient);
	errno = saved;
}

void pump_obey_signals(struct pump *p, int again)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction stop = { .sa_handler = on_signal },
			 ignore = { .sa_handler = SIG_IGN };

	obedient = p;
	status_again = again;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		struct sigaction old;

		sigaction(stops[i], NULL, &old);
		if (old.sa_handler != SIG_IGN || stops[i] == SIGTERM)
			sigaction(stops[i], &stop, NULL);
	}
	sigaction(SIGPIPE, &ignore, NULL);
}

bool pump_stop_requested(const struct pump *p)
{
	return p->stop;
}

void pump_hold_stop(struct pump *p, bool hold)
{
	p->hold = hold;
}

/* Runs what is due; the earliest moment something is due next, or @latest. */
static int64_t run_ticks(struct pump *p, int64_t latest_ns)
{
	int64_t now = clock_now(clock_real()), next = latest_ns;

	for (int i = 0; i < MAX_TICKS; i++) {
		struct tick *t = &p->ticks[i];

		if (t->fn && t->due_ns <= now) {
			t->due_ns =
				now + t->period_ns; /* a late beat is not made up for */
			t->fn(t->ctx);
		}
		if (t->fn && t->due_ns < next)
			next = t->due_ns;
	}
	return next;
}

static void run_watches(struct pump *p, const struct pollfd *fds, int count)
{
	for (int i = 0; i < count; i++) {
		if (!fds[i].revents)
			continue;
		/* a handler may have unwatched others: look each up again */
		for (int k = 0; k < p->watch_count; k++) {
			if (p->watches[k].fd != fds[i].fd)
				continue;
			p->watches[k].fn(p->watches[k].ctx, fds[i].fd);
			break;
		}
	}
}

static bool stopped(const struct pump *p)
{
	return p->stop && !p->hold;
}

static int poll_once(struct pump *p, int fd, int64_t until_ns, bool *ready)
{
	struct pollfd fds[MAX_WATCHES + 2];
	int n = p->watch_count;
	int64_t left;
	struct timespec wait = { 0 };

	p->polled_ns = clock_now(clock_real());
	left = until_ns - p->polled_ns;
	if (left > 0)
		wait = (struct timespec){ left / NS_PER_S, left % NS_PER_S };
	for (int i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = p->watches[i].fd, .events = POLLIN };
	fds[n] = (struct pollfd){ .fd = p->hold || p->stop ? -1 : p->stop_pipe[0],
				  .events = POLLIN };
	fds[n + 1] = (struct pollfd){ .fd = fd, .events = POLLIN };
	if (ppoll(fds, (nfds_t)n + 2, &wait, NULL) < 0)
		return errno == EINTR ? 0 : ERR_IO;
	*ready = fds[n + 1].revents != 0;
	run_watches(p, fds, n);
	return 0;
}

int pump_wait(struct pump *p, int fd, int64_t deadline_ns, struct err *err)
{
	for (;;) {
		bool ready = false;
		int64_t next = run_ticks(p, deadline_ns);
		int rc;

		if (stopped(p))
			return err_set(err, ERR_INTERRUPTED, "interrupted");
		rc = poll_once(p, fd, next, &ready);
		if (rc)
			return err_set(err, rc, "poll: %s", strerror(errno));
		if (ready)
			return 0;
		if (stopped(p))
			continue;
		if (clock_now(clock_real()) >= deadline_ns)
			return err_set(err, ERR_TIMEOUT, "timed out");
	}
}

int64_t pump_idle_until(const struct pump *p)
{
	int64_t until = p->polled_ns + TURN_NS;

	if (stopped(p))
		return 0;
	for (int i = 0; i < MAX_TICKS; i++)
		if (p->ticks[i].fn && p->ticks[i].due_ns < until)
			until = p->ticks[i].due_ns;
	return until;
}

int pump_sleep_until(struct pump *p, int64_t until_ns, struct err *err)
{
	struct err own = { 0 };
	int rc = pump_wait(p, -1, until_ns, &own);

	if (rc == ERR_TIMEOUT)
		return 0;
	if (err)
		*err = own;
	return rc;
}
