#include "bench/wear.h"

#include "bench/core/clock.h"
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
#define PATIENCE_NS NS_PER_S /* with another bench that counts just now */
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
	struct clock *clock = clock_real();
	char name[4200], *slash;
	int64_t deadline;
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
	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
	deadline = clock_now(clock) + PATIENCE_NS;
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (clock_now(clock) > deadline || errno != EWOULDBLOCK) {
			rc = errno == EWOULDBLOCK
				     ? err_set(err, ERR_TIMEOUT,
					       "somebody else does not let go of %s",
					       name)
				     : err_set(err, ERR_IO, "%s: %s", name,
					       strerror(errno));
			close(fd);
			return rc;
		}
		clock->sleep_until(clock, clock_now(clock) + 2 * NS_PER_MS);
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

/* Under the lock: read, change, and write when it was changed. */
static int with_counts(const char *path,
		       int (*change)(json_t *root, void *ctx, struct err *err), void *ctx,
		       bool write, struct err *err)
{
	int fd = lock(path, err), rc;
	json_t *root = NULL;

	if (fd < 0)
		return fd;
	rc = read_counts(&root, path, err);
	if (!rc)
		rc = change(root, ctx, err);
	if (rc == ERR_FORMAT)
		foreign(path, err);
	if (!rc && write)
		rc = write_counts(root, path, err);
	json_decref(root);
	close(fd); /* unlocks */
	return rc;
}

struct adding {
	const char *key;
	int64_t cycles, total;
};

static int add(json_t *root, void *ctx, struct err *err)
{
	struct adding *a = ctx;
	json_t *counts = json_object_get(root, "cycles");
	int64_t before = json_integer_value(json_object_get(counts, a->key));

	if (before < 0 || before > INT64_MAX - a->cycles)
		return ERR_FORMAT;
	a->total = before + a->cycles;
	return json_object_set_new(counts, a->key, json_integer(a->total))
		       ? err_set(err, ERR_NOMEM, "cycles")
		       : 0;
}

int wear_add(const char *path, const char *key, int64_t cycles, int64_t *total,
	     struct err *err)
{
	struct adding a = { key, cycles, 0 };
	int rc = with_counts(path, add, &a, cycles != 0, err);

	if (!rc)
		*total = a.total;
	return rc;
}

struct coil {
	const char *key, *boot;
	struct on_limit *limit;
	int64_t now_ns;
};

static int put_coil(json_t *root, const struct coil *c, json_t *entry, struct err *err)
{
	json_t *coils = json_object_get(root, "coils");

	if (!coils && json_object_set_new(root, "coils", coils = json_object()))
		coils = NULL;
	if (!entry || json_object_set_new(entry, "boot", json_string(c->boot)) ||
	    json_object_set(coils, c->key, entry)) {
		json_decref(entry);
		return err_set(err, ERR_NOMEM, "coil");
	}
	json_decref(entry);
	return 0;
}

static int64_t moment(const json_t *past, size_t i, size_t which)
{
	int64_t ns = json_integer_value(json_array_get(json_array_get(past, i), which));

	return ns > INT64_MAX / 2 || ns < INT64_MIN / 2 ? INT64_MAX / 2 : ns;
}

/* What is kept of another boot ended before this one's clock began. What cannot have been is nothing to build on. */
static void take_past(const struct coil *c, const json_t *past, bool same_boot)
{
	size_t n = json_array_size(past);
	int64_t shift = n && !same_boot ? moment(past, n - 1, 1) : 0;
	int64_t latest = c->now_ns;

	while (n-- > 0) {
		int64_t from = moment(past, n, 0) - shift;
		int64_t to = moment(past, n, 1) - shift;

		if (from > to || to > latest) {
			on_limit_assume_worst(c->limit, c->now_ns);
			return;
		}
		on_limit_was_on(c->limit, from, to);
		latest = from;
	}
}

static int open_coil(json_t *root, void *ctx, struct err *err)
{
	const struct coil *c = ctx;
	json_t *entry = json_object_get(json_object_get(root, "coils"), c->key);
	const char *boot = json_string_value(json_object_get(entry, "boot"));
	bool same = boot && !strcmp(boot, c->boot);

	if (entry && json_is_array(json_object_get(entry, "past")))
		take_past(c, json_object_get(entry, "past"), same);
	else if (entry)
		on_limit_assume_worst(c->limit, same ? c->now_ns : 0);
	return put_coil(root, c, json_object(), err);
}

int wear_open_coil(const char *path, const char *key, const char *boot,
		   struct on_limit *limit, int64_t now_ns, struct err *err)
{
	struct coil c = { key, boot, limit, now_ns };

	return with_counts(path, open_coil, &c, true, err);
}

static int close_coil(json_t *root, void *ctx, struct err *err)
{
	const struct coil *c = ctx;
	const struct on_limit *l = c->limit;
	json_t *past = json_array(), *entry = json_object();

	for (int i = 0; i < l->count; i++)
		json_array_append_new(past,
				      json_pack("[I, I]", (json_int_t)l->past[i].from_ns,
						(json_int_t)l->past[i].to_ns));
	if (l->on) { /* switching it off failed: nobody knows for how long */
		json_decref(past);
	} else if (json_object_set_new(entry, "past", past)) {
		json_decref(entry);
		return err_set(err, ERR_NOMEM, "coil");
	}
	return put_coil(root, c, entry, err);
}

int wear_close_coil(const char *path, const char *key, const char *boot,
		    const struct on_limit *limit, struct err *err)
{
	struct on_limit l = *limit;
	struct coil c = { key, boot, &l, 0 };

	return with_counts(path, close_coil, &c, true, err);
}
