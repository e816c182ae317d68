#include "drivers/wrap/worker.h"
#include "drivers/wrap/worker_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct worker_card {
	struct card base;
	struct proc proc;
	struct card_job job;
	bool doubt; /* only abort, reopen, respawn and close help */
};

static const struct card_ops card_ops;

static struct worker_card *card_of(struct card *c)
{
	assert(c->ops == &card_ops);
	return (struct worker_card *)c;
}

static int ask(struct worker_card *w, struct worker_message *m, int64_t limit_ns,
	       struct err *err)
{
	int rc;

	if (w->doubt && w->proc.socket_fd >= 0)
		return err_set(err, ERR_TIMEOUT,
			       "%s is in doubt: it must be reopened first",
			       w->proc.title);
	rc = proc_request(&w->proc, m, limit_ns, err);
	if (rc == ERR_TIMEOUT || rc == ERR_INTERRUPTED)
		w->doubt = true;
	return rc ? rc : worker_passed_on(m, err);
}

static int far_listen(struct card *c, struct card_listen *l, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_LISTEN, 0);
	m.u.listen.timeout_ns = l->timeout_ns;
	rc = ask(card_of(c), &m, l->timeout_ns + COMMAND_LIMIT_NS, err);
	if (rc == 0)
		*l = m.u.listen;
	return rc;
}

static int far_receive(struct card *c, struct card_receive *x, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_RECEIVE, 0);
	worker_put_receive(&m, x);
	rc = ask(card_of(c), &m, x->timeout_ns + MARGIN_NS, err);
	return rc ? rc : worker_take_command(&m, x, err);
}

static int far_answer(struct card *c, struct card_answer *x, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_ANSWER, 0);
	worker_put_card_answer(&m, x);
	rc = ask(card_of(c), &m, x->timeout_ns + MARGIN_NS, err);
	if (rc == 0)
		worker_take_card_answer(&m, x);
	return rc;
}

static int far_release(struct card *c, struct card_release *x, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_RELEASE, 0);
	m.u.release.timeout_ns = x->timeout_ns;
	rc = ask(card_of(c), &m, x->timeout_ns + COMMAND_LIMIT_NS, err);
	if (rc == 0)
		*x = m.u.release;
	return rc;
}

static int far_abort(struct card *c, struct err *err)
{
	return worker_abort_call(&card_of(c)->proc, err);
}

static int far_reopen(struct card *c, struct err *err)
{
	struct worker_card *w = card_of(c);

	return worker_reopen_call(&w->proc, &w->doubt, err);
}

static int far_identity(struct card *c, struct card_identity *id, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_CARD_IDENTITY, 0);
	rc = ask(card_of(c), &m, COMMAND_LIMIT_NS, err);
	if (rc)
		return rc;
	memcpy(id->model, m.u.identity.model, sizeof(id->model));
	memcpy(id->link, m.u.identity.link, sizeof(id->link));
	memcpy(id->software, m.u.identity.software, sizeof(id->software));
	id->fsc = m.u.identity.fsd;
	id->simulated = m.u.identity.simulated != 0;
	return 0;
}

static void far_close(struct card *c)
{
	struct worker_card *w = card_of(c);

	worker_end_proc(&w->proc, w->doubt);
	free(w);
}

static const struct card_ops card_ops = {
	.listen = far_listen,
	.receive = far_receive,
	.answer = far_answer,
	.release = far_release,
	.abort = far_abort,
	.identity = far_identity,
	.reopen = far_reopen,
	.close = far_close,
};

static int start_card(struct worker_card *w, struct err *err)
{
	struct child child = {
		.name = "keybench-card",
		.ends_with_parent = true,
		.keep = { -1, -1 },
		.run = card_child_run,
		.job = &w->job,
	};
	int rc = proc_start(&w->proc, &child, true, err);

	if (rc)
		return rc;
	w->doubt = false;
	rc = worker_await_open(&w->proc, err);
	if (rc) {
		proc_release(&w->proc);
		snprintf(w->proc.epitaph, sizeof(w->proc.epitaph),
			 "%s could not open its device", w->proc.title);
	}
	return rc;
}

int worker_open_card(struct card **out, const struct card_driver *driver,
		     const void *options, struct pump *pump, struct clock *clock,
		     struct err *err)
{
	struct worker_card *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return err_set(err, ERR_NOMEM, "worker");
	w->base = (struct card){ &card_ops, clock };
	w->job = (struct card_job){ driver, options, clock };
	proc_init(&w->proc, pump, LOG_DEBUG, "the card worker of %s", driver->name);
	rc = start_card(w, err);
	if (rc) {
		free(w);
		return rc;
	}
	*out = &w->base;
	return 0;
}

int worker_respawn_card(struct card *c, struct err *err)
{
	struct worker_card *w = card_of(c);

	if (!proc_kill(&w->proc))
		return err_set(err, ERR_TIMEOUT, "%s cannot be killed", w->proc.title);
	proc_release(&w->proc);
	return start_card(w, err);
}

pid_t worker_card_pid(const struct card *c)
{
	return card_of((struct card *)(uintptr_t)c)->proc.pid;
}
