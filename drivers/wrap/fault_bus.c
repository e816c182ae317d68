#include "drivers/wrap/fault_int.h"

#include <assert.h>
#include <stdlib.h>

struct fault_bus {
	struct bus base;
	struct bus *inner;
	struct fault *fault;
	struct bus_frame again; /* comes once more with the next receive */
	bool has_again;
	uint32_t lost; /* told with the next frame */
};

static const struct bus_ops bus_ops;

static struct fault_bus *of_bus(struct bus *b)
{
	assert(b->ops == &bus_ops);
	return (struct fault_bus *)b;
}

static int bend_send(struct fault_bus *w, const struct canframe *f, int64_t launch_ns,
		     enum bus_result *result, struct err *err)
{
	struct canframe bent = *f;
	int rc;

	*result = BUS_OK;
	if (fault_is(w->fault, FAULT_LOSS))
		return 0;
	if (fault_is(w->fault, FAULT_CORRUPT) && bent.len > 0)
		bent.data[rng_below(&w->fault->rng, bent.len)] ^=
			(uint8_t)(1u << rng_below(&w->fault->rng, 8));
	rc = bus_send(w->inner, &bent, launch_ns, result, err);
	if (!rc && *result == BUS_OK && fault_is(w->fault, FAULT_DUPLICATE))
		rc = bus_send(w->inner, &bent, launch_ns, result, err);
	return rc;
}

static int bent_send(struct bus *b, const struct canframe *f, int64_t launch_ns,
		     enum bus_result *result, struct err *err)
{
	struct fault_bus *w = of_bus(b);
	int rc = 0;

	switch (fault_call(w->fault, "send", b->clock, &rc, err)) {
	case DEED_SKIP:
		return rc;
	case DEED_WASTE:
		bus_send(w->inner, f, launch_ns, result, NULL);
		return rc;
	case DEED_BEND:
		return bend_send(w, f, launch_ns, result, err);
	case DEED_DELAY:
		fault_linger(w->fault, b->clock);
		return bus_send(w->inner, f, launch_ns, result, err);
	default:
		return bus_send(w->inner, f, launch_ns, result, err);
	}
}

/* A frame that came is lost, and that is told; or it comes once more. */
static void bend_frame(struct fault_bus *w, struct bus_frame *f, enum bus_result *result)
{
	if (*result != BUS_OK)
		return;
	if (fault_is(w->fault, FAULT_DUPLICATE)) {
		w->again = *f;
		w->has_again = true;
		return;
	}
	w->lost += f->lost + 1;
	*f = (struct bus_frame){ 0 };
	*result = BUS_NONE;
}

/* Only a frame counts as a call: how often somebody looks in vain depends on the machine. */
static int bent_receive(struct bus *b, struct bus_frame *f, int64_t deadline_ns,
			enum bus_result *result, struct err *err)
{
	struct fault_bus *w = of_bus(b);
	int rc;

	if (w->has_again) {
		*f = w->again;
		*result = BUS_OK;
		w->has_again = false;
		return 0;
	}
	rc = bus_receive(w->inner, f, deadline_ns, result, err);
	if (rc || *result != BUS_OK) {
		f->lost += w->lost;
		w->lost = 0;
		return rc;
	}
	switch (fault_call(w->fault, "receive", b->clock, &rc, err)) {
	case DEED_SKIP:
	case DEED_WASTE:
		return rc;
	case DEED_BEND:
		bend_frame(w, f, result);
		break;
	case DEED_DELAY:
		fault_linger(w->fault, b->clock);
		break;
	default:
		break;
	}
	f->lost += w->lost;
	w->lost = 0;
	f->at_ns += w->fault->step_ns;
	return 0;
}

static int bent_flush(struct bus *b, struct err *err)
{
	struct fault_bus *w = of_bus(b);

	FAULT_THROUGH(w->fault, "flush", b->clock, bus_flush(w->inner, err), err);
}

static int bent_fd(struct bus *b)
{
	return bus_fd(of_bus(b)->inner);
}

static int bent_identity(struct bus *b, struct bus_identity *id, struct err *err)
{
	struct fault_bus *w = of_bus(b);
	int rc = 0;

	if (fault_call(w->fault, "identity", b->clock, &rc, err) == DEED_SKIP)
		return rc;
	rc = rc ? rc : bus_identity(w->inner, id, err);
	if (!rc)
		fault_rename(w->fault, id->model, sizeof(id->model));
	return rc;
}

static int bent_isotp(struct bus *b, const struct tp_options *o, struct err *err)
{
	return bus_isotp(of_bus(b)->inner, o, err);
}

static void close_both(struct bus *b)
{
	struct fault_bus *w = of_bus(b);

	bus_close(w->inner);
	free(w);
}

static const struct bus_ops bus_ops = {
	.send = bent_send,
	.receive = bent_receive,
	.flush = bent_flush,
	.fd = bent_fd,
	.identity = bent_identity,
	.isotp = bent_isotp,
	.close = close_both,
};

int fault_bus_open(struct bus **out, struct bus *inner, struct fault *f, struct err *err)
{
	struct fault_bus *w = calloc(1, sizeof(*w));
	int rc = w ? fault_back(f, err)
		   : err_set(err, ERR_NOMEM, "no memory for a faulty bus");

	if (rc) {
		bus_close(inner);
		free(w);
		return rc;
	}
	*w = (struct fault_bus){ .base = { .ops = &bus_ops, .clock = inner->clock },
				 .inner = inner,
				 .fault = f };
	*out = &w->base;
	return 0;
}
