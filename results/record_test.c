#include "results/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct record_run run = {
	.name = "r",
	.version = "0.1.0",
	.host = NULL,
	.rig = "a",
	.devices = { "reader: one", "relay: two" },
	.device_count = 2,
	.simulated = true,
	.wall_start_ns = INT64_C(1795245153123456789),
	.origin_ns = INT64_C(3199102338323),
	.seed = UINT64_MAX,
	.u_ns = 1500000,
	.confidence = 0.95,
};

static void a_run_comes_back_as_it_went(void **state)
{
	struct record_run back;
	json_t *line = record_run_json(&run);

	(void)state;
	assert_int_equal(record_run_parse(&back, line, NULL), 0);
	assert_string_equal(back.name, "r");
	assert_null(back.host);
	assert_string_equal(back.rig, "a");
	assert_null(back.phone);
	assert_int_equal(back.device_count, 2);
	assert_string_equal(back.devices[1], "relay: two");
	assert_true(back.simulated);
	assert_true(back.wall_start_ns == run.wall_start_ns);
	assert_true(back.origin_ns == run.origin_ns);
	assert_true(back.seed == UINT64_MAX);
	assert_int_equal(back.u_ns, 1500000);
	assert_true(back.confidence == 0.95);
	json_decref(line);
}

static void a_case_comes_back_as_it_went(void **state)
{
	struct record_case c = { .id = "x",
				 .suite = "s",
				 .requirements = { "R-1", "R-2" },
				 .requirement_count = 2,
				 .claims = { "p95(tap) <= 300 ms" },
				 .claim_count = 1,
				 .trials = 60,
				 .warmup = 5,
				 .skip = "no" };
	struct record_case back;
	json_t *line = record_case_json(&c);

	(void)state;
	assert_int_equal(record_case_parse(&back, line, NULL), 0);
	assert_string_equal(back.suite, "s");
	assert_null(back.title);
	assert_string_equal(back.requirements[1], "R-2");
	assert_string_equal(back.claims[0], "p95(tap) <= 300 ms");
	assert_true(back.trials == 60 && back.warmup == 5);
	assert_string_equal(back.skip, "no");
	json_decref(line);
}

static json_t *attempt_line(const struct attempt *a)
{
	struct record_attempt r = { .case_id = "x",
				    .suite = "s",
				    .trial = 3,
				    .attempt = 1,
				    .started_ns = 10,
				    .ended_ns = 500,
				    .result = a,
				    .origin_ns = 1000000 };

	return record_attempt_json(&r);
}

static void an_attempt_comes_back_relative_to_the_origin(void **state)
{
	struct attempt a, back;
	struct record_attempt r;
	json_t *line;

	(void)state;
	attempt_init(&a);
	attempt_end(&a, OUTCOME_REFUSED, "6A82");
	attempt_complain(&a, "wanted 9000");
	attempt_point(&a, "activated", 1000020, 7);
	attempt_point(&a, "approach", 999990, 0);
	attempt_value(&a, "vehicle", 44);
	line = attempt_line(&a);
	assert_int_equal(record_attempt_parse(&r, &back, line, NULL), 0);
	assert_true(r.trial == 3 && r.attempt == 1 && !r.warmup);
	assert_true(r.started_ns == 10 && r.ended_ns == 500 && r.origin_ns == 0);
	assert_ptr_equal(r.result, &back);
	assert_int_equal(back.outcome, OUTCOME_REFUSED);
	assert_string_equal(back.detail, "6A82");
	assert_string_equal(back.complaint, "wanted 9000");
	assert_int_equal(attempt_find(&back, "activated")->at_ns, 20);
	assert_int_equal(attempt_find(&back, "activated")->slack_ns, 7);
	assert_int_equal(attempt_find(&back, "approach")->at_ns, -10);
	assert_int_equal(back.values[0].ns, 44);
	json_decref(line);
}

static void a_full_attempt_fits(void **state)
{
	struct attempt a, back;
	struct record_attempt r;
	json_t *line;

	(void)state;
	attempt_init(&a);
	for (int i = 0; i < ATTEMPT_MAX_POINTS; i++) {
		char name[28];

		snprintf(name, sizeof(name), "point-%02d-of-a-name-this-lo", i);
		attempt_point(&a, name, i, i);
	}
	memset(a.detail, 'd', sizeof(a.detail) - 1);
	line = attempt_line(&a);
	assert_int_equal(record_attempt_parse(&r, &back, line, NULL), 0);
	assert_int_equal(back.point_count, ATTEMPT_MAX_POINTS);
	assert_int_equal(strlen(back.detail), sizeof(back.detail) - 1);
	json_decref(line);
}

