/* Any text as a suite, held against a target with a few budgets. */
#include "suites/suite.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct node target(void)
{
	static const char text[] =
		"target: t\nbudget: {fast: 300 ms, tap: 1 s, deep: {er: 2 s}}\n";
	static struct conf *conf;

	if (!conf && conf_parse(&conf, "target",
				BYTES((const uint8_t *)text, sizeof(text) - 1), NULL))
		abort();
	return conf_root(conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct suite *s;

	if (suite_parse(&s, "fuzz", BYTES(data, size), target(), &err))
		return 0;
	if (s->case_count < 1 || s->case_count > SUITE_MAX_CASES)
		abort();
	suite_free(s);
	return 0;
}
