#include "drivers/lock.h"

#include "bench/core/clock.h"
#include "drivers/usb.h"
#include "drivers/usb_hub.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS (20 * NS_PER_MS)
#define LOOK_NS NS_PER_MS           /* who looks has it for no longer */
#define LOOKED_AT_NS (5 * NS_PER_S) /* unless the machine stands still */

static const char *folder(void)
{
	const char *given = getenv("KEYBENCH_LOCKS");

	if (given && *given)
		return given;
	return access("/run/lock", W_OK) == 0 ? "/run/lock" : "/tmp";
}

/* The path within a rig's text: "/dev/x", "pn532_uart:/dev/x:115200"; NULL without one. */
static const char *path_in(const char *device, char out[PATH_MAX])
{
	const char *slash = strchr(device, '/');
	char *colon;

	if (!slash || (slash != device && slash[-1] != ':'))
		return NULL;
	snprintf(out, PATH_MAX, "%s", slash);
	colon = slash == device ? NULL : strchr(out, ':');
	if (colon)
		*colon = '\0';
	return out;
}

static bool name_by_node(char *out, const char *real)
{
	const char *base = strrchr(real, '/');
	struct stat st;
	char interface[40];

	if (stat(real, &st))
		return false;
	usb_interface_of_tty(interface, "", base ? base + 1 : real);
	if (interface[0])
		snprintf(out, LOCK_NAME_MAX, "usb-%s", interface);
	else if (S_ISCHR(st.st_mode))
		snprintf(out, LOCK_NAME_MAX, "char-%u-%u", major(st.st_rdev),
			 minor(st.st_rdev));
	else
		snprintf(out, LOCK_NAME_MAX, "file-%llu-%llu",
			 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return true;
}

static bool name_by_port(char *out, const struct usb_device *u)
{
	char node[64];

	snprintf(node, sizeof(node), "/dev/%s", u->tty);
	return (u->tty[0] && name_by_node(out, node)) ||
	       snprintf(out, LOCK_NAME_MAX, "usb-%s", u->port) > 0;
}

#define PORT "usb-port:"

/* A port is one place, whatever is in it. */
static bool name_by_place(char *out, const char *text)
{
	struct usb_hub_port at;

	return strncmp(text, PORT, strlen(PORT)) == 0 &&
	       usb_hub_of(&at, text + strlen(PORT)) == 0 &&
	       snprintf(out, LOCK_NAME_MAX, "usb-%s", text + strlen(PORT)) > 0;
}

static bool name_by_usb(char *out, const char *device)
{
	char driver[32], port[48];
	struct usb_hub_port at;
	struct usb_device u;
	int bus, number, used = 0;

	if (usb_hub_of(&at, device) == 0) { /* "1-2.3", as relay boards are named */
		snprintf(port, sizeof(port), PORT "%.32s", device);
		device = port;
	}
	if (usb_is_name(device))
		return usb_find(&u, "", device, NULL) == 0 ? name_by_port(out, &u)
							   : name_by_place(out, device);
	if (sscanf(device, "/dev/bus/usb/%d/%d%n", &bus, &number, &used) != 2 &&
	    sscanf(device, "%31[a-z0-9_]:%d:%d%n", driver, &bus, &number, &used) != 3)
		return false;
	return !device[used] && usb_find_numbers(&u, "", bus, number, NULL) == 0 &&
	       name_by_port(out, &u);
}

/* What is left of a text that is no more than a text; a sum at the end tells long ones apart. */
static void name_by_text(char *out, const char *device)
{
	uint32_t sum = 2166136261u; /* FNV-1a */
	size_t n = 0;

	for (const char *c = device; *c; c++) {
		sum = (sum ^ (uint8_t)*c) * 16777619u;
		if (n < 80)
			out[n++] = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
						   (*c >= '0' && *c <= '9') || *c == '.'
					   ? *c
					   : '_';
	}
	snprintf(out + n, LOCK_NAME_MAX - n, "-%08x", sum);
}

void lock_name(char out[LOCK_NAME_MAX], const char *device)
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *found = path_in(device, path);

	if (found && realpath(found, real))
		found = real;
	if (name_by_usb(out, found ? found : device))
		return;
	if (found && name_by_node(out, found))
		return;
	name_by_text(out, found ? found : device);
}

bool lock_node(char out[PATH_MAX], const char *device)
{
	char path[PATH_MAX];
	struct usb_device u;

	if (path_in(device, path))
		return realpath(path, out) != NULL;
	if (!usb_is_name(device) || usb_find(&u, "", device, NULL) || !u.tty[0])
		return false;
	snprintf(out, PATH_MAX, "/dev/%s", u.tty);
	return true;
}

static void path_of(char out[PATH_MAX], const char *device, const char *kind)
{
	char name[LOCK_NAME_MAX];

	lock_name(name, device);
	snprintf(out, PATH_MAX, "%.3000s/keybench-%s%s%s", folder(), name,
		 *kind ? "-" : "", kind);
}

