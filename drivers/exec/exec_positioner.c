/*
 * A positioner that is a program: keybench-exec(5). The phone is away when it has said hello, and goes away at
 * end-of-file; a program that hangs then is killed. A controller that hangs or is killed gives no end-of-file in time,
 * or does not stay for that: so this lives in a worker, which sends the phone away, with a guard.
 */
#include "drivers/exec/exec_program.h"
#include "drivers/positioner.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct place_options {
	struct exec_options exec;
	int64_t reach_um, height_um;
};

struct exec_positioner {
	struct positioner base;
	struct exec_program program;
	struct positioner_reach reach;
	bool near; /* the phone may be at the reader */
	enum position to;
	int64_t settled_ns; /* of the last move */
	int64_t commanded_ns, slack_ns;
	bool failed; /* it did not say what came of that */
};

static const struct positioner_ops exec_ops;

static struct exec_positioner *exec_of(struct positioner *p)
{
	assert(p->ops == &exec_ops);
	return (struct exec_positioner *)p;
}

static int start_away(struct exec_positioner *e, struct err *err)
{
	int rc = exec_start(&e->program, err);

	if (rc == 0 && !e->program.id.places && (e->reach.beside_um || e->reach.off_um)) {
		rc = err_set(err, ERR_UNSUPPORTED,
			     "the rig says how far it reaches, and %s knows two places "
			     "only",
			     e->program.name);
		exec_stop(&e->program);
	}
	if (rc == 0) {
		e->near = e->failed = false;
		e->to = POSITION_AWAY;
		e->settled_ns = clock_now(e->base.clock);
	}
	return rc;
}

static int exec_move(struct positioner *p, struct positioner_move *move, struct err *err)
{
	struct exec_positioner *e = exec_of(p);
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	int64_t travel_ns;
	struct exec_answer a;
	struct exec_window w;
	const struct positioner_offset *o = &move->offset;
	int rc = 0;

	if (move->to == POSITION_TAP)
		rc = positioner_reach_check(&e->reach, o, err);
	if (rc)
		return rc;
	e->failed = true; /* until it has answered */
	exec_begin(&e->program, &b, "move");
	buf_printf(&b, " to=%s", move->to == POSITION_TAP ? "tap" : "away");
	if (move->to == POSITION_TAP && e->program.id.places)
		buf_printf(&b, " x=%" PRId64 " y=%" PRId64 " z=%" PRId64, o->x_um,
			   o->y_um, o->z_um);
	if (move->to == POSITION_TAP)
		e->near = true;
	rc = exec_ask(&e->program, &b, EXEC_COMMAND_NS, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_move(&a, &w, &move->commanded_ns, &travel_ns, &move->slack_ns,
			    err);
	if (rc)
		return EXEC_TAKEN(&e->program, rc, err);
	move->settled_ns = move->commanded_ns + travel_ns;
	e->settled_ns = move->settled_ns;
	e->commanded_ns = move->commanded_ns;
	e->slack_ns = move->slack_ns;
	e->to = move->to;
	e->failed = false;
	if (move->to == POSITION_AWAY)
		e->near = false;
	return 0;
}

/* It is there when the time that it said has passed. */
static int exec_settle(struct positioner *p, struct positioner_move *move,
		       struct err *err)
{
	struct exec_positioner *e = exec_of(p);

	if (!exec_running(&e->program))
		return err_set(err, ERR_GONE, "%s is not running", e->program.name);
	move->settled_ns = e->settled_ns;
	move->commanded_ns = e->commanded_ns;
	move->slack_ns = e->slack_ns;
	return clock_now(p->clock) < e->settled_ns ? POSITIONER_NOT_YET : 0;
}

static enum positioner_state exec_state(struct positioner *p)
{
	struct exec_positioner *e = exec_of(p);
	bool there = clock_now(p->clock) >= e->settled_ns;

	if (e->failed || !exec_running(&e->program))
		return POSITIONER_FAULT;
	if (e->to == POSITION_TAP)
		return there ? POSITIONER_IN_FIELD : POSITIONER_APPROACHING;
	return there ? POSITIONER_AWAY : POSITIONER_LEAVING;
}

static int exec_probe(struct positioner *p, bool *on, struct err *err)
{
	(void)p;
	(void)on;
	return err_set(err, ERR_UNSUPPORTED, "a program has no sensor of its own");
}

static int exec_identify(struct positioner *p, struct positioner_identity *id,
			 struct err *err)
{
	struct exec_positioner *e = exec_of(p);
	char link[64];

	if (!exec_running(&e->program))
		return err_set(err, ERR_GONE, "%s is not running", e->program.name);
	memset(id, 0, sizeof(*id));
	id->simulated = exec_describe(&e->program, id->model, link, NULL);
	id->offsets = e->reach.beside_um || e->reach.off_um;
	return 0;
}

static void exec_close(struct positioner *p)
{
	struct exec_positioner *e = exec_of(p);
	struct positioner_move away = { .to = POSITION_AWAY };

	if (e->near && exec_running(&e->program))
		exec_move(p, &away, NULL);
	if (e->near) /* it died, or does not obey: another one begins with the phone away */
		start_away(e, NULL);
	exec_stop(&e->program);
	free(e);
}

static const struct positioner_ops exec_ops = {
	.move = exec_move,
	.settle = exec_settle,
	.state = exec_state,
	.probe = exec_probe,
	.identity = exec_identify,
	.close = exec_close,
};

static void exec_reach(const void *options, struct positioner_reach *out)
{
	const struct place_options *o = options;

	*out = (struct positioner_reach){ o->reach_um, o->height_um };
}

static int exec_open(struct positioner **out, const void *options,
		     const struct positioner_parts *parts, struct clock *clock,
		     struct err *err)
{
	const struct place_options *o = options;
	struct exec_positioner *e = calloc(1, sizeof(*e));
	int rc;

	if (!e)
		return err_set(err, ERR_NOMEM, "positioner");
	e->base = (struct positioner){ .ops = &exec_ops, .clock = clock };
	exec_reach(options, &e->reach);
	exec_init(&e->program, "positioner", &o->exec, clock, parts ? parts->pump : NULL);
	rc = start_away(e, err);
	if (rc) {
		free(e);
		return rc;
	}
	*out = &e->base;
	return 0;
}

#define AT(field) offsetof(struct place_options, field)
#define MOST_UM 1000000
_Static_assert(AT(exec) == 0, "EXEC_ITEMS begin there");
static const struct conf_item items[] = {
	EXEC_ITEMS,
	{ .key = "reach",
	  .type = CONF_LENGTH,
	  .offset = AT(reach_um),
	  .fallback = "0",
	  .help = "how far beside the tap it may go, in x and y",
	  .max = MOST_UM },
	{ .key = "height",
	  .type = CONF_LENGTH,
	  .offset = AT(height_um),
	  .fallback = "0",
	  .help = "how far off it",
	  .max = MOST_UM },
	{ 0 },
};

extern const struct positioner_driver exec_positioner_driver;
const struct positioner_driver exec_positioner_driver = {
	.name = "exec",
	.summary = "any program that speaks keybench-exec(5)",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct place_options),
	.reach = exec_reach,
	.open = exec_open,
};
