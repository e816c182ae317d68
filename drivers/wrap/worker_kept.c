#include "drivers/wrap/worker_int.h"

#include "drivers/wrap/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void beat(void *ctx)
{
	struct kept *k = ctx;
	struct worker_message m;

	if (k->proc.socket_fd < 0)
		return;
	worker_message_init(&m, WORKER_HEARTBEAT, 0);
	worker_send(k->proc.socket_fd, &m); /* full or gone: the next request finds out */
}

/*
 * Order matters: only when the worker is no more does the guard know what there is to do.
 */
void kept_end(struct kept *k)
{
	bool orderly;

	if (k->tick >= 0)
		pump_stop(k->proc.pump, k->tick);
	orderly = worker_end_proc(&k->proc, k->proc.outstanding != 0);
	/*
	 * after a goodbye the guard has nothing to do but end; else it has a device to
	 * drop
	 */
	proc_wait_end(&k->guard, orderly ? GUARD_BYE_NS : GUARD_END_NS);
	proc_release(&k->guard);
}

static int start_guard(struct kept *k, int ticks, struct err *err)
{
	struct child child = {
		.name = "keybench-guard",
		.keep = { ticks, k->proc.pidfd },
		.run = guard_child_run,
		.job = &k->guard_job,
	};

	return proc_start(&k->guard, &child, false, err);
}

/* The worker waits for nothing: what it ticks before the guard lives lies in the pipe. */
static int start(struct kept *k, struct child *child, struct err *err)
{
	int ticks[2], rc;

	if (pipe2(ticks, O_CLOEXEC))
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	child->keep[1] = ticks[1];
	rc = proc_start(&k->proc, child, true, err);
	if (rc == 0)
		rc = start_guard(k, ticks[0], err);
	close(ticks[0]);
	close(ticks[1]);
	if (rc)
		return rc;
	k->tick = pump_every(k->proc.pump, WORKER_HEARTBEAT_NS, beat, k);
	if (k->tick < 0)
		return err_set(err, ERR_NOMEM, "no timer for the heartbeat");
	return worker_await_open(&k->proc, err);
}

int kept_start(struct kept *k, const char *name, void (*run)(const void *job),
	       const void *job, const char *driver, struct pump *pump, struct err *err)
{
	struct child child = {
		.name = name,
		.keep = { -1, -1 },
		.run = run,
		.job = job,
	};
	int rc;

	k->tick = -1;
	proc_init(&k->proc, pump, LOG_WARNING, "the worker of %s", driver);
	proc_init(&k->guard, pump, LOG_WARNING, "the guard of %s", driver);
	rc = start(k, &child, err);
	if (rc)
		kept_end(k);
	return rc;
}
