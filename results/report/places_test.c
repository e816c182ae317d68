#include "results/report/places.h"

#include "bench/core/fs.h"
#include "results/sample_run.h"

#include <libxml/parser.h>

/* A run of one case over 2 x 3 places, what came of each as @outcomes says, and one place above. */
static void put(struct sample_run *r, int64_t x_um, int64_t y_um, int64_t z_um,
		enum outcome outcome, int64_t tap_ns, bool warmup)
{
	struct attempt a = sample_attempt(r, outcome, tap_ns);

	a.placed = true;
	a.place_um[0] = x_um;
	a.place_um[1] = y_um;
	a.place_um[2] = z_um;
	sample_record(r, "fast", &a, 0, warmup);
}

static void make(struct sample_run *r)
{
	sample_begin(r, true, MS);
	sample_case(r, "fast", 9, NULL, NULL);
	put(r, -8000, -500, 0, OUTCOME_DONE, 900 * MS, true); /* warm-up: in no map */
	for (int y = -500; y <= 500; y += 500)
		put(r, -8000, y, 0, OUTCOME_NO_TAP, 0, false);
	put(r, 8000, 500, 0, OUTCOME_DONE, 140 * MS, false);
	put(r, 8000, 500, 0, OUTCOME_DONE, 160 * MS, false);
	put(r, 8000, 500, 0, OUTCOME_RF_ERROR, 0, false);
	put(r, 8000, 500, 0, OUTCOME_BENCH_ERROR, 0, false); /* ours: in no map */
	put(r, 8000, 0, 0, OUTCOME_DONE, 120 * MS, false);
	put(r, 0, 0, 6000, OUTCOME_DONE, 130 * MS, false);
	sample_end(r, "complete");
}

static void attempts_are_gathered_by_place(void **state)
{
	const struct places_cell *c;
	struct sample_run r;
	struct places p;
	int64_t *line;
	size_t count;

	(void)state;
	make(&r);
	assert_int_equal(places_read(&p, &r.run, NULL), 0);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.maps[0].count, 5);
	assert_int_equal(p.maps[1].z_um, 6000);
	line = places_line(&p.maps[0], 1, &count);
	assert_int_equal(count, 3);
	assert_int_equal(line[0], -500);
	assert_int_equal(line[2], 500);
	free(line);
	c = places_cell(&p.maps[0], 8000, 500);
	assert_non_null(c);
	assert_int_equal(c->attempts, 3);
	assert_int_equal(c->good, 2);
	assert_int_equal(places_median(c), 140 * MS);
	c = places_cell(&p.maps[0], -8000, -500);
	assert_int_equal(c->attempts, 1);
	assert_int_equal(c->good, 0);
	assert_int_equal(places_median(c), -1);
	assert_null(places_cell(&p.maps[0], 8000, -500)); /* nobody was there */
	places_release(&p);
	sample_release(&r);
}

static void render(const struct sample_run *r, const char *format, struct buf *out)
{
	struct render_options o = { .width = 80 };
	struct summary *s = NULL;
	struct err err = { 0 };

	buf_init(out, (size_t)1 << 20);
	if (summary_read(&s, &r->run, &err) ||
	    renderer_find(format)->render(s, &r->run, &o, out, &err))
		fail_msg("%s", err.text);
	summary_free(s);
}

static void the_map_is_a_table_for_the_terminal(void **state)
{
	struct sample_run r;
	struct buf out;

	(void)state;
	make(&r);
	render(&r, "map", &out);
	assert_string_equal(buf_str(&out), REPORT_SIMULATED
			    "\n\n"
			    "door-unlock/fast, 0 mm off the tap: 7 attempts "
			    "at 5 places, x and y in mm\n"
			    "good attempts of all; 3 of 3 show at least 36 %, with "
			    "95 % confidence\n"
			    "   y \\ x    -8     8\n"
			    "     0.5  0/1  :2/3:\n"
			    "       0  0/1  #1/1#\n"
			    "    -0.5  0/1\n"
			    "median tap of the good ones, ms\n"
			    "   y \\ x    -8     8\n"
			    "     0.5     - 140.0\n"
			    "       0     - 120.0\n"
			    "    -0.5     -\n"
			    "\n"
			    "door-unlock/fast, 6 mm off the tap: 1 attempts "
			    "at 1 places, x and y in mm\n"
			    "good attempts of all; 1 of 1 show at least 5 %, with "
			    "95 % confidence\n"
			    "   y \\ x     0\n"
			    "       0 #1/1#\n"
			    "median tap of the good ones, ms\n"
			    "   y \\ x     0\n"
			    "       0 130.0\n");
	buf_release(&out);
	sample_release(&r);
}

