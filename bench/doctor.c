#include "bench/doctor.h"

#include "bench/core/verdict.h"
#include "bench/rig.h"
#include "results/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE 65536

int doctor_init(struct doctor *d, const char *root, const char *user, struct err *err)
{
	struct passwd *pw;

	memset(d, 0, sizeof(*d));
	d->root = strcmp(root, "/") == 0 ? "" : root;
	pw = user ? getpwnam(user) : getpwuid(geteuid());
	if (!pw && user)
		return err_set(err, ERR_USAGE, "there is no user '%.60s'", user);
	d->uid = pw ? pw->pw_uid : geteuid();
	snprintf(d->user, sizeof(d->user), "%s", pw ? pw->pw_name : "$USER");
	d->gid_count = sizeof(d->gids) / sizeof(d->gids[0]);
	if (!user || !pw)
		d->gid_count = getgroups(d->gid_count, d->gids);
	else if (getgrouplist(pw->pw_name, pw->pw_gid, d->gids, &d->gid_count) < 0)
		d->gid_count = sizeof(d->gids) / sizeof(d->gids[0]);
	if (d->gid_count < 0)
		d->gid_count = 0;
	return 0;
}

void doctor_release(struct doctor *d)
{
	free(d->found);
	d->found = NULL;
}

static void __attribute__((format(printf, 6, 0)))
say(struct doctor *d, enum finding_level level, int status, const char *subject,
    const char *mend, const char *fmt, va_list ap)
{
	struct finding *f;

	if (d->count == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 32;
		struct finding *more = reallocarray(d->found, cap, sizeof(*more));

		if (!more) {
			d->full = true;
			return;
		}
		d->found = more;
		d->cap = cap;
	}
	f = &d->found[d->count++];
	memset(f, 0, sizeof(*f));
	f->level = level;
	f->status = status;
	snprintf(f->subject, sizeof(f->subject), "%s", subject);
	snprintf(f->mend, sizeof(f->mend), "%s", mend ? mend : "");
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	text_mend(f->subject); /* what is cut, and what a file name may hold */
	text_mend(f->text);
	text_mend(f->mend);
}

void doctor_good(struct doctor *d, const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, FINDING_GOOD, 0, subject, NULL, fmt, ap);
	va_end(ap);
}

void doctor_note(struct doctor *d, const char *subject, const char *mend, const char *fmt,
		 ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, FINDING_NOTE, 0, subject, mend, fmt, ap);
	va_end(ap);
}

void doctor_warn(struct doctor *d, const char *subject, const char *mend, const char *fmt,
		 ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, FINDING_WARNING, 0, subject, mend, fmt, ap);
	va_end(ap);
}

void doctor_wrong(struct doctor *d, int status, const char *subject, const char *mend,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, FINDING_WRONG, status, subject, mend, fmt, ap);
	va_end(ap);
}

const char *doctor_path(const struct doctor *d, const char *path, char *out, size_t size)
{
	snprintf(out, size, "%s%s", d->root, path);
	return out;
}

bool doctor_exists(const struct doctor *d, const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	return stat(doctor_path(d, path, full, sizeof(full)), &st) == 0;
}

