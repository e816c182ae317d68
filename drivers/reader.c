#include "drivers/reader.h"

#include <assert.h>

int reader_set_field(struct reader *r, bool on, struct err *err)
{
	return r->ops->set_field(r, on, err);
}

static int check_stamp(struct reader *r, int64_t called_ns, int64_t at_ns,
		       int64_t slack_ns, struct err *err)
{
	if (clock_holds(r->clock, called_ns, at_ns, slack_ns))
		return 0;
	return err_set(
		err, ERR_RANGE,
		"the reader's stamp lies %.1f ms outside of its call: its clock is "
		"not ours",
		(double)(at_ns > called_ns ? at_ns - clock_now(r->clock)
					   : at_ns - called_ns) /
			1e6);
}

int reader_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	int64_t called = clock_now(r->clock);
	int rc;

	assert(a->timeout_ns > 0 && a->period_ns >= 0);
	assert(a->annotation_len <= sizeof(a->annotation));
	a->first_ns = called;
	rc = r->ops->activate(r, a, err);
	if (rc || a->result != READER_OK)
		return rc;
	return check_stamp(r, called, a->activated_ns, a->slack_ns, err);
}

static void check_exchange(struct reader_exchange *x)
{
	assert(x->command.data && x->command.len >= 1 &&
	       x->command.len <= READER_MAX_COMMAND);
	assert(x->answer && !x->answer->failed);
	assert(x->timeout_ns > 0);
	x->note[0] = '\0';
}

/* An answer whose time is not known is none. */
static int check_stamps(struct reader *r, int64_t called_ns, struct reader_exchange *x,
			size_t len, struct err *err)
{
	int rc = 0;

	if (x->result != READER_OK)
		return 0;
	rc = check_stamp(r, called_ns, x->sent_ns, x->slack_ns, err);
	if (!rc)
		rc = check_stamp(r, called_ns, x->answered_ns, x->slack_ns, err);
	if (!rc && x->answered_ns + x->slack_ns < x->sent_ns)
		rc = err_set(err, ERR_RANGE, "the reader answers before it was asked");
	if (rc)
		x->answer->len = len;
	return rc;
}

int reader_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	int64_t called = clock_now(r->clock);
	size_t len = x->answer->len;
	int rc;

	check_exchange(x);
	rc = r->ops->exchange(r, x, err);
	return rc ? rc : check_stamps(r, called, x, len, err);
}

int reader_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	int64_t called = clock_now(r->clock);
	size_t len = x->answer->len;
	int rc;

	check_exchange(x);
	rc = r->ops->raw(r, x, err);
	return rc ? rc : check_stamps(r, called, x, len, err);
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
