#include "results/text.h"

#include <stdio.h>
#include <string.h>

char *text_copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
	return text_trim(out);
}

/* One character of @text as it may be shown, into @shown; how many bytes of @text it took. */
static size_t next_shown(const char *text, bool utf8, char shown[5])
{
	uint32_t c = 0;
	size_t len = text_character(text, &c);

	if (!len || !text_printable(c) || (c >= 0x80 && !utf8)) {
		strcpy(shown, c == '\n' || c == '\t' ? " " : "?");
		return len ? len : 1;
	}
	memcpy(shown, text, len);
	shown[len] = '\0';
	return len;
}

int text_put(struct buf *out, const char *text, int columns, bool utf8)
{
	char shown[5];
	int total = 0, put = 0;

	for (const char *p = text; *p; total++)
		p += next_shown(p, utf8, shown);
	while (*text && put < columns) {
		if (put == columns - 1 && total > columns) {
			buf_text(out, utf8 ? "…" : "~");
			return columns;
		}
		text += next_shown(text, utf8, shown);
		buf_text(out, shown);
		put++;
	}
	return put;
}
