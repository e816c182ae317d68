#include "results/journal.h"

#include "bench/core/buf.h"
#include "results/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LINK_LEN 32
#define LINK_HEX (2 * LINK_LEN + 1)

struct journal {
	int fd;
	json_int_t seq;
	char prev[LINK_HEX];
	struct err failed; /* .code != 0: sticks */
	char path[160];
};

/* The end of @path, short enough to leave room for words in an error. */
static const char *tail_of(const char *path)
{
	size_t len = strlen(path);

	return len > 120 ? path + len - 120 : path;
}

static void first_link(char out[LINK_HEX])
{
	memset(out, '0', LINK_HEX - 1);
	out[LINK_HEX - 1] = '\0';
}

static int next_link(char out[LINK_HEX], struct bytes line, struct err *err)
{
	uint8_t digest[LINK_LEN];
	unsigned int len = 0;

	if (!EVP_Digest(line.data, line.len, digest, &len, EVP_sha256(), NULL) ||
	    len != LINK_LEN)
		return err_set(err, ERR_NOMEM, "SHA-256 of a journal line");
	hex_of(BYTES_OF(digest), out, LINK_HEX);
	return 0;
}

/* So that a power cut does not take the file's name away with it. */
static int sync_folder_of(const char *path, struct err *err)
{
	char *copy = strdup(path);
	int fd, rc = 0;

	if (!copy)
		return err_set(err, ERR_NOMEM, "%s", tail_of(path));
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	/* EINVAL: a file system that has nothing to sync there */
	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		rc = err_set(err, ERR_IO, "%s: its folder: %s", tail_of(path),
			     strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

int journal_create(struct journal **out, const char *path, struct err *err)
{
	struct journal *j = calloc(1, sizeof(*j));
	int rc;

	if (!j)
		return err_set(err, ERR_NOMEM, "journal");
	first_link(j->prev);
	strncpy(j->path, tail_of(path), sizeof(j->path) - 1);
	j->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
	if (j->fd < 0)
		rc = err_set(err, ERR_IO, "%s: %s", j->path, strerror(errno));
	else
		rc = sync_folder_of(path, err);
	if (!rc)
		flock(j->fd, LOCK_EX | LOCK_NB); /* for who wants to go on with it */
	if (rc) {
		journal_close(j);
		return rc;
	}
	*out = j;
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* As text; the caller frees it. */
static char *dump(const json_t *whole)
{
	struct buf text;

	buf_init(&text, 16 * JOURNAL_MAX_LINE);
	dump_json(&text, whole, JSON_COMPACT | JSON_REAL_PRECISION(15));
	buf_u8(&text, '\0');
	if (!text.failed)
		return (char *)text.data;
	buf_release(&text);
	return NULL;
}

/* @line with seq and prev in front, as text; the caller frees it. */
static char *chained(const struct journal *j, json_t *line)
{
	json_t *whole = json_object();
	char *text = NULL;

	if (line && whole && !json_object_set_new(whole, "seq", json_integer(j->seq)) &&
	    !json_object_set_new(whole, "prev", json_string(j->prev)) &&
	    !json_object_update_missing(whole, line) &&
	    /* which says nothing when memory runs out in the middle */
	    json_object_size(whole) == 2 + json_object_size(line))
		text = dump(whole);
	json_decref(whole);
	return text;
}

static int append(struct journal *j, char *text, struct err *err)
{
	size_t len = text ? strlen(text) : 0;
	char link[LINK_HEX];
	int rc;

	if (!text)
		return err_set(err, ERR_NOMEM, "%s: a line for it", j->path);
	if (len >= JOURNAL_MAX_LINE)
		return err_set(err, ERR_RANGE, "%s: a line of %zu bytes; the most is %d",
			       j->path, len, JOURNAL_MAX_LINE - 1);
	rc = next_link(link, BYTES((const uint8_t *)text, len), err);
	if (rc)
		return rc;
	text[len] = '\n'; /* over the terminating zero: one write, so lines do not mix */
	if (write_all(j->fd, text, len + 1))
		return err_set(err, ERR_IO, "%s: %s", j->path, strerror(errno));
	memcpy(j->prev, link, sizeof(link));
	j->seq++;
	return 0;
}

int journal_append(struct journal *j, json_t *line, struct err *err)
{
	char *text;
	int rc;

	if (j->failed.code) {
		json_decref(line);
		if (err)
			*err = j->failed;
		return j->failed.code;
	}
	text = chained(j, line);
	json_decref(line);
	rc = append(j, text, &j->failed);
	free(text);
	if (rc && err)
		*err = j->failed;
	return rc;
}

int journal_sync(struct journal *j, struct err *err)
{
	if (!j->failed.code && fdatasync(j->fd))
		err_set(&j->failed, ERR_IO, "%s: %s", j->path, strerror(errno));
	if (j->failed.code && err)
		*err = j->failed;
	return j->failed.code;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	free(j);
}

/* Where a reader is: the line to come, and what it must say of the one before. */
struct chain {
	const char *path;
	int line_no;
	char prev[LINK_HEX];
	journal_fn *fn;
	void *ctx;
	off_t end; /* of the last whole line */
};

static int check_link(const struct chain *c, const json_t *line, struct err *err)
{
	const json_t *seq = json_object_get(line, "seq");
	const char *prev = json_string_value(json_object_get(line, "prev"));

	if (!json_is_integer(seq) || !prev)
		return err_set(err, ERR_FORMAT,
			       "%s:%d:1: a journal line has \"seq\" and \"prev\"",
			       c->path, c->line_no);
	if (json_integer_value(seq) != c->line_no - 1)
		return err_set(
			err, ERR_FORMAT,
			"%s:%d:1: has seq %lld where %d was due: lines are missing or in "
			"another order",
			c->path, c->line_no, (long long)json_integer_value(seq),
			c->line_no - 1);
	if (strcmp(prev, c->prev) == 0)
		return 0;
	if (c->line_no == 1)
		return err_set(err, ERR_FORMAT,
			       "%s:1:1: the first \"prev\" must be 64 zeros", c->path);
	return err_set(err, ERR_FORMAT,
		       "%s:%d:1: \"prev\" is not the SHA-256 of line %d: one of the two "
		       "was altered",
		       c->path, c->line_no, c->line_no - 1);
}

static int take_line(struct chain *c, const char *text, size_t len, struct err *err)
{
	json_error_t at;
	json_t *line;
	int rc;

	if (len >= JOURNAL_MAX_LINE)
		return err_set(err, ERR_FORMAT,
			       "%s:%d:1: longer than %d bytes: no journal", c->path,
			       c->line_no, JOURNAL_MAX_LINE);
	line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
	if (!line)
		return err_set(err, ERR_FORMAT, "%s:%d:1: not a JSON object: %s", c->path,
			       c->line_no, at.text);
	rc = check_link(c, line, err);
	if (!rc)
		rc = next_link(c->prev, BYTES((const uint8_t *)text, len), err);
	if (!rc)
		rc = c->fn(c->ctx, line, c->line_no, err);
	json_decref(line);
	c->line_no++;
	return rc;
}

/* Every whole line in @text; @used: how far that was. */
static int take_lines(struct chain *c, const char *text, size_t len, size_t *used,
		      struct err *err)
{
	const char *from = text, *end;
	int rc = 0;

	while (!rc && (end = memchr(from, '\n', len - (size_t)(from - text)))) {
		rc = take_line(c, from, (size_t)(end - from), err);
		from = end + 1;
	}
	*used = (size_t)(from - text);
	if (!rc && len - *used >= JOURNAL_MAX_LINE)
		rc = err_set(err, ERR_FORMAT, "%s:%d:1: longer than %d bytes: no journal",
			     c->path, c->line_no, JOURNAL_MAX_LINE);
	return rc;
}

static int read_lines(struct chain *c, int fd, char *room, bool *torn, struct err *err)
{
	size_t held = 0, used;
	ssize_t n;
	int rc;

	do {
		n = read(fd, room + held, 2 * JOURNAL_MAX_LINE - held);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno == EISDIR ? ERR_FORMAT : ERR_IO,
				       "%s: %s", c->path, strerror(errno));
		held += (size_t)n;
		rc = take_lines(c, room, held, &used, err);
		if (rc)
			return rc;
		held -= used;
		c->end += (off_t)used;
		memmove(room, room + used, held);
	} while (n != 0);
	if (torn)
		*torn = held > 0;
	return 0;
}

int journal_read(const char *path, journal_fn *fn, void *ctx, bool *torn, struct err *err)
{
	struct chain c = { .path = tail_of(path), .line_no = 1, .fn = fn, .ctx = ctx };
	char *room = malloc(2 * JOURNAL_MAX_LINE);
	int fd, rc;

	if (!room)
		return err_set(err, ERR_NOMEM, "%s", c.path);
	first_link(c.prev);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hang us */
	if (fd < 0)
		rc = err_set(err, ERR_IO, "%s: %s", c.path, strerror(errno));
	else
		rc = read_lines(&c, fd, room, torn, err);
	if (fd >= 0)
		close(fd);
	free(room);
	return rc;
}

/* Behind the last whole line, synced: what comes next must not stand behind a torn one after all. */
static int take_torn(struct journal *j, const struct chain *c,
		     char torn[JOURNAL_TORN_MAX], struct err *err)
{
	ssize_t n = pread(j->fd, torn, JOURNAL_TORN_MAX - 1, c->end);

	torn[n > 0 ? n : 0] = '\0';
	for (char *at = torn; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	if (n < 0 || ftruncate(j->fd, c->end) || fsync(j->fd))
		return err_set(err, ERR_IO, "%s: %s", j->path, strerror(errno));
	j->seq = c->line_no - 1;
	memcpy(j->prev, c->prev, sizeof(j->prev));
	return 0;
}

static int reopen(struct journal *j, const char *path, struct chain *c,
		  char torn[JOURNAL_TORN_MAX], struct err *err)
{
	char *room;
	int rc;

	j->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK);
	if (j->fd < 0)
		return err_set(err, ERR_IO, "%s: %s", j->path, strerror(errno));
	if (flock(j->fd, LOCK_EX | LOCK_NB))
		return err_set(err, ERR_IO, "%s: the run is still under way", j->path);
	room = malloc(2 * JOURNAL_MAX_LINE);
	if (!room)
		return err_set(err, ERR_NOMEM, "%s", j->path);
	rc = read_lines(c, j->fd, room, NULL, err);
	free(room);
	return rc ? rc : take_torn(j, c, torn, err);
}

int journal_resume(struct journal **out, const char *path, journal_fn *fn, void *ctx,
		   char torn[JOURNAL_TORN_MAX], struct err *err)
{
	struct chain c = { .path = tail_of(path), .line_no = 1, .fn = fn, .ctx = ctx };
	struct journal *j = calloc(1, sizeof(*j));
	int rc;

	if (!j)
		return err_set(err, ERR_NOMEM, "journal");
	first_link(c.prev);
	strncpy(j->path, tail_of(path), sizeof(j->path) - 1);
	rc = reopen(j, path, &c, torn, err);
	if (rc) {
		journal_close(j);
		return rc;
	}
	*out = j;
	return 0;
}
