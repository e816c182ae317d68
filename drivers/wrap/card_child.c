#include "drivers/wrap/worker_child.h"
#include "drivers/wrap/worker_wire.h"

#include <string.h>

static int serve_receive(struct card *c, const struct worker_message *m,
			 struct worker_message *answer, struct err *err)
{
	uint8_t room[WORKER_MAX_DATA];
	struct buf got = BUF_ON(room);
	struct card_receive x = { .command = &got, .timeout_ns = m->u.apdu.timeout_ns };
	int rc = card_receive(c, &x, err);

	return rc ? rc : worker_put_command(answer, &x, err);
}

static int serve_answer(struct card *c, const struct worker_message *m,
			struct worker_message *answer, struct err *err)
{
	struct worker_apdu *out = &answer->u.apdu;
	struct card_answer x = { .answer = BYTES(m->u.apdu.data, m->u.apdu.len),
				 .timeout_ns = m->u.apdu.timeout_ns };
	int rc = card_answer(c, &x, err);

	if (rc)
		return rc;
	out->at_ns = x.answered_ns;
	out->slack_ns = x.slack_ns;
	out->result = x.result;
	memcpy(out->note, x.note, sizeof(out->note));
	return 0;
}

static int serve_identity(struct card *c, struct worker_message *answer, struct err *err)
{
	struct worker_identity *out = &answer->u.identity;
	struct card_identity id;
	int rc = card_identity(c, &id, err);

	if (rc)
		return rc;
	memcpy(out->model, id.model, sizeof(out->model));
	memcpy(out->link, id.link, sizeof(out->link));
	memcpy(out->software, id.software, sizeof(out->software));
	out->fsd = id.fsc;
	out->simulated = id.simulated;
	return 0;
}

static int serve(void *device, const struct worker_message *m,
		 struct worker_message *answer, struct err *err)
{
	struct card *c = device;

	switch (m->op) {
	case WORKER_LISTEN:
		answer->u.listen = m->u.listen;
		return card_listen(c, &answer->u.listen, err);
	case WORKER_RECEIVE:
		return serve_receive(c, m, answer, err);
	case WORKER_ANSWER:
		return serve_answer(c, m, answer, err);
	case WORKER_RELEASE:
		answer->u.release = m->u.release;
		return card_release(c, &answer->u.release, err);
	case WORKER_REOPEN:
		return card_reopen(c, err);
	case WORKER_CARD_IDENTITY:
		return serve_identity(c, answer, err);
	default:
		return err_set(err, ERR_UNSUPPORTED, "request %u is not a card's", m->op);
	}
}

static void abort_card(void *device)
{
	struct card *c = device;

	c->ops->abort(c, NULL);
}

static void close_card(void *device)
{
	card_close(device);
}

void card_child_run(const void *job_)
{
	const struct card_job *job = job_;
	struct served s = { .abort = abort_card, .serve = serve, .close = close_card };
	struct card *c = NULL;
	struct err err = { 0 };
	int rc;

	serve_begin();
	rc = job->driver->open(&c, job->options, job->clock, &err);
	s.device = c;
	serve_run(&s, rc, &err);
}
