#include "bench/core/conf.h"

#include "bench/core/conf_tree.h"
#include "bench/core/fs.h"
#include "bench/core/text.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line of the source, made safe for a terminal, and a caret under @column (in characters). */
static void fill_excerpt(const struct conf *conf, int line, int column, struct err *err)
{
	struct bytes rest = buf_bytes(&conf->text);
	int width = 0;
	char shown[120];
	size_t at = 0;

	for (int n = 1; n < line && rest.len; rest.data++, rest.len--)
		n += rest.data[0] == '\n';
	while (rest.len && rest.data[0] != '\n') {
		size_t len = conf_character(rest);
		bool plain = len && rest.data[0] >= ' ' && rest.data[0] != 127 &&
			     !(rest.data[0] == 0xc2 && rest.data[1] < 0xa0);

		if (at + (plain ? len : 1) >= sizeof(shown))
			break;
		if (plain)
			memcpy(shown + at, rest.data, len);
		else
			shown[at] = len == 1 ? ' ' : '?';
		at += plain ? len : 1;
		width++;
		rest.data += len ? len : 1;
		rest.len -= len ? len : 1;
	}
	shown[at] = '\0';
	text_tame(
		shown); /* a character for a character: the caret stays where it belongs */
	if (column > width + 1)
		snprintf(err->excerpt, sizeof(err->excerpt), "  %s", shown);
	else
		snprintf(err->excerpt, sizeof(err->excerpt), "  %s\n  %*s^", shown,
			 column - 1, "");
}

int conf_mistake(const struct conf *conf, int line, int column, struct err *err, int code,
		 const char *fmt, va_list ap)
{
	char what[sizeof(err->text)];

	if (!err)
		return code;
	vsnprintf(what, sizeof(what), fmt, ap);
	err_set(err, code, "%s:%d:%d: %s", conf->name, line, column, what);
	fill_excerpt(conf, line, column, err);
	return code;
}

