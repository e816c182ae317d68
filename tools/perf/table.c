#include "tools/perf/perf.h"

#include "bench/core/fs.h"
#include "results/stats.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct row *table_row(struct table *t, const char *fmt, ...)
{
	struct row *r = &t->rows[t->count];
	va_list ap;

	assert(t->count < TABLE_MAX);
	t->count++;
	memset(r, 0, sizeof(*r));
	va_start(ap, fmt);
	vsnprintf(r->what, sizeof(r->what), fmt, ap);
	va_end(ap);
	return r;
}

void row_time(char *out, size_t size, double ns)
{
	double most = ns < 0 ? -ns : ns;

	if (most < 1e3)
		snprintf(out, size, "%.1f ns", ns);
	else if (most < 1e6)
		snprintf(out, size, "%.1f us", ns / 1e3);
	else if (most < 1e9)
		snprintf(out, size, "%.1f ms", ns / 1e6);
	else
		snprintf(out, size, "%.1f s", ns / 1e9);
}

void row_ratio(struct row *r, double ratio, double limit)
{
	snprintf(r->ratio, sizeof(r->ratio), "%.2f", ratio);
	if (limit <= 0)
		return;
	snprintf(r->aim, sizeof(r->aim), "<= %.2f", limit);
	r->missed = !(ratio <= limit);
}

int series_add(struct series *s, int64_t ns, struct err *err)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 1024;
		int64_t *more = reallocarray(s->ns, cap, sizeof(*more));

		if (!more)
			return err_set(err, ERR_NOMEM, "no memory for samples");
		s->ns = more;
		s->cap = cap;
	}
	s->ns[s->n++] = ns;
	return 0;
}

int64_t series_quantile(struct series *s, double q)
{
	if (!s->n)
		return 0;
	stats_sort(s->ns, s->n);
	return stats_quantile(s->ns, s->n, q);
}

void series_free(struct series *s)
{
	free(s->ns);
	*s = (struct series){ 0 };
}

int perf_count(const struct perf *p, int whole)
{
	int n = (int)(whole * p->share);

	return n > 20 ? n : 20;
}

int perf_file(const struct perf *p, const char *name, const char *text, char path[128],
	      struct err *err)
{
	snprintf(path, 128, "%s/%s", p->folder, name);
	return fs_write(path, BYTES((const uint8_t *)text, strlen(text)), err);
}

/* In the child: never returns. */
static void become(const char *const argv[], int out_fd)
{
	char path[4200];
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(null, STDIN_FILENO);
	dup2(null, STDERR_FILENO);
	dup2(out_fd >= 0 ? out_fd : null, STDOUT_FILENO);
	snprintf(path, sizeof(path), "%s/%s", fs_program_dir(), argv[0]);
	execv(path, (char *const *)argv);
	_exit(127);
}

int perf_start(pid_t *pid, int *out_fd, const char *const argv[], struct err *err)
{
	int ends[2] = { -1, -1 };

	if (out_fd && pipe2(ends, O_CLOEXEC))
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	*pid = fork();
	if (*pid == 0)
		become(argv, ends[1]);
	if (ends[1] >= 0)
		close(ends[1]);
	if (*pid < 0) {
		if (ends[0] >= 0)
			close(ends[0]);
		return err_set(err, ERR_IO, "fork: %s", strerror(errno));
	}
	if (out_fd)
		*out_fd = ends[0];
	return 0;
}
