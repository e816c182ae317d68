#include "drivers/wrap/worker_child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

/*
 * The last line: a process that does nothing but listen to the ticks of a worker that
 * keeps something safe. When they stop it kills the worker and drops the device itself;
 * so no state of the worker, and no way of dying, leaves a coil on or a phone at the
 * reader.
 */
#define KILL_LIMIT_MS 5000
#define OPEN_TRIES 20
#define OPEN_PAUSE_NS (250 * NS_PER_MS)

/* Poll that no signal shortens by much: 1 ready, 0 timed out. */
static int ready_within(int fd, int64_t limit_ns)
{
	int64_t deadline = clock_now(clock_real()) + limit_ns;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = deadline - clock_now(clock_real());
		int n = poll(&p, 1, left > 0 ? (int)(left / NS_PER_MS) + 1 : 0);

		if (n > 0)
			return 1;
		if (left <= 0)
			return 0;
	}
}

/* Listens until there is no more to hear. @return false when the worker said goodbye. */
static bool worker_is_lost(bool *opened)
{
	for (;;) {
		char ticks[64];
		ssize_t n;

		if (!ready_within(CHILD_SOCKET, GUARD_LIMIT_NS)) {
			if (*opened)
				return true;
			continue; /* being opened: nothing to drop yet */
		}
		n = read(CHILD_SOCKET, ticks, sizeof(ticks));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		*opened = true;
		for (ssize_t i = 0; i < n; i++)
			if (ticks[i] == GUARD_BYE)
				return false;
	}
}

static void drop_device(const struct guard_job *job)
{
	struct clock *clock = clock_real();
	struct err err = { 0 };

	for (int i = 0; i < OPEN_TRIES; i++) {
		if (job->drop(job->job, &err) == 0) {
			dprintf(STDERR_FILENO, "dropped the %s\n",
				job->what); /* to the log */
			return;
		}
		clock->sleep_until(clock, clock_now(clock) + OPEN_PAUSE_NS);
	}
	dprintf(STDERR_FILENO, "could not drop the %s: %s\n", job->what, err_text(&err));
}

void guard_child_run(const void *job)
{
	bool opened = false;

	signal(SIGTERM, SIG_IGN); /* its end is the worker's end and nothing else */
	signal(SIGHUP, SIG_IGN);
	if (worker_is_lost(&opened)) {
		pidfd_send_signal(CHILD_TICKS, SIGKILL, NULL, 0);
		ready_within(CHILD_TICKS, KILL_LIMIT_MS * NS_PER_MS);
		if (opened)
			drop_device(job);
	}
	_exit(EXIT_SUCCESS);
}
