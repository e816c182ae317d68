#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include "bench/plan.h"
#include "bench/rig.h"
#include "bench/sched.h"
#include "bench/target.h"
#include "results/journal.h"
#include "results/store.h"

/*
 * Runs a plan on an open rig: per attempt set up, steps, always tear down, recover what broke, and write
 * everything into the journal.
 */
struct runner {
	struct rig *rig; /* open */
	const struct plan *plan;
	const struct target *target;
	struct pump *pump;
	struct journal *journal;
	uint64_t seed;
	int64_t origin_ns;        /* the run's zero on the bench clock */
	const struct sched *from; /* where a resumed run goes on; NULL: at the start */
};

enum run_end {
	RUN_COMPLETE,
	RUN_INTERRUPTED,
	RUN_DRAINED
};

/** The journal's head: what is run, with what; and a line per planned case. */
int runner_begin(const struct runner *r, const char *name, int64_t wall_ns,
		 struct err *err);
/**
 * All attempts, and the journal's last line.
 *
 * @param end  out: how it ended; drained: a device could not be recovered
 * @return 0, or an error of the bench that ended it (the journal is closed properly all the same)
 */
int runner_run(const struct runner *r, enum run_end *end, struct err *err);

/** Instead of runner_run, when the rig could not be opened: the journal's last line says why. */
int runner_abandon(const struct runner *r, const char *why, struct err *err);

#endif
