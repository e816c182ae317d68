#include "tools/perf/perf.h"

#include "bench/core/buf.h"
#include "bench/core/fs.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

/*
 * Whole simulated runs, each in a process of its own: how fast, and how the largest size
 * of the process grows with the number of attempts.
 */
#define FEW 10000
#define MANY 100000
#define MANY_LEAST 50000 /* fewer say nothing about memory */

static const char suite[] = "suite: perf-%s\nneeds: [reader, positioner]\ncases:\n"
			    "  - id: taps\n    trials: {count: 100}\n    steps: "
			    "[approach, select, transact: {kind: %s}]\n"
			    "    expect: [p95(tap) <= 500 ms]\n";

struct cost {
	double wall_ns, peak_bytes;
	size_t metrics; /* of which there are samples */
};

static int finish(pid_t pid, struct cost *cost, struct err *err)
{
	struct rusage usage;
	int status;

	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return err_set(err, ERR_IO, "wait: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(err, ERR_IO, "a simulated run ended with status %d",
			       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	cost->peak_bytes = (double)usage.ru_maxrss * 1024;
	return 0;
}

static int run_program(const char *const argv[], struct cost *cost, struct err *err)
{
	int64_t from = clock_now(clock_real());
	pid_t pid;
	int rc = perf_start(&pid, NULL, argv, err);

	if (!rc)
		rc = finish(pid, cost, err);
	cost->wall_ns = (double)(clock_now(clock_real()) - from);
	return rc;
}

/* The one run folder below @runs, which holds one run. */
static int folder_of(const char *runs, char out[160], struct err *err)
{
	char pattern[160];
	glob_t found;
	int rc = 0;

	snprintf(pattern, sizeof(pattern), "%s/*", runs);
	if (glob(pattern, 0, NULL, &found))
		return err_set(err, ERR_IO, "%s: no run folder", runs);
	snprintf(out, 160, "%s", found.gl_pathv[0]);
	globfree(&found);
	return rc;
}

static int count_metrics(const char *folder, struct cost *cost, struct err *err)
{
	char path[200];
	struct buf text;
	json_t *summary;
	int rc;

	snprintf(path, sizeof(path), "%s/summary.json", folder);
	buf_init(&text, 1 << 20);
	rc = fs_read(path, 1 << 20, &text, err);
	if (rc)
		return rc;
	summary = json_loadb((const char *)text.data, text.len, 0, NULL);
	cost->metrics = json_array_size(json_object_get(
		json_array_get(json_object_get(summary, "cases"), 0), "metrics"));
	json_decref(summary);
	buf_release(&text);
	return cost->metrics ? 0 : err_set(err, ERR_FORMAT, "%s: no metrics", path);
}

static int simulate(struct perf *p, const char *kind, int trials, struct cost *run,
		    struct cost *report, struct err *err)
{
	char path[128], text[400], name[40], runs[120], count[16], folder[160];
	const char *argv[] = { "keybench", "run",     path,     "--rig", "sim",
			       "--target", "example", "--seed", "1",     "--trials",
			       count,      "--runs",  runs,     NULL };
	const char *again[] = { "keybench", "report", folder, NULL };
	int rc;

	snprintf(text, sizeof(text), suite, kind, kind);
	snprintf(name, sizeof(name), "%s.yaml", kind);
	snprintf(runs, sizeof(runs), "%s/%s-%d", p->folder, kind, trials);
	snprintf(count, sizeof(count), "%d", trials);
	rc = perf_file(p, name, text, path, err);
	if (!rc)
		rc = run_program(argv, run, err);
	if (!rc)
		rc = folder_of(runs, folder, err);
	if (!rc)
		rc = count_metrics(folder, run, err);
	if (!rc && report)
		rc = run_program(again, report, err);
	return rc;
}

static void tell_speed(struct perf *p, const char *kind, double ns)
{
	struct row *r =
		table_row(p->table, "%s transactions simulated in a second", kind);

	snprintf(r->measured, sizeof(r->measured), "%.0f", 1e9 / ns);
	row_time(r->reference, sizeof(r->reference), ns);
	snprintf(r->reference + strlen(r->reference),
		 sizeof(r->reference) - strlen(r->reference),
		 " each, journal and report too");
}

static void tell_memory(struct perf *p, const char *what, const struct cost *few,
			const struct cost *many, int few_n, int many_n)
{
	double slope = (many->peak_bytes - few->peak_bytes) / (many_n - few_n);
	size_t metrics = many->metrics;
	struct row *r = table_row(p->table, "memory of %s, per attempt", what);

	snprintf(r->measured, sizeof(r->measured), "%.1f B", slope);
	snprintf(r->reference, sizeof(r->reference), "%zu B: 8 for each of %zu metrics",
		 8 * metrics, metrics);
	row_ratio(r, slope / (double)(8 * metrics), 1);
	r = table_row(p->table, "memory of %s, constant part", what);
	snprintf(r->measured, sizeof(r->measured), "%.1f MB",
		 (few->peak_bytes - slope * few_n) / 1e6);
}

int perf_runs(struct perf *p, struct err *err)
{
	int n = perf_count(p, FEW), m = n * (MANY / FEW), less = perf_count(p, FEW / 10);
	struct cost few = { 0 }, many = { 0 }, few_again = { 0 }, many_again = { 0 };
	struct cost standard_few = { 0 }, standard = { 0 };
	int rc = simulate(p, "fast", n, &few, &few_again, err);

	if (!rc)
		rc = simulate(p, "fast", m, &many, &many_again, err);
	if (!rc)
		rc = simulate(p, "standard", less, &standard_few, NULL, err);
	if (!rc)
		rc = simulate(p, "standard", n, &standard, NULL, err);
	if (rc)
		return rc;
	tell_speed(p, "fast", (many.wall_ns - few.wall_ns) / (m - n));
	tell_speed(p, "standard", (standard.wall_ns - standard_few.wall_ns) / (n - less));
	if (m < MANY_LEAST)
		return 0;
	many_again.metrics = many.metrics;
	tell_memory(p, "a run", &few, &many, n, m);
	tell_memory(p, "a report", &few_again, &many_again, n, m);
	return 0;
}
