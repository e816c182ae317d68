#include "suites/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct suite_head {
	const char *name, *title;
	struct node needs, wants, cases;
};

static const struct conf_item head_items[] = {
	{ "suite", CONF_TEXT, offsetof(struct suite_head, name), NULL, "the suite's name",
	  0, 0, NULL },
	{ "title", CONF_TEXT, offsetof(struct suite_head, title), "",
	  "what it asks, in a line", 0, 0, NULL },
	{ "needs", CONF_NODE, offsetof(struct suite_head, needs), CONF_ABSENT,
	  "what the rig must have: a list of reader, positioner, bus, module, sensor", 0,
	  0, NULL },
	{ "wants", CONF_NODE, offsetof(struct suite_head, wants), CONF_ABSENT,
	  "what it makes use of where the rig has it: a list of the same words", 0, 0,
	  NULL },
	{ "cases", CONF_NODE, offsetof(struct suite_head, cases), NULL,
	  "the list of cases", 0, 0, NULL },
	{ 0 },
};

struct case_head {
	const char *id, *title, *series, *at;
	bool explore;
	struct node requirement, trials, steps, expect;
};

static const struct conf_item case_items[] = {
	{ "id", CONF_TEXT, offsetof(struct case_head, id), NULL,
	  "the case's name, unique in its suite", 0, 0, NULL },
	{ "title", CONF_TEXT, offsetof(struct case_head, title), "",
	  "what it asks, in a line", 0, 0, NULL },
	{ "series", CONF_TEXT, offsetof(struct case_head, series), "",
	  "the question that several cases ask, harder each time", 0, 0, NULL },
	{ "at", CONF_TEXT, offsetof(struct case_head, at), "",
	  "how hard it is asked here, for a person to read", 0, 0, NULL },
	{ "explore", CONF_BOOL, offsetof(struct case_head, explore), "no",
	  "only to know: the run's verdict does not rest on it", 0, 0, NULL },
	{ "requirement", CONF_NODE, offsetof(struct case_head, requirement), CONF_ABSENT,
	  "a list of requirement ids", 0, 0, NULL },
	{ "trials", CONF_NODE, offsetof(struct case_head, trials), CONF_ABSENT,
	  "how often: {warmup, count, retries}", 0, 0, NULL },
	{ "steps", CONF_NODE, offsetof(struct case_head, steps), NULL,
	  "the list of steps", 0, 0, NULL },
	{ "expect", CONF_NODE, offsetof(struct case_head, expect), CONF_ABSENT,
	  "a list of claims", 0, 0, NULL },
	{ 0 },
};

static const struct conf_item trial_items[] = {
	{ "warmup", CONF_INT, offsetof(struct suite_case, warmup), "0",
	  "trials that are not counted", 0, 1000, NULL },
	{ "count", CONF_INT, offsetof(struct suite_case, trials), "1",
	  "trials that are counted", 1, SUITE_MAX_TRIALS, NULL },
	{ "retries", CONF_INT, offsetof(struct suite_case, retries), "1",
	  "how often a trial that the bench spoiled is repeated", 0, 10, NULL },
	{ 0 },
};

static const struct conf_item claim_item = { "expect", CONF_TEXT, 0, NULL,
					     NULL,     0,         0, NULL };

static bool good_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= 48 &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			  "-_.") == len &&
	       id[0] != '.' && id[0] != '-';
}

static int check_id(struct node at, const char *id, struct err *err)
{
	if (good_id(id))
		return 0;
	return node_error(
		at, err,
		"'%.60s' is not a name; 1 to 48 letters, digits, '-', '_' and '.' are",
		id);
}

/* ${path} → the target profile's text at that path. */
static int fill_in(struct node at, const char *text, struct node target, char *out,
		   size_t size, struct err *err)
{
	size_t n = 0;

	while (*text) {
		const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
		char path[64];
		const char *value;

		if (n + 1 >= size)
			return node_error(at, err, "longer than %zu characters",
					  size - 1);
		if (!end) {
			out[n++] = *text++;
			continue;
		}
		if ((size_t)(end - text - 2) >= sizeof(path))
			return node_error(at, err, "the name in ${…} is too long");
		snprintf(path, sizeof(path), "%.*s", (int)(end - text - 2), text + 2);
		value = node_text(node_path(target, path));
		if (!value)
			return node_error(
				at, err, "${%s}: the target profile %s has no such value",
				path, target.conf ? conf_name(target.conf) : "");
		n += (size_t)snprintf(out + n, size - n, "%s", value);
		if (n >= size)
			return node_error(at, err, "longer than %zu characters",
					  size - 1);
		text = end + 1;
	}
	out[n] = '\0';
	return 0;
}

static int load_claims(struct suite_case *c, struct node list, struct node target,
		       struct err *err)
{
	int rc = 0;

