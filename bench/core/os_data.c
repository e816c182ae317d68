#include "bench/core/data.h"

#include "bench/core/fs.h"

#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef DATADIR
#define DATADIR "/usr/local/share/keybench"
#endif
#define MAX_DIRS 16

static struct {
	char path[MAX_DIRS][DATA_PATH_MAX];
	int count;
	bool known;
} dirs;

static void consider(const char *path)
{
	char suites[DATA_PATH_MAX + 8];
	struct stat st;

	if (dirs.count == MAX_DIRS || strlen(path) >= DATA_PATH_MAX)
		return;
	snprintf(suites, sizeof(suites), "%s/suites", path);
	if (stat(suites, &st) || !S_ISDIR(st.st_mode))
		return;
	for (int i = 0; i < dirs.count; i++)
		if (strcmp(dirs.path[i], path) == 0)
			return;
	snprintf(dirs.path[dirs.count++], DATA_PATH_MAX, "%s", path);
}

static void consider_list(const char *list)
{
	char copy[DATA_PATH_MAX * 4], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *p = strtok_r(copy, ":", &save); p; p = strtok_r(NULL, ":", &save))
		consider(p);
}

/* "…/build/bin" or "…/build/VARIANT/bin" runs from the source tree "…" */
static void consider_source_tree(const char *program_dir)
{
	char root[DATA_PATH_MAX];
	char *build;

	snprintf(root, sizeof(root), "%s", program_dir);
	build = strstr(root, "/build/");
	for (char *next = build; next; next = strstr(build + 1, "/build/"))
		build = next;
	if (!build)
		return;
	*build = '\0';
	consider(root);
}

static void find_dirs(void)
{
	const char *env = getenv("KEYBENCH_DATA"), *program = fs_program_dir();
	char beside[DATA_PATH_MAX], real[PATH_MAX];

	if (dirs.known)
		return;
	dirs.known = true;
	if (env)
		consider_list(env);
	consider_source_tree(program);
	snprintf(beside, sizeof(beside), "%.4000s/../share/keybench", program);
	if (realpath(beside, real))
		consider(real);
	consider(DATADIR);
}

const char *data_dir(int i)
{
	find_dirs();
	return i >= 0 && i < dirs.count ? dirs.path[i] : NULL;
}

static bool take(char out[DATA_PATH_MAX], const char *dir, const char *file)
{
	int n = snprintf(out, DATA_PATH_MAX, "%s%s%s", dir, *dir ? "/" : "", file);

	return n > 0 && n < DATA_PATH_MAX && fs_exists(out);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All data are YAML but for what other tools speak, which has a folder of its own. */
static const char *extension(const char *subdir)
{
	if (strcmp(subdir, "fixtures/traces") == 0)
		return ".log";
	return strcmp(subdir, "fixtures/dbc") == 0 ? ".dbc" : ".yaml";
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && strcmp(text + len - n, end) == 0;
}

/* A file of that name at any depth below @dir; the first in the order of names. */
static bool take_below(char out[DATA_PATH_MAX], const char *dir, const char *file)
{
	char *roots[] = { (char *)dir, NULL };
	bool found = false;
	FTSENT *e;
	FTS *fts;

	fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (!fts)
		return false;
	while (!found && (e = fts_read(fts)))
		if (e->fts_info == FTS_F && strcmp(e->fts_name, file) == 0)
			found = take(out, "", e->fts_path);
	fts_close(fts);
	return found;
}

static bool take_beside(char out[DATA_PATH_MAX], const char *beside, const char *given)
{
	char dir[DATA_PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", beside);
	slash = strrchr(dir, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return take(out, dir, given);
}

static int not_found(const char *given, const char *subdir, bool path, struct err *err)
{
	char where[200] = "";
	size_t at = 0;

	for (int i = 0; data_dir(i) && at < sizeof(where) - 1; i++) {
		int n = snprintf(where + at, sizeof(where) - at, "%s%s%s%s",
				 i ? ", " : "", data_dir(i), path ? "" : "/",
				 path ? "" : subdir);

		at += n > 0 ? (size_t)n : 0;
	}
	if (path)
		return err_set(err, ERR_FORMAT,
			       "%s: no such file, here or in the data folders (%s)",
			       given, where);
	return err_set(err, ERR_FORMAT, "no %s%s below %s", given, extension(subdir),
		       where[0] ? where : "any data folder");
}

int data_find(char out[DATA_PATH_MAX], const char *given, const char *subdir,
	      const char *beside, struct err *err)
{
	bool path = strchr(given, '/') || ends_in(given, extension(subdir));
	char below[DATA_PATH_MAX + 64], file[256];

	snprintf(file, sizeof(file), "%.200s%s", given, extension(subdir));

	if (path && (take(out, "", given) ||
		     (beside && given[0] != '/' && take_beside(out, beside, given))))
		return 0;
	for (int i = 0; given[0] != '/' && data_dir(i); i++) {
		snprintf(below, sizeof(below), "%s/%s", data_dir(i), subdir);
		if (path ? take(out, data_dir(i), given) : take_below(out, below, file))
			return 0;
	}
	return not_found(given, subdir, path, err);
}
