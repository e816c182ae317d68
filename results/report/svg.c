#include "results/number.h"
#include "results/report/places.h"
#include "results/text.h"

#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The coupling map as SVG 1.1: a row for every case and height, the share of good attempts on the left, the median tap
 * on the right. Nothing in it depends on a font or a locale; every square has its numbers as a tooltip.
 */
#define SIDE 44   /* of a square */
#define FITS 7    /* characters, in a square */
#define EDGE 80   /* left of a grid: the labels of y */
#define HEAD 58   /* above a grid: what it is, the labels of x */
#define GAP 40    /* between two grids, and below a row */
#define TOP 64    /* the title */
#define LEGEND 54 /* below everything */
#define STEPS 10  /* of a legend */

struct page {
	xmlTextWriterPtr xml;
	bool failed;
};

static const xmlChar *x(const char *text)
{
	return (const xmlChar *)text;
}

static void start(struct page *p, const char *element)
{
	p->failed = p->failed || xmlTextWriterStartElement(p->xml, x(element)) < 0;
}

static void end(struct page *p)
{
	p->failed = p->failed || xmlTextWriterEndElement(p->xml) < 0;
}

static void attribute(struct page *p, const char *name, const char *value)
{
	p->failed =
		p->failed || xmlTextWriterWriteAttribute(p->xml, x(name), x(value)) < 0;
}

static void length(struct page *p, const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	attribute(p, name, text);
}

/* @text as XML 1.0 can hold it. */
static void content(struct page *p, const char *text)
{
	struct buf safe;

	buf_init(&safe, 1 << 16);
	text_put(&safe, text, 4000, true);
	p->failed = p->failed || safe.failed ||
		    xmlTextWriterWriteString(p->xml, x(buf_str(&safe))) < 0;
	buf_release(&safe);
}

__attribute__((format(printf, 5, 6))) static void
label(struct page *p, int at_x, int at_y, const char *class, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	start(p, "text");
	length(p, "x", at_x);
	length(p, "y", at_y);
	attribute(p, "class", class);
	content(p, text);
	end(p);
}

/* From dark blue over green to light yellow: also told apart in grey. 0 <= @part <= 1 */
static void colour(double part, char out[8], bool *dark)
{
	static const unsigned char stops[][3] = {
		{ 0x2c, 0x1e, 0x50 }, { 0x31, 0x5b, 0x8c }, { 0x23, 0x8f, 0x8a },
		{ 0x63, 0xc2, 0x64 }, { 0xf5, 0xe6, 0x4b },
	};
	double at = part * 4;
	int i = at >= 4 ? 3 : (int)at;
	unsigned c[3];

	for (int k = 0; k < 3; k++)
		c[k] = (unsigned)(stops[i][k] +
				  (at - i) * ((double)stops[i + 1][k] - stops[i][k]) +
				  0.5);
	snprintf(out, 8, "#%02x%02x%02x", c[0] & 0xff, c[1] & 0xff, c[2] & 0xff);
	*dark = c[0] * 3 + c[1] * 6 + c[2] < 1150;
}

static void square(struct page *p, int at_x, int at_y, int side, const char *fill,
		   const char *tooltip)
{
	start(p, "rect");
	length(p, "x", at_x);
	length(p, "y", at_y);
	length(p, "width", side);
	length(p, "height", side);
	attribute(p, "fill", fill);
	if (tooltip) {
		start(p, "title");
		content(p, tooltip);
		end(p);
	}
	end(p);
}

/* "8.5": at most three digits behind the point, none that says nothing. */
static const char *mm(char out[NUMBER_SIZE], int64_t um)
{
	char *e;

	number_fixed(out, (double)um / 1e3, 3);
	for (e = out + strlen(out); e[-1] == '0';)
		*--e = '\0';
	if (e[-1] == '.')
		e[-1] = '\0';
	return out;
}

/* What a grid shows of its cells: colours from least to most. */
struct scale {
	bool taps;
	int64_t least_ns, most_ns;
};

/* @return false: the cell has nothing to show */
static bool part_of(const struct scale *s, const struct places_cell *c, double *part)
{
	int64_t ns = places_median(c);

	if (!s->taps) {
		*part = (double)c->good / (double)c->attempts;
		return true;
	}
	if (ns < 0)
		return false;
	/* the faster the lighter, as the better is on the left */
	*part = s->most_ns == s->least_ns
			? 1
			: (double)(s->most_ns - ns) / (double)(s->most_ns - s->least_ns);
	return true;
}

