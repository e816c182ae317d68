#ifndef RESULTS_TEXT_H
#define RESULTS_TEXT_H

#include "bench/core/buf.h"

/*
 * Foreign text in reports: a detail may hold what a device sent, and must neither make a file malformed nor
 * drive a terminal.
 */

/** Bytes of the UTF-8 sequence at @s (1 … 4; overlong ones and surrogates are none), 0 when it is none. */
size_t text_sequence(const char *s);
/** The same, and which character it is. */
size_t text_character(const char *s, uint32_t *character);
/** Replace each byte that is not UTF-8 by '?'. */
void text_mend(char *s);
/** As snprintf("%s"), but never cuts a character in two. @return @out. */
char *text_copy(char *out, size_t size, const char *text);
/** Drop the rest of a character that was cut at the end of @s, as snprintf does it. @return @s. */
char *text_trim(char *s);

/** Does nothing on a terminal but stand there: no control characters, no change of direction. */
bool text_printable(uint32_t character);
/**
 * Append @text, at most @columns characters of it; longer text ends in "…" or "~". What is not printable
 * (and without @utf8 what is not ASCII) becomes '?', a newline or tab a blank. @return characters appended
 */
int text_put(struct buf *out, const char *text, int columns, bool utf8);

#endif
