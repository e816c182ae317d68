/* Any text as a rig file, by way of a file that exists in memory only; no device is opened. */
#include "bench/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("rig", MFD_CLOEXEC);
	struct err err = { 0 };
	struct rig *rig;
	char path[40];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (rig_load(&rig, path, &err) == 0)
		rig_free(rig);
	else if (!err.text[0])
		abort();
	close(fd);
	return 0;
}
