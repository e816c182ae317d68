#include "bench/core/conf_tree.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char CONF_ABSENT[] = "";

bool node_is_text(struct node n)
{
	return n.at && n.at->kind == NODE_TEXT;
}

bool node_is_list(struct node n)
{
	return n.at && n.at->kind == NODE_LIST;
}

bool node_is_map(struct node n)
{
	return n.at && n.at->kind == NODE_MAP;
}

const char *node_text(struct node n)
{
	return node_is_text(n) ? n.at->text : NULL;
}

int node_count(struct node n)
{
	return n.at ? n.at->count : 0;
}

struct node node_item(struct node n, int i)
{
	if (i < 0 || i >= node_count(n))
		return (struct node){ n.conf, NULL };
	return (struct node){ n.conf, n.at->items[i] };
}

struct node node_key(struct node n, int i)
{
	if (!node_is_map(n) || i < 0 || i >= n.at->count)
		return (struct node){ n.conf, NULL };
	return (struct node){ n.conf, n.at->keys[i] };
}

struct node node_get(struct node map, const char *key)
{
	for (int i = 0; node_is_map(map) && i < map.at->count; i++)
		if (strcmp(map.at->keys[i]->text, key) == 0)
			return node_item(map, i);
	return (struct node){ map.conf, NULL };
}

struct node node_path(struct node map, const char *path)
{
	char key[64];
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		if ((size_t)(dot - path) >= sizeof(key))
			return (struct node){ map.conf, NULL };
		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		map = node_get(map, key);
		path = dot + 1;
	}
	return node_get(map, path);
}

int node_line(struct node n)
{
	return n.at ? n.at->line : 1;
}

int node_column(struct node n)
{
	return n.at ? n.at->column : 1;
}

struct unit {
	const char *name;
	double factor;
};

static const struct unit time_units[] = { { "ns", 1 },  { "us", 1e3 },   { "ms", 1e6 },
					  { "s", 1e9 }, { "min", 60e9 }, { "h", 3600e9 },
					  { NULL, 0 } };
static const struct unit length_units[] = {
	{ "um", 1 }, { "mm", 1e3 }, { "cm", 1e4 }, { "m", 1e6 }, { NULL, 0 }
};
static const struct unit share_units[] = { { "%", 0.01 }, { NULL, 0 } };

static const char *unit_list(const struct unit *units, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (; units->name && at < size; units++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", at ? ", " : "",
				       units->name);
	return out;
}

/* A plain decimal number: no hex, no inf, no nan. @return the text behind it, NULL when none. */
static const char *parse_number(const char *text, double *out)
{
	size_t len = strspn(text, "+-0123456789.eE");
	char number[48], *end;

	if (len == 0 || len >= sizeof(number) ||
	    strpbrk(text, "0123456789") >= text + len)
		return NULL;
	snprintf(number, sizeof(number), "%.*s", (int)len, text);
	*out = strtod(number, &end);
	if (end == number || !isfinite(*out))
		return NULL;
	return text + (end - number);
}

/* One value being read: where it stands, what it should be, and where it goes. */
struct reading {
	struct node at; /* for the place of a mistake */
	const char *text;
	const struct conf_item *item;
	void *out;
	struct err *err;
};

static const char *label(const struct reading *r)
{
	return r->item->key ? r->item->key : "value";
}

static int read_quantity(const struct reading *r, const struct unit *units,
			 const char *what, double *out)
{
	char list[80];
	const char *rest;
	double number;

	rest = parse_number(r->text, &number);
	if (!rest)
		return node_error(
			r->at, r->err,
			"%s: '%s' is not a %s; a number and a unit (%s) are needed",
			label(r), r->text, what, unit_list(units, list, sizeof(list)));
	while (*rest == ' ')
		rest++;
	if (!*rest && number == 0) {
		*out = 0;
		return 0;
	}
	if (!*rest)
		return node_error(r->at, r->err, "%s: '%s' has no unit; allowed: %s",
				  label(r), r->text,
				  unit_list(units, list, sizeof(list)));
	for (const struct unit *u = units; u->name; u++) {
		if (strcmp(u->name, rest) != 0)
			continue;
		*out = number * u->factor;
		return 0;
	}
	return node_error(r->at, r->err, "%s: '%s' is not a unit of %s; allowed: %s",
			  label(r), rest, what, unit_list(units, list, sizeof(list)));
}

static void say_number(const struct conf_item *item, double v, char *out, size_t size)
{
	if (item->type == CONF_TIME)
		snprintf(out, size, "%g ms", v / 1e6);
	else if (item->type == CONF_LENGTH)
		snprintf(out, size, "%g mm", v / 1e3);
	else
		snprintf(out, size, "%.15g", v);
}