__attribute__((format(printf, 5, 6))) static int mistake(const struct conf *conf,
							 int line, int column,
							 struct err *err, const char *fmt,
							 ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_mistake(conf, line, column, err, ERR_FORMAT, fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

int node_error(struct node n, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!n.conf) {
		char what[200];

		vsnprintf(what, sizeof(what), fmt, ap);
		va_end(ap);
		return err_set(err, ERR_FORMAT, "%s", what);
	}
	conf_mistake(n.conf, n.at ? n.at->line : 1, n.at ? n.at->column : 1, err,
		     ERR_FORMAT, fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

static void free_node(struct conf_node *n)
{
	if (!n)
		return;
	for (int i = 0; i < n->count; i++) {
		free_node(n->kind == NODE_MAP ? n->keys[i] : NULL);
		free_node(n->items[i]);
	}
	free(n->keys);
	free(n->items);
	if (n->text) /* pairing files hold keys */
		secret_wipe(n->text, strlen(n->text));
	free(n->text);
	free(n);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	free_node(conf->root);
	for (int i = 0; i < conf->kept_count; i++) {
		secret_wipe(conf->kept[i].data, conf->kept[i].size);
		free(conf->kept[i].data);
	}
	free(conf->kept);
	if (conf->text.data)
		secret_wipe(conf->text.data, conf->text.cap);
	buf_release(&conf->text);
	free(conf->name);
	free(conf);
}

/* Builds the tree from libfyaml's events, which know where they stand. */
struct builder {
	struct conf *conf;
	struct fy_parser *parser;
	struct fy_event *event; /* the current one */
	struct err *err;
	int nodes;
};

static int out_of_memory(struct builder *b)
{
	return err_set(b->err, ERR_NOMEM, "%s: no memory", b->conf->name);
}

static void next(struct builder *b)
{
	if (b->event)
		fy_parser_event_free(b->parser, b->event);
	b->event = fy_parser_parse(b->parser);
}

static void place(struct builder *b, int *line, int *column)
{
	const struct fy_mark *mark = b->event ? fy_event_start_mark(b->event) : NULL;

	*line = mark ? mark->line + 1 : 1;
	*column = mark ? mark->column + 1 : 1;
}

static struct conf_node *new_node(struct builder *b, enum node_kind kind)
{
	struct conf_node *n = calloc(1, sizeof(*n));

	if (n) {
		n->kind = kind;
		place(b, &n->line, &n->column);
	}
	return n;
}

static bool decorated(const struct fy_event *e)
{
	switch (e->type) {
	case FYET_SCALAR:
		return e->scalar.anchor || e->scalar.tag;
	case FYET_MAPPING_START:
		return e->mapping_start.anchor || e->mapping_start.tag;
	case FYET_SEQUENCE_START:
		return e->sequence_start.anchor || e->sequence_start.tag;
	default:
		return e->type == FYET_ALIAS;
	}
}

static int build(struct builder *b, struct conf_node **out, int depth);

static int grow(struct builder *b, struct conf_node *n)
{
	int cap = n->cap ? n->cap * 2 : 4;
	struct conf_node **items, **keys = NULL;

	if (n->count < n->cap)
		return 0;
	items = realloc(n->items, (size_t)cap * sizeof(struct conf_node *));
	if (!items)
		return out_of_memory(b);
	n->items = items;
	if (n->kind == NODE_MAP) {
		keys = realloc(n->keys, (size_t)cap * sizeof(struct conf_node *));
		if (!keys)
			return out_of_memory(b);
		n->keys = keys;
	}
	n->cap = cap;
	return 0;
}

static int check_key(struct builder *b, const struct conf_node *map,
		     const struct conf_node *key)
{
	if (key->kind != NODE_TEXT)
		return mistake(b->conf, key->line, key->column, b->err,
			       "a key must be plain text");
	for (int i = 0; i < map->count; i++)
		if (strcmp(map->keys[i]->text, key->text) == 0)
			return mistake(b->conf, key->line, key->column, b->err,
				       "the key '%s' stands here twice, first in line %d",
				       key->text, map->keys[i]->line);
	return 0;
}

static int build_children(struct builder *b, struct conf_node *n, enum fy_event_type end,
			  int depth)
{
	int rc = 0;

	next(b);
	while (!rc && b->event && b->event->type != end) {
		struct conf_node *key = NULL, *item = NULL;

		rc = grow(b, n);
		if (!rc && n->kind == NODE_MAP)
			rc = build(b, &key, depth + 1);
		if (!rc && key)
			rc = check_key(b, n, key);
		if (!rc)
			rc = build(b, &item, depth + 1);
		if (rc) {
			free_node(key);
			return rc;
		}
		if (key)
			n->keys[n->count] = key;
		n->items[n->count++] = item;
	}
	if (!b->event)
		return ERR_FORMAT; /* the parser's own words follow */
	next(b);
	return rc;
}

static int build_text(struct builder *b, struct conf_node *n)
{
	size_t len = 0;
	const char *text = fy_token_get_text(b->event->scalar.value, &len);

	if (text && memchr(text, '\0', len))
		return mistake(b->conf, n->line, n->column, b->err,
			       "a zero byte in a text");
	n->text = strndup(text ? text : "", len);
	if (!n->text)
		return out_of_memory(b);
	next(b);
	return 0;
}

static int build(struct builder *b, struct conf_node **out, int depth)
{
	struct conf_node *n;
	enum node_kind kind = NODE_TEXT;
	int rc, line, column;

	if (!b->event)
		return ERR_FORMAT;
	place(b, &line, &column);
	if (decorated(b->event))
		return mistake(
			b->conf, line, column, b->err,
			"anchors, aliases and tags are not allowed in these files");
	if (depth > CONF_MAX_DEPTH)
		return mistake(b->conf, line, column, b->err,
			       "nested deeper than %d levels", CONF_MAX_DEPTH);
	if (++b->nodes > CONF_MAX_VALUES)
		return mistake(b->conf, line, column, b->err,
			       "more than %d values in one file", CONF_MAX_VALUES);
	if (b->event->type == FYET_MAPPING_START)
		kind = NODE_MAP;
	else if (b->event->type == FYET_SEQUENCE_START)
		kind = NODE_LIST;
	else if (b->event->type != FYET_SCALAR)
		return mistake(b->conf, line, column, b->err, "a value is missing here");
	n = new_node(b, kind);
	if (!n)
		return out_of_memory(b);
	if (kind == NODE_TEXT)
		rc = build_text(b, n);
	else
		rc = build_children(
			b, n, kind == NODE_MAP ? FYET_MAPPING_END : FYET_SEQUENCE_END,
			depth);
	if (rc)
		free_node(n);
	else
		*out = n;
	return rc;
}

static int build_document(struct builder *b)
{
	int rc, line, column;

	next(b);
	while (b->event && b->event->type == FYET_STREAM_START)
		next(b);
	if (b->event && b->event->type == FYET_STREAM_END)
		return mistake(b->conf, 1, 1, b->err, "the file is empty");
	if (b->event && b->event->type == FYET_DOCUMENT_START)
		next(b);
	rc = build(b, &b->conf->root, 1);
	if (rc)
		return rc;
	if (b->event && b->event->type == FYET_DOCUMENT_END)
		next(b);
	place(b, &line, &column);
	if (b->event && b->event->type == FYET_DOCUMENT_START)
		return mistake(b->conf, line, column, b->err,
			       "a second document; one is allowed");
	return b->event && b->event->type == FYET_STREAM_END ? 0 : ERR_FORMAT;
}

/* What libfyaml has to say, when the tree could not be built and nobody said why. */
static int parser_error(struct builder *b, struct fy_diag *diag)
{
	void *iter = NULL;
	struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iter);

	if (!e)
		return mistake(b->conf, 1, 1, b->err, "not a YAML file");
	return mistake(b->conf, e->line > 0 ? e->line : 1, e->column > 0 ? e->column : 1,
		       b->err, "%s", e->msg);
}

static int parse(struct conf *conf, struct err *err)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = { .search_path = "",
				    .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG };
	struct err own = { 0 };
	struct builder b = { .conf = conf, .err = err ? err : &own };
	int rc = ERR_NOMEM;

	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.colorize = false;
	cfg.diag = fy_diag_create(&diag_cfg);
	if (!cfg.diag)
		return out_of_memory(&b);
	fy_diag_set_collect_errors(cfg.diag, true);
	b.parser = fy_parser_create(&cfg);
	b.err->code = 0;
	if (!b.parser ||
	    fy_parser_set_string(b.parser, (char *)conf->text.data, conf->text.len))
		rc = out_of_memory(&b);
	else
		rc = build_document(&b);
	if (rc && b.err->code == 0)
		rc = parser_error(&b, cfg.diag);
	if (b.event)
		fy_parser_event_free(b.parser, b.event);
	if (b.parser)
		fy_parser_destroy(b.parser);
	fy_diag_destroy(cfg.diag);
	return rc;
}

static int finish(struct conf **out, struct conf *conf, int rc, struct err *err)
{
	if (!rc)
		rc = conf_check_text(conf, err);
	if (!rc)
		rc = parse(conf, err);
	if (rc)
		conf_free(conf);
	else
		*out = conf;
	return rc;
}

static struct conf *new_conf(const char *name)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	buf_init(&conf->text, CONF_MAX_BYTES + 1);
	conf->name = strdup(name);
	if (conf->name)
		return conf;
	free(conf);
	return NULL;
}

