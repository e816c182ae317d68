/* Anything as a log; a frame that is taken must write back to a line that reads the same. */
#include "bench/core/wire/candump.h"

#include <stdlib.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct candump c = candump_at(BYTES(data, size));
	struct candump_frame f;
	int rc;

	while ((rc = candump_next(&c, &f)))
		if (rc > 0)
			write_back(&f);
	return 0;
}