static void an_attempt_that_overflowed_is_a_bench_error(void **state)
{
	struct attempt a, back;
	struct record_attempt r;
	json_t *line;

	(void)state;
	attempt_init(&a);
	a.overflow = true;
	line = attempt_line(&a);
	assert_string_equal(json_string_value(json_object_get(line, "outcome")),
			    "BENCH_ERROR");
	json_object_set_new(line, "outcome",
			    json_string("DONE")); /* nobody talks it out of it */
	assert_int_equal(record_attempt_parse(&r, &back, line, NULL), 0);
	assert_int_equal(back.outcome, OUTCOME_BENCH_ERROR);
	json_decref(line);
}

static void bytes_of_a_device_become_text(void **state)
{
	struct attempt a;
	json_t *line;

	(void)state;
	attempt_init(&a);
	attempt_end(&a, OUTCOME_REFUSED, "%s", "got \xff\x01\xc3");
	line = attempt_line(&a);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "detail")),
			    "got ?\x01?");
	json_decref(line);
}

static void the_others_come_back_too(void **state)
{
	struct record_recovery r = { "reader", "respawn", "it hangs", 77, 88, true }, rb;
	struct record_end e = { "drained", NULL, 99 }, eb;
	json_t *line = record_recovery_json(&r);

	(void)state;
	assert_int_equal(record_recovery_parse(&rb, line, NULL), 0);
	assert_string_equal(rb.rung, "respawn");
	assert_true(rb.at_ns == 77 && rb.took_ns == 88 && rb.proved);
	json_decref(line);
	line = record_end_json(&e);
	assert_int_equal(record_end_parse(&eb, line, NULL), 0);
	assert_string_equal(eb.ended, "drained");
	assert_null(eb.why);
	json_decref(line);
}

static void what_was_added_later_may_be_missing(void **state)
{
	json_t *line = record_run_json(&run);
	struct record_attempt r;
	struct attempt a, back;
	struct record_run rb;

	(void)state;
	json_object_del(line, "origin_ns");
	assert_int_equal(record_run_parse(&rb, line, NULL), 0);
	assert_true(rb.origin_ns == 0);
	json_decref(line);
	attempt_init(&a);
	line = attempt_line(&a);
	json_object_del(line, "cut");
	assert_int_equal(record_attempt_parse(&r, &back, line, NULL), 0);
	assert_false(r.cut);
	json_object_set_new(line, "cut", json_true());
	assert_int_equal(record_attempt_parse(&r, &back, line, NULL), 0);
	assert_true(r.cut);
	json_decref(line);
}

static void another_format_is_refused_by_its_number(void **state)
{
	json_t *line = json_pack("{s:s,s:i}", "type", "run", "format", 7);
	struct record_run r;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(record_run_parse(&r, line, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "\"format\" 7, this program reads format 1"));
	json_decref(line);
}

static int parse_any(const json_t *line, struct err *err)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	struct record_run r;
	struct record_case c;
	struct record_attempt a;
	struct attempt result;
	struct record_recovery rec;
	struct record_end e;

	if (strcmp(type, "run") == 0)
		return record_run_parse(&r, line, err);
	if (strcmp(type, "case") == 0)
		return record_case_parse(&c, line, err);
	if (strcmp(type, "attempt") == 0)
		return record_attempt_parse(&a, &result, line, err);
	if (strcmp(type, "recovery") == 0)
		return record_recovery_parse(&rec, line, err);
	return record_end_parse(&e, line, err);
}

static json_t *line_of_kind(int kind)
{
	struct record_recovery rec = { "reader", "respawn", "it hangs", 77, 88, true };
	struct record_end e = { "complete", NULL, 99 };
	struct record_case c = { .id = "x",
				 .suite = "s",
				 .requirements = { "R" },
				 .requirement_count = 1,
				 .claims = { "C" },
				 .claim_count = 1 };
	struct attempt a;

	attempt_init(&a);
	attempt_point(&a, "activated", 1000020, 7);
	attempt_value(&a, "vehicle", 44);
	return kind == 0   ? record_run_json(&run)
	       : kind == 1 ? record_case_json(&c)
	       : kind == 2 ? attempt_line(&a)
	       : kind == 3 ? record_recovery_json(&rec)
			   : record_end_json(&e);
}

static json_t *wrong_value(int i)
{
	switch (i) {
	case 0:
		return json_integer(-4000000000000000000);
	case 1:
		return json_real(0.3);
	case 2:
		return json_pack("[i]", 1);
	case 3:
		return json_pack("{s:i}", "activated", 1);
	case 4:
		return json_pack("{s:[i,i]}", "a name that is far too long for a point",
				 1, 1);
	default:
		return json_string("nothing that stands in a journal");
	}
}

