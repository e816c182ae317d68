#include "drivers/wrap/worker_child.h"
#include "drivers/wrap/worker_wire.h"

#include <string.h>

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

static int serve(void *device, const struct worker_message *m,
		 struct worker_message *answer, struct err *err)
{
	struct reader *r = device;

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

static void abort_reader(void *device)
{
	struct reader *r = device;

	r->ops->abort(r, NULL);
}

static void close_reader(void *device)
{
	reader_close(device);
}

void reader_child_run(const void *job_)
{
	const struct reader_job *job = job_;
	struct served s = { .abort = abort_reader,
			    .serve = serve,
			    .close = close_reader };
	struct reader *r = NULL;
	struct err err = { 0 };
	int rc;

	serve_begin();
	rc = job->driver->open(&r, job->options, job->clock, &err);
	s.device = r;
	serve_run(&s, rc, &err);
}