	if (node_present(list) && !node_is_list(list))
		return node_error(
			list, err,
			"expect: a list of claims is needed, as in [p95(tap) <= 300 ms]");
	if (node_count(list) > SUITE_MAX_CLAIMS)
		return node_error(list, err, "more than %d claims in one case",
				  SUITE_MAX_CLAIMS);
	for (int i = 0; !rc && i < node_count(list); i++) {
		struct suite_claim *claim = &c->claims[c->claim_count++];
		const char *text;

		claim->at = node_item(list, i);
		rc = conf_value(claim->at, &claim_item, &text, err);
		if (!rc)
			rc = fill_in(claim->at, text, target, claim->text,
				     sizeof(claim->text), err);
	}
	return rc;
}

static int unknown_step(struct node at, const char *name, struct err *err)
{
	char list[240] = "";
	size_t n = 0;

	for (int i = 0; step_kinds[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      step_kinds[i]->name);
	return node_error(at, err, "there is no step '%.40s'; allowed: %s", name, list);
}

/* "approach", or "transact: {kind: fast}" */
static int load_step(struct suite_step *step, struct node n, struct err *err)
{
	static const struct conf_item none[] = { { 0 } };
	const struct conf_item *items;
	struct node name = node_is_map(n) ? node_key(n, 0) : n;
	int rc;

	if (!node_text(name) || (node_is_map(n) && node_count(n) != 1))
		return node_error(n, err,
				  "a step is a name, or one name with its parameters");
	step->at = name;
	step->kind = step_find(node_text(name));
	if (!step->kind)
		return unknown_step(name, node_text(name), err);
	items = step->kind->params ? step->kind->params : none;
	step->params = calloc(1, step->kind->params_size ? step->kind->params_size : 1);
	if (!step->params)
		return err_set(err, ERR_NOMEM, "no memory for a step");
	rc = node_is_map(n) ? conf_bind(node_item(n, 0), items, step->params, err)
			    : conf_bind_absent(n, items, step->params, err);
	if (!rc && step->kind->bind) {
		struct err own = { 0 };

		rc = step->kind->bind(step->params, &own);
		if (rc && err)
			*err = own;
		if (rc && !own.excerpt[0]) /* of the step as a whole */
			rc = node_error(n, err, "%s: %s", step->kind->name,
					err_text(&own));
	}
	return rc;
}

static int load_steps(struct suite_case *c, struct node list, struct err *err)
{
	int rc = 0;

	if (!node_is_list(list) || node_count(list) == 0)
		return node_error(
			list, err,
			"steps: a list of steps is needed, as in [approach, select]");
	if (node_count(list) > SUITE_MAX_STEPS)
		return node_error(list, err, "more than %d steps in one case",
				  SUITE_MAX_STEPS);
	for (int i = 0; !rc && i < node_count(list); i++) {
		rc = load_step(&c->steps[c->step_count++], node_item(list, i), err);
		if (!rc)
			c->needs |= c->steps[i].kind->needs;
	}
	return rc;
}

static int load_requirements(struct suite_case *c, struct node list, struct err *err)
{
	if (node_present(list) && !node_is_list(list))
		return node_error(
			list, err,
			"requirement: a list of ids is needed, as in [TXN-FAST-1]");
	if (node_count(list) > SUITE_MAX_REQUIREMENTS)
		return node_error(list, err, "more than %d requirements in one case",
				  SUITE_MAX_REQUIREMENTS);
	for (int i = 0; i < node_count(list); i++) {
		const char *text = node_text(node_item(list, i));

		if (!text)
			return node_error(node_item(list, i), err,
					  "a requirement id is a plain text");
		c->requirements[c->requirement_count++] = text;
	}
	return 0;
}

static int load_case(struct suite_case *c, struct node n, struct node target,
		     struct err *err)
{
	struct case_head head = { 0 };
	int rc;

	c->at = n;
	c->trials = 1;
	c->retries = 1;
	rc = conf_bind(n, case_items, &head, err);
	if (rc)
		return rc;
	c->id = head.id;
	c->title = head.title;
	c->series = head.series;
	c->level = head.at;
	c->explore = head.explore;
	if (!*c->series != !*c->level)
		return node_error(n, err, "%s: series and at belong together", c->id);
	c->trials_at = node_present(head.trials) ? head.trials : n;
	rc = check_id(node_get(n, "id"), head.id, err);
	if (!rc && node_present(head.trials))
		rc = conf_bind(head.trials, trial_items, c, err);
	if (!rc)
		rc = load_requirements(c, head.requirement, err);
	if (!rc)
		rc = load_steps(c, head.steps, err);
	if (!rc)
		rc = load_claims(c, head.expect, target, err);
	return rc;
}

/* A list of roles as NEED_ bits. */
static int load_roles(unsigned *out, const char *key, struct node list, struct err *err)
{
	static const struct {
		const char *name;
		unsigned bits;
	} words[] = { { "reader", NEED_READER | NEED_FIELD },
		      { "positioner", NEED_POSITIONER },
		      { "bus", NEED_BUS },
		      { "module", NEED_MODULE },
		      { "sensor", NEED_SENSOR },
		      { "password", NEED_OWNER } };

	*out = 0;
	if (node_present(list) && !node_is_list(list))
		return node_error(list, err,
				  "%s: a list is needed, as in [reader, positioner]",
				  key);
	for (int i = 0; i < node_count(list); i++) {
		const char *word = node_text(node_item(list, i));
		unsigned bits = 0;

		for (int k = 0; k < 6; k++)
			if (word && strcmp(word, words[k].name) == 0)
				bits = words[k].bits;
		if (!bits)
			return node_error(node_item(list, i), err,
					  "'%s' is no role; allowed: reader, positioner, "
					  "bus, module, sensor, password",
					  word ? word : "a list");
		*out |= bits;
	}
	return 0;
}

/* What a suite only wants is left out of what its cases need; only a stimulus can be. */
static int apply_wants(struct suite *s, struct node list, unsigned needed,
		       struct err *err)
{
	char text[64];

	if (s->wants & needed)
		return node_error(list, err, "wants: %s is what the suite needs",
				  step_needs_text(s->wants & needed, text));
	for (int i = 0; i < s->case_count; i++) {
		struct suite_case *c = &s->cases[i];

		for (int k = 0; k < c->step_count; k++)
			if (c->steps[k].kind->needs & s->wants &&
			    !c->steps[k].kind->stimulus)
				return node_error(
					c->steps[k].at, err,
					"%s: cannot be left out, so the suite needs, and "
					"does not only want, a %s",
					c->steps[k].kind->name,
					step_needs_text(c->steps[k].kind->needs &
								s->wants,
							text));
		c->needs &= ~s->wants;
	}
	return 0;
}

/* "needs" is for the reader of the file; the steps say the same, and must not say more. */
static int load_needs(struct suite *s, const struct suite_head *head, struct err *err)
{
	unsigned said, meant = 0;
	char text[64];
	int rc = load_roles(&said, "needs", head->needs, err);

	if (!rc)
		rc = load_roles(&s->wants, "wants", head->wants, err);
	if (!rc)
		rc = apply_wants(s, head->wants, said, err);
	for (int i = 0; i < s->case_count; i++) {
		meant |= s->cases[i].needs;
		s->cases[i].needs |= said & (NEED_MODULE | NEED_SENSOR | NEED_OWNER);
	}
	if (!rc && node_present(head->needs) && meant & ~said)
		rc = node_error(head->needs, err,
				"needs: the steps of this suite also need %s",
				step_needs_text(meant & ~said, text));
	return rc;
}

static int load_cases(struct suite *s, struct node list, struct node target,
		      struct err *err)
{
	int rc = 0;

	if (!node_is_list(list) || node_count(list) == 0)
		return node_error(list, err, "cases: a list of cases is needed");
	if (node_count(list) > SUITE_MAX_CASES)
		return node_error(list, err, "more than %d cases in one suite",
				  SUITE_MAX_CASES);
	s->cases = calloc((size_t)node_count(list), sizeof(*s->cases));
	if (!s->cases)
		return err_set(err, ERR_NOMEM, "no memory for a suite");
	for (int i = 0; !rc && i < node_count(list); i++) {
		struct suite_case *c = &s->cases[s->case_count++];

		rc = load_case(c, node_item(list, i), target, err);
		for (int k = 0; !rc && k < i; k++)
			if (strcmp(s->cases[k].id, c->id) == 0)
				rc = node_error(
					node_get(c->at, "id"), err,
					"the id '%s' is taken by the case in line %d",
					c->id, node_line(s->cases[k].at));
	}
	return rc;
}

static int load(struct suite **out, struct conf *conf, struct node target,
		struct err *err)
{
	struct suite *s = calloc(1, sizeof(*s));
	struct suite_head head = { 0 };
	int rc;

	if (!s) {
		conf_free(conf);
		return err_set(err, ERR_NOMEM, "no memory for a suite");
	}
	s->conf = conf;
	rc = conf_bind(conf_root(conf), head_items, &head, err);
	s->name = head.name;
	s->title = head.title;
	if (!rc)
		rc = check_id(node_get(conf_root(conf), "suite"), head.name, err);
	if (!rc)
		rc = load_cases(s, head.cases, target, err);
	if (!rc)
		rc = load_needs(s, &head, err);
	if (rc)
		suite_free(s);
	else
		*out = s;
	return rc;
}

int suite_load(struct suite **out, const char *path, struct node target, struct err *err)
{
	struct conf *conf;
	int rc = conf_read(&conf, path, err);

	return rc ? rc : load(out, conf, target, err);
}

int suite_parse(struct suite **out, const char *name, struct bytes text,
		struct node target, struct err *err)
{
	struct conf *conf;
	int rc = conf_parse(&conf, name, text, err);

	return rc ? rc : load(out, conf, target, err);
}

void suite_free(struct suite *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->case_count; i++)
		for (int k = 0; k < s->cases[i].step_count; k++)
			free(s->cases[i].steps[k].params);
	free(s->cases);
	conf_free(s->conf);
	free(s);
}
