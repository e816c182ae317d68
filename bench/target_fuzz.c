/* Any text as a target profile, by way of a file that exists in memory only. */
#include "bench/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("target", MFD_CLOEXEC);
	struct err err = { 0 };
	struct target t;
	char path[40];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (target_load(&t, path, &err) == 0)
		target_free(&t);
	else if (!err.text[0])
		abort();
	close(fd);
	return 0;
}
