#include "tools/emu/faults.h"

#include <stddef.h>

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

static bool strikes(const struct fault *f, int64_t exchange, int64_t command)
{
	int64_t at = f->exchange ? f->exchange : f->command;
	int64_t n = f->exchange ? exchange : command;

	return n >= at && n < at + length(f);
}

const struct fault *fault_at(const struct fault *faults, int count, int device,
			     int64_t exchange, int64_t command)
{
	for (int i = 0; i < count; i++)
		if (faults[i].device == device && strikes(&faults[i], exchange, command))
			return &faults[i];
	return NULL;
}
