#include "results/report/report.h"

#include "bench/core/fs.h"
#include "results/sample_run.h"

#include <libxml/parser.h>

/* Folds @r's journal and renders it as @format, not ended in a zero: out->data, out->len. */
static void render(const struct sample_run *r, const char *format, bool utf8,
		   struct buf *out)
{
	struct render_options o = { .width = 80, .utf8 = utf8 };
	struct summary *s = NULL;
	struct err err = { 0 };

	buf_init(out, (size_t)64 << 20);
	if (summary_read(&s, &r->run, &err) ||
	    renderer_find(format)->render(s, &r->run, &o, out, &err))
		fail_msg("%s", err.text);
	assert_false(out->failed);
	summary_free(s);
}

static void make(struct sample_run *r, bool simulated, int n)
{
	struct rng rng;

	rng_init(&rng, 5, "taps");
	sample_begin(r, simulated, MS);
	sample_case(r, "fast", n, "p95(tap) <= 300 ms", NULL);
	for (int i = 0; i < n; i++)
		sample_try(r, "fast", i % 31 == 30 ? OUTCOME_RF_ERROR : OUTCOME_DONE,
			   200 * MS + (int64_t)rng_below(&rng, 30 * MS));
	sample_end(r, "complete");
}

static void simulated_stands_in_every_rendering_and_only_when_it_was(void **state)
{
	struct sample_run r;

	(void)state;
	for (int simulated = 0; simulated < 2; simulated++) {
		make(&r, simulated, 60);
		for (const struct renderer *f = renderers; f->name; f++) {
			struct buf out;
			bool says;

			render(&r, f->name, true, &out);
			says = strstr(buf_str(&out), "SIMULATED") != NULL;
			/* a map is of a run that swept places (places_test.c) */
			if (says != simulated && out.len)
				fail_msg("%s: SIMULATED %s", f->name,
					 says ? "there" : "missing");
			buf_release(&out);
		}
		sample_release(&r);
	}
}

