#include "drivers/reader.h"

#include <assert.h>

int reader_set_field(struct reader *r, bool on, struct err *err)
{
	return r->ops->set_field(r, on, err);
}

int reader_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	assert(a->timeout_ns > 0);
	return r->ops->activate(r, a, err);
}

static void check_exchange(struct reader_exchange *x)
{
	assert(x->command.data && x->command.len >= 1 &&
	       x->command.len <= READER_MAX_COMMAND);
	assert(x->answer && !x->answer->failed);
	assert(x->timeout_ns > 0);
	x->note[0] = '\0';
}

int reader_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	check_exchange(x);
	return r->ops->exchange(r, x, err);
}

int reader_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	check_exchange(x);
	return r->ops->raw(r, x, err);
}

int reader_deselect(struct reader *r, struct err *err)
{
	return r->ops->deselect(r, err);
}

int reader_abort(struct reader *r, struct err *err)
{
	return r->ops->abort(r, err);
}

int reader_reopen(struct reader *r, struct err *err)
{
	return r->ops->reopen(r, err);
}

int reader_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	return r->ops->identity(r, id, err);
}

void reader_close(struct reader *r)
{
	if (r)
		r->ops->close(r);
}

const char *reader_result_name(enum reader_result r)
{
	static const char *const names[] = {
		[READER_OK] = "ok",
		[READER_NO_CARD] = "no card",
		[READER_NO_ANSWER] = "no answer",
		[READER_RF_ERROR] = "RF error",
		[READER_RELEASED] = "released",
	};

	assert((unsigned)r < sizeof(names) / sizeof(*names));
	return names[r];
}
