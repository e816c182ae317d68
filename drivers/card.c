#include "drivers/card.h"

#include <assert.h>

static int check_stamp(struct card *c, int64_t called_ns, int64_t at_ns, int64_t slack_ns,
		       struct err *err)
{
	if (clock_holds(c->clock, called_ns, at_ns, slack_ns))
		return 0;
	return err_set(err, ERR_RANGE,
		       "the card's stamp lies %.1f ms outside of its call: its clock is "
		       "not ours",
		       (double)(at_ns > called_ns ? at_ns - clock_now(c->clock)
						  : at_ns - called_ns) /
			       1e6);
}

int card_listen(struct card *c, struct card_listen *l, struct err *err)
{
	int64_t called = clock_now(c->clock);
	int rc;

	assert(l->timeout_ns > 0);
	rc = c->ops->listen(c, l, err);
	if (rc || l->result != CARD_OK)
		return rc;
	return check_stamp(c, called, l->activated_ns, l->slack_ns, err);
}

int card_receive(struct card *c, struct card_receive *x, struct err *err)
{
	int64_t called = clock_now(c->clock);
	size_t len = x->command->len;
	int rc;

	assert(x->command && !x->command->failed);
	assert(x->timeout_ns > 0);
	x->note[0] = '\0';
	rc = c->ops->receive(c, x, err);
	if (rc || x->result != CARD_OK)
		return rc;
	rc = check_stamp(c, called, x->received_ns, x->slack_ns, err);
	if (rc)
		x->command->len = len;
	return rc;
}

int card_answer(struct card *c, struct card_answer *x, struct err *err)
{
	int64_t called = clock_now(c->clock);
	int rc;

	assert(x->answer.data && x->answer.len >= 1 && x->answer.len <= CARD_MAX_ANSWER);
	assert(x->timeout_ns > 0);
	x->note[0] = '\0';
	rc = c->ops->answer(c, x, err);
	if (rc || x->result != CARD_OK)
		return rc;
	return check_stamp(c, called, x->answered_ns, x->slack_ns, err);
}

int card_release(struct card *c, struct card_release *x, struct err *err)
{
	int64_t called = clock_now(c->clock);
	int rc;

	assert(x->timeout_ns >= 0);
	rc = c->ops->release(c, x, err);
	if (rc || x->result != CARD_RELEASED)
		return rc;
	return check_stamp(c, called, x->released_ns, x->slack_ns, err);
}

int card_abort(struct card *c, struct err *err)
{
	return c->ops->abort(c, err);
}

int card_reopen(struct card *c, struct err *err)
{
	return c->ops->reopen(c, err);
}

int card_identity(struct card *c, struct card_identity *id, struct err *err)
{
	return c->ops->identity(c, id, err);
}

void card_close(struct card *c)
{
	if (c)
		c->ops->close(c);
}

const char *card_result_name(enum card_result r)
{
	static const char *const names[] = {
		[CARD_OK] = "ok",
		[CARD_NO_READER] = "no reader",
		[CARD_NO_COMMAND] = "no command",
		[CARD_RELEASED] = "released",
		[CARD_RF_ERROR] = "RF error",
	};

	assert((unsigned)r < sizeof(names) / sizeof(*names));
	return names[r];
}