/* The first line wider than @columns characters fails the test. */
static void expect_narrow(struct buf *page, int columns)
{
	const char *line = buf_str(page);

	while (*line) {
		size_t len = strcspn(line, "\n");
		int wide = 0;

		for (size_t i = 0; i < len; i++)
			wide += ((unsigned char)line[i] & 0xc0) != 0x80;
		if (wide > columns)
			fail_msg("%d columns: %.*s", wide, (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void the_page_is_no_wider_than_asked(void **state)
{
	struct sample_run r;

	(void)state;
	make(&r, true, 400);
	for (int utf8 = 0; utf8 < 2; utf8++) {
		struct buf out;

		render(&r, "text", utf8, &out);
		expect_narrow(&out, 80);
		for (size_t i = 0; i < out.len; i++)
			assert_true(utf8 || out.data[i] < 0x80);
		buf_release(&out);
	}
	sample_release(&r);
}

static char *long_text(const char *piece, size_t times)
{
	size_t len = strlen(piece);
	char *text = malloc(len * times + 1);

	assert_non_null(text);
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * len, piece, len);
	text[len * times] = '\0';
	return text;
}

/* A run all of whose names are @name, and whose details and times are absurd too. */
static void make_absurd(struct sample_run *r, const char *name)
{
	char *detail = long_text("all went wrong ", 50);
	struct record_run run = { .name = name,
				  .version = name,
				  .host = name,
				  .rig = name,
				  .target = name,
				  .protocol = name,
				  .phone = name,
				  .devices = { name, name },
				  .device_count = 2,
				  .u_ns = INT64_C(999999999999999999),
				  .seed = UINT64_MAX,
				  .confidence = 0.95 };
	struct record_case c = { .id = name,
				 .suite = name,
				 .title = name,
				 .requirements = { name, name, "R-1" },
				 .requirement_count = 3,
				 .claims = { "p95(tap_to_bus) <= 3599.999999999 s",
					     "share(NO_TAP) >= 99.999999 %",
					     "p99.99(tap) <= 0.000001 ms" },
				 .claim_count = 3,
				 .trials = RECORD_MAX_TRIALS,
				 .warmup = RECORD_MAX_TRIALS };

	sample_open(r);
	sample_append(r, record_run_json(&run));
	sample_append(r, record_case_json(&c));
	sample_append(r, record_note_json(name));
	for (int i = 0; i < 40; i++) {
		struct attempt a = sample_attempt(r, OUTCOME_DONE, 200 * MS);
		struct record_attempt ra = { .case_id = name,
					     .suite = name,
					     .trial = i / 2,
					     .warmup = i % 2,
					     .result = &a };

		/* from 1 ns up to ten years, a hundred times more each second attempt */
		a.points[2].at_ns = 0;
		for (int k = 3; k < a.point_count; k++)
			a.points[k].at_ns = INT64_C(1) << (i % 58);
		attempt_point(&a, "bus", INT64_C(300000000000000000), 0);
		if (i % 3 == 0)
			attempt_end(&a, OUTCOME_REFUSED, "%s", detail);
		if (i % 5 == 0)
			attempt_complain(&a, "%s", detail);
		sample_append(r, record_attempt_json(&ra));
	}
	sample_end_why(r, "drained", name);
	free(detail);
}

static void nothing_absurdly_long_makes_the_page_wider(void **state)
{
	static const char *const pieces[] = { "w", "long words ", "\xf0\x9f\x94\x91",
					      "\xe2\x82\xac \xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		char *name = long_text(pieces[i], 700);
		struct sample_run r;
		struct summary *s;
		struct err err = { 0 };

		make_absurd(&r, name);
		if (summary_read(&s, &r.run, &err))
			fail_msg("%s", err.text);
		for (int width = 80; width <= 200; width += 60)
			for (int utf8 = 0; utf8 < 2; utf8++) {
				struct render_options o = { .width = width,
							    .utf8 = utf8 };
				struct buf out;

				buf_init(&out, SUMMARY_RENDERING_MAX);
				assert_int_equal(summary_render(renderer_find("text"), s,
								&r.run, &o, &out, &err),
						 0);
				expect_narrow(&out, width);
				/* nor is a character cut in two */
				assert_true(!utf8 || !strchr(buf_str(&out), '?'));
				buf_release(&out);
			}
		summary_free(s);
		sample_release(&r);
		free(name);
	}
}

/* Counts of so many attempts that no journal of a test could hold them. */
static void counts_of_many_digits_take_their_room_from_the_name(void **state)
{
	struct render_options o = { .width = 80 };
	struct sample_run r;
	struct summary *s;
	struct err err = { 0 };
	struct buf out;

	(void)state;
	make(&r, true, 12);
	assert_int_equal(summary_read(&s, &r.run, &err), 0);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		s->cases[0].outcomes[i] = s->cases[0].warmup_outcomes[i] =
			RECORD_MAX_TRIALS;
	s->cases[0].complaints = s->cases[0].warmup_complaints = RECORD_MAX_TRIALS;
	buf_init(&out, SUMMARY_RENDERING_MAX);
	assert_int_equal(summary_render(renderer_find("text"), s, &r.run, &o, &out, &err),
			 0);
	expect_narrow(&out, 80);
	buf_release(&out);
	summary_free(s);
	sample_release(&r);
}

static void more_than_one_outcome_is_said_in_the_case(void **state)
{
	struct sample_run r;
	struct attempt a;
	struct buf out;

	(void)state;
	make(&r, true, 62);
	render(&r, "text", true, &out);
	assert_non_null(strstr(buf_str(&out), "\n  outcomes: 60 DONE, 2 RF_ERROR\n"));
	assert_null(strstr(buf_str(&out), "in warm-up,"));
	buf_release(&out);
	sample_release(&r);

	sample_begin(&r, true, 0);
	sample_case(&r, "warm", 2, NULL, NULL);
	a = sample_attempt(&r, OUTCOME_REFUSED, 100 * MS);
	attempt_complain(&a, "not yet");
	sample_record(&r, "warm", &a, 0, true);
	sample_try(&r, "warm", OUTCOME_DONE, 200 * MS);
	sample_try(&r, "warm", OUTCOME_DONE, 200 * MS);
	sample_end(&r, "complete");
	render(&r, "text", true, &out);
	assert_null(strstr(buf_str(&out), "outcomes:"));
	assert_non_null(
		strstr(buf_str(&out),
		       "\n  in warm-up, in no count above: 1 REFUSED; 1 complaint\n"));
	buf_release(&out);
	sample_release(&r);
}

static void why_a_run_was_drained_stands_where_people_and_programs_look(void **state)
{
	static const struct {
		const char *format, *says;
	} rows[] = {
		{ "text",
		  "\nverdict    BENCH_ERROR\n           drained: relay: no <such> "
		  "device\n" },
		{ "text", "\nBENCH_ERROR: 60 of 60 trials were not run: relay: no <such> "
			  "device\n" },
		{ "json", "\"ended_why\": \"relay: no <such> device\"" },
		{ "json", "\"verdict\": \"BENCH_ERROR\"" },
		{ "junit", "<error message=\"60 of 60 trials were not run: relay: no "
			   "&lt;such&gt; device\" type=\"BENCH_ERROR\">" },
		{ "junit",
		  "<system-err>the run was drained: relay: no &lt;such&gt; device: "
		  "BENCH_ERROR" },
	};
	struct sample_run r;

	(void)state;
	sample_begin(&r, false, 0);
	sample_case(&r, "one", 60, "p95(tap) <= 300 ms", NULL);
	sample_end_why(&r, "drained", "relay: no <such> device");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		render(&r, rows[i].format, true, &out);
		if (!strstr(buf_str(&out), rows[i].says))
			fail_msg("\"%s\" is not in: %s", rows[i].says, buf_str(&out));
		buf_release(&out);
	}
	sample_release(&r);
}

static void a_rendering_that_does_not_fit_is_an_error(void **state)
{
	struct sample_run r;
	struct summary *s;
	struct err err = { 0 };

	(void)state;
	make(&r, true, 60);
	assert_int_equal(summary_read(&s, &r.run, &err), 0);
	for (const struct renderer *f = renderers; f->name; f++) {
		struct buf out;

		if (report_is_map(f))
			continue;
		buf_init(&out, 200);
		err = (struct err){ 0 };
		assert_int_equal(summary_render(f, s, &r.run, NULL, &out, &err),
				 ERR_RANGE);
		assert_non_null(strstr(err.text, f->name));
		buf_release(&out);
	}
	summary_free(s);
	sample_release(&r);
}

/* A folder in the way of one report, and of a later one. */
static void a_report_that_cannot_be_written_keeps_no_other_from_it(void **state)
{
	static const char *const blocked[] = { "summary.json", "samples.csv" };
	struct sample_run r;
	struct summary *s;
	struct err err = { 0 };
	char path[4300];

	(void)state;
	make(&r, true, 60);
	for (int i = 0; i < 2; i++) {
		char in_it[4400];

		store_path(&r.run, blocked[i], path, sizeof(path));
		snprintf(in_it, sizeof(in_it), "%s/x", path);
		assert_int_equal(fs_mkdirs(in_it, &err), 0);
	}
	assert_int_equal(summary_read(&s, &r.run, &err), 0);
	assert_true(summary_write_reports(s, &r.run, &err) < 0);
	assert_non_null(strstr(err.text, "writing summary.json: "));
	assert_true(fs_exists(store_path(&r.run, "report.txt", path, sizeof(path))));
	assert_true(fs_exists(store_path(&r.run, "junit.xml", path, sizeof(path))));
	assert_true(fs_exists(store_path(&r.run, "histograms.hlog", path, sizeof(path))));
	summary_free(s);
	sample_release(&r);
}

static void the_junit_report_is_xml_that_says_fail_where_it_failed(void **state)
{
	struct sample_run r;
	struct attempt a;
	struct buf out;
	xmlDocPtr doc;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "a <b> & \"c\"", 1, NULL, NULL);
	sample_case(&r, "two", 1, NULL, NULL);
	sample_case(&r, "three", 1, NULL, "not\x02here");
	sample_case(&r, "four", 1, NULL, NULL);
	a = sample_attempt(&r, OUTCOME_REFUSED, 100 * MS);
	attempt_complain(&a, "]]> \x01\x1b[0m \xff\xed\xa0\x80 <oops>");
	sample_record(&r, "a <b> & \"c\"", &a, 0, false);
	r.trial = 0;
	sample_try(&r, "two", OUTCOME_BENCH_ERROR, 0);
	sample_end(&r, "complete");
	render(&r, "junit", true, &out);
	doc = xmlReadMemory((const char *)out.data, (int)out.len, NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	assert_non_null(doc);
	xmlFreeDoc(doc);
	assert_non_null(strstr(buf_str(&out),
			       "tests=\"4\" failures=\"1\" errors=\"2\" skipped=\"1\""));
	assert_non_null(
		strstr(buf_str(&out), "<failure message=\"1 attempt did not meet"));
	assert_non_null(strstr(buf_str(&out), "type=\"BENCH_ERROR\""));
	assert_non_null(strstr(buf_str(&out), "type=\"INCONCLUSIVE\""));
	assert_non_null(strstr(buf_str(&out), "<skipped message=\"not?here\""));
	buf_release(&out);
	xmlCleanupParser();
	sample_release(&r);
}

static void the_json_report_has_the_numbers_of_the_decision(void **state)
{
	struct sample_run r;
	struct buf out;
	json_t *root, *claim;

	(void)state;
	make(&r, true, 100);
	render(&r, "json", true, &out);
	root = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "format")), 1);
	assert_true(json_is_true(json_object_get(root, "simulated")));
	claim = json_array_get(
		json_object_get(json_array_get(json_object_get(root, "cases"), 0),
				"claims"),
		0);
	assert_int_equal(json_integer_value(json_object_get(claim, "limit_ns")),
			 300 * MS);
	assert_int_equal(json_integer_value(json_object_get(claim, "n")), 100);
	/* 3 of 100 have no latency; the bound is the 99th */
	assert_string_equal(json_string_value(json_object_get(claim, "upper_ns")), "inf");
	assert_true(json_integer_value(json_object_get(claim, "estimate_ns")) > 220 * MS);
	json_decref(root);
	buf_release(&out);
	sample_release(&r);
}

