#include "results/dump.h"

static int take_part(const char *part, size_t len, void *ctx)
{
	struct buf *out = ctx;

	buf_add(out, BYTES((const uint8_t *)part, len));
	return out->failed ? -1 : 0;
}

void dump_json(struct buf *out, const json_t *json, size_t flags)
{
	if (json_dump_callback(json, take_part, out, flags))
		out->failed = true;
}
