#include "drivers/wrap/keep_child.h"

#include <string.h>

/* The process that has a relay board open; how it keeps it safe is keep_child.c's. */
struct board {
	struct keeper keeper; /* first: a keeper is cast back */
	struct relay *relay;
	uint32_t
		on; /* channels that may be on: a set that failed may have reached them */
};

static bool exposed(struct keeper *k)
{
	return ((struct board *)k)->on != 0;
}

static int drop(struct keeper *k)
{
	struct board *b = (struct board *)k;
	int rc = relay_all_off(b->relay, NULL);

	if (rc == 0)
		b->on = 0;
	return rc;
}

static int serve_set(struct board *b, const struct worker_set *set, struct err *err)
{
	int rc;

	if (set->channel < 1 || set->channel > 32)
		return err_set(err, ERR_USAGE, "there is no channel %d", set->channel);
	if (set->on) {
		rc = keep_may_expose(&b->keeper, err);
		if (rc)
			return rc;
		b->on |= UINT32_C(1) << (set->channel - 1);
	}
	rc = relay_set(b->relay, set->channel, set->on, err);
	if (rc == 0 && !set->on)
		b->on &= ~(UINT32_C(1) << (set->channel - 1));
	return rc == 0 && b->keeper.dropped ? keep_say_dropped(&b->keeper, err) : rc;
}

static int serve_input(struct board *b, const struct worker_set *asked,
		       struct worker_set *answer, struct err *err)
{
	bool on = false;
	int rc;

	if (asked->channel < 1 || asked->channel > 32)
		return err_set(err, ERR_USAGE, "there is no input %d", asked->channel);
	rc = relay_input(b->relay, asked->channel, &on, err);
	answer->channel = asked->channel;
	answer->on = on;
	return rc;
}

static int serve_identity(struct board *b, struct worker_message *answer, struct err *err)
{
	struct worker_identity *out = &answer->u.identity;
	struct relay_identity id;
	int rc = relay_identity(b->relay, &id, err);

	if (rc)
		return rc;
	memcpy(out->model, id.model, sizeof(out->model));
	memcpy(out->link, id.link, sizeof(out->link));
	out->channels = id.channels;
	out->reads_back = id.reads_back;
	out->simulated = id.simulated;
	return 0;
}

static int serve(struct keeper *k, const struct worker_message *m,
		 struct worker_message *answer, struct err *err)
{
	struct board *b = (struct board *)k;
	int rc;

	switch (m->op) {
	case WORKER_SET:
		return serve_set(b, &m->u.set, err);
	case WORKER_ALL_OFF:
		rc = relay_all_off(b->relay, err);
		if (rc == 0)
			b->on = 0;
		return rc;
	case WORKER_READ:
		return b->keeper.dropped ? keep_say_dropped(&b->keeper, err)
					 : relay_read(b->relay, &answer->u.state, err);
	case WORKER_INPUT:
		return serve_input(b, &m->u.set, &answer->u.set, err);
	case WORKER_RELAY_IDENTITY:
		return serve_identity(b, answer, err);
	default:
		return err_set(err, ERR_UNSUPPORTED, "request %u is not a relay's",
			       m->op);
	}
}

static void close_board(struct keeper *k)
{
	relay_close(((struct board *)k)->relay);
}

void relay_child_run(const void *job_)
{
	const struct relay_job *job = job_;
	struct board b = {
		.keeper = { .exposed = exposed,
			    .drop = drop,
			    .serve = serve,
			    .close = close_board },
	};
	struct err err = { 0 };

	keep_begin();
	keep_run(&b.keeper, job->driver->open(&b.relay, job->options, job->clock, &err),
		 &err);
}

int relay_job_drop(const void *job_, struct err *err)
{
	const struct relay_job *job = job_;
	struct relay *r = NULL;
	int rc = job->driver->open(&r, job->options, job->clock, err);

	if (rc)
		return rc;
	relay_all_off(r, err);
	relay_close(r);
	return 0;
}
