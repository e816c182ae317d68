#include "tools/emu/faults.h"

#include <stddef.h>

const char *const fault_names[] = { "silent", "status", "garbage", "late",
				    "crc",    "remove", NULL };

/* A silence counts commands, not exchanges: it begins once. */
static int64_t length(const struct fault *f)
{
	return f->what == FAULT_SILENT || f->count < 1 ? 1 : f->count;
}

const struct fault *fault_at(const struct fault *faults, int count, int device, int64_t n)
{
	for (int i = 0; i < count; i++)
		if (faults[i].device == device && n >= faults[i].exchange &&
		    n < faults[i].exchange + length(&faults[i]))
			return &faults[i];
	return NULL;
}
