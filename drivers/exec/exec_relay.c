/*
 * A relay board that is a program: keybench-exec(5). It has all channels off when it has said hello, and
 * drops them by itself at end-of-file; so a program that was killed is started once more to drop what it left on.
 */
#include "drivers/exec/exec_program.h"
#include "drivers/relay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct exec_relay {
	struct relay base;
	struct exec_program program;
	uint32_t on; /* channels that may be on */
};

static const struct relay_ops exec_ops;

static struct exec_relay *exec_of(struct relay *r)
{
	assert(r->ops == &exec_ops);
	return (struct exec_relay *)r;
}

static int exec_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct exec_relay *e = exec_of(r);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	int rc;

	if (channel > e->program.id.channels)
		return err_set(err, ERR_RANGE, "channel %d: the board has 1 to %d",
			       channel, (int)e->program.id.channels);
	exec_begin(&e->program, &b, "set");
	buf_printf(&b, " channel=%d on=%s", channel, on ? "yes" : "no");
	if (on)
		e->on |= UINT32_C(1) << (channel - 1);
	rc = exec_command(&e->program, &b, err);
	if (rc == 0 && !on)
		e->on &= ~(UINT32_C(1) << (channel - 1));
	return rc;
}

/* A new program has all off when it has said hello. */
static int start_off(struct exec_relay *e, struct err *err)
{
	int rc = exec_start(&e->program, err);

	if (rc == 0)
		e->on = 0;
	return rc;
}

static int exec_all_off(struct relay *r, struct err *err)
{
	struct exec_relay *e = exec_of(r);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	int rc;

	if (!exec_running(&e->program))
		return start_off(e, err);
	exec_begin(&e->program, &b, "off");
	rc = exec_command(&e->program, &b, err);
	if (rc == 0)
		e->on = 0;
	return rc;
}

static int exec_read(struct relay *r, uint32_t *state, struct err *err)
{
	struct exec_relay *e = exec_of(r);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	if (!e->program.id.reads_back)
		return err_set(err, ERR_UNSUPPORTED,
			       "this board does not tell its state");
	exec_begin(&e->program, &b, "read");
	rc = exec_ask(&e->program, &b, EXEC_COMMAND_NS, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_state(&a, (int)e->program.id.channels, state, err);
	return EXEC_TAKEN(&e->program, rc, err);
}

static int exec_input(struct relay *r, int input, bool *on, struct err *err)
{
	struct exec_relay *e = exec_of(r);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	if (!e->program.id.inputs)
		return err_set(err, ERR_UNSUPPORTED, "this board has no inputs");
	if (input < 1 || input > e->program.id.inputs)
		return err_set(err, ERR_RANGE, "input %d: the board has 1 to %d", input,
			       (int)e->program.id.inputs);
	exec_begin(&e->program, &b, "input");
	buf_printf(&b, " number=%d", input);
	rc = exec_ask(&e->program, &b, EXEC_COMMAND_NS, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_input(&a, on, err);
	return EXEC_TAKEN(&e->program, rc, err);
}

static int exec_identify(struct relay *r, struct relay_identity *id, struct err *err)
{
	struct exec_relay *e = exec_of(r);

	if (!exec_running(&e->program))
		return err_set(err, ERR_GONE, "%s is not running", e->program.name);
	memset(id, 0, sizeof(*id));
	id->simulated = exec_describe(&e->program, id->model, id->link, NULL);
	id->channels = (int)e->program.id.channels;
	id->reads_back = e->program.id.reads_back;
	return 0;
}

static void exec_close(struct relay *r)
{
	struct exec_relay *e = exec_of(r);

	/* the second attempt starts it anew when the first has ended it */
	if (exec_all_off(r, NULL) && e->on)
		exec_all_off(r, NULL);
	exec_stop(&e->program);
	free(e);
}

static const struct relay_ops exec_ops = {
	.set = exec_set,
	.all_off = exec_all_off,
	.read = exec_read,
	.input = exec_input,
	.identity = exec_identify,
	.close = exec_close,
};

static int exec_open(struct relay **out, const void *options, struct clock *clock,
		     struct err *err)
{
	struct exec_relay *e = calloc(1, sizeof(*e));
	int rc;

	if (!e)
		return err_set(err, ERR_NOMEM, "relay board");
	e->base = (struct relay){ &exec_ops, clock };
	exec_init(&e->program, "relay", options, clock, NULL);
	rc = start_off(e, err);
	if (rc) {
		free(e);
		return rc;
	}
	*out = &e->base;
	return 0;
}

static const struct conf_item items[] = { EXEC_ITEMS, { 0 } };

extern const struct relay_driver exec_relay_driver;
const struct relay_driver exec_relay_driver = {
	.name = "exec",
	.summary = "any program that speaks keybench-exec(5)",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct exec_options),
	.open = exec_open,
};
