/* Any text as a configuration file; then every value of it as every type there is. */
#include "bench/core/conf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const choices[] = { "one", "two", NULL };

static const struct conf_item types[] = {
	{ "text", CONF_TEXT, 0, "", "help", 0, 0, NULL },
	{ "int", CONF_INT, 0, "1", "help", 1, 99, NULL },
	{ "number", CONF_NUMBER, 0, CONF_ABSENT, "help", 0, 0, NULL },
	{ "bool", CONF_BOOL, 0, "no", "help", 0, 0, NULL },
	{ "time", CONF_TIME, 0, "1 ms", "help", 0, INT64_MAX, NULL },
	{ "length", CONF_LENGTH, 0, "1 mm", "help", 0, 0, NULL },
	{ "share", CONF_SHARE, 0, "1 %", "help", 0, 0, NULL },
	{ "hex", CONF_HEX, 0, "00", "help", 1, 16, NULL },
	{ "choice", CONF_CHOICE, 0, "one", "help", 0, 0, choices },
	{ "node", CONF_NODE, 0, CONF_ABSENT, "help", 0, 0, NULL },
	{ "device", CONF_DEVICE, 0, "/dev/null", "help", 0, 0, NULL },
	{ 0 },
};

union value {
	const char *text;
	int64_t whole;
	double number;
	bool yes;
	struct bytes bytes;
	int choice;
	struct node node;
};

/* A mistake must say something, in one line, and where. */
static void check(int rc, const struct err *err)
{
	if (rc && (err->code != rc || !err->text[0] || strchr(err->text, '\n')))
		abort();
	if (rc && rc != ERR_NOMEM && strncmp(err->text, "fuzz:", 5) != 0)
		abort();
}

static void walk(struct node n)
{
	for (const struct conf_item *item = types; item->key; item++) {
		struct err err = { 0 };
		union value value;

		check(conf_value(n, item, &value, &err), &err);
	}
	if (node_is_map(n)) {
		struct err err = { 0 };
		union value value;

		check(conf_bind(n, types, &value, &err), &err);
	}
	if (node_line(n) < 1 || node_column(n) < 1)
		abort();
	for (int i = 0; i < node_count(n); i++) {
		if (node_is_map(n) &&
		    !node_present(node_get(n, node_text(node_key(n, i)))))
			abort();
		walk(node_item(n, i));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct conf *conf;
	int rc = conf_parse(&conf, "fuzz", BYTES(data, size), &err);

	check(rc, &err);
	if (rc)
		return 0;
	walk(conf_root(conf));
	conf_free(conf);
	return 0;
}
