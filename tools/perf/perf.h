#ifndef TOOLS_PERF_PERF_H
#define TOOLS_PERF_PERF_H

#include "bench/core/clock.h"
#include "bench/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What keybench costs, as ratios to something measured beside it in the same run: a ratio
 * says the same on a slow machine as on a fast one.
 */
struct row {
	char what[72], measured[24], reference[48], ratio[16], aim[32];
	bool missed;
};

#define TABLE_MAX 32
struct table {
	struct row rows[TABLE_MAX];
	int count;
};

/* Rows are made by what fits: a field that is not set stays empty. */
struct row *table_row(struct table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** "12.3 us" into a field; as ns, us, ms or s. */
void row_time(char *out, size_t size, double ns);
/** .ratio, and against an aim of at most @limit; @limit 0: none. */
void row_ratio(struct row *r, double ratio, double limit);

/** Latencies. */
struct series {
	int64_t *ns;
	size_t n, cap;
};
int series_add(struct series *s, int64_t ns, struct err *err);
/** Sorts it. @return 0 when it is empty */
int64_t series_quantile(struct series *s, double q);
void series_free(struct series *s);

/** How much of everything: 1 is the whole, 0.1 a tenth of the repetitions. */
struct perf {
	struct table *table;
	double share;
	char folder[64]; /* for files; removed at the end */
};
int perf_count(const struct perf *p, int whole);

/** A file of the folder; @path gets its name. */
int perf_file(const struct perf *p, const char *name, const char *text, char path[128],
	      struct err *err);
/**
 * Start a program that lies beside this one; its stderr goes nowhere.
 * @param out_fd  out: its stdout, or NULL: that goes nowhere too
 */
int perf_start(pid_t *pid, int *out_fd, const char *const argv[], struct err *err);

/* The chapters. Each adds its rows. */
int perf_link(struct perf *p, struct err *err);
int perf_stamps(struct perf *p, struct err *err);
int perf_crypto(struct perf *p, struct err *err);
int perf_runs(struct perf *p, struct err *err);
int perf_hist(struct perf *p, struct err *err);
int perf_candump(struct perf *p, struct err *err);

#endif
