#include "bench/faults/world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the journal is written with, put in the way by the linker (see the Makefile). */
static struct {
	const struct scenario *s; /* NULL: a disk as it should be */
	int64_t calls, strikes;
} disk;

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

void disk_arm(const struct scenario *s)
{
	disk.s = s->role == CAMPAIGN_DISK ? s : NULL;
	disk.calls = disk.strikes = 0;
}

void disk_disarm(void)
{
	disk.s = NULL;
}

int disk_strikes(void)
{
	return (int)disk.strikes;
}

static bool is_struck(int kind, int fd)
{
	const struct scenario *s = disk.s;
	struct stat st;

	if (!s || s->kind != kind || fstat(fd, &st) || S_ISFIFO(st.st_mode) ||
	    S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode))
		return false;
	disk.calls++;
	if (disk.calls < s->plan.nth || disk.calls >= s->plan.nth + s->plan.times)
		return false;
	disk.strikes++;
	return true;
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (!is_struck(FAULT_DISK_FULL, fd))
		return __real_write(fd, data, len);
	/* a disk fills up in the middle of a line; the rest then finds no room at all */
	if (disk.s->plan.too_late && disk.strikes == 1 && len > 1)
		return __real_write(fd, data, len / 2);
	errno = ENOSPC;
	return -1;
}

/* No power is cut here: what is not struck need not wait for a disk. */
int __wrap_fsync(int fd)
{
	if (!is_struck(FAULT_FSYNC, fd))
		return 0;
	errno = EIO;
	return -1;
}

int __wrap_fdatasync(int fd)
{
	return __wrap_fsync(fd);
}
