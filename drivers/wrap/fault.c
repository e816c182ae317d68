#include "drivers/wrap/fault.h"

#include <assert.h>
#include <stdlib.h>

void fault_init(struct fault *f, const struct fault_plan *plan)
{
	assert(plan->code < 0);
	*f = (struct fault){ .plan = *plan };
	rng_init(&f->rng, plan->seed, "driver faults");
}

/* Does this call fail? Every call draws, so that a number does not shift the share. */
static bool fails(struct fault *f)
{
	int64_t times = f->plan.times ? f->plan.times : 1, call = ++f->calls;
	bool drawn = rng_unit(&f->rng) < f->plan.share;
	bool fails = drawn ||
		     (f->plan.nth && call >= f->plan.nth && call < f->plan.nth + times);

	f->failed += fails;
	return fails;
}

static int say(const struct fault *f, const char *what, struct err *err)
{
	return err_set(err, f->plan.code, "injected fault: %s, call %lld", what,
		       (long long)f->calls);
}

/* @call made or not, and its result or the fault. */
#define THROUGH(f, what, call, err) \
	(fails(f) ? ((f)->plan.too_late ? (void)(call) : (void)0, say(f, what, err)) \
		  : (call))

struct fault_reader {
	struct reader base;
	struct reader *inner;
	struct fault *fault;
};

static const struct reader_ops reader_ops;

static struct fault_reader *of_reader(struct reader *r)
{
	assert(r->ops == &reader_ops);
	return (struct fault_reader *)r;
}

static int reader_set_field_or_not(struct reader *r, bool on, struct err *err)
{
	struct fault_reader *w = of_reader(r);

	return THROUGH(w->fault, "set_field", reader_set_field(w->inner, on, err), err);
}

static int reader_activate_or_not(struct reader *r, struct reader_activation *a,
				  struct err *err)
{
	struct fault_reader *w = of_reader(r);

	return THROUGH(w->fault, "activate", reader_activate(w->inner, a, err), err);
}

/* An answer that is lost is not there: what was appended is taken back. */
static int exchange_or_not(struct reader *r, struct reader_exchange *x, bool raw,
			   struct err *err)
{
	struct fault_reader *w = of_reader(r);
	size_t len = x->answer->len;
	int rc = THROUGH(w->fault, raw ? "raw" : "exchange",
			 raw ? reader_raw(w->inner, x, err)
			     : reader_exchange(w->inner, x, err),
			 err);

	if (rc)
		x->answer->len = len;
	return rc;
}

static int reader_exchange_or_not(struct reader *r, struct reader_exchange *x,
				  struct err *err)
{
	return exchange_or_not(r, x, false, err);
}

static int reader_raw_or_not(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return exchange_or_not(r, x, true, err);
}

static int reader_deselect_or_not(struct reader *r, struct err *err)
{
	struct fault_reader *w = of_reader(r);

	return THROUGH(w->fault, "deselect", reader_deselect(w->inner, err), err);
}

static int reader_abort_or_not(struct reader *r, struct err *err)
{
	struct fault_reader *w = of_reader(r);

	return THROUGH(w->fault, "abort", reader_abort(w->inner, err), err);
}

static int reader_identity_or_not(struct reader *r, struct reader_identity *id,
				  struct err *err)
{
	struct fault_reader *w = of_reader(r);

	return THROUGH(w->fault, "identity", reader_identity(w->inner, id, err), err);
}

static int reader_reopen_or_not(struct reader *r, struct err *err)
{
	struct fault_reader *w = of_reader(r);

	return THROUGH(w->fault, "reopen", reader_reopen(w->inner, err), err);
}

static void reader_close_both(struct reader *r)
{
	struct fault_reader *w = of_reader(r);

	reader_close(w->inner);
	free(w);
}

static const struct reader_ops reader_ops = {
	.set_field = reader_set_field_or_not,
	.activate = reader_activate_or_not,
	.exchange = reader_exchange_or_not,
	.raw = reader_raw_or_not,
	.deselect = reader_deselect_or_not,
	.abort = reader_abort_or_not,
	.identity = reader_identity_or_not,
	.reopen = reader_reopen_or_not,
	.close = reader_close_both,
};

int fault_reader_open(struct reader **out, struct reader *inner, struct fault *f,
		      struct err *err)
{
	struct fault_reader *w = calloc(1, sizeof(*w));

	if (!w) {
		reader_close(inner);
		return err_set(err, ERR_NOMEM, "no memory for a faulty reader");
	}
	*w = (struct fault_reader){ { &reader_ops, inner->clock }, inner, f };
	*out = &w->base;
	return 0;
}

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

