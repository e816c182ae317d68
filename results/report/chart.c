#include "results/number.h"
#include "results/report/report.h"

#include <stdio.h>

#define MOST_ROWS 16
#define LABEL 9   /* "  1024.5 " */
#define BEHIND 26 /* a count and the mark of a limit */

/* Which values a chart's rows are for: from start, count rows of width, then all above. */
struct scale {
	int64_t start, width;
	int rows;
};

static int64_t top_row(const struct chart *c, size_t finite)
{
	int64_t lowest = c->sorted[0], highest = c->sorted[finite - 1], top = highest,
		nearly;

	/* a few far outliers must not press all others into one row: they share the last */
	nearly = stats_quantile(c->sorted, finite, 0.98);
	if (finite >= 50 && (highest - lowest) / 3 > nearly - lowest)
		top = nearly;
	for (size_t i = 0; i < c->limit_count; i++)
		if (c->limits_ns[i] > top &&
		    (c->limits_ns[i] - lowest) / 2 <= top - lowest)
			top = c->limits_ns[i];
	return top;
}

/* Narrower rows would bear the same label (number_ms). */
static int64_t finest_width(int64_t top)
{
	return top < 10000000      ? 1000
	       : top < 100000000   ? 10000
	       : top < 10000000000 ? 100000
				   : 1000000;
}

static struct scale scale_of(const struct chart *c, size_t finite)
{
	static const int64_t steps[] = { 1, 2, 5 };
	int64_t top = top_row(c, finite), power = 1;
	struct scale s = { 0 };

	/* the finest of 1 2 5 · 10^k that does; values are below 2 · 10^18, so it ends */
	for (int i = 0;; i++) {
		s.width = steps[i % 3] * power;
		s.start = c->sorted[0] / s.width * s.width;
		if (s.width >= finest_width(top) && (top - s.start) / s.width < MOST_ROWS)
			break;
		if (i % 3 == 2)
			power *= 10;
	}
	s.rows = (int)((top - s.start) / s.width) + 1;
	return s;
}

static void put_label(struct buf *out, const char *text)
{
	buf_printf(out, "%*s |", LABEL - 1, text);
}

static void put_bar(struct buf *out, size_t count, size_t most, int columns, bool utf8)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	size_t parts = most ? count * (size_t)columns * 8 / most : 0;

	if (count && !parts)
		parts = 1;
	if (!utf8)
		parts = (parts + 7) / 8 * 8;
	for (size_t i = 0; i < parts / 8; i++)
		buf_text(out, utf8 ? "█" : "#");
	buf_text(out, eighths[parts % 8]);
	if (count)
		buf_printf(out, " %zu", count);
}

static bool has_limit(const struct chart *c, int64_t from, int64_t to)
{
	for (size_t i = 0; i < c->limit_count; i++)
		if (c->limits_ns[i] >= from && c->limits_ns[i] < to)
			return true;
	return false;
}

/* The lowest limit from @from to below @to, behind a row: there is room for one. */
static void put_limits(struct buf *out, const struct chart *c, int64_t from, int64_t to)
{
	int64_t lowest = INT64_MAX;
	char text[NUMBER_SIZE];

	for (size_t i = 0; i < c->limit_count; i++)
		if (c->limits_ns[i] >= from && c->limits_ns[i] < to &&
		    c->limits_ns[i] < lowest)
			lowest = c->limits_ns[i];
	if (lowest != INT64_MAX)
		buf_printf(out, " <- limit %s", number_ms(text, lowest));
}

static size_t count_below(const struct chart *c, size_t finite, size_t from, int64_t edge)
{
	while (from < finite && c->sorted[from] < edge)
		from++;
	return from;
}

static size_t fullest_row(const struct chart *c, size_t finite, const struct scale *s)
{
	size_t most = c->n - finite, at = 0;

	for (int row = 0; row <= s->rows; row++) {
		int64_t edge =
			row < s->rows ? s->start + (row + 1) * s->width : INT64_MAX;
		size_t next = count_below(c, finite, at, edge);

		if (next - at > most)
			most = next - at;
		at = next;
	}
	return most;
}

static void put_rows(struct buf *out, const struct chart *c, size_t finite, int columns,
		     bool utf8)
{
	struct scale s = scale_of(c, finite);
	size_t most = fullest_row(c, finite, &s), at = 0;
	int64_t end = s.start + s.rows * s.width;
	char text[NUMBER_SIZE], label[NUMBER_SIZE + 2];

	if (has_limit(c, 0, s.start)) {
		put_label(out, "<");
		put_limits(out, c, 0, s.start);
		buf_text(out, "\n");
	}
	for (int row = 0; row < s.rows; row++) {
		int64_t from = s.start + row * s.width;
		size_t next = count_below(c, finite, at, from + s.width);

		put_label(out, number_ms(text, from));
		put_bar(out, next - at, most, columns, utf8);
		put_limits(out, c, from, from + s.width);
		buf_text(out, "\n");
		at = next;
	}
	if (at < finite || has_limit(c, end, INT64_MAX)) {
		snprintf(label, sizeof(label), ">=%s", number_ms(text, end));
		put_label(out, label);
		put_bar(out, finite - at, most, columns, utf8);
		put_limits(out, c, end, INT64_MAX);
		buf_text(out, "\n");
	}
	if (finite < c->n) {
		put_label(out, "inf");
		put_bar(out, c->n - finite, most, columns, utf8);
		buf_text(out, " without a latency\n");
	}
}

void chart_put(struct buf *out, const struct chart *c, const struct render_options *o)
{
	size_t finite = report_finite(c->sorted, c->n);
	int columns = (o->width < 40 ? 40 : o->width) - LABEL - 2 - BEHIND;

	if (finite)
		put_rows(out, c, finite, columns, o->utf8);
	else
		buf_printf(out, "%*s | %zu without a latency\n", LABEL - 1, "inf", c->n);
}
