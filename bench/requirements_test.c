#include "bench/requirements.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int parse(struct requirements **out, const char *text, struct err *err)
{
	return requirements_parse(out, "r.yaml",
				  BYTES((const uint8_t *)text, strlen(text)), err);
}

static void take(struct requirements *r, const char *text)
{
	struct conf *conf;

	assert_int_equal(conf_parse(&conf, "s.yaml",
				    BYTES((const uint8_t *)text, strlen(text)), NULL),
			 0);
	requirements_take(r, conf_root(conf));
	conf_free(conf);
}

#define LIST \
	"requirements:\n  - {id: A1, text: one}\n  - {id: A2, text: two, why: cannot}\n"

static void a_case_stands_at_what_it_asks(void **state)
{
	struct requirements *r = NULL;

	(void)state;
	assert_int_equal(parse(&r, LIST, NULL), 0);
	take(r, "suite: s\ncases:\n  - {id: a, requirement: [A1, B7]}\n"
		"  - {id: b, requirement: [A1]}\n  - {id: c}\n");
	assert_int_equal(r->count, 2);
	assert_string_equal(buf_str(&r->list[0].cases), "s/a s/b");
	assert_int_equal(r->list[0].case_count, 2);
	assert_int_equal(r->list[1].case_count, 0);
	assert_string_equal(r->list[1].why, "cannot");
	assert_string_equal(buf_str(&r->strange), "B7 (s/a)");
	requirements_free(r);
}

static void what_is_no_suite_adds_nothing(void **state)
{
	static const char *const texts[] = {
		"a: b\n",
		"suite: s\n",
		"suite: s\ncases: 7\n",
		"suite: s\ncases: [x, {id: a, requirement: A1}]\n",
		"suite: s\ncases: [{id: a, requirement: [[A1]]}]\n",
		"suite: [s]\ncases: [{id: a, requirement: [A1]}]\n",
	};
	struct requirements *r = NULL;

	(void)state;
	assert_int_equal(parse(&r, LIST, NULL), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		take(r, texts[i]);
	assert_int_equal(r->list[0].case_count, 0);
	assert_string_equal(buf_str(&r->strange), "");
	requirements_free(r);
}

static void a_mistake_in_the_list_names_its_place(void **state)
{
	static const char *const texts[] = {
		"requirements: none\n",
		"requirements:\n  - {id: A1}\n",
		"requirements:\n  - {id: A1, text: a, moon: b}\n",
		"requirements:\n  - {id: A1, text: a}\n  - {id: A1, text: b}\n",
		"list: []\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct requirements *r = NULL;
		struct err err = { 0 };

		if (parse(&r, texts[i], &err) == 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(strncmp(err.text, "r.yaml:", 7), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_case_stands_at_what_it_asks),
		cmocka_unit_test(what_is_no_suite_adds_nothing),
		cmocka_unit_test(a_mistake_in_the_list_names_its_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
