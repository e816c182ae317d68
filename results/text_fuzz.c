/* Any text into a report: what comes out is UTF-8 (or ASCII) that a terminal only shows. */
#include "results/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s, bool utf8)
{
	while (*s) {
		uint32_t c;
		size_t len = text_character(s, &c);

		if (!len || !text_printable(c) || (!utf8 && c > 126))
			abort();
		s += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), small[16];

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	text_copy(small, sizeof(small), text);
	if (strlen(small) >= sizeof(small))
		abort();
	for (int utf8 = 0; utf8 < 2; utf8++) {
		struct buf out;

		buf_init(&out, 1 << 20);
		text_put(&out, text, 40, utf8);
		check(buf_str(&out), utf8);
		buf_release(&out);
	}
	text_mend(text);
	for (const char *s = text; *s; s += text_sequence(s))
		if (!text_sequence(s))
			abort();
	free(text);
	return 0;
}
