/* The machine itself: its clock, its haste, its disk. */
#include "bench/core/clock.h"
#include "bench/core/verdict.h"
#include "bench/doctor.h"
#include "results/stats.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define CLOCKS "/sys/devices/system/clocksource/clocksource0/"
#define SLEEPS 100
#define LATE_WARN_NS (2 * NS_PER_MS)
#define DISK_WRONG_MIB 64
#define DISK_WARN_MIB 1024

static void kernel(struct doctor *d)
{
	struct utsname u;

	if (!d->root[0] && uname(&u) == 0)
		doctor_good(d, "kernel", "%s %s on %s", u.sysname, u.release, u.machine);
}

/* A clock that is read through the chipset costs microseconds a stamp. */
static void clock_source(struct doctor *d)
{
	static const char *const slow[] = { "hpet", "acpi_pm", "jiffies",
					    "refined-jiffies" };
	char now[64], all[200], mend[200];
	bool is_slow = false;

	if (!doctor_line(d, CLOCKS "current_clocksource", now, sizeof(now)))
		return;
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		is_slow |= strcmp(now, slow[i]) == 0;
	if (!is_slow) {
		doctor_good(d, "clock", "clock source %s", now);
		return;
	}
	mend[0] = '\0';
	if (doctor_line(d, CLOCKS "available_clocksource", all, sizeof(all)) &&
	    strstr(all, "tsc"))
		snprintf(mend, sizeof(mend),
			 "echo tsc | sudo tee " CLOCKS "current_clocksource");
	doctor_warn(d, "clock", mend,
		    "clock source %s: slow to read, so every stamp costs microseconds",
		    now);
}

/* A processor that saves power wakes up late. */
static void governor(struct doctor *d)
{
	char path[PATH_MAX], full[PATH_MAX], now[64], other[64] = "";
	int cpus = 0, saving = 0;

	for (int i = 0; i < 4096; i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", i);
		if (access(doctor_path(d, path, full, sizeof(full)), R_OK) ||
		    !doctor_line(d, path, now, sizeof(now)))
			break;
		cpus++;
		if (strcmp(now, "performance") == 0)
			continue;
		saving++;
		memcpy(other, now, sizeof(other));
	}
	if (saving)
		doctor_warn(d, "cpu frequency",
			    "sudo cpupower frequency-set -g performance",
			    "%d of %d processors have the governor '%s': they wake up "
			    "late and unevenly",
			    saving, cpus, other);
	else if (cpus)
		doctor_good(d, "cpu frequency", "governor performance on %d processors",
			    cpus);
}

static void limits(struct doctor *d)
{
	struct rlimit rt, memory;
	char locked[40] = "all of it";

	if (d->root[0] || getrlimit(RLIMIT_RTPRIO, &rt) ||
	    getrlimit(RLIMIT_MEMLOCK, &memory))
		return;
	if (memory.rlim_cur != RLIM_INFINITY)
		snprintf(locked, sizeof(locked), "%llu KiB",
			 (unsigned long long)memory.rlim_cur / 1024);
	doctor_note(d, "limits", NULL,
		    "real-time priority up to %llu, memory that may be locked: %s",
		    (unsigned long long)rt.rlim_cur, locked);
}

/* How late this process is when it sleeps for a millisecond; a tenth of a second in all. */
static void jitter(struct doctor *d)
{
	int64_t late[SLEEPS], p99;
	int slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
	struct timespec t;

	if (d->root[0])
		return;
	for (int i = 0; i < SLEEPS; i++) {
		int64_t until, now;

		clock_gettime(CLOCK_MONOTONIC, &t);
		until = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec + NS_PER_MS;
		t = (struct timespec){ until / NS_PER_S, until % NS_PER_S };
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
			;
		clock_gettime(CLOCK_MONOTONIC, &t);
		now = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
		late[i] = now - until;
	}
	stats_sort(late, SLEEPS);
	p99 = late[SLEEPS * 99 / 100 - 1];
	if (p99 > LATE_WARN_NS)
		doctor_warn(
			d, "timer", NULL,
			"of %d sleeps the median wakes %.3f ms late, p99 %.3f ms, the "
			"last %.3f ms: this machine is busy, or virtual",
			SLEEPS, (double)late[SLEEPS / 2] / 1e6, (double)p99 / 1e6,
			(double)late[SLEEPS - 1] / 1e6);
	else
		doctor_good(
			d, "timer",
			"of %d sleeps the median wakes %.3f ms late, p99 %.3f ms, the "
			"last %.3f ms; timer slack %.3f ms",
			SLEEPS, (double)late[SLEEPS / 2] / 1e6, (double)p99 / 1e6,
			(double)late[SLEEPS - 1] / 1e6, (double)slack / 1e6);
}

/* The folder itself, or the nearest one above it that is there. */
static void disk(struct doctor *d)
{
	char path[PATH_MAX], *slash;
	struct statvfs v;
	long long mib;

	snprintf(path, sizeof(path), "%s", d->runs);
	while (statvfs(path, &v)) {
		slash = strrchr(path, '/');
		if (errno != ENOENT || !slash)
			snprintf(path, sizeof(path), ".");
		else if (slash == path)
			path[1] = '\0';
		else
			*slash = '\0';
		if (path[0] == '.' && !path[1] && statvfs(path, &v))
			return;
	}
	mib = (long long)v.f_bavail * (long long)v.f_frsize >> 20;
	if (access(path, W_OK))
		doctor_wrong(d, EXIT_WRONG_CONFIG, "runs", NULL,
			     "%s: run folders cannot be made there: %s", d->runs,
			     strerror(errno));
	else if (mib < DISK_WRONG_MIB)
		doctor_wrong(d, EXIT_BENCH_ERROR, "runs", NULL,
			     "%s: %lld MiB are free on that disk; a run needs more",
			     d->runs, mib);
	else if (mib < DISK_WARN_MIB)
		doctor_warn(d, "runs", NULL, "%s: %lld MiB are free on that disk",
			    d->runs, mib);
	else
		doctor_good(d, "runs", "%s: %lld GiB are free on that disk", d->runs,
			    mib >> 10);
}

void doctor_host(struct doctor *d)
{
	kernel(d);
	clock_source(d);
	governor(d);
	limits(d);
	jitter(d);
	disk(d);
}
