#ifndef BENCH_CORE_ATTEMPT_H
#define BENCH_CORE_ATTEMPT_H

#include "bench/core/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What one attempt left behind: written by steps, kept by the journal, folded by the summary.
 *
 * Points are moments on the bench clock, ns; metrics are differences of points (results/metric.h).
 * Values are durations that no pair of points can give (a computed airtime floor, the sum of our
 * own thinking time).
 *
 * Names of points: approach field_on activated decided bus retreat, and per APDU
 * "<apdu>.sent" and "<apdu>.answered" with apdu one of select auth0 auth1 exchange control_flow,
 * and uds.sent and uds.answered; of an owner pairing pair_select pair_request … (suites/steps/pair.c), and of its
 * phases pair_2a pair_2b.
 * Names of values: airtime_floor vehicle device, and held_up: how long in all the machine kept an emulated desk
 * from doing what was due between the first and the last of its points (of one that is not DONE, or has a complaint: in all
 * of it). It may be in any latency of the attempt, or in none.
 */
#define ATTEMPT_MAX_POINTS 80
#define ATTEMPT_MAX_VALUES 8

struct attempt_point {
	char name[28];
	int64_t at_ns;    /* bench clock */
	int64_t slack_ns; /* the stamp may be this far off */
};

struct attempt_value {
	char name[28];
	int64_t ns;
};

/* What the target said of itself. */
#define ATTEMPT_MAX_NOTES 8
#define ATTEMPT_NOTE_TEXT 128
struct attempt_note {
	char name[16];
	char text[ATTEMPT_NOTE_TEXT];
};

struct attempt {
	enum outcome outcome;
	char detail[200]; /* why it is not DONE, or ""; for a person */
	char complaint
		[200]; /* an expectation of the case that was not met, or "": fails the case */
	bool timed;    /* the complaint is of something that did not come in time */
	char kind[16]; /* "fast", "standard" as it really ended, or "" */
	bool placed;   /* a step said where the phone was sent: .place_um, from the tap */
	int64_t place_um[3];
	int point_count, value_count, note_count;
	bool overflow; /* points, values or notes did not fit: the attempt becomes BENCH_ERROR */
	struct attempt_point points[ATTEMPT_MAX_POINTS];
	struct attempt_value values[ATTEMPT_MAX_VALUES];
	struct attempt_note notes[ATTEMPT_MAX_NOTES];
};

/** Empty, DONE. */
void attempt_init(struct attempt *a);
/** Record a moment; a name seen before gets the new moment (the last exchange counts). */
void attempt_point(struct attempt *a, const char *name, int64_t at_ns, int64_t slack_ns);
void attempt_value(struct attempt *a, const char *name, int64_t ns);
/** On record: @text, made one line and cut to what fits; a name seen before gets the new text. */
void attempt_note(struct attempt *a, const char *name, const char *text);
/** Moment by name, or NULL. */
const struct attempt_point *attempt_find(const struct attempt *a, const char *name);
/** Value by name, ns; -1: there is none. */
int64_t attempt_value_of(const struct attempt *a, const char *name);
/** End it with an outcome and why; the first call counts. */
void attempt_end(struct attempt *a, enum outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** An expectation was not met; the first call counts. The outcome stays as it is. */
void attempt_complain(struct attempt *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
