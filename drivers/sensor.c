#include "drivers/sensor.h"

int sensor_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	int rc;

	sample->asked_ns = clock_now(s->clock);
	sample->answered_ns = 0;
	rc = s->ops->look(s, sample, err);
	if (!sample->answered_ns)
		sample->answered_ns = clock_now(s->clock);
	return rc;
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
