#ifndef RESULTS_REPORT_PLACES_H
#define RESULTS_REPORT_PLACES_H

#include "results/report/report.h"

/*
 * The coupling map of a run: what came of the attempts at each place, read from the journal. Warm-up, what was cut short
 * and BENCH_ERROR are in none; an attempt is good when it is DONE and nothing was complained of.
 */
struct places_cell {
	int64_t um[3];
	size_t attempts, good;
	int64_t *tap_ns; /* of the good ones that have it; ascending */
	size_t taps, tap_cap;
};

/* One case, one height: a rectangle of cells, in order of y, then x. */
struct places_map {
	char *suite, *case_id;
	int64_t z_um;
	struct places_cell *cells;
	size_t count, cap;
};

struct places {
	struct places_map *maps;
	size_t count, cap;
};

/** @return 0 also for a run without places: .count is 0 then. Release with places_release in any case. */
int places_read(struct places *out, const struct store_run *run, struct err *err);
void places_release(struct places *p);
/** The distinct coordinates of a map along axis 0 or 1, ascending; the caller's to free, NULL: no memory. */
int64_t *places_line(const struct places_map *m, int axis, size_t *count);
/** The cell there, or NULL. */
const struct places_cell *places_cell(const struct places_map *m, int64_t x_um,
				      int64_t y_um);
/** Median tap, ns; -1 without one. */
int64_t places_median(const struct places_cell *c);
/** Good attempts in percent, rounded down: 100 is all of them; at least 1 where one was good. */
int places_percent(const struct places_cell *c);
/** The most attempts at one place of the map. */
size_t places_most(const struct places_map *m);
/** What @good of @n show with 95 %: at least so many percent are, rounded down (Clopper-Pearson). */
int places_at_least(size_t good, size_t n);

#endif
