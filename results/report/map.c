#include "results/number.h"
#include "results/report/places.h"
#include "results/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The coupling map as text: for every case and height the share of good attempts, and the median tap. */
#define CELL 6

static void put_mm(struct buf *out, int64_t um, int width)
{
	char text[NUMBER_SIZE], *end;

	number_fixed(text, (double)um / 1e3, 3);
	for (end = text + strlen(text); end[-1] == '0';)
		*--end = '\0'; /* "8.000" is "8" */
	if (end[-1] == '.')
		end[-1] = '\0';
	buf_printf(out, "%*s", width, text);
}

/* The better, the darker. */
static const char *shade(double share, bool utf8)
{
	static const char *const blocks[] = { " ", "\u2591", "\u2592", "\u2593",
					      "\u2588" };
	static const char *const ascii[] = { " ", ".", ":", "+", "#" };
	int i = share <= 0 ? 0 : share < 0.5 ? 1 : share < 0.9 ? 2 : share < 1 ? 3 : 4;

	return utf8 ? blocks[i] : ascii[i];
}

static void put_share(struct buf *out, const struct places_cell *c, bool utf8)
{
	double share = (double)c->good / (double)c->attempts;
	const char *mark = shade(share, utf8);

	buf_printf(out, " %s%3d%s", mark, (int)(share * 100 + 0.5), mark);
}

static void put_tap(struct buf *out, const struct places_cell *c)
{
	char text[NUMBER_SIZE];
	int64_t ns = places_median(c);

	buf_printf(out, "%*s", CELL, ns < 0 ? "-" : number_ms(text, ns));
}

static void put_grid(struct buf *out, const struct places_map *m, const int64_t *x,
		     size_t columns, const int64_t *y, size_t rows, bool taps, bool utf8)
{
	buf_printf(out, "%*s", CELL + 2, "y \\ x");
	for (size_t i = 0; i < columns; i++)
		put_mm(out, x[i], CELL);
	buf_text(out, "\n");
	for (size_t k = rows; k-- > 0;) {
		put_mm(out, y[k], CELL + 2);
		for (size_t i = 0; i < columns; i++) {
			const struct places_cell *c = places_cell(m, x[i], y[k]);

			if (!c)
				buf_printf(out, "%*s", CELL, "");
			else if (taps)
				put_tap(out, c);
			else
				put_share(out, c, utf8);
		}
		while (out->len && out->data[out->len - 1] == ' ')
			out->len--;
		buf_text(out, "\n");
	}
}

static int put_map(struct buf *out, const struct places_map *m, bool utf8,
		   struct err *err)
{
	size_t columns = 0, rows = 0, attempts = 0;
	int64_t *x = places_line(m, 0, &columns), *y = places_line(m, 1, &rows);
	char name[300];

	if (x && y) {
		for (size_t i = 0; i < m->count; i++)
			attempts += m->cells[i].attempts;
		snprintf(name, sizeof(name), "%s/%s", m->suite, m->case_id);
		buf_text(out, "\n");
		text_put(out, text_trim(name), 200, utf8);
		buf_text(out, ", ");
		put_mm(out, m->z_um, 0);
		buf_printf(out,
			   " mm off the tap: %zu attempts at %zu places, x and y in mm\n"
			   "good attempts, %%\n",
			   attempts, m->count);
		put_grid(out, m, x, columns, y, rows, false, utf8);
		buf_text(out, "median tap of the good ones, ms\n");
		put_grid(out, m, x, columns, y, rows, true, utf8);
	}
	free(x);
	free(y);
	return x && y ? 0 : err_set(err, ERR_NOMEM, "the map of places");
}

/* Nothing for a run without places. */
int report_map(const struct summary *s, const struct store_run *run,
	       const struct render_options *o, struct buf *out, struct err *err)
{
	struct places p;
	int rc = places_read(&p, run, err);

	if (!rc && p.count && s->simulated)
		buf_text(out, REPORT_SIMULATED "\n");
	for (size_t i = 0; i < p.count && !rc; i++)
		rc = put_map(out, &p.maps[i], o && o->utf8, err);
	places_release(&p);
	return rc;
}
