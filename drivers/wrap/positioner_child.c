#include "drivers/wrap/keep_child.h"

#include <string.h>

/*
 * The process that has an axis open; what is to be kept safe is a phone that is not away.
 */
struct axis {
	struct keeper keeper; /* first: a keeper is cast back */
	struct positioner *positioner;
	bool sent_away; /* the last order was that, and was taken */
};

static bool exposed(struct keeper *k)
{
	return !((struct axis *)k)->sent_away;
}

static int drop(struct keeper *k)
{
	struct axis *a = (struct axis *)k;
	struct positioner_move away = { .to = POSITION_AWAY };
	int rc = positioner_move(a->positioner, &away, NULL);

	a->sent_away = rc == 0;
	return rc;
}

static void put_move(struct worker_move *w, const struct positioner_move *m)
{
	w->commanded_ns = m->commanded_ns;
	w->settled_ns = m->settled_ns;
	w->slack_ns = m->slack_ns;
}

static int serve_move(struct axis *a, const struct worker_move *asked,
		      struct worker_move *answer, struct err *err)
{
	struct positioner_move m = {
		.to = asked->tap ? POSITION_TAP : POSITION_AWAY,
		.offset = { asked->x_um, asked->y_um, asked->z_um },
	};
	int rc = asked->tap ? keep_may_expose(&a->keeper, err) : 0;

	if (rc)
		return rc;
	if (asked->tap)
		a->sent_away = false;
	rc = positioner_move(a->positioner, &m, err);
	if (!asked->tap)
		a->sent_away = rc == 0;
	put_move(answer, &m);
	return rc == 0 && a->keeper.dropped ? keep_say_dropped(&a->keeper, err) : rc;
}

static int serve_settle(struct axis *a, struct worker_move *answer, struct err *err)
{
	struct positioner_move m = { 0 };
	int rc;

	if (a->keeper.dropped)
		return keep_say_dropped(&a->keeper, err);
	rc = positioner_settle(a->positioner, &m, err);
	put_move(answer, &m);
	answer->not_yet = rc == POSITIONER_NOT_YET;
	return rc < 0 ? rc : 0;
}

static int serve_identity(struct axis *a, struct worker_identity *out, struct err *err)
{
	struct positioner_identity id;
	int rc = positioner_identity(a->positioner, &id, err);

	if (rc)
		return rc;
	memcpy(out->model, id.model, sizeof(out->model));
	memcpy(out->link, id.link, sizeof(out->link));
	out->reads_back = id.offsets;
	out->simulated = id.simulated;
	return 0;
}

static int serve_probe(struct axis *a, struct worker_set *answer, struct err *err)
{
	bool on = false;
	int rc = positioner_probe(a->positioner, &on, err);

	answer->on = on;
	return rc;
}

static int serve(struct keeper *k, const struct worker_message *m,
		 struct worker_message *answer, struct err *err)
{
	struct axis *a = (struct axis *)k;

	switch (m->op) {
	case WORKER_MOVE:
		return serve_move(a, &m->u.move, &answer->u.move, err);
	case WORKER_SETTLE:
		return serve_settle(a, &answer->u.move, err);
	case WORKER_PLACE:
		answer->u.state = positioner_state(a->positioner);
		return 0;
	case WORKER_PROBE:
		return serve_probe(a, &answer->u.set, err);
	case WORKER_POSITIONER_IDENTITY:
		return serve_identity(a, &answer->u.identity, err);
	default:
		return err_set(err, ERR_UNSUPPORTED, "request %u is not a positioner's",
			       m->op);
	}
}

static void close_axis(struct keeper *k)
{
	positioner_close(((struct axis *)k)->positioner);
}

void positioner_child_run(const void *job_)
{
	const struct positioner_job *job = job_;
	struct axis a = {
		.keeper = { .exposed = exposed,
			    .drop = drop,
			    .serve = serve,
			    .close = close_axis },
		.sent_away = true, /* opening does that */
	};
	struct err err = { 0 };

	keep_begin();
	keep_run(&a.keeper,
		 job->driver->open(&a.positioner, job->options, NULL, job->clock, &err),
		 &err);
}

/* Opened, it goes home by itself; closed, it goes on doing so. */
int positioner_job_drop(const void *job_, struct err *err)
{
	const struct positioner_job *job = job_;
	struct positioner *p = NULL;
	int rc = job->driver->open(&p, job->options, NULL, job->clock, err);

	if (rc == 0)
		positioner_close(p);
	return rc;
}
