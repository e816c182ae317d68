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
 *
 * Nothing here waits for the mechanics: move begins, settle says whether it is done and when to ask again, so that
 * everything else is served meanwhile.
 */
enum position {
	POSITION_AWAY,
	POSITION_TAP
};

/** What a positioner believes of itself; the edges between these are drivers/positioner/travel.h. */
enum positioner_state {
	POSITIONER_UNKNOWN,
	POSITIONER_HOMING, /* finding out where it is; ends away */
	POSITIONER_AWAY,
	POSITIONER_APPROACHING,
	POSITIONER_IN_FIELD,
	POSITIONER_LEAVING,
	POSITIONER_FAULT /* it does not know, and does not move to the reader */
};
/** "in field". */
const char *positioner_state_name(enum positioner_state s);

/** From the place that the rig calls the tap: along the reader's face, and (z >= 0) away from it; um. */
struct positioner_offset {
	int64_t x_um, y_um, z_um;
};

/** How far from the tap it may be sent: beside it, either way in x and in y, and off it; um. Both 0: two places only. */
struct positioner_reach {
	int64_t beside_um, off_um;
};

struct positioner_move {
	enum position to;
	struct positioner_offset offset; /* of a tap */
	int64_t commanded_ns;            /* out: the command was taken */
	int64_t settled_ns; /* out: the phone is there from then on; may lie in the future */
	int64_t slack_ns; /* commanded_ns may be this far off */
};

struct positioner_identity {
	char model[64];
	char link[64]; /* what it hangs on; "" on a relay board */
	bool offsets;  /* it can go elsewhere than to the tap itself */
	bool simulated;
};

struct positioner;

#define POSITIONER_NOT_YET 1

struct positioner_ops {
	/**
	 * Begin a move; returns without waiting for it. It may have to wait for its turn (a coil that must
	 * cool, a home that is not found yet): .commanded_ns is then only final when settle says so.
	 * ERR_UNSUPPORTED: an offset, on one that knows two places only; ERR_RANGE: one beyond its reach.
	 */
	int (*move)(struct positioner *p, struct positioner_move *move, struct err *err);
	/**
	 * Is the move that began last done? Call it at .settled_ns or later.
	 *
	 * @return 0: it is, the stamps in @move are final; POSITIONER_NOT_YET: ask again at .settled_ns;
	 *         or an error: the edge took too long (ERR_TIMEOUT), an alarm, a board that fails
	 */
	int (*settle)(struct positioner *p, struct positioner_move *move,
		      struct err *err);
	enum positioner_state (*state)(struct positioner *p);
	/** A sensor of its own (an axis' probe input). ERR_UNSUPPORTED: it has none. */
	int (*probe)(struct positioner *p, bool *on, struct err *err);
	int (*identity)(struct positioner *p, struct positioner_identity *id,
			struct err *err);
	/** Moves away first; never closes what it stands on. */
	void (*close)(struct positioner *p);
};

struct positioner {
	const struct positioner_ops *ops;
	struct clock *clock;
	enum position sent_to; /* kept by positioner_move */
	int64_t cycles;        /* taps it was sent to since it was opened: wear */
};

struct on_limit;
struct pump;
struct relay;

/** What a positioner may stand on; NULL where the rig has none. */
struct positioner_parts {
	struct relay *relay;
	struct pump *
		pump; /* for what must happen by itself; NULL: it happens at the next call */
	/* how hot the coil is (positioner/on_limit.h), known beyond a close; NULL: forgotten with it */
	struct on_limit *coil;
};

struct positioner_driver {
	const char *name; /* "push", "grbl", "sim" */
	const char *summary;
	bool needs_relay;
	bool needs_worker;
	const struct conf_item *items;
	size_t options_size;
	/** What its options allow, without opening anything; NULL: two places only. */
	void (*reach)(const void *options, struct positioner_reach *out);
	int (*open)(struct positioner **out, const void *options,
		    const struct positioner_parts *parts, struct clock *clock,
		    struct err *err);
};

extern const struct positioner_driver *const positioner_drivers[];
const struct positioner_driver *positioner_driver_find(const char *name);

/** Of one that would be opened so. */
struct positioner_reach positioner_driver_reach(const struct positioner_driver *d,
						const void *options);
/** 0; ERR_UNSUPPORTED: an offset, and it knows two places only; ERR_RANGE: one beyond its reach. */
int positioner_reach_check(const struct positioner_reach *r,
			   const struct positioner_offset *o, struct err *err);
/** For a backend that knows two places only. */
int positioner_tap_alone(const struct positioner_move *move, struct err *err);

int positioner_move(struct positioner *p, struct positioner_move *move, struct err *err);
int positioner_settle(struct positioner *p, struct positioner_move *move,
		      struct err *err);
enum positioner_state positioner_state(struct positioner *p);
int positioner_probe(struct positioner *p, bool *on, struct err *err);
int positioner_identity(struct positioner *p, struct positioner_identity *id,
			struct err *err);
void positioner_close(struct positioner *p); /* takes NULL */

#endif
