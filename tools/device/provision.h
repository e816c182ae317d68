#ifndef TOOLS_DEVICE_PROVISION_H
#define TOOLS_DEVICE_PROVISION_H

#include "bench/core/data.h"
#include "fixtures/proto/profile.h"

/* What both programs are given: a protocol profile and a pairing, by name or path. */
struct provision {
	struct profile *profile;
	char keys[DATA_PATH_MAX]; /* the file; either side's loader reads it */
};

int provision_load(struct provision *p, const char *profile, const char *keys,
		   struct err *err);
void provision_release(struct provision *p);

/** Say what went wrong on stderr; @return the exit status: 78 for a file, 75 for the rest, 0 when somebody ended it. */
int provision_complain(const char *program, const struct err *err);

#endif
