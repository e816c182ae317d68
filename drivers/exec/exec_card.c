/* A card that is a program: keybench-exec(5). */
#include "drivers/exec/exec_program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct exec_card {
	struct card base;
	struct exec_program program;
	bool active, waiting;
};

static const struct card_ops exec_ops;

static struct exec_card *exec_of(struct card *c)
{
	assert(c->ops == &exec_ops);
	return (struct exec_card *)c;
}

/* A request with a time, and perhaps data. */
static int ask(struct exec_card *e, const char *verb, int64_t timeout_ns,
	       const struct bytes *data, struct exec_answer *a, struct exec_window *w,
	       struct err *err)
{
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);

	exec_begin(&e->program, &b, verb);
	buf_printf(&b, " timeout=%lld", (long long)timeout_ns);
	if (data)
		exec_request_data(&b, *data);
	return exec_ask(&e->program, &b, timeout_ns, a, w, err);
}

static int exec_listen(struct card *c, struct card_listen *l, struct err *err)
{
	struct exec_card *e = exec_of(c);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	e->active = e->waiting = false;
	rc = ask(e, "listen", l->timeout_ns, NULL, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_listen(&a, &w, l, err);
	e->active = rc == 0 && l->result == CARD_OK;
	return EXEC_TAKEN(&e->program, rc, err);
}

static int exec_receive(struct card *c, struct card_receive *x, struct err *err)
{
	struct exec_card *e = exec_of(c);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	if (!e->active && exec_running(&e->program))
		return err_set(err, ERR_USAGE, "no reader has activated us");
	rc = ask(e, "receive", x->timeout_ns, NULL, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_receive(&a, &w, x, err);
	e->waiting = rc == 0 && x->result == CARD_OK;
	if (rc == 0 && x->result == CARD_RELEASED)
		e->active = false;
	return EXEC_TAKEN(&e->program, rc, err);
}

static int exec_answer(struct card *c, struct card_answer *x, struct err *err)
{
	struct exec_card *e = exec_of(c);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	if (!e->waiting && exec_running(&e->program))
		return err_set(err, ERR_USAGE, "no command waits for an answer");
	e->waiting = false;
	rc = ask(e, "answer", x->timeout_ns, &x->answer, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_answered(&a, &w, x, err);
	if (rc == 0 && x->result == CARD_RELEASED)
		e->active = false;
	return EXEC_TAKEN(&e->program, rc, err);
}

static int exec_release(struct card *c, struct card_release *x, struct err *err)
{
	struct exec_card *e = exec_of(c);
	bool active = e->active;
	struct exec_answer a;
	struct exec_window w;
	int rc;

	e->active = e->waiting = false;
	if (!active && exec_running(&e->program)) {
		x->result = CARD_RELEASED;
		x->released_ns = clock_now(c->clock);
		x->slack_ns = e->program.options.slack_ns;
		return 0;
	}
	rc = ask(e, "release", x->timeout_ns, NULL, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_release(&a, &w, x, err);
	return EXEC_TAKEN(&e->program, rc, err);
}

static int abort_call(struct card *c, struct err *err)
{
	(void)err;
	exec_abort(&exec_of(c)->program);
	return 0;
}

static int exec_identify(struct card *c, struct card_identity *id, struct err *err)
{
	struct exec_card *e = exec_of(c);

	if (!exec_running(&e->program))
		return err_set(err, ERR_GONE, "%s is not running", e->program.name);
	memset(id, 0, sizeof(*id));
	id->simulated = exec_describe(&e->program, id->model, id->link, id->software);
	id->fsc = (int)e->program.id.frame;
	return 0;
}

static int exec_reopen(struct card *c, struct err *err)
{
	struct exec_card *e = exec_of(c);

	e->active = e->waiting = false;
	return exec_start(&e->program, err);
}

static void exec_close(struct card *c)
{
	struct exec_card *e = exec_of(c);

	exec_stop(&e->program);
	free(e);
}

static const struct card_ops exec_ops = {
	.listen = exec_listen,
	.receive = exec_receive,
	.answer = exec_answer,
	.release = exec_release,
	.abort = abort_call,
	.identity = exec_identify,
	.reopen = exec_reopen,
	.close = exec_close,
};

static int exec_open(struct card **out, const void *options, struct clock *clock,
		     struct err *err)
{
	struct exec_card *e = calloc(1, sizeof(*e));
	int rc;

	if (!e)
		return err_set(err, ERR_NOMEM, "card");
	e->base = (struct card){ &exec_ops, clock };
	exec_init(&e->program, "card", options, clock, NULL);
	rc = exec_start(&e->program, err);
	if (rc) {
		free(e);
		return rc;
	}
	*out = &e->base;
	return 0;
}

static const struct conf_item items[] = { EXEC_ITEMS, { 0 } };

extern const struct card_driver exec_card_driver;
const struct card_driver exec_card_driver = {
	.name = "exec",
	.summary = "any program that speaks keybench-exec(5)",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct exec_options),
	.open = exec_open,
};