static int relay_set_or_not(struct relay *r, int channel, bool on, struct err *err)
{
	struct fault_relay *w = of_relay(r);

	return THROUGH(w->fault, "set", relay_set(w->inner, channel, on, err), err);
}

static int relay_all_off_or_not(struct relay *r, struct err *err)
{
	struct fault_relay *w = of_relay(r);

	return THROUGH(w->fault, "all_off", relay_all_off(w->inner, err), err);
}

static int relay_read_or_not(struct relay *r, uint32_t *state, struct err *err)
{
	struct fault_relay *w = of_relay(r);

	return THROUGH(w->fault, "read", relay_read(w->inner, state, err), err);
}

static int relay_input_or_not(struct relay *r, int input, bool *on, struct err *err)
{
	struct fault_relay *w = of_relay(r);

	return THROUGH(w->fault, "input", relay_input(w->inner, input, on, err), err);
}

static int relay_identity_or_not(struct relay *r, struct relay_identity *id,
				 struct err *err)
{
	struct fault_relay *w = of_relay(r);

	return THROUGH(w->fault, "identity", relay_identity(w->inner, id, err), err);
}

static void relay_close_both(struct relay *r)
{
	struct fault_relay *w = of_relay(r);

	relay_close(w->inner);
	free(w);
}

static const struct relay_ops relay_ops = {
	.set = relay_set_or_not,
	.all_off = relay_all_off_or_not,
	.read = relay_read_or_not,
	.input = relay_input_or_not,
	.identity = relay_identity_or_not,
	.close = relay_close_both,
};

int fault_relay_open(struct relay **out, struct relay *inner, struct fault *f,
		     struct err *err)
{
	struct fault_relay *w = calloc(1, sizeof(*w));

	if (!w) {
		relay_close(inner);
		return err_set(err, ERR_NOMEM, "no memory for a faulty relay board");
	}
	*w = (struct fault_relay){ { &relay_ops, inner->clock }, inner, f };
	*out = &w->base;
	return 0;
}

struct fault_positioner {
	struct positioner base;
	struct positioner *inner;
	struct fault *fault;
};

static const struct positioner_ops positioner_ops;

static struct fault_positioner *of_positioner(struct positioner *p)
{
	assert(p->ops == &positioner_ops);
	return (struct fault_positioner *)p;
}

static int positioner_move_or_not(struct positioner *p, struct positioner_move *move,
				  struct err *err)
{
	struct fault_positioner *w = of_positioner(p);

	return THROUGH(w->fault, "move", positioner_move(w->inner, move, err), err);
}

static int positioner_settle_or_not(struct positioner *p, struct positioner_move *move,
				    struct err *err)
{
	struct fault_positioner *w = of_positioner(p);

	return THROUGH(w->fault, "settle", positioner_settle(w->inner, move, err), err);
}

static enum positioner_state positioner_state_through(struct positioner *p)
{
	return positioner_state(of_positioner(p)->inner);
}

static int positioner_probe_or_not(struct positioner *p, bool *on, struct err *err)
{
	struct fault_positioner *w = of_positioner(p);

	return THROUGH(w->fault, "probe", positioner_probe(w->inner, on, err), err);
}

static int positioner_identity_or_not(struct positioner *p,
				      struct positioner_identity *id, struct err *err)
{
	struct fault_positioner *w = of_positioner(p);

	return THROUGH(w->fault, "identity", positioner_identity(w->inner, id, err), err);
}

static void positioner_close_both(struct positioner *p)
{
	struct fault_positioner *w = of_positioner(p);

	positioner_close(w->inner);
	free(w);
}

static const struct positioner_ops positioner_ops = {
	.move = positioner_move_or_not,
	.settle = positioner_settle_or_not,
	.state = positioner_state_through,
	.probe = positioner_probe_or_not,
	.identity = positioner_identity_or_not,
	.close = positioner_close_both,
};

int fault_positioner_open(struct positioner **out, struct positioner *inner,
			  struct fault *f, struct err *err)
{
	struct fault_positioner *w = calloc(1, sizeof(*w));

	if (!w) {
		positioner_close(inner);
		return err_set(err, ERR_NOMEM, "no memory for a faulty positioner");
	}
	*w = (struct fault_positioner){ { .ops = &positioner_ops, .clock = inner->clock },
					inner,
					f };
	*out = &w->base;
	return 0;
}
