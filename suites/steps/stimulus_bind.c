#include "suites/steps/stimulus_int.h"

#include <stdlib.h>
#include <string.h>

/*
 * The keys of a stimulus, from the suite's text.
 */
const char *const stimulus_commands[] = { "none",         "select",   "auth0",
					  "auth1",        "exchange", "get_response",
					  "control_flow", NULL };

const char *const point_forms[] = { "off-curve",   "infinity", "zeros",      "odd-prefix",
				    "even-prefix", "hybrid",   "compressed", "bare",
				    "over-field",  NULL };
const char *const signature_forms[] = { "r-zero", "s-zero",  "zero", "r-order", "s-order",
					"s-over", "foreign", "der",  "short",   NULL };

#define AT(field) offsetof(struct edit, field)
#define HEX(key, least, most) \
	{ \
		key, CONF_HEX, AT(hex), NULL, "", least, most, NULL \
	}
#define COUNT(key) \
	{ \
		key, CONF_INT, AT(number), NULL, "", 1, 255, NULL \
	}
#define TAG(key) \
	{ \
		key, CONF_HEX, AT(tag), NULL, "", 1, 2, NULL \
	}
#define TABLE(name, ...) static const struct conf_item name[] = { __VA_ARGS__, { 0 } }

TABLE(cla_items, HEX("cla", 1, 1));
TABLE(ins_items, HEX("ins", 1, 1));
TABLE(p1_items, HEX("p1", 1, 1));
TABLE(p2_items, HEX("p2", 1, 1));
TABLE(lc_items, HEX("lc", 1, 3));
TABLE(le_items, HEX("le", 0, 3));
TABLE(flip_items, { "flip", CONF_INT, AT(number), NULL, "", -255, 254, NULL },
      { "bit", CONF_INT, AT(bit), "0", "", 0, 7, NULL });
TABLE(cut_items, COUNT("cut"));
TABLE(lose_items, COUNT("lose"));
TABLE(extend_items, HEX("extend", 1, 255));
TABLE(drop_items, TAG("drop"));
TABLE(twice_items, TAG("twice"));
TABLE(reverse_items, { "reverse", CONF_BOOL, AT(all), NULL, "", 0, 0, NULL });
TABLE(value_items, HEX("value", 0, 255), TAG("of"));
TABLE(length_items, HEX("length", 1, 4), TAG("of"));
TABLE(point_items, { "point", CONF_CHOICE, AT(form), NULL, "", 0, 0, point_forms },
      TAG("of"));
TABLE(signature_items,
      { "signature", CONF_CHOICE, AT(form), NULL, "", 0, 0, signature_forms }, TAG("of"));

static const struct kind {
	const char *key;
	enum edit_what what;
	const struct conf_item *items;
} kinds[] = {
	{ "cla", EDIT_CLA, cla_items },
	{ "ins", EDIT_INS, ins_items },
	{ "p1", EDIT_P1, p1_items },
	{ "p2", EDIT_P2, p2_items },
	{ "lc", EDIT_LC, lc_items },
	{ "le", EDIT_LE, le_items },
	{ "flip", EDIT_FLIP, flip_items },
	{ "cut", EDIT_CUT, cut_items },
	{ "lose", EDIT_LOSE, lose_items },
	{ "extend", EDIT_EXTEND, extend_items },
	{ "drop", EDIT_DROP, drop_items },
	{ "twice", EDIT_TWICE, twice_items },
	{ "reverse", EDIT_REVERSE, reverse_items },
	{ "value", EDIT_VALUE, value_items },
	{ "length", EDIT_LENGTH, length_items },
	{ "point", EDIT_POINT, point_items },
	{ "signature", EDIT_SIGNATURE, signature_items },
};

static int bind_edit(struct edit *out, struct node n, struct err *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (node_present(node_get(n, kinds[i].key))) {
			out->what = kinds[i].what;
			return conf_bind(n, kinds[i].items, out, err);
		}
	return node_error(n, err,
			  "alter: an alteration is needed, as in {p1: FF}; cla, ins, p1, "
			  "p2, lc, le, flip, cut, lose, extend, drop, twice, reverse, "
			  "value, length, point and signature are");
}

static int bind_edits(struct stimulus *s, struct err *err)
{
	struct node list = s->alter_at;
	int rc = 0;

	if (!node_present(list))
		return 0;
	if (!node_is_list(list) || node_count(list) > STIMULUS_MAX_EDITS)
		return node_error(list, err,
				  "alter: a list of up to %d alterations is needed",
				  STIMULUS_MAX_EDITS);
	for (int i = 0; !rc && i < node_count(list); i++)
		rc = bind_edit(&s->edits[s->edit_count++], node_item(list, i), err);
	return rc;
}

static int bind_answer(struct stimulus *s, struct node n, struct err *err)
{
	const char *name = node_text(n);

	if (!name || status_match(name, 0, NULL) < 0)
		return node_error(n, err,
				  "answer: '%.40s' is no status word; allowed: four hex "
				  "digits, x for any, or one of %s",
				  name ? name : "a list", status_names());
	s->answers[s->answer_count++] = name;
	return 0;
}

int stimulus_bind(struct stimulus *s, struct err *err)
{
	struct node list = s->answer_at;
	int rc = bind_edits(s, err);

	if (!rc && node_is_list(list) && node_count(list) > STIMULUS_MAX_ANSWERS)
		rc = node_error(list, err, "answer: more than %d status words",
				STIMULUS_MAX_ANSWERS);
	if (!rc && node_is_list(list))
		for (int i = 0; !rc && i < node_count(list); i++)
			rc = bind_answer(s, node_item(list, i), err);
	else if (!rc && node_present(list))
		rc = bind_answer(s, list, err);
	if (!rc && s->shape && shape_match(s->shape, BYTES(NULL, 0)) < 0)
		rc = node_error(s->answer_at, err,
				"data: '%.60s' is no pattern; as in 86 41 ??*65",
				s->shape);
	return rc;
}
