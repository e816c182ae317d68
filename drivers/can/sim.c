#include "drivers/can/sim.h"

#include "drivers/can/uds.h"
#include "drivers/can/uds_server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH 1024

struct sim {
	struct bus base;
	struct canbus *model;
	int node;
	struct uds_node *module;
	bool deaf;
	struct bus_ring ring;
};

static const struct bus_ops sim_ops;

static struct sim *sim_of(struct bus *b)
{
	assert(b->ops == &sim_ops);
	return (struct sim *)b;
}

static void hear(void *ctx, const struct canbus_heard *h)
{
	struct sim *s = ctx;
	struct bus_frame f = { .frame = h->frame, .at_ns = h->end_ns, .own = h->own };

	if (h->own || !s->deaf)
		bus_ring_put(&s->ring, &f);
}

static int sim_send(struct bus *b, const struct canframe *f, int64_t launch_ns,
		    enum bus_result *result, struct err *err)
{
	struct sim *s = sim_of(b);
	int64_t now = clock_now(b->clock);
	int rc;

	canbus_run(s->model, now);
	rc = canbus_send(s->model, s->node, f, launch_ns > now ? launch_ns : now);
	if (rc == ERR_UNSUPPORTED)
		return err_set(err, rc, "the simulated bus carries classic frames only");
	*result = rc ? BUS_FULL : BUS_OK;
	return 0;
}

static int sim_receive(struct bus *b, struct bus_frame *f, int64_t deadline_ns,
		       enum bus_result *result, struct err *err)
{
	struct sim *s = sim_of(b);
	uint32_t lost = 0;

	(void)err;
	for (;;) {
		int64_t now = clock_now(b->clock), next;

		canbus_run(s->model, now);
		*result = BUS_OK;
		if (bus_ring_take(&s->ring, f)) {
			f->lost += lost;
			return 0;
		}
		lost += f->lost;
		f->lost = lost;
		*result = BUS_NONE;
		if (now >= deadline_ns)
			return 0;
		next = canbus_next_ns(s->model);
		b->clock->sleep_until(b->clock, next < deadline_ns ? next : deadline_ns);
	}
}

static int sim_flush(struct bus *b, struct err *err)
{
	(void)err;
	canbus_run(sim_of(b)->model, clock_now(b->clock));
	canbus_flush(sim_of(b)->model, sim_of(b)->node);
	return 0;
}

static int sim_fd(struct bus *b)
{
	(void)b;
	return -1;
}

static int sim_identity(struct bus *b, struct bus_identity *id, struct err *err)
{
	(void)err;
	*id = (struct bus_identity){ .model = "simulated CAN bus",
				     .link = "in process",
				     .bitrate = canbus_bitrate(sim_of(b)->model),
				     .data_bitrate =
					     canbus_data_bitrate(sim_of(b)->model),
				     .fd = canbus_data_bitrate(sim_of(b)->model) > 0,
				     .launches = true,
				     .simulated = true };
	return 0;
}

static int sim_isotp(struct bus *b, const struct tp_options *o, struct err *err)
{
	(void)b;
	(void)o;
	return err_set(err, ERR_UNSUPPORTED, "no ISO-TP but that of frames");
}

static void sim_close(struct bus *b)
{
	struct sim *s = sim_of(b);

	uds_node_free(s->module);
	canbus_free(s->model);
	bus_ring_release(&s->ring);
	free(s);
}

static const struct bus_ops sim_ops = {
	.send = sim_send,
	.receive = sim_receive,
	.flush = sim_flush,
	.fd = sim_fd,
	.identity = sim_identity,
	.isotp = sim_isotp,
	.close = sim_close,
};

static int add_module(struct sim *s, const char *uds, struct err *err)
{
	struct tp_options tester, module;

	if (uds_pair(uds, &tester))
		return err_set(err, ERR_FORMAT, "uds: '%.40s' is none; 7E0:7E8 is", uds);
	module = uds_other_side(&tester);
	return uds_node_new(&s->module, s->model, &module, NULL, NULL, err);
}

static int sim_open(struct bus **out, const void *options, const struct bus_parts *parts,
		    struct clock *clock, struct err *err)
{
	const struct sim_bus_options *o = options;
	struct sim *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(err, ERR_NOMEM, "simulated bus");
	s->base = (struct bus){ &sim_ops, clock };
	s->deaf = parts && parts->deaf;
	rc = canbus_new(&s->model, o->bitrate, DEPTH, err);
	if (!rc)
		canbus_set_data_bitrate(s->model, o->data_bitrate);
	if (!rc && bus_ring_init(&s->ring, BUS_KEEPS))
		rc = err_set(err, ERR_NOMEM, "simulated bus");
	if (!rc && (s->node = canbus_attach(s->model, hear, s)) < 0)
		rc = err_set(err, ERR_NOMEM, "simulated bus");
	if (!rc && o->uds)
		rc = add_module(s, o->uds, err);
	if (rc)
		sim_close(&s->base);
	else
		*out = &s->base;
	return rc;
}

struct canbus *sim_bus_model(struct bus *b)
{
	return b->ops == &sim_ops ? sim_of(b)->model : NULL;
}

static const struct conf_item items[] = {
	{ .key = "bitrate",
	  .type = CONF_INT,
	  .offset = offsetof(struct sim_bus_options, bitrate),
	  .fallback = "500000",
	  .help = "bit/s",
	  .min = 1000,
	  .max = 1000000 },
	{ .key = "data_bitrate",
	  .type = CONF_INT,
	  .offset = offsetof(struct sim_bus_options, data_bitrate),
	  .fallback = "0",
	  .help = "bit/s of FD frames; 0: classic frames only",
	  .max = 8000000 },
	{ .key = "uds",
	  .type = CONF_TEXT,
	  .offset = offsetof(struct sim_bus_options, uds),
	  .fallback = CONF_ABSENT,
	  .help = "a module on it answers UDS: 7E0:7E8 (identifiers of request, "
		  "answer)" },
	{ 0 },
};

const struct bus_driver sim_bus_driver = {
	.name = "sim",
	.summary = "a CAN bus in this process",
	.items = items,
	.options_size = sizeof(struct sim_bus_options),
	.open = sim_open,
};
