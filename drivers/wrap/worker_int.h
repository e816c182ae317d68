#ifndef DRIVERS_WRAP_WORKER_INT_H
#define DRIVERS_WRAP_WORKER_INT_H

#include "drivers/wrap/worker_proc.h"

/*
 * Deadlines. What the device itself may take comes from the request; MARGIN is for
 * libnfc's habit of adding to it (50 ms per step, up to five steps) and for a busy
 * machine.
 */
#define MARGIN_NS NS_PER_S
#define COMMAND_LIMIT_NS (2 * NS_PER_S) /* a few chip commands of 400 ms each */
#define OPEN_LIMIT_NS \
	(4700 * NS_PER_MS) /* a dead line: three opens of 1.4 s; with a kill below 5 s */
#define REOPEN_LIMIT_NS \
	(7 * NS_PER_S) /* the same, and a close of a dead chip before it */
#define CLOSE_LIMIT_NS (1500 * NS_PER_MS)
#define CLOSE_IN_DOUBT_NS (500 * NS_PER_MS)
#define ABORT_LIMIT_NS NS_PER_S
#define ABORT_PERIOD_NS (20 * NS_PER_MS)
#define GUARD_BYE_NS (200 * NS_PER_MS)
#define GUARD_END_NS \
	(8 * NS_PER_S) /* its own limit, a kill, and attempts at opening the board */

/** What the driver said over there, as if it had said it here. */
int worker_passed_on(const struct worker_message *m, struct err *err);
/** The first answer says whether the device opened. */
int worker_await_open(struct proc *p, struct err *err);
/**
 * Asked to end: by a message, or by a signal when it may be blocked. Killed when it does
 * not.
 * @return true when it ended by itself now
 */
bool worker_end_proc(struct proc *p, bool in_doubt);
/**
 * Make a call that blocks over there return: again and again, for an abort that comes
 * while nothing blocks is lost.
 */
int worker_abort_call(struct proc *p, struct err *err);
/**
 * Abort what blocks, then close and open the device over there. @param doubt out, once
 * that was asked
 */
int worker_reopen_call(struct proc *p, bool *doubt, struct err *err);

/* A worker that keeps something safe: its process, its guard, its heartbeat. */
struct kept {
	struct proc proc, guard;
	struct guard_job guard_job; /* the caller's; set before the start */
	int tick;
};
/** @param name  of the process. Ended again when it fails. */
int kept_start(struct kept *k, const char *name, void (*run)(const void *job),
	       const void *job, const char *driver, struct pump *pump, struct err *err);
void kept_end(struct kept *k);

#endif
