#include "drivers/wrap/fault_int.h"

#include <assert.h>
#include <stdlib.h>

struct fault_sensor {
	struct sensor base;
	struct sensor *inner;
	struct fault *fault;
};

static const struct sensor_ops sensor_ops;

static struct fault_sensor *of_sensor(struct sensor *s)
{
	assert(s->ops == &sensor_ops);
	return (struct fault_sensor *)s;
}

static int look(struct fault_sensor *w, struct sensor_sample *sample, struct err *err)
{
	int rc = sensor_look(w->inner, sample, err);

	sample->asked_ns += w->fault->step_ns;
	sample->answered_ns += w->fault->step_ns;
	return rc;
}

static int bend_look(struct fault_sensor *w, struct sensor_sample *sample,
		     struct err *err)
{
	int rc = 0;

	if (fault_is(w->fault, FAULT_DUPLICATE))
		rc = look(w, sample, err);
	if (!rc)
		rc = look(w, sample, err);
	if (fault_is(w->fault, FAULT_CORRUPT))
		sample->on = !sample->on;
	if (fault_is(w->fault, FAULT_LOSS))
		sample->on = false;
	return rc;
}

static int bent_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	struct fault_sensor *w = of_sensor(s);
	int rc = 0;

	switch (fault_call(w->fault, "look", s->clock, &rc, err)) {
	case DEED_SKIP:
		return rc;
	case DEED_WASTE:
		look(w, sample, NULL);
		return rc;
	case DEED_BEND:
		return bend_look(w, sample, err);
	case DEED_DELAY:
		rc = look(w, sample, err);
		fault_linger(w->fault, s->clock);
		return rc;
	default:
		return look(w, sample, err);
	}
}

static int bent_identity(struct sensor *s, struct sensor_identity *id, struct err *err)
{
	struct fault_sensor *w = of_sensor(s);
	int rc = 0;

	if (fault_call(w->fault, "identity", s->clock, &rc, err) == DEED_SKIP)
		return rc;
	rc = rc ? rc : sensor_identity(w->inner, id, err);
	if (!rc)
		fault_rename(w->fault, id->model, sizeof(id->model));
	return rc;
}

static void close_both(struct sensor *s)
{
	struct fault_sensor *w = of_sensor(s);

	sensor_close(w->inner);
	free(w);
}

static const struct sensor_ops sensor_ops = {
	.look = bent_look,
	.identity = bent_identity,
	.close = close_both,
};

int fault_sensor_open(struct sensor **out, struct sensor *inner, struct fault *f,
		      struct err *err)
{
	struct fault_sensor *w = calloc(1, sizeof(*w));
	int rc = w ? fault_back(f, err)
		   : err_set(err, ERR_NOMEM, "no memory for a faulty sensor");

	if (rc) {
		sensor_close(inner);
		free(w);
		return rc;
	}
	*w = (struct fault_sensor){ .base = { &sensor_ops, inner->clock },
				    .inner = inner,
				    .fault = f };
	*out = &w->base;
	return 0;
}
