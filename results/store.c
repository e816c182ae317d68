#include "results/store.h"

#include "bench/core/fs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char readme[] =
	"A run of keybench. Everything that is said of it is made from this folder "
	"alone:\n"
	"`keybench report` writes the reports again, byte for byte.\n"
	"\n"
	"inputs/          suite, rig, target, protocol and phone profiles, pairing: as "
	"they were read\n"
	"journal.jsonl    what happened: JSON Lines, each with the SHA-256 of the line "
	"before it;\n"
	"                 times in ns since the run's start; the source of everything "
	"below\n"
	"truth.jsonl      simulated runs: what really happened on the emulated desk, by "
	"its own clock\n"
	"report.txt       the verdicts, with the numbers they rest on\n"
	"summary.json     the same for programs\n"
	"junit.xml        the same for a CI server\n"
	"samples.csv      every attempt, every latency\n"
	"histograms.hlog  HdrHistogram log, one tag per suite/case/metric, values in "
	"ns\n";

/* A folder name for everybody: letters, digits, dot, dash, underscore; never hidden. */
static void plain_name(char *out, size_t size, const char *name)
{
	size_t len = 0;

	for (; *name && len + 1 < size; name++) {
		bool plain = (*name >= 'a' && *name <= 'z') ||
			     (*name >= 'A' && *name <= 'Z') ||
			     (*name >= '0' && *name <= '9') || *name == '_' ||
			     (*name == '.' && len > 0);

		out[len++] = plain ? *name : '-';
	}
	if (len == 0)
		out[len++] = '-';
	out[len] = '\0';
}

static int make_folder(struct store_run *run, const char *dir, const char *stem,
		       struct err *err)
{
	for (int i = 1; i < 10000; i++) {
		char again[16] = "";
		int n;

		if (i > 1)
			snprintf(again, sizeof(again), "-%d", i);
		n = snprintf(run->path, sizeof(run->path), "%s/%s%s", dir, stem, again);
		/* room for the files in it */
		if (n < 0 || (size_t)n + 64 > sizeof(run->path))
			return err_set(err, ERR_RANGE, "%.80s…: too long a path for runs",
				       dir);
		if (mkdir(run->path, 0777) == 0)
			return 0;
		if (errno != EEXIST)
			return err_set(err, ERR_IO, "%s: %s", run->path, strerror(errno));
	}
	return err_set(err, ERR_IO, "%s/%s: there are ten thousand of them already", dir,
		       stem);
}

int store_new_run(struct store_run *out, const char *dir, const char *name,
		  int64_t wall_ns, struct err *err)
{
	char plain[80], stem[128], inputs[sizeof(out->path)];
	time_t wall_s = (time_t)(wall_ns / 1000000000);
	struct store_run run;
	struct tm utc;
	size_t len;
	int rc;

	if (!gmtime_r(&wall_s, &utc))
		return err_set(err, ERR_RANGE, "the wall clock shows no year");
	plain_name(plain, sizeof(plain), name);
	len = strftime(stem, sizeof(stem), "%Y-%m-%dT%H%M%SZ-", &utc);
	snprintf(stem + len, sizeof(stem) - len, "%s", plain);
	rc = fs_mkdirs(dir, err);
	if (!rc)
		rc = make_folder(&run, dir, stem, err);
	if (!rc)
		rc = fs_mkdirs(store_path(&run, "inputs", inputs, sizeof(inputs)), err);
	if (!rc)
		rc = store_file(&run, "README",
				BYTES((const uint8_t *)readme, sizeof(readme) - 1), err);
	if (rc)
		return err_wrap(err, rc, "making a run folder in %.80s", dir);
	*out = run;
	return 0;
}

/* Room for the name of a suite, which has up to 48 bytes, with what is put around it. */
#define LONGEST_NAME 80

/* A file of this folder and no other. */
static bool is_file_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') &&
	       strlen(name) <= LONGEST_NAME;
}

static int put(const struct store_run *run, const char *folder, const char *name,
	       struct bytes content, struct err *err)
{
	char path[sizeof(run->path) + 64];
	int n;

	if (!is_file_name(name))
		return err_set(err, ERR_USAGE,
			       "\"%.60s\" is no name for a file in a run folder", name);
	n = snprintf(path, sizeof(path), "%s/%s%s", run->path, folder, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(err, ERR_RANGE, "%.80s…: too long a path", run->path);
	return fs_write(path, content, err);
}

int store_input(const struct store_run *run, const char *as, struct bytes content,
		struct err *err)
{
	return put(run, "inputs/", as, content, err);
}

int store_file(const struct store_run *run, const char *name, struct bytes content,
	       struct err *err)
{
	return put(run, "", name, content, err);
}

int store_open_run(struct store_run *out, const char *path, struct err *err)
{
	char journal[sizeof(out->path) + 64];
	struct store_run run;
	size_t len = strlen(path);
	struct stat st;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len + 64 > sizeof(run.path))
		return err_set(err, ERR_USAGE, "\"%.80s\" is no path of a run folder",
			       path);
	memcpy(run.path, path, len);
	run.path[len] = '\0';
	if (stat(run.path, &st))
		return err_set(err, errno == ENOENT ? ERR_FORMAT : ERR_IO, "%s: %s",
			       run.path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_FORMAT, "%s: is no folder; a run is one",
			       run.path);
	store_path(&run, "journal.jsonl", journal, sizeof(journal));
	if (stat(journal, &st) || !S_ISREG(st.st_mode))
		return err_set(err, ERR_FORMAT,
			       "%s: is no run folder: it has no journal.jsonl", run.path);
	*out = run;
	return 0;
}

const char *store_path(const struct store_run *run, const char *name, char *out,
		       size_t size)
{
	if (size)
		snprintf(out, size, "%s/%s", run->path, name);
	return out;
}