/* 300 attempts at each of 9 places, all of them good at the first, all but one elsewhere. */
static void make_crowd(struct sample_run *r)
{
	sample_begin(r, false, MS);
	sample_case(r, "fast", 2700, NULL, NULL);
	for (int x = 0; x < 9; x++)
		for (int i = 0; i < 300; i++)
			put(r, x * 1000, 0, 0,
			    x && i == 7 ? OUTCOME_RF_ERROR : OUTCOME_DONE, 120 * MS,
			    false);
	sample_end(r, "complete");
}

static void only_all_are_100_percent(void **state)
{
	struct places_cell c = { .attempts = 1000, .good = 999 };
	struct sample_run r;
	struct buf out;

	(void)state;
	assert_int_equal(places_percent(&c), 99);
	c.good = 1;
	assert_int_equal(places_percent(&c), 1);
	c.good = 1000;
	assert_int_equal(places_percent(&c), 100);
	make_crowd(&r);
	render(&r, "map", &out); /* "299/300" nine times is more than a terminal */
	assert_non_null(strstr(buf_str(&out),
			       "good attempts, %, of at most 300 at a place; 300 of 300 "
			       "show at least 99 %, with 95 % confidence\n"));
	assert_non_null(strstr(buf_str(&out), "\n       0 #100# + 99+ + 99+ "));
	buf_release(&out);
	render(&r, "svg", &out);
	assert_non_null(strstr(buf_str(&out), ">299/300<"));
	assert_non_null(strstr(buf_str(&out), ">300/300<"));
	assert_non_null(strstr(buf_str(&out), "299 of 300 good (at least 98 %, with 95 % "
					      "confidence)"));
	buf_release(&out);
	sample_release(&r);
}

static int count_of(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text++;
	}
	return n;
}

static void the_drawing_is_xml_with_a_square_for_every_place_twice(void **state)
{
	struct sample_run r;
	struct buf out;
	xmlDocPtr doc;

	(void)state;
	make(&r);
	render(&r, "svg", &out);
	doc = xmlReadMemory((const char *)out.data, (int)out.len, "map", NULL,
			    XML_PARSE_NONET);
	assert_non_null(doc);
	assert_string_equal((const char *)xmlDocGetRootElement(doc)->name, "svg");
	xmlFreeDoc(doc);
	assert_int_equal(count_of(buf_str(&out), "<title>"), 2 * (5 + 1));
	assert_non_null(strstr(buf_str(&out),
			       "x 8 mm, y 0.5 mm: 2 of 3 good (at least 13 %, "
			       "with 95 % confidence), median tap 140.0 ms"));
	assert_non_null(strstr(buf_str(&out), REPORT_SIMULATED));
	buf_release(&out);
	sample_release(&r);
}

static void a_run_without_places_has_no_map_and_no_file(void **state)
{
	struct summary *s = NULL;
	struct sample_run r;
	char path[sizeof(r.run.path) + 64];
	struct buf out;

	(void)state;
	sample_begin(&r, false, MS);
	sample_case(&r, "fast", 1, NULL, NULL);
	sample_try(&r, "fast", OUTCOME_DONE, 100 * MS);
	sample_end(&r, "complete");
	render(&r, "map", &out);
	assert_int_equal(out.len, 0);
	buf_release(&out);
	render(&r, "svg", &out);
	assert_int_equal(out.len, 0);
	buf_release(&out);
	assert_int_equal(summary_read(&s, &r.run, NULL), 0);
	assert_int_equal(summary_write_reports(s, &r.run, NULL), 0);
	assert_true(fs_exists(store_path(&r.run, "report.txt", path, sizeof(path))));
	assert_false(fs_exists(store_path(&r.run, "positions.svg", path, sizeof(path))));
	summary_free(s);
	sample_release(&r);
}

static void a_place_that_is_none_is_a_damaged_journal(void **state)
{
	static const char *const bad[] = { "[1, 2]", "[1, 2, \"3\"]", "7",
					   "[0, 0, 1e99]" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct attempt a = { .placed = true }, back;
		struct record_attempt r = { .case_id = "c", .suite = "s", .result = &a };
		json_t *line = record_attempt_json(&r);

		assert_int_equal(record_attempt_parse(&r, &back, line, NULL), 0);
		assert_true(back.placed);
		json_object_set_new(line, "place_um",
				    json_loads(bad[i], JSON_DECODE_ANY, NULL));
		assert_int_equal(record_attempt_parse(&r, &back, line, NULL), ERR_FORMAT);
		json_decref(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attempts_are_gathered_by_place),
		cmocka_unit_test(the_map_is_a_table_for_the_terminal),
		cmocka_unit_test(only_all_are_100_percent),
		cmocka_unit_test(the_drawing_is_xml_with_a_square_for_every_place_twice),
		cmocka_unit_test(a_run_without_places_has_no_map_and_no_file),
		cmocka_unit_test(a_place_that_is_none_is_a_damaged_journal),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