static void draw_cell(struct page *p, const struct scale *s, const struct places_cell *c,
		      int at_x, int at_y)
{
	char fill[8], x_mm[NUMBER_SIZE], y_mm[NUMBER_SIZE], ms[NUMBER_SIZE], tip[300];
	char text[48];
	double part = 0;
	bool dark = false, shown = part_of(s, c, &part);

	if (shown)
		colour(part, fill, &dark);
	snprintf(tip, sizeof(tip),
		 "x %s mm, y %s mm: %zu of %zu good (at least %d %%, with 95 %% "
		 "confidence), median tap %s ms",
		 mm(x_mm, c->um[0]), mm(y_mm, c->um[1]), c->good, c->attempts,
		 places_at_least(c->good, c->attempts),
		 c->taps ? number_ms(ms, places_median(c)) : "-");
	square(p, at_x, at_y, SIDE - 2, shown ? fill : "#e4e4e4", tip);
	if (s->taps)
		snprintf(text, sizeof(text), "%s",
			 shown ? number_ms(ms, places_median(c)) : "-");
	else if (snprintf(text, sizeof(text), "%zu/%zu", c->good, c->attempts) > FITS)
		snprintf(text, sizeof(text), "%d %%", places_percent(c));
	label(p, at_x + SIDE / 2 - 1, at_y + SIDE / 2 + 4, dark ? "on dark" : "on", "%s",
	      text);
}

struct grid {
	const struct places_map *map;
	int64_t *x, *y;
	size_t columns, rows;
};

static void draw_grid(struct page *p, const struct grid *g, const struct scale *s,
		      int left, int top)
{
	char text[NUMBER_SIZE];

	label(p, left + EDGE, top + 14, "head", "%s",
	      s->taps ? "median tap of the good attempts, ms" : "good attempts of all");
	label(p, left + EDGE - 8, top + HEAD - 8, "y", "y \\ x, mm");
	for (size_t i = 0; i < g->columns; i++)
		label(p, left + EDGE + (int)i * SIDE + SIDE / 2, top + HEAD - 8, "x",
		      "%s", mm(text, g->x[i]));
	for (size_t k = 0; k < g->rows; k++) {
		int at_y = top + HEAD + (int)(g->rows - 1 - k) * SIDE;

		label(p, left + EDGE - 8, at_y + SIDE / 2 + 4, "y", "%s",
		      mm(text, g->y[k]));
		for (size_t i = 0; i < g->columns; i++) {
			const struct places_cell *c =
				places_cell(g->map, g->x[i], g->y[k]);

			if (c)
				draw_cell(p, s, c, left + EDGE + (int)i * SIDE, at_y);
		}
	}
}

static void draw_legend(struct page *p, const struct scale *s, int left, int top)
{
	char low[NUMBER_SIZE], high[NUMBER_SIZE];

	for (int i = 0; i < STEPS; i++) {
		char fill[8];
		bool dark;

		colour((double)i / (STEPS - 1), fill, &dark);
		square(p, left + EDGE + i * 16, top, 16, fill, NULL);
	}
	if (!s->taps) {
		label(p, left + EDGE, top + 32, "key", "0 %%");
		label(p, left + EDGE + STEPS * 16, top + 32, "key end", "100 %%");
	} else if (s->most_ns >= s->least_ns) {
		label(p, left + EDGE, top + 32, "key", "%s ms",
		      number_ms(high, s->most_ns));
		label(p, left + EDGE + STEPS * 16, top + 32, "key end", "%s ms",
		      number_ms(low, s->least_ns));
	}
}

/* One scale for all maps of a run, so that they can be compared. */
static struct scale scale_of(const struct places *all)
{
	struct scale s = { .taps = true, .least_ns = INT64_MAX, .most_ns = -1 };

	for (size_t i = 0; i < all->count; i++)
		for (size_t k = 0; k < all->maps[i].count; k++) {
			int64_t ns = places_median(&all->maps[i].cells[k]);

			if (ns < 0)
				continue;
			s.least_ns = ns < s.least_ns ? ns : s.least_ns;
			s.most_ns = ns > s.most_ns ? ns : s.most_ns;
		}
	return s;
}

