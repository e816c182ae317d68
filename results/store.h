#ifndef RESULTS_STORE_H
#define RESULTS_STORE_H

#include "bench/core/bytes.h"
#include "bench/core/err.h"

/*
 * Run folders. DIR/2026-11-21T071233Z-door-unlock[-2]/ holds
 *   inputs/          suite, rig, target, protocol, phone, pairing exactly as read
 *   journal.jsonl    truth.jsonl (simulated runs)
 *   report.txt summary.json junit.xml samples.csv histograms.hlog
 *   README           what these files are
 */
struct store_run {
	char path[4096];
};

/** Make a new run folder for @name under @dir (made when missing); never an existing one. */
int store_new_run(struct store_run *out, const char *dir, const char *name,
		  int64_t wall_ns, struct err *err);
/** Keep a copy of an input under inputs/@as. */
int store_input(const struct store_run *run, const char *as, struct bytes content,
		struct err *err);
/** Write or replace one file of the folder, whole or not at all. */
int store_file(const struct store_run *run, const char *name, struct bytes content,
	       struct err *err);
/** Open an existing run folder (it has a journal). ERR_FORMAT says what is missing. */
int store_open_run(struct store_run *out, const char *path, struct err *err);
/** "PATH/name" into @out. */
const char *store_path(const struct store_run *run, const char *name, char *out,
		       size_t size);

#endif
