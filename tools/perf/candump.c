#include "tools/perf/perf.h"

#include "bench/core/buf.h"
#include "bench/core/fs.h"
#include "bench/core/rng.h"
#include "bench/core/wire/candump.h"
#include "bench/core/wire/dbc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINES 1000000
#define PASSES 5        /* the fastest counts: what else the machine does only adds */
#define MOST_SIGNALS 16 /* of a message of this DBC */
#define DBC "fixtures/dbc/door.dbc"

/* CPU time of this process, ns: other processes do not count. */
static int64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* A drive's log: the frames of the DBC, cyclic, with some jitter. */
static void write_log(struct buf *out, const struct dbc *dbc, int lines)
{
	struct rng rng;
	int64_t at_ns = INT64_C(1700000000) * NS_PER_S;

	rng_init(&rng, 1, "perf.candump");
	for (int i = 0; i < lines; i++) {
		struct candump_frame f = { .interface =
						   BYTES((const uint8_t *)"can0", 4) };

		at_ns += (int64_t)(200 + rng_below(&rng, 600)) * NS_PER_US;
		f.at_ns = at_ns;
		dbc_frame(&dbc->messages[rng_below(&rng, (uint64_t)dbc->message_count)],
			  &f.frame);
		for (int k = 0; k < f.frame.len; k++)
			f.frame.data[k] = (uint8_t)rng_u64(&rng);
		candump_write(&f, out);
	}
}

static uint64_t decode(const struct dbc *dbc, const struct canframe *f)
{
	const struct dbc_message *m = dbc_message_of(dbc, f);
	struct dbc_value values[MOST_SIGNALS];

	return m ? (uint64_t)dbc_decode(m, f, values) : 0;
}

static uint64_t each_frame(struct bytes log, const struct dbc *dbc, int *frames)
{
	struct candump c = candump_at(log);
	struct candump_frame f;
	uint64_t sum = 0;

	while (candump_next(&c, &f) == 1) {
		sum += dbc ? decode(dbc, &f.frame) : f.frame.id;
		++*frames;
	}
	return sum;
}

/*
 * CPU ns of one pass over the whole file, its opening included; @dbc NULL: parsing alone.
 */
static int64_t pass(const char *path, const struct dbc *dbc, int *frames)
{
	volatile uint64_t sink = 0;
	int64_t from = cpu_now();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = { .st_size = 0 };
	void *text;

	*frames = 0;
	if (fstat(fd, &st) || !st.st_size)
		return 0;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd,
		    0);
	close(fd);
	if (text == MAP_FAILED)
		return 0;
	sink += each_frame(BYTES(text, (size_t)st.st_size), dbc, frames);
	munmap(text, (size_t)st.st_size);
	(void)sink;
	return cpu_now() - from;
}

/* CPU ns of Debian's log2long on the same file; 0 when it is not installed. */
static int64_t log2long(const char *path)
{
	struct rusage used;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int in = open(path, O_RDONLY), out = open("/dev/null", O_WRONLY);

		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		execlp("log2long", "log2long", NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0 || status != 0)
		return 0;
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * NS_PER_S +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * NS_PER_US;
}

static void tell(struct perf *p, const char *what, int64_t own, int64_t theirs, int lines)
{
	struct row *r = table_row(p->table, "%s", what);

	snprintf(r->measured, sizeof(r->measured), "%.1f M/s", lines * 1e3 / (double)own);
	if (!theirs) {
		snprintf(r->reference, sizeof(r->reference),
			 "log2long is not here (can-utils)");
		return;
	}
	snprintf(r->reference, sizeof(r->reference), "%.1f M/s log2long, CPU time",
		 lines * 1e3 / (double)theirs);
	snprintf(r->ratio, sizeof(r->ratio), "%.1f", (double)theirs / (double)own);
	snprintf(r->aim, sizeof(r->aim), ">= 10");
	r->missed = theirs < 10 * own;
}

static int measure(struct perf *p, const struct dbc *dbc, struct buf *log,
		   struct err *err)
{
	int64_t parse = INT64_MAX, whole = INT64_MAX, theirs = INT64_MAX;
	char path[128];
	int frames = 0, lines = perf_count(p, LINES), rc;

	write_log(log, dbc, lines);
	if (log->failed)
		return err_set(err, ERR_NOMEM, "no memory for a log");
	rc = perf_file(p, "candump.log", buf_str(log), path, err);
	if (rc)
		return rc;
	for (int i = 0; i < PASSES; i++) {
		int64_t a = pass(path, NULL, &frames);
		int64_t b = pass(path, dbc, &frames), c = log2long(path);

		parse = a < parse ? a : parse;
		whole = b < whole ? b : whole;
		theirs = c < theirs ? c : theirs;
	}
	if (frames != lines)
		return err_set(err, ERR_FORMAT, "%d of %d lines were read", frames,
			       lines);
	tell(p, "candump log: parsing a line", parse, theirs, lines);
	tell(p, "candump log: parsing and decoding its signals", whole, theirs, lines);
	return 0;
}

int perf_candump(struct perf *p, struct err *err)
{
	struct dbc *dbc;
	struct buf log;
	int rc = dbc_read(&dbc, DBC, err);

	if (rc)
		return rc;
	buf_init(&log, 256 << 20);
	rc = measure(p, dbc, &log, err);
	buf_release(&log);
	dbc_free(dbc);
	return rc;
}
