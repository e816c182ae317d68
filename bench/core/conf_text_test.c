#include "bench/core/conf_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t character(const char *text)
{
	return conf_character(BYTES((const uint8_t *)text, strlen(text)));
}

static void a_character_is_one_to_four_bytes_in_their_shortest_form(void **state)
{
	(void)state;
	assert_int_equal(character("a"), 1);
	assert_int_equal(character("\xc3\xa9"), 2);
	assert_int_equal(character("\xe2\x82\xac"), 3);
	assert_int_equal(character("\xf0\x9f\x98\x80"), 4);
	assert_int_equal(character(""), 0);
	assert_int_equal(character("\x80"), 0);
	assert_int_equal(character("\xff"), 0);
	assert_int_equal(character("\xe2\x82"), 0);         /* cut off */
	assert_int_equal(character("\xc0\xaf"), 0);         /* overlong */
	assert_int_equal(character("\xe0\x80\xaf"), 0);     /* overlong */
	assert_int_equal(character("\xed\xa0\x80"), 0);     /* a surrogate */
	assert_int_equal(character("\xf4\x90\x80\x80"), 0); /* beyond the last */
}

static int parse(const char *text, struct err *err)
{
	struct conf *conf;
	int rc = conf_parse(&conf, "x.yaml", BYTES((const uint8_t *)text, strlen(text)),
			    err);

	if (!rc)
		conf_free(conf);
	return rc;
}

static void what_is_not_utf8_is_refused_at_its_place(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(parse("a: 1\nb: \xc3\xa9\xff\n", &err), ERR_FORMAT);
	assert_string_equal(err.text, "x.yaml:2:5: the byte ff is not UTF-8");
	assert_string_equal(err.excerpt, "  b: \xc3\xa9?\n      ^");
}

/* libfyaml never comes back from the second */
static void a_directive_is_refused(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(parse("%YAML 1.2\n---\na: 1\n", &err), ERR_FORMAT);
	assert_int_equal(parse("a: 1\n%uite: \xff\xff\xff", &err), ERR_FORMAT);
	assert_int_equal(parse("a: 1\r%b \xc0", &err), ERR_FORMAT);
	assert_int_equal(parse("a: 1\n%b\n", &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "x.yaml:2:1: directives are not allowed"));
	assert_int_equal(parse("share: 5 %\n", &err), 0);
}

static void refused(char fill, size_t count, const char *why)
{
	char *text = malloc(count + 3);
	struct err err = { 0 };

	assert_non_null(text);
	memset(text, fill, count);
	strcpy(text + count, "x\n");
	assert_int_equal(parse(text, &err), ERR_FORMAT);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
	free(text);
}

/* libfyaml takes minutes for the first two and hundreds of megabytes for the others */
static void what_is_far_beyond_any_configuration_is_refused_at_once(void **state)
{
	(void)state;
	refused('\n', 1000000, "blanks in a row");
	refused(' ', 1000000, "blanks in a row");
	refused('{', 1000000, "more than 20000 values");
	refused('[', 60001, "more than 20000 values");
	refused('[', 50000, "nested deeper than 24 levels");
}

/* a value of several lines, or one that would drive a terminal, stands in a message */
static void a_message_is_one_line_that_only_shows(void **state)
{
	static const struct conf_item item = { "n", CONF_INT, 0, NULL, NULL, 0, 0, NULL };
	static const char text[] = "a: |\n  text\n  more\nb: \"\\e[31mred\\x7f\"\n";
	struct err err = { 0 };
	struct conf *conf;
	int64_t n;

	(void)state;
	assert_int_equal(conf_parse(&conf, "x.yaml",
				    BYTES((const uint8_t *)text, sizeof(text) - 1), &err),
			 0);
	assert_int_equal(conf_value(node_get(conf_root(conf), "a"), &item, &n, &err),
			 ERR_FORMAT);
	assert_string_equal(err.text,
			    "x.yaml:2:1: n: 'text?more?' is not a whole number");
	assert_int_equal(conf_value(node_get(conf_root(conf), "b"), &item, &n, &err),
			 ERR_FORMAT);
	assert_non_null(strstr(err.text, "n: '?[31mred?' is not a whole number"));
	err_wrap(&err, ERR_IO, "a\tb"); /* located: left alone */
	assert_null(strchr(err.text, '\t'));
	err_set(&err, ERR_IO, "/tmp/\n");
	err_wrap(&err, ERR_IO, "a\tb");
	assert_string_equal(err.text, "a?b: /tmp/?");
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_character_is_one_to_four_bytes_in_their_shortest_form),
		cmocka_unit_test(what_is_not_utf8_is_refused_at_its_place),
		cmocka_unit_test(a_directive_is_refused),
		cmocka_unit_test(what_is_far_beyond_any_configuration_is_refused_at_once),
		cmocka_unit_test(a_message_is_one_line_that_only_shows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
