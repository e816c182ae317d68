#ifndef RESULTS_HDRLOG_H
#define RESULTS_HDRLOG_H

#include "bench/core/buf.h"
#include "results/hist.h"

/*
 * HdrHistogram's V2 encoding and its log file, version 1.3, which any HdrHistogram tool reads.
 *
 * A histogram: 40 bytes of big-endian header (cookie 1c849313, length of the counts, normalizing offset 0,
 * digits, lowest, highest, ratio to doubles 1.0), then the counts from the smallest value up to the largest
 * one seen as ZigZag LEB128 (9 bytes at most), a run of n zeros as -n. That, in a zlib stream, after the
 * cookie 1c849314 and its length; in base64.
 *
 * The zlib stream is written with stored blocks: deflate's output is not the same in every version
 * of zlib, and a report must be. Any zlib reads it; counts in ZigZag are short already.
 * Source: HdrHistogram, V2 encoding and log format, public domain.
 */

/** Append @h in base64, without line breaks. */
void hdrlog_encode(const struct hist *h, struct buf *out);
/**
 * The reverse of any writer's, deflated too. min and max are then edges of steps.
 * ERR_FORMAT, ERR_RANGE (beyond what hist_init takes), ERR_NOMEM. @out is hist_release'd by the caller.
 */
int hdrlog_decode(struct hist *out, struct bytes base64);

/** The head of a log: its version, @comment lines (each without '#', NULL-ended), start, legend. */
void hdrlog_begin(struct buf *out, int64_t wall_start_ns, const char *const *comments);
/**
 * One line. @tag as it is but for blanks, commas and control characters, which become '_'; @start_ns from
 * the start in the head.
 */
void hdrlog_line(struct buf *out, const char *tag, int64_t start_ns, int64_t interval_ns,
		 const struct hist *h);

#endif
