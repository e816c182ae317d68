#include "bench/core/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct example {
	const char *name;
	int64_t count, travel_ns, gap_um;
	double share, factor;
	bool loud;
	int colour;
	struct bytes aid;
	struct node rest;
	const char *device;
};

static const char *const colours[] = { "red", "green", NULL };
#define AT(field) offsetof(struct example, field)
static const struct conf_item items[] = {
	{ "name", CONF_TEXT, AT(name), NULL, "what it is called", 0, 0, NULL },
	{ "count", CONF_INT, AT(count), "3", "how many", 1, 1000, NULL },
	{ "travel", CONF_TIME, AT(travel_ns), "70 ms", "how long", 0, 10000000000, NULL },
	{ "gap", CONF_LENGTH, AT(gap_um), CONF_ABSENT, "how far", 0, 0, NULL },
	{ "share", CONF_SHARE, AT(share), "5 %", "how often", 0, 0, NULL },
	{ "factor", CONF_NUMBER, AT(factor), "1", "how much", 0, 0, NULL },
	{ "loud", CONF_BOOL, AT(loud), "no", "how loud", 0, 0, NULL },
	{ "colour", CONF_CHOICE, AT(colour), "red", "which", 0, 0, colours },
	{ "aid", CONF_HEX, AT(aid), CONF_ABSENT, "who", 5, 16, NULL },
	{ "rest", CONF_NODE, AT(rest), CONF_ABSENT, "any", 0, 0, NULL },
	{ "device", CONF_DEVICE, AT(device), CONF_ABSENT, "where", 0, 0, NULL },
	{ 0 },
};

static struct conf *parse(const char *text)
{
	struct conf *conf = NULL;
	struct err err = { 0 };

	if (conf_parse(&conf, "x.yaml", BYTES((const uint8_t *)text, strlen(text)), &err))
		fail_msg("%s", err.text);
	return conf;
}

/* The mistake that @text has, whether it shows in parsing or in binding. */
static const char *mistake(const char *text)
{
	static struct err err;
	struct example e = { 0 };
	struct conf *conf = NULL;
	int rc;

	err = (struct err){ 0 };
	rc = conf_parse(&conf, "x.yaml", BYTES((const uint8_t *)text, strlen(text)),
			&err);
	if (!rc)
		rc = conf_bind(conf_root(conf), items, &e, &err);
	conf_free(conf);
	assert_int_not_equal(rc, 0);
	assert_int_equal(rc, err.code);
	return err.text;
}

static void every_type_reaches_its_field(void **state)
{
	struct conf *conf = parse(
		"name: bench\ncount: 0x10\ntravel: 1.5 s\ngap: 25 mm\nshare: 0.1 %\n"
		"factor: -2.5e1\nloud: yes\ncolour: green\naid: A0 00 00 08 09\n"
		"rest: [1, {a: b}]\ndevice: /dev/ttyUSB0\n");
	struct example e = { 0 };

	(void)state;
	assert_int_equal(conf_bind(conf_root(conf), items, &e, NULL), 0);
	assert_string_equal(e.name, "bench");
	assert_int_equal(e.count, 16);
	assert_int_equal(e.travel_ns, 1500000000);
	assert_int_equal(e.gap_um, 25000);
	assert_true(e.share > 0.000999 && e.share < 0.001001);
	assert_true(e.factor == -25.0);
	assert_true(e.loud);
	assert_int_equal(e.colour, 1);
	assert_int_equal(e.aid.len, 5);
	assert_int_equal(e.aid.data[3], 8);
	assert_int_equal(node_count(e.rest), 2);
	assert_string_equal(node_text(node_path(node_item(e.rest, 1), "a")), "b");
	assert_string_equal(e.device, "/dev/ttyUSB0");
	conf_free(conf);
}

static void an_absent_key_gets_its_fallback(void **state)
{
	struct conf *conf = parse("name: bench\n");
	struct example e = { .gap_um = 7 };

	(void)state;
	assert_int_equal(conf_bind(conf_root(conf), items, &e, NULL), 0);
	assert_int_equal(e.count, 3);
	assert_int_equal(e.travel_ns, 70000000);
	assert_int_equal(e.gap_um, 7);
	assert_false(node_present(e.rest));
	conf_free(conf);
}

