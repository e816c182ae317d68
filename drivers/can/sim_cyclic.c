/*
 * Cyclic frames on a simulated bus: every one is a node of its own, which queues the next when one is out.
 */
#include "drivers/can/sim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct model_slot {
	struct model *owner;
	int node; /* negative: free */
	bool load;
	struct canframe frame;
	int64_t period_ns, due_ns;
};

/* A recorded stretch: one node, which queues the next when one is out. */
struct model_replay {
	struct model *owner;
	int node; /* negative: none */
	struct replay log;
	size_t next;
	int64_t first_ns;
};

struct model {
	struct cyclic base;
	struct bus *bus;
	struct canbus *model;
	struct model_slot slots[CYCLIC_SLOTS];
	struct model_replay replay;
	struct cyclic_count count, load;
};

static const struct cyclic_ops model_ops;

static struct model *model_of(struct cyclic *c)
{
	assert(c->ops == &model_ops);
	return (struct model *)c;
}

/* Late is what did not leave within its period; it does not shift the next. */
static void hear(void *ctx, const struct canbus_heard *h)
{
	struct model_slot *s = ctx;
	struct cyclic_count *count = s->load ? &s->owner->load : &s->owner->count;

	if (!h->own)
		return;
	count->sent++;
	count->late += h->start_ns - s->due_ns >= s->period_ns;
	s->due_ns += s->period_ns;
	canbus_send(s->owner->model, s->node, &s->frame, s->due_ns);
}

static struct model_slot *slot_for(struct model *m, bool load, const struct canframe *f)
{
	struct model_slot *found = NULL;

	for (int i = 0; i < CYCLIC_SLOTS; i++) {
		struct model_slot *s = &m->slots[i];

		if (s->node >= 0 && s->load == load &&
		    (load || (s->frame.id == f->id && s->frame.extended == f->extended)))
			return s;
		if (s->node < 0 && !found)
			found = s;
	}
	return found;
}

static void drop(struct model_slot *s)
{
	if (s->node >= 0)
		canbus_detach(s->owner->model, s->node);
	s->node = -1;
}

static int model_add(struct cyclic *c, bool load, const struct canframe *f,
		     int64_t period_ns, int64_t first_ns, struct err *err)
{
	struct model *m = model_of(c);
	struct model_slot *s = slot_for(m, load, f);

	if (!s)
		return err_set(err, ERR_RANGE, "more than %d cyclic frames",
			       CYCLIC_SLOTS);
	canbus_run(m->model, clock_now(m->bus->clock));
	drop(s);
	*s = (struct model_slot){ m, -1, load, *f, period_ns, first_ns };
	s->node = canbus_attach(m->model, hear, s);
	if (s->node < 0)
		return err_set(err, ERR_RANGE, "no room on the simulated bus");
	if (canbus_send(m->model, s->node, f, first_ns)) {
		drop(s);
		return err_set(err, ERR_UNSUPPORTED,
			       "the simulated bus carries classic frames only");
	}
	return 0;
}

static int replay_next(struct model_replay *r)
{
	const struct replay_frame *f = &r->log.frames[r->next];

	return canbus_send(r->owner->model, r->node, &f->frame,
			   r->first_ns + f->after_ns);
}

static void hear_replay(void *ctx, const struct canbus_heard *h)
{
	struct model_replay *r = ctx;
	struct cyclic_count *count = &r->owner->count;

	if (!h->own || r->next == r->log.count)
		return;
	count->sent++;
	count->late += h->start_ns - r->first_ns - r->log.frames[r->next].after_ns >=
		       CYCLIC_REPLAY_LATE_NS;
	/* what this bus cannot carry was found before the first was sent */
	if (++r->next < r->log.count)
		replay_next(r);
}

static void drop_replay(struct model *m)
{
	if (m->replay.node >= 0)
		canbus_detach(m->model, m->replay.node);
	m->replay.node = -1;
	m->replay.next = 0;
	replay_release(&m->replay.log);
}

static int model_replay(struct cyclic *c, const struct replay *r, int64_t first_ns,
			struct err *err)
{
	struct model *m = model_of(c);
	struct replay copy = { malloc(r->count * sizeof(*r->frames)), r->count };

	for (size_t i = 0; i < r->count; i++)
		if (!canbus_carries(m->model, &r->frames[i].frame)) {
			free(copy.frames);
			return err_set(err, ERR_UNSUPPORTED,
				       "the simulated bus carries classic frames only");
		}
	if (!copy.frames)
		return err_set(err, ERR_NOMEM, "replay");
	memcpy(copy.frames, r->frames, r->count * sizeof(*r->frames));
	canbus_run(m->model, clock_now(m->bus->clock));
	drop_replay(m);
	m->replay = (struct model_replay){ m, -1, copy, 0, first_ns };
	m->replay.node = canbus_attach(m->model, hear_replay, &m->replay);
	if (m->replay.node < 0) {
		drop_replay(m);
		return err_set(err, ERR_RANGE, "no room on the simulated bus");
	}
	replay_next(&m->replay);
	return 0;
}

static int model_stop(struct cyclic *c, struct cyclic_count *count,
		      struct cyclic_count *load, struct err *err)
{
	struct model *m = model_of(c);

	(void)err;
	canbus_run(m->model, clock_now(m->bus->clock));
	for (int i = 0; i < CYCLIC_SLOTS; i++)
		drop(&m->slots[i]);
	m->count.unsent = m->replay.log.count - m->replay.next;
	drop_replay(m);
	*count = m->count;
	*load = m->load;
	m->count = m->load = (struct cyclic_count){ 0 };
	return 0;
}

static void model_end(struct cyclic *c)
{
	for (int i = 0; i < CYCLIC_SLOTS; i++)
		drop(&model_of(c)->slots[i]);
	drop_replay(model_of(c));
	free(c);
}

static const struct cyclic_ops model_ops = {
	.add = model_add,
	.replay = model_replay,
	.stop = model_stop,
	.end = model_end,
};

int sim_bus_cyclic(struct cyclic **out, struct bus *b, struct err *err)
{
	struct model *m;

	if (!sim_bus_model(b))
		return err_set(err, ERR_UNSUPPORTED, "this is no simulated bus");
	m = calloc(1, sizeof(*m));
	if (!m)
		return err_set(err, ERR_NOMEM, "cyclic sender");
	m->base.ops = &model_ops;
	m->bus = b;
	m->model = sim_bus_model(b);
	m->replay.node = -1;
	for (int i = 0; i < CYCLIC_SLOTS; i++)
		m->slots[i] = (struct model_slot){ .owner = m, .node = -1 };
	*out = &m->base;
	return 0;
}