static void the_csv_report_has_a_line_for_every_attempt(void **state)
{
	struct sample_run r;
	struct attempt a;
	struct buf out;
	int lines = 0;

	(void)state;
	sample_begin(&r, true, 0);
	sample_case(&r, "one, \"two\"", 2, NULL, NULL);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "one, \"two\"", &a, 0, true);
	a = sample_attempt(&r, OUTCOME_BENCH_ERROR, 200 * MS);
	strcpy(a.detail, "two\nlines");
	sample_record(&r, "one, \"two\"", &a, 0, false);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "one, \"two\"", &a, 1, false);
	a = sample_attempt(&r, OUTCOME_BENCH_ERROR, 0);
	sample_append(&r, record_attempt_json(
				  &(struct record_attempt){ .suite = "door-unlock",
							    .case_id = "one, \"two\"",
							    .trial = 1,
							    .cut = true,
							    .result = &a }));
	sample_end(&r, "interrupted");
	render(&r, "csv", true, &out);
	for (size_t i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 5);
	assert_non_null(strstr(buf_str(&out), ",1,0,0,1,BENCH_ERROR,"));
	assert_non_null(strstr(buf_str(&out),
			       "\ndoor-unlock,\"one, \"\"two\"\"\",0,0,1,0,DONE,fast,,,"
			       "SIMULATED,5000000000,5400000000,200000000,"));
	assert_non_null(
		strstr(buf_str(&out), ",0,0,0,0,BENCH_ERROR,,two lines,,SIMULATED,"));
	assert_non_null(strstr(buf_str(&out), ",0,1,0,0,DONE,"));
	buf_release(&out);
	sample_release(&r);
}

