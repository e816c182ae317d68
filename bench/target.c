#include "bench/target.h"

#include "bench/core/data.h"

struct target_head {
	const char *name, *summary;
	struct node budget;
};

static const struct conf_item items[] = {
	{ "target", CONF_TEXT, offsetof(struct target_head, name), NULL,
	  "the target's name", 0, 0, NULL },
	{ "summary", CONF_TEXT, offsetof(struct target_head, summary), "",
	  "what it is, in a line", 0, 0, NULL },
	{ "budget", CONF_NODE, offsetof(struct target_head, budget), NULL,
	  "the limits that suites refer to as ${budget.NAME}", 0, 0, NULL },
	{ 0 },
};

static const struct conf_item limit_item = { "budget", CONF_TIME, 0, NULL,
					     NULL,     0,         0, NULL };

/* A limit that is no time would only be found by the suite that uses it. */
static int check_budget(struct node budget, struct err *err)
{
	int64_t ns;
	int rc = 0;

	if (!node_is_map(budget) || node_count(budget) == 0)
		return node_error(
			budget, err,
			"budget: a map of limits is needed, as in {fast: 300 ms}");
	for (int i = 0; !rc && i < node_count(budget); i++)
		rc = conf_value(node_item(budget, i), &limit_item, &ns, err);
	return rc;
}

int target_load(struct target *out, const char *given, struct err *err)
{
	struct target_head head = { 0 };
	char path[DATA_PATH_MAX];
	struct target t = { 0 };
	int rc = data_find(path, given, "fixtures/profiles/target", NULL, err);

	if (!rc)
		rc = conf_read(&t.conf, path, err);
	if (!rc)
		rc = conf_bind(conf_root(t.conf), items, &head, err);
	if (!rc)
		rc = check_budget(head.budget, err);
	if (rc) {
		target_free(&t);
		return rc;
	}
	t.name = head.name;
	t.summary = head.summary;
	*out = t;
	return 0;
}

void target_free(struct target *t)
{
	conf_free(t->conf);
	*t = (struct target){ 0 };
}
