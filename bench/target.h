#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include "bench/core/conf.h"
#include "drivers/can/uds.h"

/*
 * A target profile: the numbers a target is held against. Suites pick them by ${path.to.value}.
 */
struct target {
	struct conf *conf;
	const char *name, *summary;
	bool has_uds;
	struct uds_target uds; /* how it is asked, when it says so */
};

/** @param given  a path, or a name in the data folders. Free with target_free. */
int target_load(struct target *out, const char *given, struct err *err);
void target_free(struct target *t);

#endif
