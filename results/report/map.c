#include "results/number.h"
#include "results/report/places.h"
#include "results/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The coupling map as text: for every case and height the good attempts, and the median tap. A share without its number
 * of attempts says too much, so that is what stands there where it fits.
 */
#define CELL 6
#define WIDTH 80 /* of a terminal, if nobody says */

struct style {
	bool utf8, taps, percent;
	int cell; /* columns of the terminal for one of the map */
};

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

static void put_share(struct buf *out, const struct places_cell *c, const struct style *s)
{
	const char *mark = shade((double)c->good / (double)c->attempts, s->utf8);
	char text[48];

	if (s->percent)
		snprintf(text, sizeof(text), "%3d", places_percent(c));
	else
		snprintf(text, sizeof(text), "%zu/%zu", c->good, c->attempts);
	buf_printf(out, "%*s%s%s%s", s->cell - (int)strlen(text) - 2, "", mark, text,
		   mark);
}

static void put_tap(struct buf *out, const struct places_cell *c)
{
	char text[NUMBER_SIZE];
	int64_t ns = places_median(c);

	buf_printf(out, "%*s", CELL, ns < 0 ? "-" : number_ms(text, ns));
}

static void put_grid(struct buf *out, const struct places_map *m, const int64_t *x,
		     size_t columns, const int64_t *y, size_t rows, const struct style *s)
{
	buf_printf(out, "%*s", CELL + 2, "y \\ x");
	for (size_t i = 0; i < columns; i++)
		put_mm(out, x[i], s->cell);
	buf_text(out, "\n");
	for (size_t k = rows; k-- > 0;) {
		put_mm(out, y[k], CELL + 2);
		for (size_t i = 0; i < columns; i++) {
			const struct places_cell *c = places_cell(m, x[i], y[k]);

			if (!c)
				buf_printf(out, "%*s", s->cell, "");
			else if (s->taps)
				put_tap(out, c);
			else
				put_share(out, c, s);
		}
		while (out->len && out->data[out->len - 1] == ' ')
			out->len--;
		buf_text(out, "\n");
	}
}

/* "10/10" in all cells, if the terminal is wide enough. */
static struct style style_of(const struct places_map *m, size_t columns, int width,
			     bool utf8)
{
	size_t most = places_most(m);
	int wide = 3 + snprintf(NULL, 0, "%zu/%zu", most, most);
	struct style s = { .utf8 = utf8, .cell = wide > CELL ? wide : CELL };

	s.percent = CELL + 2 + (int64_t)columns * s.cell > width;
	if (s.percent)
		s.cell = CELL;
	return s;
}

static void put_grids(struct buf *out, const struct places_map *m, const int64_t *x,
		      size_t columns, const int64_t *y, size_t rows, struct style s)
{
	size_t most = places_most(m);

	if (s.percent)
		buf_printf(out, "good attempts, %%, of at most %zu at a place", most);
	else
		buf_text(out, "good attempts of all");
	buf_printf(out, "; %zu of %zu show at least %d %%, with 95 %% confidence\n", most,
		   most, places_at_least(most, most));
	put_grid(out, m, x, columns, y, rows, &s);
	buf_text(out, "median tap of the good ones, ms\n");
	s = (struct style){ .taps = true, .cell = CELL };
	put_grid(out, m, x, columns, y, rows, &s);
}

static int put_map(struct buf *out, const struct places_map *m,
		   const struct render_options *o, struct err *err)
{
	size_t columns = 0, rows = 0, attempts = 0;
	int64_t *x = places_line(m, 0, &columns), *y = places_line(m, 1, &rows);
	bool utf8 = o && o->utf8;
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
			   " mm off the tap: %zu attempts at %zu places, x and y in mm\n",
			   attempts, m->count);
		put_grids(
			out, m, x, columns, y, rows,
			style_of(m, columns, o && o->width > 0 ? o->width : WIDTH, utf8));
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
		rc = put_map(out, &p.maps[i], o, err);
	places_release(&p);
	return rc;
}
