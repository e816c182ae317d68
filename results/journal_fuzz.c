/* Any bytes as a journal file: its chain, and its lines as records. */
#include "results/journal.h"

#include "results/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, json_t *line, int line_no, struct err *err)
{
	int *last = ctx;

	(void)err;
	if (line_no != ++*last || !json_is_object(line))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("journal", MFD_CLOEXEC), last = 0;
	struct err err = { 0 };
	char path[40];
	bool torn;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (journal_read(path, take, &last, &torn, &err) && !err.text[0])
		abort();
	close(fd);
	return 0;
}
