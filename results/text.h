#ifndef RESULTS_TEXT_H
#define RESULTS_TEXT_H

#include "bench/core/buf.h"
#include "bench/core/text.h"

/*
 * Foreign text in reports: a detail may hold what a device sent, and must neither make a file malformed nor
 * drive a terminal.
 */

/** As snprintf("%s"), but never cuts a character in two. @return @out. */
char *text_copy(char *out, size_t size, const char *text);
/**
 * Append @text, at most @columns characters of it; longer text ends in "…" or "~". What is not printable
 * (and without @utf8 what is not ASCII) becomes '?', a newline or tab a blank. @return characters appended
 */
int text_put(struct buf *out, const char *text, int columns, bool utf8);

#endif
