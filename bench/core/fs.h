#ifndef BENCH_CORE_FS_H
#define BENCH_CORE_FS_H

#include "bench/core/buf.h"
#include "bench/core/err.h"

/*
 * Files, whole (os_fs.c). Errors say what and which file; they are ERR_IO unless noted.
 */

/**
 * Append the whole regular file @path to @out.
 * ERR_RANGE when it is longer than @max bytes, ERR_FORMAT for a directory or a device.
 */
int fs_read(const char *path, size_t max, struct buf *out, struct err *err);
/** Write @path by way of a temporary file beside it and a rename: whole or not at all. */
int fs_write(const char *path, struct bytes content, struct err *err);
/** The same for a file that nobody else may read. */
int fs_write_secret(const char *path, struct bytes content, struct err *err);
/** After a write: return when the file's name, too, would survive a power cut. */
int fs_sync_name(const char *path, struct err *err);
/** The same in parts: fs_begin, fs_more …, and fs_end in any case. */
struct fs_writing {
	int fd;
	const char *path; /* borrowed */
	char temp[4096];
};
int fs_begin(struct fs_writing *w, const char *path, struct err *err);
int fs_more(struct fs_writing *w, struct bytes part, struct err *err);
/** @param rc  0: the file gets its name; else it is forgotten, and @rc comes back */
int fs_end(struct fs_writing *w, int rc, struct err *err);
/** Write a new file of mode @mode; ERR_USAGE when there is one already: it stays as it is. */
int fs_create(const char *path, struct bytes content, unsigned mode, struct err *err);
/** mkdir -p. */
int fs_mkdirs(const char *path, struct err *err);
bool fs_exists(const char *path);
/** The directory of the running program, without a slash at the end; "" when unknown. */
const char *fs_program_dir(void);

#endif
