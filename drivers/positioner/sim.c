#include "drivers/positioner/sim.h"

#include <assert.h>
#include <stdlib.h>

struct sim {
	struct positioner base;
	int64_t travel_ns, there_ns;
	enum position to;
	sim_moved_fn *moved;
	void *ctx;
};

static const struct positioner_ops sim_ops;

static struct sim *sim_of(struct positioner *p)
{
	assert(p->ops == &sim_ops);
	return (struct sim *)p;
}

static int sim_move(struct positioner *p, struct positioner_move *move, struct err *err)
{
	struct sim *s = sim_of(p);

	if (positioner_tap_alone(move, err))
		return ERR_UNSUPPORTED;
	move->commanded_ns = clock_now(p->clock);
	move->settled_ns = move->commanded_ns + s->travel_ns;
	move->slack_ns = 0;
	s->there_ns = move->settled_ns;
	s->to = move->to;
	if (s->moved)
		s->moved(s->ctx, move->to, move->settled_ns);
	return 0;
}

static int sim_settle(struct positioner *p, struct positioner_move *move, struct err *err)
{
	struct sim *s = sim_of(p);

	(void)err;
	move->settled_ns = s->there_ns;
	return clock_now(p->clock) < s->there_ns ? POSITIONER_NOT_YET : 0;
}

static enum positioner_state sim_state(struct positioner *p)
{
	struct sim *s = sim_of(p);
	bool there = clock_now(p->clock) >= s->there_ns;

	if (s->to == POSITION_TAP)
		return there ? POSITIONER_IN_FIELD : POSITIONER_APPROACHING;
	return there ? POSITIONER_AWAY : POSITIONER_LEAVING;
}

static int sim_probe(struct positioner *p, bool *on, struct err *err)
{
	*on = sim_state(p) == POSITIONER_IN_FIELD;
	(void)err;
	return 0;
}

static int sim_identity(struct positioner *p, struct positioner_identity *id,
			struct err *err)
{
	(void)p;
	(void)err;
	*id = (struct positioner_identity){ .model = "simulated positioner",
					    .simulated = true };
	return 0;
}

static void sim_close(struct positioner *p)
{
	struct positioner_move away = { .to = POSITION_AWAY };

	sim_move(p, &away, NULL);
	free(sim_of(p));
}

static const struct positioner_ops sim_ops = {
	.move = sim_move,
	.settle = sim_settle,
	.state = sim_state,
	.probe = sim_probe,
	.identity = sim_identity,
	.close = sim_close,
};

int sim_positioner_open(struct positioner **out,
			const struct sim_positioner_options *options, sim_moved_fn *moved,
			void *ctx, struct clock *clock, struct err *err)
{
	struct sim *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_NOMEM, "simulated positioner");
	s->base = (struct positioner){ .ops = &sim_ops, .clock = clock };
	s->travel_ns = options->travel_ns;
	s->moved = moved;
	s->ctx = ctx;
	*out = &s->base;
	return 0;
}

static int open_row(struct positioner **out, const void *options,
		    const struct positioner_parts *parts, struct clock *clock,
		    struct err *err)
{
	(void)parts;
	return sim_positioner_open(out, options, NULL, NULL, clock, err);
}

static const struct conf_item items[] = {
	{ .key = "travel",
	  .type = CONF_TIME,
	  .offset = offsetof(struct sim_positioner_options, travel_ns),
	  .fallback = "40 ms",
	  .help = "from the command until the phone is there",
	  .max = 60 * NS_PER_S },
	{ 0 },
};

const struct positioner_driver sim_positioner_driver = {
	.name = "sim",
	.summary = "no positioner at all",
	.items = items,
	.options_size = sizeof(struct sim_positioner_options),
	.open = open_row,
};
