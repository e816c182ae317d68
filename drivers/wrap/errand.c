#include "drivers/wrap/errand.h"

#include "drivers/wrap/worker_int.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct errand {
	int (*fn)(const void *job, struct err *err);
	const void *job;
};

static void run(const void *errand_)
{
	const struct errand *e = errand_;
	struct worker_message m;
	struct err err = { 0 };

	worker_message_init(&m, WORKER_OPEN, WORKER_OPEN_SEQ);
	m.rc = (int16_t)e->fn(e->job, &err);
	if (m.rc)
		memcpy(m.u.text, err_text(&err), strlen(err_text(&err)) + 1);
	worker_send(CHILD_SOCKET, &m);
	_exit(EXIT_SUCCESS);
}

int errand_run(struct pump *pump, const char *title,
	       int (*fn)(const void *job, struct err *err), const void *job,
	       int64_t limit_ns, struct err *err)
{
	const struct errand e = { fn, job };
	struct child child = {
		.name = "keybench-errand",
		.ends_with_parent = true,
		.keep = { -1, -1 },
		.run = run,
		.job = &e,
	};
	struct worker_message m;
	struct proc p;
	int rc;

	proc_init(&p, pump, LOG_DEBUG, "%s", title);
	rc = proc_start(&p, &child, true, err);
	if (rc)
		return rc;
	rc = proc_await(&p, WORKER_OPEN_SEQ, &m, limit_ns, err);
	if (rc == 0)
		rc = worker_passed_on(&m, err);
	proc_release(&p);
	return rc;
}
