#ifndef RESULTS_JOURNAL_H
#define RESULTS_JOURNAL_H

#include "bench/core/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The record of a run: JSON Lines, append-only. Every line carries "seq" (0, 1, …) and "prev", the
 * SHA-256 (hex) of the line before, without its newline; the first has 64 zeros. Synced to disk at the
 * end of every attempt and of the run.
 *
 * What the lines hold stands in results/record.h. A run that was cut off has no end line; its last line
 * may be torn, and is then not counted. The chain shows any change but one: of the last line itself, which
 * no later line vouches for (a signature over the file does).
 */
#define JOURNAL_FORMAT 1
/* A line with its newline is no longer than this. */
#define JOURNAL_MAX_LINE (1 << 20)

struct journal;

/** Create @path; ERR_IO when it exists. */
int journal_create(struct journal **out, const char *path, struct err *err);
/**
 * Append one line; seq and prev are added. Takes over the reference to @line, also on error.
 * An error sticks: later appends fail with the first one.
 */
int journal_append(struct journal *j, json_t *line, struct err *err);
int journal_sync(struct journal *j, struct err *err);
void journal_close(struct journal *j); /* takes NULL */

#define JOURNAL_TORN_MAX 160
/**
 * Go on with a journal whose writer is gone: read it as journal_read does, and append behind its last whole line. What
 * is left of a torn one is taken off, and handed over.
 *
 * @param torn  out: the beginning of the torn line, or ""
 * @return 0; ERR_IO also while its writer lives: a journal has one at a time; else as journal_read and @fn
 */
typedef int journal_fn(void *ctx, json_t *line, int line_no, struct err *err);
int journal_resume(struct journal **out, const char *path, journal_fn *fn, void *ctx,
		   char torn[JOURNAL_TORN_MAX], struct err *err);

/**
 * Read a journal front to back, checking the chain.
 *
 * @param fn   gets every good line (borrowed) with its number; a negative return stops and is passed on
 * @param torn out: true when the last line was cut off and left out; may be NULL
 * @return 0; ERR_FORMAT "file:line:1: …" when a line is altered, missing or malformed
 */
int journal_read(const char *path, journal_fn *fn, void *ctx, bool *torn,
		 struct err *err);

#endif