/* May be missing, but not be wrong. */
static bool is_later(const char *key)
{
	return strcmp(key, "origin_ns") == 0 || strcmp(key, "cut") == 0;
}

/* Each field missing, and with values of all wrong kinds: named in the error, or rightly taken. */
static void a_field_that_is_missing_or_wrong_is_named(void **state)
{
	int refused = 0;

	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		json_t *good = line_of_kind(kind), *value;
		const char *key;

		json_object_foreach(good, key, value)
		{
			struct err err = { 0 };
			json_t *bad = json_deep_copy(good);
			char quoted[48];

			if (strcmp(key, "type") == 0) {
				json_decref(bad);
				continue;
			}
			snprintf(quoted, sizeof(quoted), "\"%s\"", key);
			json_object_del(bad, key);
			if (is_later(key))
				json_object_set_new(bad, key, json_object());
			assert_int_equal(parse_any(bad, &err), ERR_FORMAT);
			if (!strstr(err.text, quoted))
				fail_msg("%s is not named in: %s", quoted, err.text);
			for (int i = 0; i < 6; i++) {
				json_object_set_new(bad, key, wrong_value(i));
				refused += parse_any(bad, &err) == ERR_FORMAT;
			}
			json_decref(bad);
		}
		json_decref(good);
	}
	/* 37 fields; a text takes any text, a real takes 0.3 only if it may */
	assert_true(refused > 37 * 5);
}

/* or a journal of a few lines would take all the memory there is */
static void a_text_is_cut_when_written_and_refused_when_read(void **state)
{
	char text[RECORD_MAX_TEXT + 10];
	struct err err = { 0 };
	const char *back;
	json_t *line;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + RECORD_MAX_TEXT - 1, "\xc3\xa9", 2); /* the cut goes through it */
	line = record_note_json(text);
	assert_int_equal(record_note_parse(&back, line, &err), 0);
	assert_int_equal(strlen(back), RECORD_MAX_TEXT - 1);
	json_object_set_new(line, "text", json_string(text));
	assert_int_equal(record_note_parse(&back, line, &err), ERR_FORMAT);
	assert_string_equal(err.text, "\"text\" must be shorter");
	json_decref(line);
}

static void a_resumption_comes_back_as_it_went(void **state)
{
	const struct record_resume there = { .version = "0.1.0",
					     .at_ns = 5,
					     .wall_ns = 7,
					     .origin_ns = -3,
					     .seed = 18446744073709551615u,
					     .torn = "{\"seq\":7",
					     .suite = "s",
					     .case_id = "c",
					     .skip = "twice" };
	json_t *line = record_resume_json(&there);
	struct record_resume back;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(record_resume_parse(&back, line, &err), 0);
	assert_string_equal(back.version, "0.1.0");
	assert_int_equal(back.at_ns, 5);
	assert_int_equal(back.wall_ns, 7);
	assert_int_equal(back.origin_ns, -3); /* of a machine that was started anew */
	assert_true(back.seed == there.seed);
	assert_string_equal(back.torn, there.torn);
	assert_string_equal(back.case_id, "c");
	assert_string_equal(back.skip, "twice");
	json_object_set_new(line, "suite", json_null());
	assert_int_equal(record_resume_parse(&back, line, &err), ERR_FORMAT);
	json_object_set_new(line, "case", json_null());
	assert_int_equal(record_resume_parse(&back, line, &err), ERR_FORMAT);
	json_object_set_new(line, "skip", json_null());
	assert_int_equal(record_resume_parse(&back, line, &err), 0);
	assert_null(back.case_id);
	json_decref(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_comes_back_as_it_went),
		cmocka_unit_test(a_case_comes_back_as_it_went),
		cmocka_unit_test(an_attempt_comes_back_relative_to_the_origin),
		cmocka_unit_test(a_full_attempt_fits),
		cmocka_unit_test(an_attempt_that_overflowed_is_a_bench_error),
		cmocka_unit_test(bytes_of_a_device_become_text),
		cmocka_unit_test(the_others_come_back_too),
		cmocka_unit_test(what_was_added_later_may_be_missing),
		cmocka_unit_test(another_format_is_refused_by_its_number),
		cmocka_unit_test(a_field_that_is_missing_or_wrong_is_named),
		cmocka_unit_test(a_text_is_cut_when_written_and_refused_when_read),
		cmocka_unit_test(a_resumption_comes_back_as_it_went),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