static int check_range(const struct reading *r, double v)
{
	char low[32], high[32];

	if ((r->item->min == 0 && r->item->max == 0) ||
	    (v >= (double)r->item->min && v <= (double)r->item->max))
		return 0;
	say_number(r->item, (double)r->item->min, low, sizeof(low));
	say_number(r->item, (double)r->item->max, high, sizeof(high));
	node_error(r->at, r->err, "%s: '%s' is out of range; allowed: %s to %s", label(r),
		   r->text, low, high);
	if (r->err)
		r->err->code = ERR_RANGE;
	return ERR_RANGE;
}

static int read_whole(const struct reading *r, const struct unit *units, const char *what)
{
	double v;
	int rc = read_quantity(r, units, what, &v);

	if (!rc && fabs(v) > 9.0e18)
		return node_error(r->at, r->err, "%s: '%s' is too large", label(r),
				  r->text);
	if (!rc)
		rc = check_range(r, v);
	if (!rc)
		*(int64_t *)r->out = llround(v);
	return rc;
}

static int read_int(const struct reading *r)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(r->text, &end, strncmp(r->text, "0x", 2) == 0 ? 16 : 10);
	if (end == r->text || *end || errno || r->text[0] == ' ')
		return node_error(r->at, r->err, "%s: '%s' is not a whole number",
				  label(r), r->text);
	*(int64_t *)r->out = v;
	return check_range(r, (double)v);
}

static int read_number(const struct reading *r)
{
	double v;
	const char *rest = parse_number(r->text, &v);

	if (!rest || *rest)
		return node_error(r->at, r->err, "%s: '%s' is not a number", label(r),
				  r->text);
	*(double *)r->out = v;
	return check_range(r, v);
}

static int read_bool(const struct reading *r)
{
	static const char *const words[] = { "no", "yes", "false", "true" };

	for (int i = 0; i < 4; i++) {
		if (strcmp(r->text, words[i]) != 0)
			continue;
		*(bool *)r->out = i & 1;
		return 0;
	}
	return node_error(r->at, r->err, "%s: '%s' is neither yes nor no", label(r),
			  r->text);
}

static int read_choice(const struct reading *r)
{
	char list[160] = "";
	size_t at = 0;

	for (int i = 0; r->item->choices[i]; i++) {
		if (strcmp(r->text, r->item->choices[i]) == 0) {
			*(int *)r->out = i;
			return 0;
		}
		if (at < sizeof(list))
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
					       at ? ", " : "", r->item->choices[i]);
	}
	return node_error(r->at, r->err, "%s: '%s' is not known; allowed: %s", label(r),
			  r->text, list);
}

/* Memory that lives as long as the conf; conf_bind only borrows the conf, hence the cast. */
static void *keep(const struct conf *conf, size_t size)
{
	struct conf *c = (struct conf *)conf;
	struct kept *kept = realloc(c->kept, ((size_t)c->kept_count + 1) * sizeof(*kept));
	void *data;

	if (!kept)
		return NULL;
	c->kept = kept;
	data = calloc(1, size ? size : 1);
	if (data)
		kept[c->kept_count++] = (struct kept){ data, size };
	return data;
}

static int read_hex(const struct reading *r)
{
	size_t max = strlen(r->text) / 2 + 1;
	uint8_t *bytes = keep(r->at.conf, max);
	int n;

	if (!bytes)
		return err_set(r->err, ERR_NOMEM, "no memory for %s", label(r));
	n = hex_parse(r->text, bytes, max);
	if (n < 0)
		return node_error(r->at, r->err, "%s: '%.60s' is not a row of hex bytes",
				  label(r), r->text);
	if ((r->item->min || r->item->max) && (n < r->item->min || n > r->item->max)) {
		node_error(r->at, r->err, "%s: %d bytes; allowed: %lld to %lld bytes",
			   label(r), n, (long long)r->item->min, (long long)r->item->max);
		if (r->err)
			r->err->code = ERR_RANGE;
		return ERR_RANGE;
	}
	*(struct bytes *)r->out = BYTES(bytes, (size_t)n);
	return 0;
}

static int read_device(const struct reading *r)
{
	const struct conf *conf = r->at.conf;
	const char *path = r->text;

	if (!*r->text)
		return node_error(r->at, r->err, "%s: empty; a device is needed",
				  label(r));
	if (conf->device_fn && strncmp(r->text, "emu:", 4) == 0)
		path = conf->device_fn(conf->device_ctx, r->text);
	if (!path)
		return node_error(r->at, r->err, "%s: the emulated desk has no '%s'",
				  label(r), r->text + 4);
	*(const char **)r->out = path;
	return 0;
}

static int read_share(const struct reading *r)
{
	double v;
	int rc = read_quantity(r, share_units, "share", &v);

	if (!rc && (v < 0 || v > 1))
		return node_error(r->at, r->err,
				  "%s: '%s' is out of range; allowed: 0 %% to 100 %%",
				  label(r), r->text);
	if (!rc)
		*(double *)r->out = v;
	return rc;
}