int conf_read(struct conf **out, const char *path, struct err *err)
{
	struct conf *conf = new_conf(path);

	if (!conf)
		return err_set(err, ERR_NOMEM, "%s: no memory", path);
	return finish(out, conf, fs_read(path, CONF_MAX_BYTES, &conf->text, err), err);
}

int conf_parse(struct conf **out, const char *name, struct bytes text, struct err *err)
{
	struct conf *conf = new_conf(name);

	if (!conf)
		return err_set(err, ERR_NOMEM, "%s: no memory", name);
	if (text.len <= CONF_MAX_BYTES)
		buf_add(&conf->text, text);
	else
		conf->text.failed = true;
	if (conf->text.failed) {
		conf_free(conf);
		return err_set(err, ERR_RANGE, "%s: longer than 1 MiB", name);
	}
	return finish(out, conf, 0, err);
}

struct node conf_root(const struct conf *conf)
{
	return (struct node){ conf, conf->root };
}

const char *conf_name(const struct conf *conf)
{
	return conf->name;
}

struct bytes conf_text(const struct conf *conf)
{
	return buf_bytes(&conf->text);
}

void conf_set_devices(struct conf *conf, conf_device_fn *fn, void *ctx)
{
	conf->device_fn = fn;
	conf->device_ctx = ctx;
}
