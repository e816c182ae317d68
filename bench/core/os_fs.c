#include "bench/core/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, const char *path, size_t max, struct buf *out,
		    struct err *err)
{
	size_t total = 0;
	uint8_t part[8192];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		total += (size_t)n;
		if (total > max)
			return err_set(err, ERR_RANGE, "%s: longer than %zu bytes", path,
				       max);
		buf_add(out, BYTES(part, (size_t)n));
	}
	if (out->failed)
		return err_set(err, ERR_NOMEM, "%s: no memory to read it", path);
	return 0;
}

int fs_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	struct stat st;
	int rc, fd;

	/* O_NONBLOCK: a fifo must not hold us up before it is recognised */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_set(err,
			       errno == ENOENT || errno == ENOTDIR ? ERR_FORMAT : ERR_IO,
			       "%s: %s", path, strerror(errno));
	if (fstat(fd, &st))
		rc = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		rc = err_set(err, ERR_FORMAT, "%s: is a directory, a file is needed",
			     path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_FORMAT, "%s: is not a regular file", path);
	else
		rc = read_all(fd, path, max, out, err);
	close(fd);
	return rc;
}

static int write_all(int fd, struct bytes b)
{
	while (b.len) {
		ssize_t n = write(fd, b.data, b.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		b.data += n;
		b.len -= (size_t)n;
	}
	return 0;
}

static int write_failed(const struct fs_writing *w, struct err *err)
{
	return err_set(err, ERR_IO, "writing %s: %s", w->path, strerror(errno));
}

static int begin(struct fs_writing *w, const char *path, mode_t mode, struct err *err)
{
	int n;

	w->path = path;
	w->fd = -1;
	n = snprintf(w->temp, sizeof(w->temp), "%s.%ld.tmp", path, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(w->temp))
		return err_set(err, ERR_RANGE, "%s: path too long", path);
	w->fd = open(w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	/* left by a process of this number that was killed while it wrote */
	if (w->fd < 0 && errno == EEXIST && unlink(w->temp) == 0)
		w->fd = open(w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	return w->fd < 0 ? write_failed(w, err) : 0;
}

int fs_begin(struct fs_writing *w, const char *path, struct err *err)
{
	return begin(w, path, 0666, err);
}

int fs_more(struct fs_writing *w, struct bytes part, struct err *err)
{
	return write_all(w->fd, part) ? write_failed(w, err) : 0;
}

int fs_end(struct fs_writing *w, int rc, struct err *err)
{
	if (w->fd < 0)
		return rc;
	if (!rc && fsync(w->fd))
		rc = write_failed(w, err);
	if (close(w->fd) && !rc)
		rc = write_failed(w, err);
	if (!rc && rename(w->temp, w->path))
		rc = write_failed(w, err);
	if (rc)
		unlink(w->temp);
	return rc;
}

static int write_whole(const char *path, struct bytes content, mode_t mode,
		       struct err *err)
{
	struct fs_writing w;
	int rc = begin(&w, path, mode, err);

	if (!rc)
		rc = fs_more(&w, content, err);
	return fs_end(&w, rc, err);
}

int fs_write(const char *path, struct bytes content, struct err *err)
{
	return write_whole(path, content, 0666, err);
}

int fs_write_secret(const char *path, struct bytes content, struct err *err)
{
	return write_whole(path, content, 0600, err);
}

int fs_sync_name(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, rc;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 || fsync(fd) ? ERR_IO : 0;
	if (rc)
		err_set(err, rc, "%s: %s", dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

int fs_create(const char *path, struct bytes content, unsigned mode, struct err *err)
{
	struct fs_writing w = { .path = path };
	int rc;

	w.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (w.fd < 0 && errno == EEXIST)
		return err_set(err, ERR_USAGE, "%s is there already: not overwritten",
			       path);
	if (w.fd < 0)
		return write_failed(&w, err);
	rc = fs_more(&w, content, err);
	if (!rc && fsync(w.fd))
		rc = write_failed(&w, err);
	if (close(w.fd) && !rc)
		rc = write_failed(&w, err);
	if (rc)
		unlink(path);
	return rc;
}

int fs_mkdirs(const char *path, struct err *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return err_set(err, ERR_RANGE, "'%s': not a usable path", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return err_set(err, ERR_IO, "making folder %s: %s", part,
				       strerror(errno));
	}
	return 0;
}

bool fs_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

const char *fs_program_dir(void)
{
	static char dir[PATH_MAX];
	ssize_t n;
	char *slash;

	if (dir[0])
		return dir;
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	if (n < 0)
		return "";
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return dir;
}
