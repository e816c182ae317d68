#ifndef DRIVERS_WRAP_KEEP_CHILD_H
#define DRIVERS_WRAP_KEEP_CHILD_H

#include "drivers/wrap/worker_child.h"
#include "drivers/wrap/worker_wire.h"

/*
 * The loop of a process that has something open which must not be left as it is: relays
 * that are on, a phone at the reader. It makes it safe by itself at end-of-file, on
 * SIGTERM, when no message came for WORKER_HEARTBEAT_LIMIT_NS, and when its guard is
 * gone; after the last two it goes on, but the next request that would rely on the old
 * state says what happened.
 */
struct keeper {
	/** Is there anything to make safe? */
	bool (*exposed)(struct keeper *k);
	/** All off, phone away. Tried again while it fails. */
	int (*drop)(struct keeper *k);
	int (*serve)(struct keeper *k, const struct worker_message *m,
		     struct worker_message *answer, struct err *err);
	void (*close)(struct keeper *k);
	int64_t heard_ns;  /* the last message */
	int64_t ticked_ns; /* the guard was told last */
	bool dropped;      /* by itself, and nobody was told yet */
	bool alone;        /* the guard is gone, and that was said */
};

/** Before the device is opened: signals. */
void keep_begin(void);
/** Tell what came of the open (@rc), serve until the end, close. Does not return. */
void keep_run(struct keeper *k, int rc, const struct err *err);
/**
 * ERR_TIMEOUT, once, when it dropped by itself since; ERR_GONE while it is unguarded;
 * else 0.
 */
int keep_may_expose(struct keeper *k, struct err *err);
/** That it dropped by itself, and why: ERR_TIMEOUT, or ERR_GONE when its guard is gone. */
int keep_say_dropped(struct keeper *k, struct err *err);

#endif
