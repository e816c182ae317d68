#include "drivers/wrap/fault_int.h"

#include <assert.h>
#include <stdlib.h>

struct fault_relay {
	struct relay base;
	struct relay *inner;
	struct fault *fault;
};

static const struct relay_ops relay_ops;

static struct fault_relay *of_relay(struct relay *r)
{
	assert(r->ops == &relay_ops);
	return (struct fault_relay *)r;
}

/* Another channel than the one that was meant. */
static int astray(struct fault *f, int channel)
{
	return f->plan.kind == FAULT_CORRUPT ? (channel == 1 ? 2 : channel - 1) : channel;
}

static int bent_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct fault_relay *w = of_relay(r);
	int rc = 0;

	switch (fault_call(w->fault, "set", r->clock, &rc, err)) {
	case DEED_SKIP:
		return rc;
	case DEED_WASTE:
		relay_set(w->inner, channel, on, NULL);
		return rc;
	case DEED_BEND:
		if (fault_is(w->fault, FAULT_LOSS))
			return 0;
		channel = astray(w->fault, channel);
		if (fault_is(w->fault, FAULT_DUPLICATE))
			relay_set(w->inner, channel, on, NULL);
		return relay_set(w->inner, channel, on, err);
	case DEED_DELAY:
		rc = relay_set(w->inner, channel, on, err);
		fault_linger(w->fault, r->clock);
		return rc;
	default:
		return relay_set(w->inner, channel, on, err);
	}
}

static int bent_all_off(struct relay *r, struct err *err)
{
	struct fault_relay *w = of_relay(r);

	FAULT_THROUGH(w->fault, "all_off", r->clock, relay_all_off(w->inner, err), err);
}

static int bent_read(struct relay *r, uint32_t *state, struct err *err)
{
	struct fault_relay *w = of_relay(r);
	int rc = 0;
	enum fault_deed deed = fault_call(w->fault, "read", r->clock, &rc, err);

	if (deed == DEED_SKIP || deed == DEED_WASTE)
		return rc;
	rc = relay_read(w->inner, state, err);
	if (deed == DEED_DELAY)
		fault_linger(w->fault, r->clock);
	if (!rc && deed == DEED_BEND && fault_is(w->fault, FAULT_CORRUPT))
		*state ^= 1u;
	return rc;
}

static int bent_input(struct relay *r, int input, bool *on, struct err *err)
{
	struct fault_relay *w = of_relay(r);
	int rc = 0;
	enum fault_deed deed = fault_call(w->fault, "input", r->clock, &rc, err);

	if (deed == DEED_SKIP || deed == DEED_WASTE)
		return rc;
	rc = relay_input(w->inner, input, on, err);
	if (deed == DEED_DELAY)
		fault_linger(w->fault, r->clock);
	if (!rc && deed == DEED_BEND && fault_is(w->fault, FAULT_CORRUPT))
		*on = !*on;
	return rc;
}

static int bent_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	struct fault_relay *w = of_relay(r);
	int rc = 0;

	if (fault_call(w->fault, "identity", r->clock, &rc, err) == DEED_SKIP)
		return rc;
	rc = rc ? rc : relay_identity(w->inner, id, err);
	if (!rc)
		fault_rename(w->fault, id->model, sizeof(id->model));
	return rc;
}

static void close_both(struct relay *r)
{
	struct fault_relay *w = of_relay(r);

	relay_close(w->inner);
	free(w);
}

static const struct relay_ops relay_ops = {
	.set = bent_set,
	.all_off = bent_all_off,
	.read = bent_read,
	.input = bent_input,
	.identity = bent_identity,
	.close = close_both,
};

int fault_relay_open(struct relay **out, struct relay *inner, struct fault *f,
		     struct err *err)
{
	struct fault_relay *w = calloc(1, sizeof(*w));
	int rc = w ? fault_back(f, err)
		   : err_set(err, ERR_NOMEM, "no memory for a faulty relay board");

	if (rc) {
		relay_close(inner);
		free(w);
		return rc;
	}
	*w = (struct fault_relay){ { &relay_ops, inner->clock }, inner, f };
	*out = &w->base;
	return 0;
}
