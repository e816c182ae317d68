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
			if (says != simulated)
				fail_msg("%s: SIMULATED %s", f->name,
					 says ? "there" : "missing");
			buf_release(&out);
		}
		sample_release(&r);
	}
}

static void the_page_is_no_wider_than_asked(void **state)
{
	struct sample_run r;

	(void)state;
	make(&r, true, 400);
	for (int utf8 = 0; utf8 < 2; utf8++) {
		struct buf out;
		int columns = 0;

		render(&r, "text", utf8, &out);
		for (size_t i = 0; i < out.len; i++) {
			columns = out.data[i] == '\n'
					  ? 0
					  : columns + ((out.data[i] & 0xc0) != 0x80);
			assert_true(columns <= 80);
			assert_true(utf8 || out.data[i] < 0x80);
		}
		buf_release(&out);
	}
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
	sample_case(&r, "one, \"two\"", 1, NULL, NULL);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "one, \"two\"", &a, 0, true);
	a = sample_attempt(&r, OUTCOME_BENCH_ERROR, 200 * MS);
	strcpy(a.detail, "two\nlines");
	sample_record(&r, "one, \"two\"", &a, 0, false);
	a = sample_attempt(&r, OUTCOME_DONE, 200 * MS);
	sample_record(&r, "one, \"two\"", &a, 1, false);
	sample_end(&r, "complete");
	render(&r, "csv", true, &out);
	for (size_t i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 4);
	assert_non_null(strstr(buf_str(&out),
			       "\ndoor-unlock,\"one, \"\"two\"\"\",0,0,1,DONE,fast,,,"
			       "SIMULATED,5000000000,5400000000,200000000,"));
	assert_non_null(
		strstr(buf_str(&out), ",0,0,0,BENCH_ERROR,,two lines,,SIMULATED,"));
	assert_non_null(strstr(buf_str(&out), ",0,1,0,DONE,"));
	buf_release(&out);
	sample_release(&r);
}

static void a_quantile_is_named_only_when_the_samples_can(void **state)
{
	struct sample_run r;
	struct buf out;

	(void)state;
	assert_false(report_has_quantile(99, 0.99));
	assert_true(report_has_quantile(100, 0.99));
	assert_false(report_has_quantile(19, 0.95));
	assert_true(report_has_quantile(20, 0.95));
	assert_true(report_has_quantile(10, 0.9));
	assert_false(report_has_quantile(1, 0.5));
	assert_true(report_has_quantile(1000, 0.999));
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
