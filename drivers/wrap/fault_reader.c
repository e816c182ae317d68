#include "drivers/wrap/fault_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int bent_set_field(struct reader *r, bool on, struct err *err)
{
	struct fault_reader *w = of_reader(r);

	FAULT_THROUGH(w->fault, "set_field", r->clock,
		      reader_set_field(w->inner, on, err), err);
}

/* Nobody is found, which takes as long as looking. */
static int find_nobody(struct reader *r, struct reader_activation *a)
{
	a->started_ns = clock_now(r->clock);
	r->clock->sleep_until(r->clock, a->started_ns + a->timeout_ns);
	a->activated_ns = clock_now(r->clock);
	a->slack_ns = 0;
	a->result = READER_NO_CARD;
	return 0;
}

static int bend_activation(struct fault_reader *w, struct reader_activation *a,
			   struct err *err)
{
	int rc;

	if (fault_is(w->fault, FAULT_LOSS))
		return find_nobody(&w->base, a);
	rc = reader_activate(w->inner, a, err);
	if (!rc && fault_is(w->fault, FAULT_DUPLICATE))
		rc = reader_activate(w->inner, a, err);
	if (!rc && fault_is(w->fault, FAULT_CORRUPT))
		a->card.sak ^= 0x20;
	if (!rc && fault_is(w->fault, FAULT_SHORT))
		a->card.ats_len = 0;
	return rc;
}

static int bent_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	struct fault_reader *w = of_reader(r);
	int rc = 0;

	switch (fault_call(w->fault, "activate", r->clock, &rc, err)) {
	case DEED_SKIP:
		return rc;
	case DEED_WASTE:
		reader_activate(w->inner, a, NULL);
		return rc;
	case DEED_BEND:
		rc = bend_activation(w, a, err);
		break;
	case DEED_DELAY:
		rc = reader_activate(w->inner, a, err);
		fault_linger(w->fault, r->clock);
		break;
	default:
		rc = reader_activate(w->inner, a, err);
	}
	a->started_ns += w->fault->step_ns;
	a->activated_ns += w->fault->step_ns;
	return rc;
}

static int pass_on(struct fault_reader *w, struct reader_exchange *x, bool raw,
		   struct err *err)
{
	return raw ? reader_raw(w->inner, x, err) : reader_exchange(w->inner, x, err);
}

/* What came in since @len is bent out of shape. */
static void bend_answer(struct fault_reader *w, struct reader_exchange *x, size_t len)
{
	size_t got = x->answer->len - len;

	if (x->result != READER_OK || got == 0)
		return;
	if (fault_is(w->fault, FAULT_CORRUPT))
		x->answer->data[len + rng_below(&w->fault->rng, got)] ^=
			(uint8_t)(1u << rng_below(&w->fault->rng, 8));
	if (fault_is(w->fault, FAULT_SHORT))
		x->answer->len = len + got / 2;
	if (!fault_is(w->fault, FAULT_LOSS))
		return;
	x->answer->len = len;
	x->result = READER_NO_ANSWER;
	snprintf(x->note, sizeof(x->note), "injected fault: the answer was lost");
}

static int bend_exchange(struct fault_reader *w, struct reader_exchange *x, bool raw,
			 struct err *err)
{
	int64_t called = clock_now(w->base.clock);
	size_t len = x->answer->len;
	int rc = pass_on(w, x, raw, err);

	if (!rc && fault_is(w->fault, FAULT_DUPLICATE)) {
		x->answer->len = len;
		rc = pass_on(w, x, raw, err);
	}
	if (rc)
		return rc;
	bend_answer(w, x, len);
	if (x->result == READER_NO_ANSWER) {
		w->base.clock->sleep_until(w->base.clock, called + x->timeout_ns);
		x->answered_ns = clock_now(w->base.clock);
	}
	return 0;
}

/* An answer that is lost is not there: what was appended is taken back. */
static int exchange(struct reader *r, struct reader_exchange *x, bool raw,
		    struct err *err)
{
	struct fault_reader *w = of_reader(r);
	size_t len = x->answer->len;
	int rc = 0, code = 0;

	switch (fault_call(w->fault, raw ? "raw" : "exchange", r->clock, &code, err)) {
	case DEED_SKIP:
		return code;
	case DEED_WASTE:
		pass_on(w, x, raw, NULL);
		rc = code;
		break;
	case DEED_BEND:
		rc = bend_exchange(w, x, raw, err);
		break;
	case DEED_DELAY:
		rc = pass_on(w, x, raw, err);
		fault_linger(w->fault, r->clock);
		break;
	default:
		rc = pass_on(w, x, raw, err);
	}
	if (rc)
		x->answer->len = len;
	x->sent_ns += w->fault->step_ns;
	x->answered_ns += w->fault->step_ns;
	return rc;
}

static int bent_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return exchange(r, x, false, err);
}

static int bent_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return exchange(r, x, true, err);
}

static int bent_deselect(struct reader *r, struct err *err)
{
	struct fault_reader *w = of_reader(r);

	FAULT_THROUGH(w->fault, "deselect", r->clock, reader_deselect(w->inner, err),
		      err);
}

/* From a signal handler, over a call that hangs. */
static int bent_abort(struct reader *r, struct err *err)
{
	struct fault_reader *w = of_reader(r);

	w->fault->aborted = true;
	return reader_abort(w->inner, err);
}

static int bent_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	struct fault_reader *w = of_reader(r);
	int rc = 0;

	if (fault_call(w->fault, "identity", r->clock, &rc, err) == DEED_SKIP)
		return rc;
	rc = rc ? rc : reader_identity(w->inner, id, err);
	if (!rc)
		fault_rename(w->fault, id->model, sizeof(id->model));
	return rc;
}

/* Not a call that is struck by chance twice: what is gone comes back here. */
static int bent_reopen(struct reader *r, struct err *err)
{
	struct fault_reader *w = of_reader(r);
	int rc = fault_back(w->fault, err);

	if (rc)
		return rc;
	FAULT_THROUGH(w->fault, "reopen", r->clock, reader_reopen(w->inner, err), err);
}

static void close_both(struct reader *r)
{
	struct fault_reader *w = of_reader(r);

	reader_close(w->inner);
	free(w);
}

static const struct reader_ops reader_ops = {
	.set_field = bent_set_field,
	.activate = bent_activate,
	.exchange = bent_exchange,
	.raw = bent_raw,
	.deselect = bent_deselect,
	.abort = bent_abort,
	.identity = bent_identity,
	.reopen = bent_reopen,
	.close = close_both,
};

int fault_reader_open(struct reader **out, struct reader *inner, struct fault *f,
		      struct err *err)
{
	struct fault_reader *w = calloc(1, sizeof(*w));
	int rc = w ? fault_back(f, err)
		   : err_set(err, ERR_NOMEM, "no memory for a faulty reader");

	if (rc) {
		reader_close(inner);
		free(w);
		return rc;
	}
	*w = (struct fault_reader){ { &reader_ops, inner->clock }, inner, f };
	*out = &w->base;
	return 0;
}