static const char style[] =
	"text{font-family:sans-serif;font-size:12px;fill:#222}"
	".title{font-size:17px;font-weight:bold}.warn{fill:#a00;font-weight:bold}"
	".head{font-weight:bold}.x{text-anchor:middle}.y{text-anchor:end}"
	".on{text-anchor:middle;font-size:11px}.dark{fill:#fff}.end{text-anchor:end}";

static int grid_width(size_t columns)
{
	return EDGE + (int)columns * SIDE + GAP;
}

static void draw(struct page *p, const struct summary *s, const struct places *all,
		 const struct grid *grids, int width, int height)
{
	const struct scale share = { .taps = false }, taps = scale_of(all);
	char z[NUMBER_SIZE];
	int top = TOP, right = 0;

	length(p, "width", width);
	length(p, "height", height);
	start(p, "style");
	content(p, style);
	end(p);
	start(p, "rect");
	attribute(p, "width", "100%");
	attribute(p, "height", "100%");
	attribute(p, "fill", "#fff");
	end(p);
	label(p, 16, 28, "title", "Coupling map: %s on rig %s", s->run_name, s->rig);
	if (s->simulated)
		label(p, 16, 48, "warn", "%s", REPORT_SIMULATED);
	for (size_t i = 0; i < all->count; i++) {
		const struct grid *g = &grids[i];

		label(p, 16, top + 16, "head", "%s/%s, %s mm off the tap", g->map->suite,
		      g->map->case_id, mm(z, g->map->z_um));
		draw_grid(p, g, &share, 0, top + 28);
		draw_grid(p, g, &taps, grid_width(g->columns), top + 28);
		top += 28 + HEAD + (int)g->rows * SIDE + GAP;
		right = right > grid_width(g->columns) ? right : grid_width(g->columns);
	}
	draw_legend(p, &share, 0, top);
	draw_legend(p, &taps, right, top);
}

static int write_svg(const struct summary *s, const struct places *all,
		     const struct grid *grids, struct buf *out, struct err *err)
{
	int width = 660, height = TOP + LEGEND;
	xmlBufferPtr memory = xmlBufferCreate();
	struct page p = { memory ? xmlNewTextWriterMemory(memory, 0) : NULL, false };

	for (size_t i = 0; i < all->count; i++) {
		int both = 2 * grid_width(grids[i].columns);

		width = both > width ? both : width;
		height += 28 + HEAD + (int)grids[i].rows * SIDE + GAP;
	}
	p.failed = !p.xml || xmlTextWriterStartDocument(p.xml, NULL, "UTF-8", NULL) < 0;
	if (!p.failed) {
		start(&p, "svg");
		attribute(&p, "xmlns", "http://www.w3.org/2000/svg");
		draw(&p, s, all, grids, width, height);
		end(&p);
		p.failed = p.failed || xmlTextWriterEndDocument(p.xml) < 0;
	}
	if (p.xml)
		xmlFreeTextWriter(p.xml); /* flushes */
	if (!p.failed)
		buf_add(out, BYTES(memory->content, memory->use));
	if (memory)
		xmlBufferFree(memory);
	return p.failed ? err_set(err, ERR_NOMEM, "the map of places") : 0;
}

static int draw_places(const struct summary *s, const struct places *all, struct buf *out,
		       struct err *err)
{
	struct grid *grids = calloc(all->count, sizeof(*grids));
	int rc = grids ? 0 : ERR_NOMEM;

	for (size_t i = 0; i < all->count && !rc; i++) {
		struct grid *g = &grids[i];

		g->map = &all->maps[i];
		g->x = places_line(g->map, 0, &g->columns);
		g->y = places_line(g->map, 1, &g->rows);
		rc = g->x && g->y ? 0 : ERR_NOMEM;
	}
	rc = rc ? err_set(err, rc, "the map of places")
		: write_svg(s, all, grids, out, err);
	for (size_t i = 0; grids && i < all->count; i++) {
		free(grids[i].x);
		free(grids[i].y);
	}
	free(grids);
	return rc;
}

/* Nothing for a run without places: there is nothing to draw. */
int report_svg(const struct summary *s, const struct store_run *run,
	       const struct render_options *o, struct buf *out, struct err *err)
{
	struct places p;
	int rc = places_read(&p, run, err);

	(void)o;
	if (!rc && p.count)
		rc = draw_places(s, &p, out, err);
	places_release(&p);
	return rc;
}
