#include "bench/wear.h"

#include "bench/core/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FORMAT 1
#define MAX_BYTES ((size_t)1 << 20)

bool wear_path(char *out, size_t size, bool simulated)
{
	const char *own = getenv("KEYBENCH_STATE"), *state = getenv("XDG_STATE_HOME"),
		   *home = getenv("HOME");
	int n = -1;

	if (own && *own)
		n = snprintf(out, size, "%s/cycles.json", own);
	else if (simulated)
		return false;
	else if (state && *state)
		n = snprintf(out, size, "%s/keybench/cycles.json", state);
	else if (home && *home)
		n = snprintf(out, size, "%s/.local/state/keybench/cycles.json", home);
	return n > 0 && (size_t)n < size;
}

/* The folder, and a lock beside the file: the file itself is replaced. */
static int lock(const char *path, struct err *err)
{
	char name[4200], *slash;
	int fd, rc;

	snprintf(name, sizeof(name), "%.4100s", path);
	slash = strrchr(name, '/');
	if (slash && slash != name) {
		*slash = '\0';
		rc = fs_mkdirs(name, err);
		if (rc)
			return rc;
	}
	snprintf(name, sizeof(name), "%.4100s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || flock(fd, LOCK_EX)) {
		rc = err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	return fd;
}

static int foreign(const char *path, struct err *err)
{
	return err_set(err, ERR_FORMAT, "%s is no count of cycles; it is left as it is",
		       path);
}

/* The file's object, or a new one. */
static int read_counts(json_t **out, const char *path, struct err *err)
{
	json_t *root;
	struct buf text;
	int rc;

	if (!fs_exists(path)) {
		*out = json_pack("{s:i, s:{}}", "format", FORMAT, "cycles");
		return *out ? 0 : err_set(err, ERR_NOMEM, "cycles");
	}
	buf_init(&text, MAX_BYTES);
	rc = fs_read(path, MAX_BYTES, &text, err);
	root = rc ? NULL
		  : json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES,
			       NULL);
	buf_release(&text);
	if (rc)
		return rc;
	if (json_integer_value(json_object_get(root, "format")) != FORMAT ||
	    !json_is_object(json_object_get(root, "cycles"))) {
		json_decref(root);
		return foreign(path, err);
	}
	*out = root;
	return 0;
}

static int write_counts(const json_t *root, const char *path, struct err *err)
{
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
	int rc;

	if (!text)
		return err_set(err, ERR_NOMEM, "cycles");
	rc = fs_write(path, BYTES((const uint8_t *)text, strlen(text)), err);
	free(text);
	return rc;
}

int wear_add(const char *path, const char *rig, int64_t cycles, int64_t *total,
	     struct err *err)
{
	int fd = lock(path, err), rc;
	json_t *root = NULL, *counts;
	int64_t before;

	if (fd < 0)
		return fd;
	rc = read_counts(&root, path, err);
	if (!rc) {
		counts = json_object_get(root, "cycles");
		before = json_integer_value(json_object_get(counts, rig));
		if (before < 0 || before > INT64_MAX - cycles)
			rc = foreign(path, err);
	}
	if (!rc && json_object_set_new(counts, rig, json_integer(before + cycles)))
		rc = err_set(err, ERR_NOMEM, "cycles");
	if (!rc && cycles)
		rc = write_counts(root, path, err);
	if (!rc)
		*total = before + cycles;
	json_decref(root);
	close(fd); /* unlocks */
	return rc;
}