static int read_text(const struct reading *r)
{
	switch (r->item->type) {
	case CONF_TEXT:
		*(const char **)r->out = r->text;
		return 0;
	case CONF_INT:
		return read_int(r);
	case CONF_NUMBER:
		return read_number(r);
	case CONF_BOOL:
		return read_bool(r);
	case CONF_TIME:
		return read_whole(r, time_units, "time");
	case CONF_LENGTH:
		return read_whole(r, length_units, "length");
	case CONF_SHARE:
		return read_share(r);
	case CONF_HEX:
		return read_hex(r);
	case CONF_CHOICE:
		return read_choice(r);
	case CONF_DEVICE:
		return read_device(r);
	case CONF_NODE:
	case CONF_WORDS:
		break;
	}
	return err_set(r->err, ERR_USAGE, "a table asks for an unknown type");
}

static int read_words(const struct reading *r)
{
	int count = node_is_list(r->at) ? node_count(r->at) : node_is_text(r->at);

	for (int i = 0; i < count; i++) {
		struct node word = node_is_list(r->at) ? node_item(r->at, i) : r->at;

		if (!node_text(word) || !*node_text(word))
			return node_error(word, r->err,
					  "%s: every item must be a text, and not empty",
					  label(r));
	}
	if (count == 0)
		return node_error(r->at, r->err,
				  "%s: a text or a list of texts is needed", label(r));
	*(struct node *)r->out = r->at;
	return 0;
}

int conf_value(struct node n, const struct conf_item *item, void *out, struct err *err)
{
	struct reading r = { n, node_text(n), item, out, err };

	if (item->type == CONF_WORDS)
		return read_words(&r);

	if (item->type == CONF_NODE) {
		*(struct node *)out = n;
		return 0;
	}
	if (!r.text)
		return node_error(n, err, "%s: a single value is needed, not a %s",
				  label(&r), node_is_list(n) ? "list" : "map");
	return read_text(&r);
}

int conf_value_text(struct node at, const char *text, const struct conf_item *item,
		    void *out, struct err *err)
{
	size_t size = strlen(text) + 1;
	char *copy = keep(at.conf, size);
	struct reading r = { at, copy, item, out, err };

	if (!copy)
		return err_set(err, ERR_NOMEM, "no memory for %s", label(&r));
	memcpy(copy, text, size);
	return read_text(&r);
}

/* How many single letters to change, add or drop: small numbers mean a slip of the finger. */
static int distance(const char *a, const char *b)
{
	int row[40], la = (int)strlen(a), lb = (int)strlen(b);

	if (la >= 40 || lb >= 40)
		return 40;
	for (int j = 0; j <= lb; j++)
		row[j] = j;
	for (int i = 1; i <= la; i++) {
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
			row[j] = change < row[j] ? change : row[j];
		}
	}
	return row[lb];
}

static int unknown_key(struct node key, const struct conf_item *items, struct err *err)
{
	const char *text = node_text(key), *near = NULL;
	char list[200] = "";
	size_t at = 0;
	int best = 3;

	for (; items->key; items++) {
		int d = distance(text, items->key);

		if (d < best) {
			best = d;
			near = items->key;
		}
		if (at < sizeof(list))
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
					       at ? ", " : "", items->key);
	}
	if (near)
		return node_error(key, err,
				  "unknown key '%s'; did you mean '%s'? allowed: %s",
				  text, near, list);
	return node_error(key, err, "unknown key '%s'; allowed: %s", text, list);
}

static int check_keys(struct node map, const struct conf_item *items, struct err *err)
{
	for (int i = 0; i < node_count(map); i++) {
		const struct conf_item *item = items;

		while (item->key && strcmp(item->key, map.at->keys[i]->text) != 0)
			item++;
		if (!item->key)
			return unknown_key(node_key(map, i), items, err);
	}
	return 0;
}

/* @n: the value under the item's key, or absent; @map: where a missing key would have stood. */
static int bind_item(struct node map, struct node n, const struct conf_item *item,
		     void *out, struct err *err)
{
	void *field = (char *)out + item->offset;

	if (node_present(n))
		return conf_value(n, item, field, err);
	if (!item->fallback)
		return node_error(map, err, "the key '%s' is missing%s%s", item->key,
				  item->help ? ": " : "", item->help ? item->help : "");
	if (item->fallback == CONF_ABSENT)
		return 0;
	return conf_value_text(map, item->fallback, item, field, err);
}

int conf_bind(struct node map, const struct conf_item *items, void *out, struct err *err)
{
	int rc;

	if (!node_is_map(map))
		return node_error(map, err, "a map of keys and values is needed here");
	rc = check_keys(map, items, err);
	for (; !rc && items->key; items++)
		rc = bind_item(map, node_get(map, items->key), items, out, err);
	return rc;
}

int conf_bind_absent(struct node at, const struct conf_item *items, void *out,
		     struct err *err)
{
	int rc = 0;

	for (; !rc && items->key; items++)
		rc = bind_item(at, (struct node){ at.conf, NULL }, items, out, err);
	return rc;
}
