#include "drivers/wrap/worker.h"

#include "drivers/wrap/worker_int.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

struct worker_reader {
	struct reader base;
	struct proc proc;
	struct reader_job job;
	bool doubt; /* only abort, reopen, respawn and close help */
};

struct worker_relay {
	struct relay base;
	struct kept kept;
	struct relay_job job;
};

static const struct reader_ops reader_ops;
static const struct relay_ops relay_ops;

static struct worker_reader *reader_of(struct reader *r)
{
	assert(r->ops == &reader_ops);
	return (struct worker_reader *)r;
}

static struct worker_relay *relay_of(struct relay *r)
{
	assert(r->ops == &relay_ops);
	return (struct worker_relay *)r;
}

static int ask_reader(struct worker_reader *w, struct worker_message *m, int64_t limit_ns,
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

static int worker_set_field(struct reader *r, bool on, struct err *err)
{
	struct worker_message m;

	worker_message_init(&m, WORKER_SET_FIELD, 0);
	m.u.set.on = on;
	return ask_reader(reader_of(r), &m, COMMAND_LIMIT_NS, err);
}

static int worker_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_ACTIVATE, 0);
	m.u.activation = *a;
	m.u.activation.result = READER_NO_CARD;
	memset(&m.u.activation.card, 0, sizeof(m.u.activation.card));
	rc = ask_reader(reader_of(r), &m, a->timeout_ns + MARGIN_NS, err);
	if (rc)
		return rc;
	*a = m.u.activation;
	return 0;
}

static int transceive(struct reader *r, enum worker_op op, struct reader_exchange *x,
		      struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, op, 0);
	worker_put_exchange(&m, x);
	rc = ask_reader(reader_of(r), &m, x->timeout_ns + MARGIN_NS, err);
	return rc ? rc : worker_take_answer(&m, x, err);
}

static int worker_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return transceive(r, WORKER_EXCHANGE, x, err);
}

static int worker_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return transceive(r, WORKER_RAW, x, err);
}

static int worker_deselect(struct reader *r, struct err *err)
{
	struct worker_message m;

	worker_message_init(&m, WORKER_DESELECT, 0);
	return ask_reader(reader_of(r), &m, COMMAND_LIMIT_NS, err);
}

static int worker_abort(struct reader *r, struct err *err)
{
	return worker_abort_call(&reader_of(r)->proc, err);
}

static int worker_reopen(struct reader *r, struct err *err)
{
	struct worker_reader *w = reader_of(r);

	return worker_reopen_call(&w->proc, &w->doubt, err);
}

static int worker_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_READER_IDENTITY, 0);
	rc = ask_reader(reader_of(r), &m, COMMAND_LIMIT_NS, err);
	if (rc)
		return rc;
	memcpy(id->model, m.u.identity.model, sizeof(id->model));
	memcpy(id->link, m.u.identity.link, sizeof(id->link));
	memcpy(id->software, m.u.identity.software, sizeof(id->software));
	id->fsd = m.u.identity.fsd;
	id->simulated = m.u.identity.simulated != 0;
	return 0;
}

static void worker_close(struct reader *r)
{
	struct worker_reader *w = reader_of(r);

	worker_end_proc(&w->proc, w->doubt);
	free(w);
}

static const struct reader_ops reader_ops = {
	.set_field = worker_set_field,
	.activate = worker_activate,
	.exchange = worker_exchange,
	.raw = worker_raw,
	.deselect = worker_deselect,
	.abort = worker_abort,
	.identity = worker_identity,
	.reopen = worker_reopen,
	.close = worker_close,
};

