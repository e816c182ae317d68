#ifndef DRIVERS_WRAP_ERRAND_H
#define DRIVERS_WRAP_ERRAND_H

#include "bench/core/pump.h"

/**
 * Do once what may block, in a process of its own that is killed at its deadline; everything else is served
 * meanwhile.
 *
 * @param title  for a person: "a USB reset"
 * @param fn     called in the child, which is a fork: what it changes in memory is lost
 * @return what @fn returned, its text in @err; ERR_TIMEOUT, ERR_GONE (the process died), ERR_INTERRUPTED
 */
int errand_run(struct pump *pump, const char *title,
	       int (*fn)(const void *job, struct err *err), const void *job,
	       int64_t limit_ns, struct err *err);

#endif