static void a_quantile_is_named_only_when_the_samples_can(void **state)
{
	struct sample_run r;
	struct buf out;

	(void)state;
	make(&r, true, 60);
	render(&r, "text", true, &out);
	assert_non_null(strstr(buf_str(&out),
			       "\nairtime_floor      59  31.00  31.00  31.00      -"));
	buf_release(&out);
	sample_release(&r);
}

static void the_reports_a_run_writes_are_those_made_later_from_a_copy(void **state)
{
	struct sample_run r, moved;
	struct summary *s = NULL;
	struct err err = { 0 };
	char command[400];

	(void)state;
	make(&r, true, 60);
	assert_int_equal(summary_read(&s, &r.run, &err), 0);
	assert_int_equal(summary_write_reports(s, &r.run, &err), 0);
	summary_free(s);
	moved = r;
	snprintf(moved.run.path, sizeof(moved.run.path), "%s/another name", r.dir);
	snprintf(command, sizeof(command), "mv '%.150s' '%.150s'", r.run.path,
		 moved.run.path);
	assert_int_equal(system(command), 0);
	for (const struct renderer *f = renderers; f->name; f++) {
		char path[4200];
		struct buf then, now;

		if (report_is_map(f))
			continue;
		buf_init(&then, 1 << 20);
		assert_int_equal(
			fs_read(store_path(&moved.run, f->file, path, sizeof(path)),
				1 << 20, &then, &err),
			0);
		render(&moved, f->name, true, &now);
		assert_true(bytes_equal(buf_bytes(&then), buf_bytes(&now)));
		buf_release(&then);
		buf_release(&now);
	}
	sample_release(&r);
}

