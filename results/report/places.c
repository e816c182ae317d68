#include "results/report/places.h"

#include "results/fold.h"
#include "results/journal.h"
#include "results/record.h"

#include <stdlib.h>
#include <string.h>

#define MAX_MAPS 256
#define MAX_CELLS 20000

static int find_map(struct places *p, const struct record_attempt *r, int64_t z_um,
		    struct places_map **out)
{
	struct places_map *m;

	for (size_t i = p->count; i-- > 0;) {
		m = &p->maps[i];
		if (m->z_um == z_um && strcmp(m->suite, r->suite) == 0 &&
		    strcmp(m->case_id, r->case_id) == 0) {
			*out = m;
			return 0;
		}
	}
	if (p->count == MAX_MAPS)
		return ERR_RANGE;
	if (fold_grow((void **)&p->maps, &p->cap, p->count, sizeof(*p->maps)))
		return ERR_NOMEM;
	m = &p->maps[p->count++];
	m->z_um = z_um;
	*out = m;
	return fold_keep(&m->suite, r->suite) || fold_keep(&m->case_id, r->case_id)
		       ? ERR_NOMEM
		       : 0;
}

static int find_cell(struct places_map *m, const int64_t um[3], struct places_cell **out)
{
	for (size_t i = m->count; i-- > 0;)
		if (memcmp(m->cells[i].um, um, sizeof(m->cells[i].um)) == 0) {
			*out = &m->cells[i];
			return 0;
		}
	if (m->count == MAX_CELLS)
		return ERR_RANGE;
	if (fold_grow((void **)&m->cells, &m->cap, m->count, sizeof(*m->cells)))
		return ERR_NOMEM;
	*out = &m->cells[m->count++];
	memcpy((*out)->um, um, sizeof((*out)->um));
	return 0;
}

static int add_tap(struct places_cell *c, int64_t ns)
{
	if (ns < 0)
		return 0;
	if (fold_grow((void **)&c->tap_ns, &c->tap_cap, c->taps, sizeof(*c->tap_ns)))
		return ERR_NOMEM;
	c->tap_ns[c->taps++] = ns;
	return 0;
}

static int add_attempt(struct places *p, const struct record_attempt *r,
		       const struct attempt *a)
{
	bool good = a->outcome == OUTCOME_DONE && !a->complaint[0];
	struct places_cell *c = NULL;
	struct places_map *m = NULL;
	int rc;

	if (!a->placed || r->warmup || r->cut || a->outcome == OUTCOME_BENCH_ERROR)
		return 0;
	rc = find_map(p, r, a->place_um[2], &m);
	if (!rc)
		rc = find_cell(m, a->place_um, &c);
	if (rc)
		return rc;
	c->attempts++;
	c->good += good;
	return good ? add_tap(c, metric_of(metric_find("tap"), a)) : 0;
}

static int take_line(void *ctx, json_t *line, int line_no, struct err *err)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	struct record_attempt r;
	struct attempt a;
	int rc;

	(void)line_no;
	if (!type || strcmp(type, "attempt") != 0)
		return 0;
	rc = record_attempt_parse(&r, &a, line, err);
	if (rc)
		return rc;
	rc = add_attempt(ctx, &r, &a);
	return rc ? err_set(err, rc, "the map of places: %s",
			    rc == ERR_RANGE ? "too many of them" : "no memory")
		  : 0;
}

static int order(const void *a, const void *b)
{
	const struct places_cell *m = a, *n = b;

	for (int i = 1; i >= 0; i--)
		if (m->um[i] != n->um[i])
			return m->um[i] < n->um[i] ? -1 : 1;
	return 0;
}

int places_read(struct places *out, const struct store_run *run, struct err *err)
{
	char path[sizeof(run->path) + 64];
	int rc;

	*out = (struct places){ 0 };
	store_path(run, "journal.jsonl", path, sizeof(path));
	rc = journal_read(path, take_line, out, NULL, err);
	for (size_t i = 0; i < out->count && !rc; i++) {
		struct places_map *m = &out->maps[i];

		qsort(m->cells, m->count, sizeof(*m->cells), order);
		for (size_t k = 0; k < m->count; k++)
			stats_sort(m->cells[k].tap_ns, m->cells[k].taps);
	}
	return rc;
}

void places_release(struct places *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct places_map *m = &p->maps[i];

		for (size_t k = 0; k < m->count; k++)
			free(m->cells[k].tap_ns);
		free(m->cells);
		free(m->suite);
		free(m->case_id);
	}
	free(p->maps);
	*p = (struct places){ 0 };
}

static int ascending(const void *a, const void *b)
{
	int64_t m = *(const int64_t *)a, n = *(const int64_t *)b;

	return m < n ? -1 : m > n;
}

int64_t *places_line(const struct places_map *m, int axis, size_t *count)
{
	int64_t *all = malloc((m->count ? m->count : 1) * sizeof(*all));
	size_t n = 0;

	if (!all)
		return NULL;
	for (size_t i = 0; i < m->count; i++)
		all[i] = m->cells[i].um[axis];
	qsort(all, m->count, sizeof(*all), ascending);
	for (size_t i = 0; i < m->count; i++)
		if (n == 0 || all[n - 1] != all[i])
			all[n++] = all[i];
	*count = n;
	return all;
}

const struct places_cell *places_cell(const struct places_map *m, int64_t x_um,
				      int64_t y_um)
{
	struct places_cell key = { .um = { x_um, y_um, m->z_um } };

	return bsearch(&key, m->cells, m->count, sizeof(*m->cells), order);
}

int64_t places_median(const struct places_cell *c)
{
	return c->taps ? stats_quantile(c->tap_ns, c->taps, 0.5) : -1;
}

int places_percent(const struct places_cell *c)
{
	int percent = (int)(c->good * 100 / c->attempts);

	return c->good && !percent ? 1 : percent;
}

size_t places_most(const struct places_map *m)
{
	size_t most = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->cells[i].attempts > most)
			most = m->cells[i].attempts;
	return most;
}

int places_at_least(size_t good, size_t n)
{
	return (int)(stats_share_lower(good, n, 0.95) * 100);
}