/* Sticky folders: an existing file of another user may be opened, but not with O_CREAT. */
static int open_file(const char *path)
{
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0) {
			fchmod(fd, 0666); /* whoever comes next, whatever our umask */
			return fd;
		}
		if (errno != EEXIST)
			return fd;
	}
	return fd;
}

/* Printable, blanks for what stands between arguments. */
static void own_command(char *out, size_t size)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, size - 1) : 0;
	char *slash;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		n = 0;
	while (n > 0 && !out[n - 1])
		n--;
	out[n] = '\0';
	slash = memrchr(out, '/', strlen(out));
	if (slash)
		memmove(out, slash + 1, (size_t)(out + n - slash));
	n -= slash ? slash + 1 - out : 0;
	for (ssize_t i = 0; i < n; i++)
		if (out[i] < '!' || out[i] > '~')
			out[i] = ' ';
}

static void write_holder(int fd, const char *what)
{
	char command[120], since[32] = "", text[400];
	time_t t = time(NULL);
	struct tm tm;
	int n;

	own_command(command, sizeof(command));
	if (localtime_r(&t, &tm))
		strftime(since, sizeof(since), "%F %T", &tm);
	n = snprintf(text, sizeof(text), "pid %d\nsince %s\ncommand %s\nwhat %.119s\n",
		     (int)getpid(), since, command, what);
	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) != n)
		ftruncate(fd, 0); /* a full disk: a lock without a name is a lock */
}

static void take_line(const char *text, const char *key, char *out, size_t size)
{
	const char *at = strstr(text, key);

	out[0] = '\0';
	if (!at)
		return;
	at += strlen(key);
	snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void read_holder(int fd, struct lock_holder *h)
{
	char text[500] = "\n", pid[16];
	ssize_t n = pread(fd, text + 1, sizeof(text) - 2, 0);

	memset(h, 0, sizeof(*h));
	text[n > 0 ? n + 1 : 1] = '\0';
	take_line(text, "\npid ", pid, sizeof(pid));
	take_line(text, "\nsince ", h->since, sizeof(h->since));
	take_line(text, "\ncommand ", h->command, sizeof(h->command));
	take_line(text, "\nwhat ", h->what, sizeof(h->what));
	h->pid = atoi(pid);
	if (h->pid > 0 && kill(h->pid, 0) && errno == ESRCH)
		memset(h, 0,
		       sizeof(*h)); /* of one before: who has it now did not write yet */
}

static int refuse(int fd, const char *what, struct err *err)
{
	struct lock_holder h;

	read_holder(fd, &h);
	if (h.pid <= 0)
		return err_set(err, ERR_IO, "%.120s is held by another process", what);
	return err_set(err, ERR_IO, "%.100s is held by process %d since %s: %.110s", what,
		       (int)h.pid, h.since, h.command);
}

/*
 * Who holds a device has its lock alone, who looks (lock_held) shares it for a moment: then nobody holds it.
 */
static bool is_looked_at(int fd)
{
	return flock(fd, LOCK_SH | LOCK_NB) == 0 && flock(fd, LOCK_UN) == 0;
}

static int await_lock(int fd, const char *what, int64_t patience_ns, struct err *err)
{
	struct clock *clock = clock_real();
	int64_t began = clock_now(clock);

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		int64_t passed, pause = POLL_NS;

		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(err, ERR_IO, "lock of %.120s: %s", what,
				       strerror(errno));
		passed = clock_now(clock) - began;
		if (passed < LOOKED_AT_NS && is_looked_at(fd))
			pause = LOOK_NS;
		else if (passed >= patience_ns)
			return refuse(fd, what, err);
		clock->sleep_until(clock, clock_now(clock) + pause);
	}
	return 0;
}

int lock_take(int *out, const char *device, const char *what, const char *kind,
	      int64_t patience_ns, struct err *err)
{
	char path[PATH_MAX];
	int fd, rc;

	path_of(path, device, kind);
	fd = open_file(path);
	if (fd < 0)
		return err_set(err, ERR_IO, "lock %.200s: %s", path, strerror(errno));
	rc = await_lock(fd, what, patience_ns, err);
	if (rc) {
		close(fd);
		return rc;
	}
	write_holder(fd, what);
	*out = fd;
	return 0;
}

int lock_held(struct lock_holder *out, const char *device, const char *kind)
{
	char path[PATH_MAX];
	int fd, held;

	path_of(path, device, kind);
	memset(out, 0, sizeof(*out));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	held = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	if (held)
		read_holder(fd, out);
	close(fd);
	return held;
}

/* "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF": the device in hex, the inode in decimal. */
pid_t lock_flock_holder(const char *path)
{
	char line[256];
	struct stat st;
	pid_t holder = 0;
	FILE *f;

	if (stat(path, &st))
		return 0;
	f = fopen("/proc/locks", "re");
	while (f && !holder && fgets(line, sizeof(line), f)) {
		unsigned major_no, minor_no;
		unsigned long long inode;
		int pid;

		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major_no,
			   &minor_no, &inode) == 4 &&
		    makedev(major_no, minor_no) == st.st_dev && inode == st.st_ino)
			holder = pid;
	}
	if (f)
		fclose(f);
	return holder;
}
