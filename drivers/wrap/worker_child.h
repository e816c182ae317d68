#ifndef DRIVERS_WRAP_WORKER_CHILD_H
#define DRIVERS_WRAP_WORKER_CHILD_H

#include "drivers/card.h"
#include "drivers/reader.h"
#include "drivers/positioner.h"
#include "drivers/relay.h"

#include <sys/types.h>

/*
 * The other side of the socket pair: processes that serve one device each, and the guard
 * of a relay board. All are forks of the controller without exec, so that they need no
 * path to themselves, no arguments and no second program; they start by letting go of
 * everything that is the controller's.
 */

/*
 * What a child keeps, at these numbers; 0 is /dev/null, 1 and 2 go to the controller's
 * log.
 */
#define CHILD_SOCKET 3 /* guard: the pipe that the relay worker ticks */
#define CHILD_TICKS \
	4 /* relay worker: its end of that pipe; guard: pidfd of the relay worker */

struct child {
	const char *name;             /* of the process, 15 characters */
	bool ends_with_parent;        /* gets SIGTERM when the controller dies, however */
	int words_fd;                 /* becomes 1 and 2 */
	int keep[2];                  /* become CHILD_SOCKET and CHILD_TICKS; -1: none */
	void (*run)(const void *job); /* must not return */
	const void *job;
};

/**
 * Fork @child.
 *
 * @param pid, pidfd  out: the process; close the pidfd and reap the process when
 *   done with it
 */
int child_start(pid_t *pid, int *pidfd, const struct child *child, struct err *err);

struct reader_job {
	const struct reader_driver *driver;
	const void *options;
	struct clock *clock;
};

struct relay_job {
	const struct relay_driver *driver;
	const void *options;
	struct clock *clock;
};

struct card_job {
	const struct card_driver *driver;
	const void *options;
	struct clock *clock;
};

struct positioner_job {
	const struct positioner_driver *driver;
	const void *options;
	struct clock *clock;
};

void reader_child_run(const void *job);
void card_child_run(const void *job);
void relay_child_run(const void *job);
void positioner_child_run(const void *job);

/* What a relay's or positioner's worker tells its guard; one byte each. */
enum guard_tick {
	GUARD_OPEN = 'o', /* alive; the board is mine and may have channels on */
	GUARD_BYE = 'b'   /* the board is dropped and closed, or was never opened */
};
#define GUARD_LIMIT_NS (1500 * NS_PER_MS)

/** Open a device whose worker died, make it safe, close it: jobs of the guard. */
int relay_job_drop(const void *job, struct err *err);
int positioner_job_drop(const void *job, struct err *err);

struct guard_job {
	const char *what; /* "relay board" */
	int (*drop)(const void *job, struct err *err);
	const void *job;
};

/** Takes a struct guard_job. */
void guard_child_run(const void *job);

/*
 * What a worker whose calls may block does with its device. The loop around it, the
 * signals that abort a call, and the end are serve_child.c's.
 */
struct worker_message;
struct served {
	void *device;
	void (*abort)(void *device); /* from a signal handler, over a call that blocks */
	int (*serve)(void *device, const struct worker_message *request,
		     struct worker_message *answer, struct err *err);
	void (*close)(void *device);
};

/** Before the device is opened: signals. */
void serve_begin(void);
/**
 * Tell what came of the open (@rc), then serve until the end and close. Does not return.
 */
void serve_run(const struct served *s, int rc, const struct err *err);

#endif
