#include "drivers/wrap/fault_int.h"

#include <assert.h>
#include <stdlib.h>

struct fault_positioner {
	struct positioner base;
	struct positioner *inner;
	struct fault *fault;
	struct positioner_move
		last; /* what was made of the last move; stamps of a clock that never stepped */
	bool pretended; /* nothing was made of it */
};

static const struct positioner_ops positioner_ops;

static struct fault_positioner *of_positioner(struct positioner *p)
{
	assert(p->ops == &positioner_ops);
	return (struct fault_positioner *)p;
}

/* It says that the phone is there, and the phone is not. */
static int pretend(struct fault_positioner *w, struct positioner_move *move)
{
	move->commanded_ns = move->settled_ns = clock_now(w->base.clock);
	move->slack_ns = 0;
	w->pretended = true;
	return 0;
}

static int bend_move(struct fault_positioner *w, struct positioner_move *move,
		     struct err *err)
{
	struct positioner_move other = *move;
	int rc;

	if (fault_is(w->fault, FAULT_LOSS))
		return pretend(w, move);
	if (fault_is(w->fault, FAULT_DUPLICATE)) {
		rc = positioner_move(w->inner, move, err);
		return rc ? rc : positioner_move(w->inner, move, err);
	}
	if (!fault_is(w->fault, FAULT_CORRUPT))
		return positioner_move(w->inner, move, err);
	other.to = move->to == POSITION_TAP ? POSITION_AWAY : POSITION_TAP;
	rc = positioner_move(w->inner, &other, err);
	*move = other;
	return rc;
}

/* Stamps as the clock has them; @made may be a move that the caller did not ask for. */
static void tell(struct fault_positioner *w, const struct positioner_move *made,
		 struct positioner_move *move)
{
	w->last = *made;
	move->commanded_ns = made->commanded_ns + w->fault->step_ns;
	move->settled_ns = made->settled_ns + w->fault->step_ns;
	move->slack_ns = made->slack_ns;
}

static int bent_move(struct positioner *p, struct positioner_move *move, struct err *err)
{
	struct fault_positioner *w = of_positioner(p);
	struct positioner_move made = *move;
	int rc = 0;
	enum fault_deed deed = fault_call(w->fault, "move", p->clock, &rc, err);

	if (deed == DEED_SKIP)
		return rc;
	w->pretended = false;
	switch (deed) {
	case DEED_WASTE:
		positioner_move(w->inner, &made, NULL);
		break;
	case DEED_BEND:
		rc = bend_move(w, &made, err);
		break;
	case DEED_DELAY:
		rc = positioner_move(w->inner, &made, err);
		fault_linger(w->fault, p->clock);
		break;
	default:
		rc = positioner_move(w->inner, &made, err);
	}
	tell(w, &made, move);
	return rc;
}

/* Where a loss made it lie, it goes on lying. */
static int settle(struct fault_positioner *w, struct positioner_move *made,
		  struct err *err)
{
	return w->pretended ? 0 : positioner_settle(w->inner, made, err);
}

static int bent_settle(struct positioner *p, struct positioner_move *move,
		       struct err *err)
{
	struct fault_positioner *w = of_positioner(p);
	struct positioner_move made = w->last;
	int rc = 0;

	switch (fault_call(w->fault, "settle", p->clock, &rc, err)) {
	case DEED_SKIP:
		return rc;
	case DEED_WASTE:
		settle(w, &made, NULL);
		break;
	case DEED_BEND: /* lost: it is there, it says, and did not look */
		if (!fault_is(w->fault, FAULT_LOSS))
			rc = settle(w, &made, err);
		break;
	case DEED_DELAY:
		rc = settle(w, &made, err);
		fault_linger(w->fault, p->clock);
		break;
	default:
		rc = settle(w, &made, err);
	}
	tell(w, &made, move);
	return rc;
}

/* What it believes is asked of nobody, so nothing is lost on the way: no call that counts. */
static enum positioner_state believed(struct positioner *p)
{
	struct fault_positioner *w = of_positioner(p);

	return w->fault->gone ? POSITIONER_FAULT : positioner_state(w->inner);
}

static int bent_probe(struct positioner *p, bool *on, struct err *err)
{
	struct fault_positioner *w = of_positioner(p);
	int rc = 0;
	enum fault_deed deed = fault_call(w->fault, "probe", p->clock, &rc, err);

	if (deed == DEED_SKIP || deed == DEED_WASTE)
		return rc;
	rc = positioner_probe(w->inner, on, err);
	if (deed == DEED_DELAY)
		fault_linger(w->fault, p->clock);
	if (!rc && deed == DEED_BEND && fault_is(w->fault, FAULT_CORRUPT))
		*on = !*on;
	return rc;
}

static int bent_identity(struct positioner *p, struct positioner_identity *id,
			 struct err *err)
{
	struct fault_positioner *w = of_positioner(p);
	int rc = 0;

	if (fault_call(w->fault, "identity", p->clock, &rc, err) == DEED_SKIP)
		return rc;
	rc = rc ? rc : positioner_identity(w->inner, id, err);
	if (!rc)
		fault_rename(w->fault, id->model, sizeof(id->model));
	return rc;
}

static void close_both(struct positioner *p)
{
	struct fault_positioner *w = of_positioner(p);

	positioner_close(w->inner);
	free(w);
}

static const struct positioner_ops positioner_ops = {
	.move = bent_move,
	.settle = bent_settle,
	.state = believed,
	.probe = bent_probe,
	.identity = bent_identity,
	.close = close_both,
};

int fault_positioner_open(struct positioner **out, struct positioner *inner,
			  struct fault *f, struct err *err)
{
	struct fault_positioner *w = calloc(1, sizeof(*w));
	int rc = w ? fault_back(f, err)
		   : err_set(err, ERR_NOMEM, "no memory for a faulty positioner");

	if (rc) {
		positioner_close(inner);
		free(w);
		return rc;
	}
	*w = (struct fault_positioner){ .base = { .ops = &positioner_ops,
						  .clock = inner->clock },
					.inner = inner,
					.fault = f };
	*out = &w->base;
	return 0;
}
