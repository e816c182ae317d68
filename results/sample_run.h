#ifndef RESULTS_SAMPLE_RUN_H
#define RESULTS_SAMPLE_RUN_H

#include "bench/core/rng.h"
#include "results/journal.h"
#include "results/record.h"
#include "results/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* last: it wants the four before it */
#include <cmocka.h>

/*
 * For tests only: runs made up line by line, in a folder of their own.
 */
struct sample_run {
	char dir[64];
	struct store_run run;
	struct journal *journal;
	int64_t now_ns;
	int trial; /* of the next attempt */
};

#define MS INT64_C(1000000)
#define SAMPLE_WALL_NS INT64_C(1795245153000000000) /* 2026-11-21 07:12:33 UTC */

static inline void sample_dir(char dir[64])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, 64, "%.30s/keybench-test.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
}

static inline void sample_remove(const char *dir)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static inline void sample_append(struct sample_run *r, json_t *line)
{
	struct err err = { 0 };

	assert_non_null(line);
	if (journal_append(r->journal, line, &err))
		fail_msg("%s", err.text);
}

static inline void sample_open(struct sample_run *r)
{
	char path[4200];
	struct err err = { 0 };

	*r = (struct sample_run){ .now_ns = 5000 * MS };
	sample_dir(r->dir);
	if (store_new_run(&r->run, r->dir, "sample", SAMPLE_WALL_NS, &err))
		fail_msg("%s", err.text);
	store_path(&r->run, "journal.jsonl", path, sizeof(path));
	if (journal_create(&r->journal, path, &err))
		fail_msg("%s", err.text);
}

static inline void sample_begin(struct sample_run *r, bool simulated, int64_t u_ns)
{
	struct record_run run = {
		.name = "sample",
		.version = "0.1.0",
		.host = "bench-1",
		.rig = "emulated-a",
		.target = "example",
		.protocol = "dk-ccc-1.0",
		.phone = "quick",
		.devices = { "reader: PN532 v1.6 over UART (libnfc 1.8.0)",
			     "relay: LCUS-1" },
		.device_count = 2,
		.simulated = simulated,
		.wall_start_ns = SAMPLE_WALL_NS,
		.seed = UINT64_MAX,
		.u_ns = u_ns,
		.confidence = 0.95,
	};

	sample_open(r);
	sample_append(r, record_run_json(&run));
}

static inline void sample_case(struct sample_run *r, const char *id, int trials,
			       const char *claim, const char *skip)
{
	struct record_case c = {
		.id = id,
		.suite = "door-unlock",
		.title = "Unlock",
		.requirements = { "TXN-FAST-1" },
		.requirement_count = 1,
		.claims = { claim },
		.claim_count = claim != NULL,
		.trials = trials,
		.warmup = 1,
		.skip = skip,
	};

	sample_append(r, record_case_json(&c));
	r->trial = 0;
}

/* An attempt's points, up to where it came; @tap_ns from activated to the last answer. */
static inline struct attempt sample_attempt(struct sample_run *r, enum outcome outcome,
					    int64_t tap_ns)
{
	int64_t t = r->now_ns;
	struct attempt a;

	attempt_init(&a);
	attempt_point(&a, "approach", t, 0);
	attempt_point(&a, "field_on", t + 20 * MS, 1000);
	if (outcome != OUTCOME_DONE)
		attempt_end(&a, outcome, "made up");
	if (outcome == OUTCOME_NO_TAP || outcome == OUTCOME_BENCH_ERROR)
		return a;
	t += 25 * MS;
	attempt_point(&a, "activated", t, 1000);
	attempt_point(&a, "select.sent", t + 1 * MS, 1000);
	attempt_point(&a, "select.answered", t + tap_ns / 4, 1000);
	if (outcome != OUTCOME_DONE)
		return a;
	strcpy(a.kind, "fast");
	attempt_point(&a, "auth0.sent", t + tap_ns / 4 + MS, 1000);
	attempt_point(&a, "auth0.answered", t + tap_ns / 2, 1000);
	attempt_point(&a, "control_flow.sent", t + tap_ns / 2 + MS, 1000);
	attempt_point(&a, "control_flow.answered", t + tap_ns, 1000);
	attempt_point(&a, "retreat", t + tap_ns + 3 * MS, 0);
	attempt_value(&a, "airtime_floor", 31 * MS);
	attempt_value(&a, "vehicle", 2 * MS);
	return a;
}

/* Append @a as the next attempt of @id; @retry: of the trial before once more. */
static inline void sample_record(struct sample_run *r, const char *id,
				 const struct attempt *a, int retry, bool warmup)
{
	struct record_attempt ra = {
		.case_id = id,
		.suite = "door-unlock",
		.trial = retry && !warmup ? r->trial - 1 : r->trial,
		.attempt = retry,
		.warmup = warmup,
		.started_ns = r->now_ns,
		.ended_ns = r->now_ns + 400 * MS,
		.result = a,
	};

	sample_append(r, record_attempt_json(&ra));
	r->trial += !retry && !warmup;
	r->now_ns += 500 * MS;
}

static inline void sample_try(struct sample_run *r, const char *id, enum outcome outcome,
			      int64_t tap_ns)
{
	struct attempt a = sample_attempt(r, outcome, tap_ns);

	sample_record(r, id, &a, 0, false);
}

static inline void sample_rung(struct sample_run *r, const char *device, const char *rung,
			       bool proved)
{
	struct record_recovery rec = { device,    rung,    "it hangs",
				       r->now_ns, 30 * MS, proved };

	sample_append(r, record_recovery_json(&rec));
}

static inline void sample_recovery(struct sample_run *r)
{
	sample_rung(r, "reader", "respawn", true);
}

static inline void sample_end_why(struct sample_run *r, const char *ended,
				  const char *why)
{
	struct record_end e = { .ended = ended,
				.why = why,
				.wall_end_ns = SAMPLE_WALL_NS + r->now_ns };
	struct err err = { 0 };

	if (ended)
		sample_append(r, record_end_json(&e));
	if (journal_sync(r->journal, &err))
		fail_msg("%s", err.text);
	journal_close(r->journal);
	r->journal = NULL;
}

static inline void sample_end(struct sample_run *r, const char *ended)
{
	sample_end_why(r, ended, NULL);
}

static inline void sample_release(struct sample_run *r)
{
	journal_close(r->journal);
	sample_remove(r->dir);
}

#endif
