#ifndef RESULTS_NUMBER_H
#define RESULTS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as text and back, the same in every locale: reports must not change with who prints them, and a
 * claim must not change with who reads it. printf and strtod do not promise that.
 */
#define NUMBER_SIZE 40 /* holds any of the texts below */

/** @x with 0 … 9 digits behind the point, rounded half away from zero; |x| < 9e9. @return @out. */
const char *number_fixed(char out[NUMBER_SIZE], double x, int digits);
/** ns as milliseconds in 6 characters at most: "0.412" "48.21" "312.4" "1024.5" "inf". @return @out. */
const char *number_ms(char out[NUMBER_SIZE], int64_t ns);
/** ns (>= 0), exactly, in its largest unit: "300 ms" "1.5 ms" "59 s" "0 s" "inf". @return @out. */
const char *number_time(char out[NUMBER_SIZE], int64_t ns);

/** A share as "95 %", "99.5 %": at most 3 digits behind the point. @return @out. */
const char *number_percent(char out[NUMBER_SIZE], double share);
/** A moment of the wall clock as "2026-11-21 07:12:33 UTC", "-" when it has no year. @return @out. */
const char *number_utc(char out[NUMBER_SIZE], int64_t wall_ns);

/**
 * Read a decimal number at the start of @text: digits, and up to 9 more behind a point.
 *
 * @param nano  out: the number times 10^9
 * @return what follows it; NULL when there is none or it is over 9 * 10^9
 */
const char *number_parse(const char *text, int64_t *nano);

#endif
