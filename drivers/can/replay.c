#include "drivers/can/replay.h"

#include "bench/core/wire/candump.h"

#include <stdlib.h>
#include <string.h>

static int add(struct replay *r, size_t *room, const struct replay_frame *f)
{
	if (r->count == REPLAY_MAX_FRAMES)
		return ERR_RANGE;
	if (r->count == *room) {
		size_t more = *room ? 2 * *room : 256;
		struct replay_frame *grown = realloc(r->frames, more * sizeof(*grown));

		if (!grown)
			return ERR_NOMEM;
		r->frames = grown;
		*room = more;
	}
	r->frames[r->count++] = *f;
	return 0;
}

static bool is(struct bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.data, text, b.len) == 0;
}

int replay_read(struct replay *out, struct bytes log, const char *interface, long *line)
{
	struct candump c = candump_at(log);
	struct candump_frame f;
	struct replay r = { 0 };
	int64_t first = 0, last = 0;
	size_t room = 0;
	int rc = 0, more;

	while (!rc && (more = candump_next(&c, &f)) > 0) {
		struct replay_frame keep = { .frame = f.frame };

		if (f.frame.error || (interface && !is(f.interface, interface)))
			continue;
		if (!r.count)
			first = last = f.at_ns;
		if (last - f.at_ns > REPLAY_MAX_BACK_NS) {
			rc = ERR_UNSUPPORTED;
			break;
		}
		if (f.at_ns > last)
			last = f.at_ns;
		keep.after_ns = last - first;
		rc = add(&r, &room, &keep);
	}
	*line = c.line;
	if (!rc && more < 0)
		rc = more;
	if (!rc && !r.count) {
		*line = 0;
		rc = ERR_FORMAT;
	}
	if (rc)
		replay_release(&r);
	else
		*out = r;
	return rc;
}

bool replay_is_fd(const struct replay *r)
{
	size_t i = 0;

	while (i < r->count && !r->frames[i].frame.fd)
		i++;
	return i < r->count;
}

void replay_release(struct replay *r)
{
	free(r->frames);
	*r = (struct replay){ 0 };
}