static void a_mistake_says_where_and_what_is_allowed(void **state)
{
	(void)state;
	assert_string_equal(
		mistake("name: a\ntravel: 300\n"),
		"x.yaml:2:9: travel: '300' has no unit; allowed: ns, us, ms, s, min, h");
	assert_string_equal(mistake("name: a\ntravel: 300 m\n"),
			    "x.yaml:2:9: travel: 'm' is not a unit of time; allowed: ns, "
			    "us, ms, s, min, h");
	assert_string_equal(mistake("name: a\ntravel: soon\n"),
			    "x.yaml:2:9: travel: 'soon' is not a time; a "
			    "number and a unit (ns, us, ms, s, min, h) are needed");
	assert_string_equal(
		mistake("name: a\ntravel: 11 s\n"),
		"x.yaml:2:9: travel: '11 s' is out of range; allowed: 0 ms to 10000 ms");
	assert_string_equal(mistake("count: 5\n"),
			    "x.yaml:1:1: the key 'name' is missing: what it is called");
	assert_non_null(strstr(mistake("name: a\ncuont: 5\n"),
			       "x.yaml:2:1: unknown key 'cuont'; did you mean 'count'? "
			       "allowed: name, count"));
	assert_string_equal(mistake("name: a\ncount: 2.5\n"),
			    "x.yaml:2:8: count: '2.5' is not a whole number");
	assert_string_equal(
		mistake("name: a\ncount: 1001\n"),
		"x.yaml:2:8: count: '1001' is out of range; allowed: 1 to 1000");
	assert_string_equal(mistake("name: a\nloud: perhaps\n"),
			    "x.yaml:2:7: loud: 'perhaps' is neither yes nor no");
	assert_string_equal(
		mistake("name: a\ncolour: blue\n"),
		"x.yaml:2:9: colour: 'blue' is not known; allowed: red, green");
	assert_string_equal(mistake("name: a\naid: A0 0\n"),
			    "x.yaml:2:6: aid: 'A0 0' is not a row of hex bytes");
	assert_string_equal(mistake("name: a\naid: A0 00\n"),
			    "x.yaml:2:6: aid: 2 bytes; allowed: 5 to 16 bytes");
	assert_string_equal(mistake("name: [a]\n"),
			    "x.yaml:1:7: name: a single value is needed, not a list");
	assert_string_equal(mistake("- a\n"),
			    "x.yaml:1:1: a map of keys and values is needed here");
	assert_string_equal(
		mistake("name: a\nshare: 101 %\n"),
		"x.yaml:2:8: share: '101 %' is out of range; allowed: 0 % to 100 %");
	assert_string_equal(mistake("name: a\nfactor: nan\n"),
			    "x.yaml:2:9: factor: 'nan' is not a number");
}

static void what_no_configuration_needs_is_refused(void **state)
{
	char deep[2 * CONF_MAX_DEPTH + 20] = "name: ";

	(void)state;
	assert_non_null(strstr(mistake("name: a\nname: b\n"),
			       "x.yaml:2:1: the key 'name' stands here twice"));
	assert_non_null(strstr(mistake("name: &x a\ncount: *x\n"),
			       "anchors, aliases and tags are not allowed"));
	assert_non_null(strstr(mistake("name: !!str a\n"), "x.yaml:1:"));
	assert_non_null(strstr(mistake("name: a\n---\nname: b\n"),
			       "x.yaml:2:1: a second document"));
	assert_non_null(strstr(mistake(""), "x.yaml: the file is empty"));
	assert_non_null(strstr(mistake("  \n\n"), "x.yaml: the file is empty"));
	assert_non_null(strstr(mistake("# nothing\n"), "x.yaml:1:1: the file is empty"));
	assert_non_null(strstr(mistake("name: \x01\x02\n"), "binary"));
	assert_non_null(strstr(mistake("name: [a\n"), "x.yaml:"));
	assert_non_null(strstr(mistake("name: 'a\n"), "x.yaml:"));
	for (int i = 0; i <= CONF_MAX_DEPTH; i++)
		strcat(deep, "[");
	assert_non_null(strstr(mistake(deep), "nested deeper than"));
}