/* Copies the journal at @from to @to with line @line_no's @at-th byte changed, chained anew. */
static void rechain(const struct buf *from, const char *to, size_t at, uint8_t flip)
{
	struct journal *j;
	struct err err = { 0 };
	char *text = malloc(from->len + 1), *line, *rest;

	assert_non_null(text);
	memcpy(text, from->data, from->len);
	text[from->len] = '\0';
	text[at] = (char)(text[at] ^ flip);
	remove(to);
	assert_int_equal(journal_create(&j, to, &err), 0);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		json_t *object = json_loads(line, 0, NULL);

		if (!json_is_object(object)) {
			json_decref(object);
			continue;
		}
		json_object_del(object, "seq");
		json_object_del(object, "prev");
		assert_int_equal(journal_append(j, object, &err), 0);
	}
	journal_close(j);
	free(text);
}

/* A liar can chain what he likes: whatever stands in the lines, it is refused or rendered. */
static void a_well_chained_lie_is_refused_or_rendered_but_crashes_nothing(void **state)
{
	char path[4200];
	struct sample_run r;
	struct buf journal;
	struct rng rng;
	int refused = 0, rendered = 0;

	(void)state;
	rng_init(&rng, 11, "lies");
	make(&r, true, 12);
	store_path(&r.run, "journal.jsonl", path, sizeof(path));
	buf_init(&journal, 1 << 20);
	assert_int_equal(fs_read(path, 1 << 20, &journal, NULL), 0);
	for (int round = 0; round < 1500; round++) {
		struct summary *s = NULL;
		struct err err = { 0 };

		rechain(&journal, path, rng_below(&rng, journal.len),
			(uint8_t)(1u << rng_below(&rng, 7)));
		if (summary_read(&s, &r.run, &err)) {
			assert_int_equal(err.code, ERR_FORMAT);
			refused++;
			continue;
		}
		for (const struct renderer *f = renderers; f->name; f++) {
			struct buf out;

			buf_init(&out, 16 << 20);
			assert_int_equal(f->render(s, &r.run, NULL, &out, &err), 0);
			assert_false(out.failed);
			buf_release(&out);
		}
		summary_free(s);
		rendered++;
	}
	assert_true(refused > 100 && rendered > 100);
	buf_release(&journal);
	sample_release(&r);
}

static void every_renderer_is_found_by_its_name(void **state)
{
	(void)state;
	for (const struct renderer *f = renderers; f->name; f++) {
		assert_ptr_equal(renderer_find(f->name), f);
		assert_non_null(f->help);
	}
	assert_null(renderer_find("pdf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			simulated_stands_in_every_rendering_and_only_when_it_was),
		cmocka_unit_test(the_page_is_no_wider_than_asked),
		cmocka_unit_test(nothing_absurdly_long_makes_the_page_wider),
		cmocka_unit_test(counts_of_many_digits_take_their_room_from_the_name),
		cmocka_unit_test(more_than_one_outcome_is_said_in_the_case),
		cmocka_unit_test(
			why_a_run_was_drained_stands_where_people_and_programs_look),
		cmocka_unit_test(a_rendering_that_does_not_fit_is_an_error),
		cmocka_unit_test(a_report_that_cannot_be_written_keeps_no_other_from_it),
		cmocka_unit_test(the_junit_report_is_xml_that_says_fail_where_it_failed),
		cmocka_unit_test(the_json_report_has_the_numbers_of_the_decision),
		cmocka_unit_test(the_csv_report_has_a_line_for_every_attempt),
		cmocka_unit_test(a_quantile_is_named_only_when_the_samples_can),
		cmocka_unit_test(
			the_reports_a_run_writes_are_those_made_later_from_a_copy),
		cmocka_unit_test(
			a_well_chained_lie_is_refused_or_rendered_but_crashes_nothing),
		cmocka_unit_test(every_renderer_is_found_by_its_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
