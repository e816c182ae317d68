#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include "bench/core/conf.h"

/*
 * A target profile: the numbers a target is held against. Suites pick them by ${path.to.value}.
 */
struct target {
	struct conf *conf;
	const char *name, *summary;
};

/** @param given  a path, or a name in the data folders. Free with target_free. */
int target_load(struct target *out, const char *given, struct err *err);
void target_free(struct target *t);

#endif
