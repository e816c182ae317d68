/*
 * Sensors on what the rig has anyway: an input of the relay board, the probe input of the axis.
 */
#include "drivers/positioner.h"
#include "drivers/relay.h"
#include "drivers/sensor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct input_options {
	int64_t input;
	bool inverted;
};

struct probe_options {
	bool inverted;
};

struct wired {
	struct sensor base;
	struct relay *relay;           /* borrowed; NULL: the axis' probe */
	struct positioner *positioner; /* borrowed */
	int input;
	bool inverted;
};

static const struct sensor_ops wired_ops;

static struct wired *wired_of(struct sensor *s)
{
	assert(s->ops == &wired_ops);
	return (struct wired *)s;
}

static int wired_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	struct wired *w = wired_of(s);
	bool on = false;
	int rc = w->relay ? relay_input(w->relay, w->input, &on, err)
			  : positioner_probe(w->positioner, &on, err);

	sample->on = on != w->inverted;
	return rc;
}

static int wired_identity(struct sensor *s, struct sensor_identity *id, struct err *err)
{
	struct wired *w = wired_of(s);
	struct positioner_identity axis;
	struct relay_identity board;
	int rc = w->relay ? relay_identity(w->relay, &board, err)
			  : positioner_identity(w->positioner, &axis, err);

	if (rc)
		return rc;
	if (w->relay)
		snprintf(id->model, sizeof(id->model), "input %d of %.48s", w->input,
			 board.model);
	else
		snprintf(id->model, sizeof(id->model), "probe of %.52s", axis.model);
	id->simulated = w->relay ? board.simulated : axis.simulated;
	return 0;
}

static void wired_close(struct sensor *s)
{
	free(wired_of(s));
}

static const struct sensor_ops wired_ops = {
	.look = wired_look,
	.identity = wired_identity,
	.close = wired_close,
};

static int open_wired(struct sensor **out, const struct wired *how, struct clock *clock,
		      struct err *err)
{
	struct wired *w;

	if (!how->relay && !how->positioner)
		return err_set(err, ERR_USAGE, "this rig has nothing the sensor is on");
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(err, ERR_NOMEM, "sensor");
	*w = *how;
	w->base = (struct sensor){ &wired_ops, clock };
	*out = &w->base;
	return 0;
}

static int input_open(struct sensor **out, const void *options,
		      const struct sensor_parts *parts, struct clock *clock,
		      struct err *err)
{
	const struct input_options *o = options;
	struct wired how = { .relay = parts->relay,
			     .input = (int)o->input,
			     .inverted = o->inverted };
	struct sensor_sample first;
	struct sensor *s = NULL;
	int rc = open_wired(&s, &how, clock, err);

	if (rc)
		return rc;
	rc = sensor_look(s, &first, err); /* proof that the board has inputs */
	if (rc) {
		sensor_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

static int probe_open(struct sensor **out, const void *options,
		      const struct sensor_parts *parts, struct clock *clock,
		      struct err *err)
{
	const struct probe_options *o = options;
	struct wired how = { .positioner = parts->positioner, .inverted = o->inverted };

	return open_wired(out, &how, clock, err);
}

static const struct conf_item input_items[] = {
	{ "input", CONF_INT, offsetof(struct input_options, input), NULL,
	  "of the relay board, from 1", 1, 32, NULL },
	{ "inverted", CONF_BOOL, offsetof(struct input_options, inverted), "no",
	  "it is active while the phone is not there", 0, 0, NULL },
	{ 0 },
};

static const struct conf_item probe_items[] = {
	{ "inverted", CONF_BOOL, offsetof(struct probe_options, inverted), "no",
	  "it is active while the phone is not there", 0, 0, NULL },
	{ 0 },
};

extern const struct sensor_driver input_sensor_driver, probe_sensor_driver;
const struct sensor_driver input_sensor_driver = {
	.name = "input",
	.summary = "an input of the relay board",
	.needs_relay = true,
	.items = input_items,
	.options_size = sizeof(struct input_options),
	.open = input_open,
};

const struct sensor_driver probe_sensor_driver = {
	.name = "probe",
	.summary = "the probe input of the axis",
	.needs_positioner = true,
	.items = probe_items,
	.options_size = sizeof(struct probe_options),
	.open = probe_open,
};