bool doctor_file(const struct doctor *d, const char *path, struct buf *out)
{
	char full[PATH_MAX], part[4096];
	int fd = open(doctor_path(d, path, full, sizeof(full)),
		      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = -1;

	buf_init(out, MAX_FILE);
	while (fd >= 0 && out->len + sizeof(part) < MAX_FILE &&
	       (n = read(fd, part, sizeof(part))) > 0)
		buf_add(out, BYTES((const uint8_t *)part, (size_t)n));
	if (fd >= 0)
		close(fd);
	return fd >= 0 && n >= 0 && !out->failed;
}

bool doctor_line(const struct doctor *d, const char *path, char *out, size_t size)
{
	struct buf text;
	bool found = doctor_file(d, path, &text);

	snprintf(out, size, "%.*s", (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	buf_release(&text);
	return found && out[0];
}

static bool any_line(char *text, bool (*match)(const char *line, const void *ctx),
		     const void *ctx)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		line += strspn(line, " \t");
		if (*line && *line != '#' && match(line, ctx))
			return true;
	}
	return false;
}

bool doctor_any_file(const struct doctor *d, const char *const folders[],
		     const char *suffix, bool (*match)(const char *line, const void *ctx),
		     const void *ctx)
{
	bool found = false;

	for (int i = 0; !found && folders[i]; i++) {
		char full[PATH_MAX], path[PATH_MAX];
		struct dirent *e;
		DIR *dir = opendir(doctor_path(d, folders[i], full, sizeof(full)));

		while (dir && !found && (e = readdir(dir))) {
			size_t len = strlen(e->d_name), end = strlen(suffix);
			struct buf text;

			if (len < end || strcmp(e->d_name + len - end, suffix))
				continue;
			snprintf(path, sizeof(path), "%s/%s", folders[i], e->d_name);
			if (doctor_file(d, path, &text) && buf_str(&text)[0])
				found = any_line((char *)text.data, match, ctx);
			buf_release(&text);
		}
		if (dir)
			closedir(dir);
	}
	return found;
}

/* Every process: @fn returns true to end. @return its pid, or 0 */
static pid_t each_process(const struct doctor *d,
			  bool (*fn)(const struct doctor *d, pid_t pid, void *ctx),
			  void *ctx)
{
	char full[PATH_MAX];
	DIR *dir = opendir(doctor_path(d, "/proc", full, sizeof(full)));
	struct dirent *e;
	pid_t found = 0;

	while (dir && !found && (e = readdir(dir))) {
		pid_t pid = isdigit((unsigned char)e->d_name[0]) ? atoi(e->d_name) : 0;

		if (pid > 0 && !(d->root[0] == '\0' && pid == getpid()) &&
		    fn(d, pid, ctx))
			found = pid;
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool name_of(const struct doctor *d, pid_t pid, char out[64])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	return doctor_line(d, path, out, 64);
}

static bool is_called(const struct doctor *d, pid_t pid, void *ctx)
{
	char name[64];

	return name_of(d, pid, name) && strcmp(name, ctx) == 0;
}

pid_t doctor_process(const struct doctor *d, const char *name)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	return each_process(d, is_called, copy);
}

static bool has_open(const struct doctor *d, pid_t pid, void *ctx)
{
	char folder[64], full[PATH_MAX], target[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
	dir = opendir(doctor_path(d, folder, full, sizeof(full)));
	while (dir && !found && (e = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, ctx) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

pid_t doctor_holder(const struct doctor *d, const char *path, char name[64])
{
	char copy[PATH_MAX];
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", path);
	pid = each_process(d, has_open, copy);
	name[0] = '\0';
	if (pid)
		name_of(d, pid, name);
	return pid;
}

/* Of the machine that is examined: its group file may not be ours. */
static void group_name(const struct doctor *d, gid_t gid, char out[64])
{
	struct buf text;
	char *rest, *line;

	snprintf(out, 64, "%u", gid);
	if (doctor_file(d, "/etc/group", &text) && buf_str(&text)[0]) {
		rest = (char *)text.data;
		while ((line = strsep(&rest, "\n"))) {
			char name[64];
			unsigned id;

			if (sscanf(line, "%63[^:]:%*[^:]:%u", name, &id) == 2 &&
			    id == gid)
				snprintf(out, 64, "%s", name);
		}
	}
	buf_release(&text);
}

enum doctor_access doctor_access(const struct doctor *d, const char *path, char group[64])
{
	char full[PATH_MAX];
	struct stat st;

	group[0] = '\0';
	if (stat(doctor_path(d, path, full, sizeof(full)), &st))
		return ACCESS_MISSING;
	if (d->uid == 0 || (st.st_mode & 06) == 06)
		return ACCESS_OK;
	if (st.st_uid == d->uid && (st.st_mode & 0600) == 0600)
		return ACCESS_OK;
	if ((st.st_mode & 060) != 060)
		return ACCESS_DENIED;
	for (int i = 0; i < d->gid_count; i++)
		if (d->gids[i] == st.st_gid)
			return ACCESS_OK;
	if (st.st_gid != 0)
		group_name(d, st.st_gid, group);
	return ACCESS_DENIED;
}

bool doctor_wants_pcscd(const struct doctor *d)
{
	return d->rig && d->rig->reader_driver &&
	       strcmp(d->rig->reader_driver->name, "pcsc") == 0;
}

bool doctor_node(struct doctor *d, const char *subject, const char *what,
		 const char *path)
{
	char group[64], name[64], mend[200];
	pid_t pid;

	switch (doctor_access(d, path, group)) {
	case ACCESS_MISSING:
		doctor_wrong(d, EXIT_BENCH_ERROR, subject, NULL,
			     "%s: there is no %s; is it plugged in?", what, path);
		return false;
	case ACCESS_DENIED:
		if (group[0])
			snprintf(mend, sizeof(mend),
				 "sudo adduser %s %s    # and log in again", d->user,
				 group);
		else
			snprintf(mend, sizeof(mend),
				 "sudo udevadm control --reload && sudo udevadm trigger");
		doctor_wrong(d, EXIT_BENCH_ERROR, subject, mend,
			     "%s: %s may not open %s%s%s", what, d->user, path,
			     group[0] ? ", its group may: " : "", group);
		return false;
	default:
		break;
	}
	pid = doctor_holder(d, path, name);
	if (!pid || (strcmp(name, "pcscd") == 0 && doctor_wants_pcscd(d)))
		return true;
	snprintf(mend, sizeof(mend), "kill %d    # %s", (int)pid, name);
	doctor_wrong(d, EXIT_BENCH_ERROR, subject, mend,
		     "%s: process %d (%s) has %s open", what, (int)pid, name, path);
	return false;
}

void doctor_examine(struct doctor *d)
{
	doctor_host(d);
	doctor_nfc(d);
	doctor_devices(d);
	doctor_can(d);
	if (d->rig)
		doctor_rig(d);
}

int doctor_status(const struct doctor *d)
{
	int status = d->full ? EXIT_BENCH_ERROR : 0;

	for (size_t i = 0; i < d->count; i++)
		if (d->found[i].level == FINDING_WRONG && d->found[i].status > status)
			status = d->found[i].status;
	return status;
}
