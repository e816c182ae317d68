/*
 * Anything as a log; a frame that is taken must write back to a line that reads the same,
 * and must read the same when nothing stands behind its line, where it is read character
 * by character.
 */
#include "bench/core/wire/candump.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_back(const struct candump_frame *f)
{
	struct candump_frame again;
	struct candump c;
	struct buf line;

	buf_init(&line, 4096 + f->interface.len);
	candump_write(f, &line);
	c = candump_at(buf_bytes(&line));
	if (line.failed || candump_next(&c, &again) != 1 || again.at_ns != f->at_ns ||
	    again.direction != f->direction || !canframe_equal(&again.frame, &f->frame))
		abort();
	buf_release(&line);
}

/* @text: all that was read to come to @f, skipped lines as well. */
static void read_alone(struct bytes text, int rc, const struct candump_frame *f)
{
	struct candump_frame again;
	uint8_t *copy;
	struct candump c;
	size_t from = text.len - 1;

	while (from && text.data[from - 1] != '\n')
		from--;
	copy = malloc(text.len - from);
	if (!copy)
		return;
	memcpy(copy, text.data + from, text.len - from);
	c = candump_at(BYTES(copy, text.len - from));
	if (candump_next(&c, &again) != rc ||
	    (rc > 0 && (again.at_ns != f->at_ns || again.direction != f->direction ||
			again.interface.len != f->interface.len ||
			!canframe_equal(&again.frame, &f->frame))))
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct candump c = candump_at(BYTES(data, size));
	struct candump_frame f;
	const uint8_t *from = data;
	int rc;

	while ((rc = candump_next(&c, &f))) {
		read_alone(BYTES(from, (size_t)(c.rest.data - from)), rc, &f);
		from = c.rest.data;
		if (rc > 0)
			write_back(&f);
	}
	return 0;
}
