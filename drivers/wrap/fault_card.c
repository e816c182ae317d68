#include "drivers/wrap/fault_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct fault_card {
	struct card base;
	struct card *inner;
	struct fault *fault;
};

static const struct card_ops card_ops;

static struct fault_card *of_card(struct card *c)
{
	assert(c->ops == &card_ops);
	return (struct fault_card *)c;
}

/* Nobody comes by, for as long as we listen. */
static int nobody(struct card *c, struct card_listen *l)
{
	c->clock->sleep_until(c->clock, clock_now(c->clock) + l->timeout_ns);
	l->activated_ns = clock_now(c->clock);
	l->slack_ns = 0;
	l->result = CARD_NO_READER;
	return 0;
}

static int bent_listen(struct card *c, struct card_listen *l, struct err *err)
{
	struct fault_card *w = of_card(c);
	int rc = 0;

	switch (fault_call(w->fault, "listen", c->clock, &rc, err)) {
	case DEED_SKIP:
		return rc;
	case DEED_WASTE:
		card_listen(w->inner, l, NULL);
		return rc;
	case DEED_BEND:
		if (fault_is(w->fault, FAULT_LOSS) || fault_is(w->fault, FAULT_CORRUPT))
			return nobody(c, l);
		break;
	case DEED_DELAY:
		rc = card_listen(w->inner, l, err);
		fault_linger(w->fault, c->clock);
		return rc;
	default:
		break;
	}
	rc = card_listen(w->inner, l, err);
	l->activated_ns += w->fault->step_ns;
	return rc;
}

/* What came in since @len. A doubled command is one that the chip hands over once more. */
static void bend_command(struct fault_card *w, struct card_receive *x, size_t len)
{
	if (x->result != CARD_OK)
		return;
	if (fault_is(w->fault, FAULT_DUPLICATE)) /* ISO-DEP knows its block numbers */
		return;
	x->command->len = len;
	x->result = fault_is(w->fault, FAULT_LOSS) ? CARD_NO_COMMAND : CARD_RF_ERROR;
	snprintf(x->note, sizeof(x->note), "injected fault: the command was lost");
}

static int bent_receive(struct card *c, struct card_receive *x, struct err *err)
{
	struct fault_card *w = of_card(c);
	size_t len = x->command->len;
	int rc = 0;
	enum fault_deed deed = fault_call(w->fault, "receive", c->clock, &rc, err);

	if (deed == DEED_SKIP)
		return rc;
	if (deed == DEED_WASTE) {
		card_receive(w->inner, x, NULL);
		x->command->len = len;
		return rc;
	}
	rc = card_receive(w->inner, x, err);
	if (deed == DEED_DELAY)
		fault_linger(w->fault, c->clock);
	if (!rc && deed == DEED_BEND)
		bend_command(w, x, len);
	x->received_ns += w->fault->step_ns;
	return rc;
}

/* A command that stays unanswered ends the session for whoever asked. */
static int lose_answer(struct fault_card *w, struct card_answer *x)
{
	x->answered_ns = clock_now(w->base.clock);
	x->slack_ns = 0;
	x->result = CARD_RF_ERROR;
	snprintf(x->note, sizeof(x->note), "injected fault: the answer was lost");
	return 0;
}

static int bent_answer(struct card *c, struct card_answer *x, struct err *err)
{
	struct fault_card *w = of_card(c);
	int rc = 0;
	enum fault_deed deed = fault_call(w->fault, "answer", c->clock, &rc, err);

	if (deed == DEED_SKIP)
		return rc;
	if (deed == DEED_WASTE) {
		card_answer(w->inner, x, NULL);
		return rc;
	}
	if (deed == DEED_BEND && !fault_is(w->fault, FAULT_DUPLICATE))
		return lose_answer(w, x);
	rc = card_answer(w->inner, x, err);
	if (deed == DEED_DELAY)
		fault_linger(w->fault, c->clock);
	x->answered_ns += w->fault->step_ns;
	return rc;
}

static int bent_release(struct card *c, struct card_release *x, struct err *err)
{
	struct fault_card *w = of_card(c);
	int rc = 0;
	enum fault_deed deed = fault_call(w->fault, "release", c->clock, &rc, err);

	if (deed == DEED_SKIP)
		return rc;
	if (deed == DEED_WASTE) {
		card_release(w->inner, x, NULL);
		return rc;
	}
	rc = card_release(w->inner, x, err);
	if (deed == DEED_DELAY)
		fault_linger(w->fault, c->clock);
	x->released_ns += w->fault->step_ns;
	return rc;
}

/* From a signal handler, over a call that hangs. */
static int bent_abort(struct card *c, struct err *err)
{
	struct fault_card *w = of_card(c);

	w->fault->aborted = true;
	return card_abort(w->inner, err);
}

static int bent_identity(struct card *c, struct card_identity *id, struct err *err)
{
	struct fault_card *w = of_card(c);
	int rc = 0;

	if (fault_call(w->fault, "identity", c->clock, &rc, err) == DEED_SKIP)
		return rc;
	rc = rc ? rc : card_identity(w->inner, id, err);
	if (!rc)
		fault_rename(w->fault, id->model, sizeof(id->model));
	return rc;
}

static int bent_reopen(struct card *c, struct err *err)
{
	struct fault_card *w = of_card(c);
	int rc = fault_back(w->fault, err);

	if (rc)
		return rc;
	FAULT_THROUGH(w->fault, "reopen", c->clock, card_reopen(w->inner, err), err);
}

static void close_both(struct card *c)
{
	struct fault_card *w = of_card(c);

	card_close(w->inner);
	free(w);
}

static const struct card_ops card_ops = {
	.listen = bent_listen,
	.receive = bent_receive,
	.answer = bent_answer,
	.release = bent_release,
	.abort = bent_abort,
	.identity = bent_identity,
	.reopen = bent_reopen,
	.close = close_both,
};

int fault_card_open(struct card **out, struct card *inner, struct fault *f,
		    struct err *err)
{
	struct fault_card *w = calloc(1, sizeof(*w));
	int rc = w ? fault_back(f, err)
		   : err_set(err, ERR_NOMEM, "no memory for a faulty card");

	if (rc) {
		card_close(inner);
		free(w);
		return rc;
	}
	*w = (struct fault_card){ { &card_ops, inner->clock }, inner, f };
	*out = &w->base;
	return 0;
}
