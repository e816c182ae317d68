#include "drivers/card.h"

#include <assert.h>

int card_listen(struct card *c, struct card_listen *l, struct err *err)
{
	assert(l->timeout_ns > 0);
	return c->ops->listen(c, l, err);
}

int card_receive(struct card *c, struct card_receive *x, struct err *err)
{
	assert(x->command && !x->command->failed);
	assert(x->timeout_ns > 0);
	x->note[0] = '\0';
	return c->ops->receive(c, x, err);
}

int card_answer(struct card *c, struct card_answer *x, struct err *err)
{
	assert(x->answer.data && x->answer.len >= 1 && x->answer.len <= CARD_MAX_ANSWER);
	assert(x->timeout_ns > 0);
	x->note[0] = '\0';
	return c->ops->answer(c, x, err);
}

int card_release(struct card *c, struct card_release *x, struct err *err)
{
	assert(x->timeout_ns >= 0);
	return c->ops->release(c, x, err);
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
