#ifndef DRIVERS_POSITIONER_H
#define DRIVERS_POSITIONER_H

#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/err.h"

/*
 * The role of a positioner: brings the phone to the reader and away again.
 *
 * A command is a stimulus, never the start of a measurement: relays operate in milliseconds with
 * milliseconds of jitter. A move has two moments: commanded, and the time after which the phone
 * is where it should be (.settled_ns), from the rig file's travel time or an axis' own word.
 */
enum position {
	POSITION_AWAY,
	POSITION_TAP
};

struct positioner_move {
	enum position to;
	int64_t commanded_ns; /* out: the command was taken */
	int64_t settled_ns; /* out: the phone is there from then on; may lie in the future */
	int64_t slack_ns;
};

struct positioner_identity {
	char model[64];
	bool simulated;
};

struct positioner;

struct positioner_ops {
	/** Begin a move; returns without waiting for it. */
	int (*move)(struct positioner *p, struct positioner_move *move, struct err *err);
	int (*identity)(struct positioner *p, struct positioner_identity *id,
			struct err *err);
	void (*close)(struct positioner
			      *p); /* moves away first; never closes what it stands on */
};

struct positioner {
	const struct positioner_ops *ops;
	struct clock *clock;
};

struct pump;
struct relay;

/** What a positioner may stand on; NULL where the rig has none. */
struct positioner_parts {
	struct relay *relay;
	struct pump *
		pump; /* for what must happen by itself; NULL: it happens at the next call */
};

struct positioner_driver {
	const char *name; /* "push", "sim" */
	const char *summary;
	bool needs_relay;
	const struct conf_item *items;
	size_t options_size;
	int (*open)(struct positioner **out, const void *options,
		    const struct positioner_parts *parts, struct clock *clock,
		    struct err *err);
};

extern const struct positioner_driver *const positioner_drivers[];
const struct positioner_driver *positioner_driver_find(const char *name);

int positioner_move(struct positioner *p, struct positioner_move *move, struct err *err);
int positioner_identity(struct positioner *p, struct positioner_identity *id,
			struct err *err);
void positioner_close(struct positioner *p); /* takes NULL */

#endif
