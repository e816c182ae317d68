#include "drivers/wrap/worker.h"

#include "drivers/wrap/worker_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct worker_positioner {
	struct positioner base;
	struct kept kept;
	struct positioner_job job;
};

static const struct positioner_ops positioner_ops;

static struct worker_positioner *worker_of(struct positioner *p)
{
	assert(p->ops == &positioner_ops);
	return (struct worker_positioner *)p;
}

static int ask(struct positioner *p, struct worker_message *m, struct err *err)
{
	int rc = proc_request(&worker_of(p)->kept.proc, m, COMMAND_LIMIT_NS, err);

	return rc ? rc : worker_passed_on(m, err);
}

static void take_move(const struct worker_message *m, struct positioner_move *move)
{
	move->commanded_ns = m->u.move.commanded_ns;
	move->settled_ns = m->u.move.settled_ns;
	move->slack_ns = m->u.move.slack_ns;
}

static int far_move(struct positioner *p, struct positioner_move *move, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_MOVE, 0);
	m.u.move.tap = move->to == POSITION_TAP;
	m.u.move.x_um = move->offset.x_um;
	m.u.move.y_um = move->offset.y_um;
	m.u.move.z_um = move->offset.z_um;
	rc = ask(p, &m, err);
	if (rc == 0)
		take_move(&m, move);
	return rc;
}

static int far_settle(struct positioner *p, struct positioner_move *move, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_SETTLE, 0);
	rc = ask(p, &m, err);
	if (rc)
		return rc;
	take_move(&m, move);
	return m.u.move.not_yet ? POSITIONER_NOT_YET : 0;
}

static enum positioner_state far_state(struct positioner *p)
{
	struct worker_message m;

	worker_message_init(&m, WORKER_PLACE, 0);
	return ask(p, &m, NULL) ? POSITIONER_FAULT : (enum positioner_state)m.u.state;
}

static int far_probe(struct positioner *p, bool *on, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_PROBE, 0);
	rc = ask(p, &m, err);
	if (rc == 0)
		*on = m.u.set.on != 0;
	return rc;
}

static int far_identity(struct positioner *p, struct positioner_identity *id,
			struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_POSITIONER_IDENTITY, 0);
	rc = ask(p, &m, err);
	if (rc)
		return rc;
	memset(id, 0, sizeof(*id));
	memcpy(id->model, m.u.identity.model, sizeof(id->model));
	memcpy(id->link, m.u.identity.link, sizeof(id->link));
	id->offsets = m.u.identity.reads_back != 0;
	id->simulated = m.u.identity.simulated != 0;
	return 0;
}

static void far_close(struct positioner *p)
{
	struct worker_positioner *w = worker_of(p);

	kept_end(&w->kept);
	free(w);
}

static const struct positioner_ops positioner_ops = {
	.move = far_move,
	.settle = far_settle,
	.state = far_state,
	.probe = far_probe,
	.identity = far_identity,
	.close = far_close,
};

int worker_open_positioner(struct positioner **out,
			   const struct positioner_driver *driver, const void *options,
			   struct pump *pump, struct clock *clock, struct err *err)
{
	struct worker_positioner *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return err_set(err, ERR_NOMEM, "worker");
	w->base = (struct positioner){ .ops = &positioner_ops, .clock = clock };
	w->job = (struct positioner_job){ driver, options, clock };
	w->kept.guard_job = (struct guard_job){ "axis", positioner_job_drop, &w->job };
	rc = kept_start(&w->kept, "keybench-axis", positioner_child_run, &w->job,
			driver->name, pump, err);
	if (rc) {
		free(w);
		return rc;
	}
	*out = &w->base;
	return 0;
}

pid_t worker_positioner_pid(const struct positioner *p)
{
	return worker_of((struct positioner *)(uintptr_t)p)->kept.proc.pid;
}
