#ifndef RESULTS_RECORD_H
#define RESULTS_RECORD_H

#include "bench/core/attempt.h"
#include "bench/core/bytes.h"
#include "bench/core/err.h"

#include <jansson.h>
#include <stdint.h>

/*
 * What stands in a journal's lines, both directions: a struct to JSON, and JSON back to the struct.
 *
 * By "type", in this order in a run:
 *   run       first: what was run, with what, by whom
 *   case      one per planned case, before any attempt, also those that will never run
 *   attempt   every attempt, retries and warm-up included
 *   recovery  a rung of the recovery ladder that was climbed
 *   note      anything a reader of the run should know (a throw-away key, an emulator that died)
 *   resume    somebody went on with a run that was cut off: what was open then, and what is left out
 *   end       last: how it ended; missing when the run was cut off
 * What was added to a line since format 1 may be missing in it: origin_ns of run (0), cut of attempt (false).
 * An attempt with more points than it holds is a BENCH_ERROR, whatever its outcome says.
 * All times but the two wall times are ns since the run's origin on the bench clock.
 */
#define RECORD_MAX_CLAIMS 12
#define RECORD_MAX_REQUIREMENTS 16
#define RECORD_MAX_DEVICES 8
#define RECORD_MAX_TEXT \
	4096 /* bytes; longer texts are cut when written, refused when read */
#define RECORD_MAX_TRIALS 10000000 /* of a case; retries of a trial */

struct record_run {
	const char *name, *version, *host;
	const char *rig, *target, *protocol, *phone; /* names, not paths */
	const char *
		devices[RECORD_MAX_DEVICES]; /* "reader: PN532 … over … (libnfc 1.8.0)" */
	int device_count;
	bool simulated;
	int64_t wall_start_ns;
	int64_t origin_ns; /* bench clock at the run's zero: lines truth.jsonl up with the journal */
	uint64_t seed;
	int64_t u_ns;
	double confidence;
};

struct record_case {
	const char *id, *suite, *title;
	const char *requirements[RECORD_MAX_REQUIREMENTS];
	int requirement_count;
	const char *claims[RECORD_MAX_CLAIMS]; /* ${…} filled in */
	int claim_count;
	int trials, warmup;
	const char *skip; /* why it is not run, or NULL */
	const char *series,
		*level; /* NULL, or the series it belongs to, and where in it */
	bool explore;   /* the run's verdict does not rest on it */
};

struct record_attempt {
	const char *case_id, *suite;
	int trial;   /* 0-based within warm-up or count */
	int attempt; /* 0: first try, 1: first retry … */
	bool warmup;
	bool cut; /* the run ended in the middle of it: its trial is still to be made */
	int64_t started_ns, ended_ns; /* since the run's origin, as in every record */
	const struct attempt *result; /* its points are on the bench clock */
	int64_t origin_ns;            /* of the run, bench clock: taken off the points */
};

struct record_recovery {
	const char *device; /* "reader" */
	const char *rung;   /* "abort" "reopen" "respawn" "drain" */
	const char *why;
	int64_t at_ns, took_ns;
	bool proved; /* the device answered afterwards */
};

struct record_resume {
	const char *version;
	int64_t at_ns; /* since the run's origin, as wall time went on meanwhile */
	int64_t wall_ns;
	int64_t origin_ns; /* the run's zero on the bench clock from now on: it may have started anew */
	uint64_t seed;    /* from now on */
	const char *torn; /* the beginning of a line that was taken off, or NULL */
	const char *suite, *case_id; /* the case that was open, or NULL */
	const char *skip; /* why what is left of that case is not run, or NULL */
};

struct record_end {
	const char *ended; /* "complete" "interrupted" "drained" */
	const char *why;   /* or NULL */
	int64_t wall_end_ns;
};

/** New references, or NULL when there is no memory. */
json_t *record_run_json(const struct record_run *r);
json_t *record_case_json(const struct record_case *c);
json_t *record_attempt_json(const struct record_attempt *a);
json_t *record_recovery_json(const struct record_recovery *r);
json_t *record_note_json(const char *text);
json_t *record_resume_json(const struct record_resume *r);
json_t *record_end_json(const struct record_end *e);

/**
 * The reverse. Strings are borrowed from @line. ERR_FORMAT names the field that is missing or wrong.
 * record_attempt_parse fills @result, and .result points to it; its points are relative to the origin.
 */
int record_run_parse(struct record_run *out, const json_t *line, struct err *err);
int record_case_parse(struct record_case *out, const json_t *line, struct err *err);
int record_attempt_parse(struct record_attempt *out, struct attempt *result,
			 const json_t *line, struct err *err);
int record_note_parse(const char **text, const json_t *line, struct err *err);
int record_recovery_parse(struct record_recovery *out, const json_t *line,
			  struct err *err);
int record_resume_parse(struct record_resume *out, const json_t *line, struct err *err);
int record_end_parse(struct record_end *out, const json_t *line, struct err *err);

#endif
