#ifndef BENCH_CORE_TEXT_H
#define BENCH_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Foreign text: what a file or a device brought in must not drive the terminal on which it is shown, nor pass for a
 * line of ours.
 */

/** Bytes of the UTF-8 sequence at @s (1 … 4; overlong ones and surrogates are none), 0 when it is none. */
size_t text_sequence(const char *s);
/** The same, and which character it is. */
size_t text_character(const char *s, uint32_t *character);
/** Replace each byte that is not UTF-8 by '?'. */
void text_mend(char *s);
/** Drop the rest of a character that was cut at the end of @s, as snprintf does it. @return @s. */
char *text_trim(char *s);

/** Does nothing on a terminal but stand there: no control characters, no change of direction. */
bool text_printable(uint32_t character);
/**
 * Make one line of @s that only shows: what is not printable or not UTF-8 becomes '?', a character that was cut
 * at the end is dropped. Never longer than it was.
 */
void text_tame(char *s);

#endif
