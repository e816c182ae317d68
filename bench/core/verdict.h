#ifndef BENCH_CORE_VERDICT_H
#define BENCH_CORE_VERDICT_H

/*
 * What became of an attempt, what is said of a claim, and how a program ends.
 */

/** One attempt. BENCH_ERROR is our fault and never held against the target. */
enum outcome {
	OUTCOME_DONE,
	OUTCOME_REFUSED,  /* the other side said no, or what it sent was refused */
	OUTCOME_RF_ERROR, /* no answer, CRC, lost in the field */
	OUTCOME_NO_TAP,   /* never activated */
	OUTCOME_BENCH_ERROR
};
#define OUTCOME_COUNT 5

/** One claim, case or run. */
enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_INCONCLUSIVE,
	VERDICT_BENCH_ERROR,
	VERDICT_SKIP
};
#define VERDICT_COUNT 5

/** "DONE", "RF_ERROR" …; as journals and reports say it. */
const char *outcome_name(enum outcome o);
const char *verdict_name(enum verdict v);
/** The reverse; -1 when there is no such name. */
int outcome_parse(const char *name);
int verdict_parse(const char *name);

/**
 * Fold @next into a verdict of several: FAIL > BENCH_ERROR > INCONCLUSIVE > PASS > SKIP.
 * Start from VERDICT_SKIP; a run that is still SKIP at its end is INCONCLUSIVE.
 */
enum verdict verdict_worst(enum verdict so_far, enum verdict next);

/** Exit statuses; sysexits where they exist. */
enum exit_status {
	EXIT_PASSED = 0,
	EXIT_FAILED = 1,
	EXIT_INCONCLUSIVE = 3,
	EXIT_REGRESSION = 4,
	EXIT_WRONG_USE = 64,
	EXIT_BENCH_ERROR = 75,
	EXIT_WRONG_CONFIG = 78,
	EXIT_INTERRUPTED = 130
};
enum exit_status verdict_exit(enum verdict run);

#endif