static void the_caret_stands_under_the_mistake(void **state)
{
	struct conf *conf = NULL;
	struct example e = { 0 };
	struct err err = { 0 };
	const char *text = "name: a\ntravel:\t300\n";

	(void)state;
	assert_int_equal(
		conf_parse(&conf, "x", BYTES((const uint8_t *)text, strlen(text)), &err),
		0);
	assert_int_not_equal(conf_bind(conf_root(conf), items, &e, &err), 0);
	assert_string_equal(err.excerpt, "  travel: 300\n          ^");
	conf_free(conf);
}

static const char *desk(void *ctx, const char *name)
{
	return strcmp(name, "emu:reader0") == 0 ? ctx : NULL;
}

static void emulated_devices_are_put_through_the_desk(void **state)
{
	struct conf *conf = parse("name: a\ndevice: emu:reader0\n"),
		    *other = parse("name: a\ndevice: emu:x\n");
	struct example e = { 0 };
	struct err err = { 0 };
	char path[] = "/dev/pts/7";

	(void)state;
	assert_int_equal(conf_bind(conf_root(conf), items, &e, NULL), 0);
	assert_string_equal(e.device, "emu:reader0");
	conf_set_devices(conf, desk, path);
	conf_set_devices(other, desk, path);
	assert_int_equal(conf_bind(conf_root(conf), items, &e, NULL), 0);
	assert_string_equal(e.device, "/dev/pts/7");
	assert_int_equal(conf_bind(conf_root(other), items, &e, &err), ERR_FORMAT);
	assert_string_equal(err.text, "x.yaml:2:9: device: the emulated desk has no 'x'");
	conf_free(conf);
	conf_free(other);
}

static void words_are_a_text_or_a_list_of_texts(void **state)
{
	static const struct conf_item words = { "command", CONF_WORDS, 0, NULL,
						"which",   0,          0, NULL };
	static const char *const wrong[] = { "command: []", "command: {a: 1}",
					     "command: [a, [b]]", "command: ''",
					     "command: [a, '']" };
	struct node n = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct conf *bad = parse(wrong[i]);
		struct err err = { 0 };

		assert_int_equal(
			conf_value(node_get(conf_root(bad), "command"), &words, &n, &err),
			ERR_FORMAT);
		assert_non_null(strstr(err.text, "x.yaml:1:"));
		assert_false(node_present(n));
		conf_free(bad);
	}
	for (int i = 0; i < 2; i++) {
		struct conf *good = parse(i ? "command: [a, b]" : "command: a");

		assert_int_equal(conf_value(node_get(conf_root(good), "command"), &words,
					    &n, NULL),
				 0);
		assert_string_equal(node_text(i ? node_item(n, 0) : n), "a");
		conf_free(good);
	}
}

static void a_thing_that_is_no_file_is_recognised(void **state)
{
	struct conf *conf = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(conf_read(&conf, "/nonexistent/x.yaml", &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "/nonexistent/x.yaml: No such file"));
	assert_int_equal(conf_read(&conf, "/tmp", &err), ERR_FORMAT);
	assert_string_equal(err.text, "/tmp: is a directory, a file is needed");
	assert_int_equal(conf_read(&conf, "/dev/zero", &err), ERR_FORMAT);
}

static void more_than_a_mebibyte_is_refused(void **state)
{
	char path[] = "/tmp/conf_test_XXXXXX";
	struct conf *conf = NULL;
	struct err err = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, CONF_MAX_BYTES + 1), 0);
	assert_int_equal(conf_read(&conf, path, &err), ERR_RANGE);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_reaches_its_field),
		cmocka_unit_test(an_absent_key_gets_its_fallback),
		cmocka_unit_test(a_mistake_says_where_and_what_is_allowed),
		cmocka_unit_test(what_no_configuration_needs_is_refused),
		cmocka_unit_test(the_caret_stands_under_the_mistake),
		cmocka_unit_test(emulated_devices_are_put_through_the_desk),
		cmocka_unit_test(words_are_a_text_or_a_list_of_texts),
		cmocka_unit_test(a_thing_that_is_no_file_is_recognised),
		cmocka_unit_test(more_than_a_mebibyte_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
