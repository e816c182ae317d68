#include "drivers/sensor.h"

int sensor_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	int64_t before = clock_now(s->clock), after;
	int rc;

	sample->asked_ns = before;
	sample->answered_ns = 0;
	rc = s->ops->look(s, sample, err);
	after = clock_now(s->clock);
	if (!sample->answered_ns)
		sample->answered_ns = after;
	if (rc ||
	    (before <= sample->asked_ns && sample->asked_ns <= sample->answered_ns &&
	     sample->answered_ns <= after))
		return rc;
	return err_set(err, ERR_RANGE,
		       "the sensor says that it looked %.1f ms outside of the question: "
		       "its clock is not ours",
		       (double)(sample->answered_ns > after ? sample->answered_ns - after
							    : before - sample->asked_ns) /
			       1e6);
}

int sensor_identity(struct sensor *s, struct sensor_identity *id, struct err *err)
{
	return s->ops->identity(s, id, err);
}

void sensor_close(struct sensor *s)
{
	if (s)
		s->ops->close(s);
}

bool sensor_edge_feed(struct sensor_edge *e, const struct sensor_sample *s)
{
	bool rose = s->on && !e->was_on && !e->seen && e->asked_ns;

	if (rose) {
		e->seen = true;
		e->at_ns = s->answered_ns;
		e->slack_ns = s->answered_ns - e->asked_ns;
	}
	e->was_on = s->on;
	e->asked_ns = s->asked_ns;
	return rose;
}
