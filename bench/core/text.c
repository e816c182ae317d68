#include "bench/core/text.h"

#include <string.h>

size_t text_character(const char *s, uint32_t *character)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t len = u[0] < 0x80   ? 1
		     : u[0] < 0xc2 ? 0
		     : u[0] < 0xe0 ? 2
		     : u[0] < 0xf0 ? 3
				   : 4;
	uint32_t c = u[0];

	if (len == 0 || u[0] > 0xf4)
		return 0;
	if (len > 1)
		c &= 0xffu >> (len + 1);
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if ((len == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
	    (len == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	*character = c;
	return len;
}

size_t text_sequence(const char *s)
{
	uint32_t ignored;

	return text_character(s, &ignored);
}

void text_mend(char *s)
{
	while (*s) {
		size_t len = text_sequence(s);

		if (!len)
			*s = '?';
		s += len ? len : 1;
	}
}

char *text_trim(char *s)
{
	size_t len = strlen(s), start = len;

	while (start > 0 && len - start < 3 &&
	       ((unsigned char)s[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)s[start - 1] >= 0xc0 &&
	    !text_sequence(s + start - 1))
		s[start - 1] = '\0';
	return s;
}

bool text_printable(uint32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x200e && c != 0x200f &&
	       c != 0x061c && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff && (c & 0xfffe) != 0xfffe;
}

void text_tame(char *s)
{
	char *to = s;

	text_trim(s);
	while (*s) {
		uint32_t c = 0;
		size_t len = text_character(s, &c);

		if (!len || !text_printable(c)) {
			*to++ = '?';
		} else {
			memmove(to, s, len);
			to += len;
		}
		s += len ? len : 1;
	}
	*to = '\0';
}
