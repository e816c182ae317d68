#include "suites/suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct conf *target;

static int parse(struct suite **out, const char *text, struct err *err)
{
	return suite_parse(out, "s.yaml", BYTES((const uint8_t *)text, strlen(text)),
			   conf_root(target), err);
}

static const char *mistake(const char *text)
{
	static struct err err;
	struct suite *s = NULL;

	err = (struct err){ 0 };
	assert_int_not_equal(parse(&s, text, &err), 0);
	return err.text;
}

#define CASE(rest) "suite: s\ncases:\n  - id: a\n" rest

static void a_suite_becomes_steps_and_claims(void **state)
{
	struct suite *s = NULL;
	struct err err = { 0 };

	(void)state;
	if (parse(&s,
		  "suite: door\ntitle: t\nneeds: [reader, positioner]\ncases:\n"
		  "  - id: fast\n    requirement: [R-1, R-2]\n    trials: {warmup: 2, "
		  "count: 60}\n"
		  "    steps: [approach, select: {within: 250 ms}, transact: {kind: "
		  "fast}]\n"
		  "    expect: [\"p95(tap) <= ${budget.fast}\"]\n",
		  &err))
		fail_msg("%s", err.text);
	assert_string_equal(s->name, "door");
	assert_int_equal(s->case_count, 1);
	assert_int_equal(s->cases[0].trials, 60);
	assert_int_equal(s->cases[0].warmup, 2);
	assert_int_equal(s->cases[0].retries, 1);
	assert_int_equal(s->cases[0].requirement_count, 2);
	assert_int_equal(s->cases[0].step_count, 3);
	assert_ptr_equal(s->cases[0].steps[2].kind, step_find("transact"));
	assert_int_equal(s->cases[0].needs, NEED_READER | NEED_POSITIONER);
	assert_string_equal(s->cases[0].claims[0].text, "p95(tap) <= 300 ms");
	suite_free(s);
}

static void a_step_without_parameters_gets_their_fallbacks(void **state)
{
	struct suite *s = NULL;

	(void)state;
	assert_int_equal(parse(&s, CASE("    steps: [select]\n"), NULL), 0);
	assert_int_equal(*(int64_t *)s->cases[0].steps[0].params, 1000000000);
	assert_int_equal(s->cases[0].trials, 1);
	suite_free(s);
}

static void mistakes_have_their_place(void **state)
{
	(void)state;
	assert_string_equal(mistake(CASE("    steps: [aproach]\n")),
			    "s.yaml:4:13: there is no step 'aproach'; allowed: approach, "
			    "field, select, "
			    "transact, apdu, attack, pair, retreat, wait, "
			    "can_send, can_cyclic, can_load, can_replay, can_expect, "
			    "uds_read, uds_request, uds_session");
	assert_non_null(strstr(mistake(CASE("    steps: [transact]\n")),
			       "s.yaml:4:13: the key 'kind' is missing"));
	assert_non_null(strstr(
		mistake(CASE("    steps: [transact: {kind: slow}]\n")),
		"s.yaml:4:30: kind: 'slow' is not known; allowed: fast, standard"));
	assert_non_null(strstr(mistake(CASE("    steps: [select: {within: 300}]\n")),
			       "has no unit"));
	assert_non_null(strstr(mistake(CASE("    steps: [wait: {for: 300 m}]\n")),
			       "'m' is not a unit of time"));
	assert_non_null(strstr(mistake(CASE("    steps: [approach: {fast: yes}]\n")),
			       "unknown key 'fast'"));
	assert_non_null(strstr(mistake(CASE("    steps: []\n")),
			       "s.yaml:4:12: steps: a list of steps"));
	assert_non_null(strstr(mistake(CASE("    steps: [{select: {}, wait: {}}]\n")),
			       "a step is a name"));
	assert_non_null(strstr(
		mistake(CASE("    steps: [select]\n    expect: [\"p95(tap) <= "
			     "${budget.x}\"]\n")),
		"s.yaml:5:15: ${budget.x}: the target profile t.yaml has no such value"));
	assert_non_null(
		strstr(mistake(CASE("    steps: [select]\n    trials: {count: 0}\n")),
		       "s.yaml:5:21: count: '0' is out of range"));
	assert_non_null(strstr(
		mistake(CASE("    steps: [select]\n  - id: a\n    steps: [select]\n")),
		"s.yaml:5:9: the id 'a' is taken by the case in line 3"));
	assert_non_null(strstr(
		mistake("suite: s\nneeds: [reader]\ncases:\n  - id: a\n    steps: "
			"[approach]\n"),
		"s.yaml:2:8: needs: the steps of this suite also need positioner"));
	assert_non_null(strstr(
		mistake("suite: s\nneeds: [bus]\nwants: [bus]\ncases:\n  - id: a\n    "
			"steps: [retreat]\n"),
		"s.yaml:3:8: wants: bus is what the suite needs"));
	assert_non_null(strstr(
		mistake("suite: s\nwants: [bus]\ncases:\n  - id: a\n    steps:\n"
			"      - can_expect: {message: M, within: 1 s}\n"),
		"can_expect: cannot be left out, so the suite needs, and does not only "
		"want, a bus"));
	assert_non_null(strstr(mistake("suite: s\nneeds: [moon]\ncases:\n  - id: a\n    "
				       "steps: [select]\n"),
			       "'moon' is no role"));
	assert_non_null(strstr(mistake("suite: a b\ncases: []\n"),
			       "s.yaml:1:8: 'a b' is not a name"));
	assert_non_null(
		strstr(mistake("suite: s\ncases: []\n"), "a list of cases is needed"));
}

static int load_target(void **state)
{
	static const char text[] = "budget: {fast: 300 ms}\n";

	(void)state;
	return conf_parse(&target, "t.yaml",
			  BYTES((const uint8_t *)text, sizeof(text) - 1), NULL);
}

static int free_target(void **state)
{
	(void)state;
	conf_free(target);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suite_becomes_steps_and_claims),
		cmocka_unit_test(a_step_without_parameters_gets_their_fallbacks),
		cmocka_unit_test(mistakes_have_their_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load_target, free_target);
}
