/*
 * A sensor that is a program: keybench-exec(5). It needs no worker: the program is a process of its own, and it is
 * waited for with the pump.
 */
#include "drivers/exec/exec_program.h"
#include "drivers/sensor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct eye_options {
	struct exec_options exec;
	bool inverted;
};

struct exec_sensor {
	struct sensor base;
	struct exec_program program;
	bool inverted;
};

static const struct sensor_ops exec_ops;

static struct exec_sensor *exec_of(struct sensor *s)
{
	assert(s->ops == &exec_ops);
	return (struct exec_sensor *)s;
}

static int exec_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	struct exec_sensor *e = exec_of(s);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	exec_begin(&e->program, &b, "look");
	rc = exec_ask(&e->program, &b, EXEC_COMMAND_NS, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_look(&a, &w, sample, err);
	if (rc)
		return EXEC_TAKEN(&e->program, rc, err);
	sample->on = sample->on != e->inverted;
	return 0;
}

static int exec_identify(struct sensor *s, struct sensor_identity *id, struct err *err)
{
	struct exec_sensor *e = exec_of(s);
	char link[64];

	if (!exec_running(&e->program))
		return err_set(err, ERR_GONE, "%s is not running", e->program.name);
	memset(id, 0, sizeof(*id));
	id->simulated = exec_describe(&e->program, id->model, link, NULL);
	return 0;
}

static void exec_close(struct sensor *s)
{
	struct exec_sensor *e = exec_of(s);

	exec_stop(&e->program);
	free(e);
}

static const struct sensor_ops exec_ops = {
	.look = exec_look,
	.identity = exec_identify,
	.close = exec_close,
};

static int exec_open(struct sensor **out, const void *options,
		     const struct sensor_parts *parts, struct clock *clock,
		     struct err *err)
{
	struct exec_sensor *e = calloc(1, sizeof(*e));
	const struct eye_options *o = options;
	int rc;

	if (!e)
		return err_set(err, ERR_NOMEM, "sensor");
	e->base = (struct sensor){ &exec_ops, clock };
	e->inverted = o->inverted;
	exec_init(&e->program, "sensor", &o->exec, clock, parts ? parts->pump : NULL);
	rc = exec_start(&e->program, err);
	if (rc) {
		free(e);
		return rc;
	}
	*out = &e->base;
	return 0;
}

_Static_assert(offsetof(struct eye_options, exec) == 0, "EXEC_ITEMS begin there");
static const struct conf_item items[] = {
	EXEC_ITEMS,
	{ .key = "inverted",
	  .type = CONF_BOOL,
	  .offset = offsetof(struct eye_options, inverted),
	  .fallback = "no",
	  .help = "it is active while the phone is not there" },
	{ 0 },
};

extern const struct sensor_driver exec_sensor_driver;
const struct sensor_driver exec_sensor_driver = {
	.name = "exec",
	.summary = "any program that speaks keybench-exec(5)",
	.items = items,
	.options_size = sizeof(struct eye_options),
	.open = exec_open,
};
