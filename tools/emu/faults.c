#include "tools/emu/faults.h"

#include <stddef.h>
#include <stdio.h>

const char *const fault_names[] = { "silent",      "status",  "garbage", "late",
				    "crc",         "remove",  "no-ack",  "mute",
				    "bad-lcs",     "bad-dcs", "bad-tfi", "bad-code",
				    "error-frame", "reset",   "hang-up", "wtx",
				    "release",     NULL };

/* A silence counts commands, not exchanges: it begins once. */
static int64_t length(const struct fault *f)
{
	return f->what == FAULT_SILENT || f->what == FAULT_WTX || f->count < 1 ? 1
									       : f->count;
}

void fault_plan_init(struct fault_plan *p, const struct fault *faults, int count,
		     int device, uint64_t seed)
{
	char stream[32];

	*p = (struct fault_plan){ .faults = faults, .count = count, .device = device };
	snprintf(stream, sizeof(stream), "faults.%d", device);
	rng_init(&p->rng, seed, stream);
}

/* Draws whether or not an earlier fault strikes: one does not move the others. */
static bool strikes(struct fault_plan *p, const struct fault *f, int64_t exchange,
		    int64_t command)
{
	int64_t at = f->exchange ? f->exchange : f->command;
	int64_t n = f->exchange ? exchange : command;

	if (f->share > 0)
		return exchange && rng_unit(&p->rng) < f->share;
	return n >= at && n < at + length(f);
}

const struct fault *fault_next(struct fault_plan *p, int64_t exchange, int64_t command)
{
	const struct fault *found = NULL;

	for (int i = 0; i < p->count; i++) {
		const struct fault *f = &p->faults[i];

		if (f->device == p->device && strikes(p, f, exchange, command) && !found)
			found = f;
	}
	return found;
}
