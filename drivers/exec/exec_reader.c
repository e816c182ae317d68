/*
 * A reader that is a program: keybench-exec(5). What it may say and when is kept here: a program need not know
 * that an exchange without a card makes no sense.
 */
#include "drivers/exec/exec_program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct exec_reader {
	struct reader base;
	struct exec_program program;
	bool field, activated;
};

static const struct reader_ops exec_ops;

static struct exec_reader *exec_of(struct reader *r)
{
	assert(r->ops == &exec_ops);
	return (struct exec_reader *)r;
}

static int exec_set_field(struct reader *r, bool on, struct err *err)
{
	struct exec_reader *e = exec_of(r);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	int rc;

	exec_begin(&e->program, &b, "field");
	buf_printf(&b, " on=%s", on ? "yes" : "no");
	if (!on)
		e->activated = false;
	rc = exec_command(&e->program, &b, err);
	if (!rc)
		e->field = on;
	return rc;
}

static int exec_activate(struct reader *r, struct reader_activation *act, struct err *err)
{
	struct exec_reader *e = exec_of(r);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	if (act->annotation_len)
		return err_set(
			err, ERR_UNSUPPORTED,
			"a program as reader is not asked to annotate its polling");
	e->activated = false;
	if (!e->field && exec_running(&e->program)) {
		act->result = READER_NO_CARD;
		act->started_ns = act->activated_ns = clock_now(r->clock);
		act->slack_ns = e->program.options.slack_ns;
		return 0;
	}
	exec_begin(&e->program, &b, "activate");
	buf_printf(&b, " timeout=%lld", (long long)act->timeout_ns);
	rc = exec_ask(&e->program, &b, act->timeout_ns, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_activation(&a, &w, act, err);
	e->activated = rc == 0 && act->result == READER_OK;
	return EXEC_TAKEN(&e->program, rc, err);
}

static int transceive(struct exec_reader *e, const char *verb, struct reader_exchange *x,
		      struct err *err)
{
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	exec_begin(&e->program, &b, verb);
	buf_printf(&b, " timeout=%lld", (long long)x->timeout_ns);
	exec_request_data(&b, x->command);
	rc = exec_ask(&e->program, &b, x->timeout_ns, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_exchange(&a, &w, x, err);
	if (rc == 0 && x->result == READER_RELEASED)
		e->activated = false;
	return EXEC_TAKEN(&e->program, rc, err);
}

static int exec_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct exec_reader *e = exec_of(r);

	if (!e->activated && exec_running(&e->program))
		return err_set(err, ERR_USAGE, "no card is activated");
	return transceive(e, "exchange", x, err);
}

static int exec_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return transceive(exec_of(r), "raw", x, err);
}

static int exec_deselect(struct reader *r, struct err *err)
{
	struct exec_reader *e = exec_of(r);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);

	if (!e->activated && exec_running(&e->program))
		return 0;
	e->activated = false;
	exec_begin(&e->program, &b, "deselect");
	return exec_command(&e->program, &b, err);
}

static int abort_call(struct reader *r, struct err *err)
{
	(void)err;
	exec_abort(&exec_of(r)->program);
	return 0;
}

static int exec_identify(struct reader *r, struct reader_identity *id, struct err *err)
{
	struct exec_reader *e = exec_of(r);

	if (!exec_running(&e->program))
		return err_set(err, ERR_GONE, "%s is not running", e->program.name);
	memset(id, 0, sizeof(*id));
	id->simulated = exec_describe(&e->program, id->model, id->link, id->software);
	id->fsd = (int)e->program.id.frame;
	return 0;
}

static int exec_reopen(struct reader *r, struct err *err)
{
	struct exec_reader *e = exec_of(r);

	e->field = e->activated = false;
	return exec_start(&e->program, err);
}

static void exec_close(struct reader *r)
{
	struct exec_reader *e = exec_of(r);

	exec_stop(&e->program);
	free(e);
}

static const struct reader_ops exec_ops = {
	.set_field = exec_set_field,
	.activate = exec_activate,
	.exchange = exec_exchange,
	.raw = exec_raw,
	.deselect = exec_deselect,
	.abort = abort_call,
	.identity = exec_identify,
	.reopen = exec_reopen,
	.close = exec_close,
};

static int exec_open(struct reader **out, const void *options, struct clock *clock,
		     struct err *err)
{
	struct exec_reader *e = calloc(1, sizeof(*e));
	int rc;

	if (!e)
		return err_set(err, ERR_NOMEM, "reader");
	e->base = (struct reader){ &exec_ops, clock };
	exec_init(&e->program, "reader", options, clock, NULL);
	rc = exec_start(&e->program, err);
	if (rc) {
		free(e);
		return rc;
	}
	*out = &e->base;
	return 0;
}

static const struct conf_item items[] = { EXEC_ITEMS, { 0 } };

extern const struct reader_driver exec_reader_driver;
const struct reader_driver exec_reader_driver = {
	.name = "exec",
	.summary = "any program that speaks keybench-exec(5)",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct exec_options),
	.open = exec_open,
};
