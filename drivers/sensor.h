#ifndef DRIVERS_SENSOR_H
#define DRIVERS_SENSOR_H

#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/err.h"

/*
 * The role of a sensor: sees the phone at the reader (a light barrier, a reed contact, a probe), and so says
 * when it came without asking the NFC side.
 *
 * A sensor is asked, again and again: the moment it became active lies between two answers.
 */
struct sensor_sample {
	bool on;
	int64_t asked_ns;    /* out: before the question */
	int64_t answered_ns; /* out: with the answer in hand */
};

struct sensor_identity {
	char model[64];
	bool simulated;
};

struct sensor;

struct sensor_ops {
	/** The times in @sample are taken around the call, unless it knows them better and says both. */
	int (*look)(struct sensor *s, struct sensor_sample *sample, struct err *err);
	int (*identity)(struct sensor *s, struct sensor_identity *id, struct err *err);
	void (*close)(struct sensor *s); /* never what it stands on */
};

struct sensor {
	const struct sensor_ops *ops;
	struct clock *clock;
};

struct positioner;
struct pump;
struct relay;

/** What a sensor may stand on; NULL where the rig has none. */
struct sensor_parts {
	struct relay *relay;
	struct positioner *positioner;
	struct pump *pump; /* served while it is waited for; NULL: nothing is */
};

struct sensor_driver {
	const char *name; /* "input", "probe", "modem" */
	const char *summary;
	bool needs_relay, needs_positioner;
	const struct conf_item *items;
	size_t options_size;
	int (*open)(struct sensor **out, const void *options,
		    const struct sensor_parts *parts, struct clock *clock,
		    struct err *err);
};

extern const struct sensor_driver *const sensor_drivers[];
const struct sensor_driver *sensor_driver_find(const char *name);

/** ERR_RANGE: it says that it looked before it was asked, or after it answered. */
int sensor_look(struct sensor *s, struct sensor_sample *sample, struct err *err);
int sensor_identity(struct sensor *s, struct sensor_identity *id, struct err *err);
void sensor_close(struct sensor *s); /* takes NULL */

/**
 * Follows one arrival. Zero-initialise; feed every sample in order.
 *
 * @return true with the sample in which it became active: .at_ns, and how far off that may be (.slack_ns, to the
 *         question before)
 */
struct sensor_edge {
	bool seen, was_on;
	int64_t asked_ns; /* of the sample before; 0: there was none */
	int64_t at_ns, slack_ns;
};
bool sensor_edge_feed(struct sensor_edge *e, const struct sensor_sample *s);

#endif
