#include "bench/requirements.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CASES_TEXT (1 << 16)

static const struct conf_item root_items[] = {
	{ "requirements", CONF_NODE, 0, NULL, "the list", 0, 0, NULL },
	{ 0 },
};
static const struct conf_item items[] = {
	{ "id", CONF_TEXT, offsetof(struct requirement, id), NULL, "its name", 0, 0,
	  NULL },
	{ "text", CONF_TEXT, offsetof(struct requirement, text), NULL,
	  "what there is to keep to, in a line", 0, 0, NULL },
	{ "why", CONF_TEXT, offsetof(struct requirement, why), "",
	  "for what reason no case asks it", 0, 0, NULL },
	{ "open", CONF_TEXT, offsetof(struct requirement, open), "",
	  "what of it the cases do not ask", 0, 0, NULL },
	{ 0 },
};

static struct requirement *find(const struct requirements *r, const char *id)
{
	for (int i = 0; i < r->count; i++)
		if (strcmp(r->list[i].id, id) == 0)
			return &r->list[i];
	return NULL;
}

static int load_list(struct requirements *r, struct node list, struct err *err)
{
	int rc = 0;

	if (!node_is_list(list))
		return node_error(list, err, "requirements: a list is needed");
	r->list = calloc((size_t)node_count(list) + 1, sizeof(*r->list));
	if (!r->list)
		return err_set(err, ERR_NOMEM, "requirements");
	buf_init(&r->strange, MAX_CASES_TEXT);
	for (int i = 0; !rc && i < node_count(list); i++) {
		struct requirement one = { 0 };

		rc = conf_bind(node_item(list, i), items, &one, err);
		if (!rc && find(r, one.id))
			rc = node_error(node_item(list, i), err,
					"the id '%s' is there twice", one.id);
		buf_init(&one.cases, MAX_CASES_TEXT);
		if (!rc)
			r->list[r->count++] = one;
	}
	return rc;
}

static int load(struct requirements **out, struct conf *conf, struct err *err)
{
	struct requirements *r = calloc(1, sizeof(*r));
	struct node list = { 0 };
	int rc;

	if (!r) {
		conf_free(conf);
		return err_set(err, ERR_NOMEM, "requirements");
	}
	r->conf = conf;
	rc = conf_bind(conf_root(conf), root_items, &list, err);
	if (!rc)
		rc = load_list(r, list, err);
	if (rc)
		requirements_free(r);
	else
		*out = r;
	return rc;
}

int requirements_load(struct requirements **out, const char *path, struct err *err)
{
	struct conf *conf = NULL;
	int rc = conf_read(&conf, path, err);

	return rc ? rc : load(out, conf, err);
}

int requirements_parse(struct requirements **out, const char *name, struct bytes text,
		       struct err *err)
{
	struct conf *conf = NULL;
	int rc = conf_parse(&conf, name, text, err);

	return rc ? rc : load(out, conf, err);
}

void requirements_free(struct requirements *r)
{
	if (!r)
		return;
	for (int i = 0; i < r->count; i++)
		buf_release(&r->list[i].cases);
	buf_release(&r->strange);
	free(r->list);
	conf_free(r->conf);
	free(r);
}

static void take_one(struct requirements *r, const char *id, const char *suite,
		     const char *name)
{
	struct requirement *q = find(r, id);

	if (!q) {
		buf_printf(&r->strange, "%s%s (%s/%s)", r->strange.len ? ", " : "", id,
			   suite, name);
		return;
	}
	buf_printf(&q->cases, "%s%s/%s", q->cases.len ? " " : "", suite, name);
	q->case_count++;
}

void requirements_take(struct requirements *r, struct node suite)
{
	const char *name = node_text(node_get(suite, "suite"));
	struct node cases = node_get(suite, "cases");

	for (int i = 0; name && i < node_count(cases); i++) {
		struct node c = node_item(cases, i);
		struct node ids = node_get(c, "requirement");
		const char *id = node_text(node_get(c, "id"));

		for (int k = 0; id && k < node_count(ids); k++)
			if (node_text(node_item(ids, k)))
				take_one(r, node_text(node_item(ids, k)), name, id);
	}
}