static int start_reader(struct worker_reader *w, struct err *err)
{
	struct child child = {
		.name = "keybench-reader",
		.ends_with_parent = true,
		.keep = { -1, -1 },
		.run = reader_child_run,
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

int worker_open_reader(struct reader **out, const struct reader_driver *driver,
		       const void *options, struct pump *pump, struct clock *clock,
		       struct err *err)
{
	struct worker_reader *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return err_set(err, ERR_NOMEM, "worker");
	w->base = (struct reader){ &reader_ops, clock };
	w->job = (struct reader_job){ driver, options, clock };
	proc_init(&w->proc, pump, LOG_DEBUG, "the worker of %s", driver->name);
	rc = start_reader(w, err);
	if (rc) {
		free(w);
		return rc;
	}
	*out = &w->base;
	return 0;
}

int worker_respawn(struct reader *r, struct err *err)
{
	struct worker_reader *w = reader_of(r);

	if (!proc_kill(&w->proc))
		return err_set(err, ERR_TIMEOUT, "%s cannot be killed", w->proc.title);
	proc_release(&w->proc);
	return start_reader(w, err);
}

pid_t worker_reader_pid(const struct reader *r)
{
	return reader_of((struct reader *)(uintptr_t)r)->proc.pid;
}

static int ask_relay(struct relay *r, struct worker_message *m, struct err *err)
{
	int rc = proc_request(&relay_of(r)->kept.proc, m, COMMAND_LIMIT_NS, err);

	return rc ? rc : worker_passed_on(m, err);
}

static int worker_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct worker_message m;

	worker_message_init(&m, WORKER_SET, 0);
	m.u.set.channel = channel;
	m.u.set.on = on;
	return ask_relay(r, &m, err);
}

static int worker_all_off(struct relay *r, struct err *err)
{
	struct worker_message m;

	worker_message_init(&m, WORKER_ALL_OFF, 0);
	return ask_relay(r, &m, err);
}

static int worker_read(struct relay *r, uint32_t *state, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_READ, 0);
	rc = ask_relay(r, &m, err);
	if (rc == 0)
		*state = m.u.state;
	return rc;
}

static int worker_input(struct relay *r, int input, bool *on, struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_INPUT, 0);
	m.u.set.channel = input;
	rc = ask_relay(r, &m, err);
	if (rc == 0)
		*on = m.u.set.on != 0;
	return rc;
}

static int worker_relay_identity(struct relay *r, struct relay_identity *id,
				 struct err *err)
{
	struct worker_message m;
	int rc;

	worker_message_init(&m, WORKER_RELAY_IDENTITY, 0);
	rc = ask_relay(r, &m, err);
	if (rc)
		return rc;
	memcpy(id->model, m.u.identity.model, sizeof(id->model));
	memcpy(id->link, m.u.identity.link, sizeof(id->link));
	id->channels = m.u.identity.channels;
	id->reads_back = m.u.identity.reads_back != 0;
	id->simulated = m.u.identity.simulated != 0;
	return 0;
}

static void worker_relay_close(struct relay *r)
{
	struct worker_relay *w = relay_of(r);

	kept_end(&w->kept);
	free(w);
}

static const struct relay_ops relay_ops = {
	.set = worker_set,
	.all_off = worker_all_off,
	.read = worker_read,
	.input = worker_input,
	.identity = worker_relay_identity,
	.close = worker_relay_close,
};

int worker_open_relay(struct relay **out, const struct relay_driver *driver,
		      const void *options, struct pump *pump, struct clock *clock,
		      struct err *err)
{
	struct worker_relay *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return err_set(err, ERR_NOMEM, "worker");
	w->base = (struct relay){ &relay_ops, clock };
	w->job = (struct relay_job){ driver, options, clock };
	w->kept.guard_job = (struct guard_job){ "relay board", relay_job_drop, &w->job };
	rc = kept_start(&w->kept, "keybench-relay", relay_child_run, &w->job,
			driver->name, pump, err);
	if (rc) {
		free(w);
		return rc;
	}
	*out = &w->base;
	return 0;
}

pid_t worker_relay_pid(const struct relay *r)
{
	return relay_of((struct relay *)(uintptr_t)r)->kept.proc.pid;
}
