#ifndef BENCH_CORE_CONF_H
#define BENCH_CORE_CONF_H

#include "bench/core/bytes.h"
#include "bench/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Configuration files: YAML, read into a small tree whose every node knows its line and column.
 *
 * A mistake is one line, "file:line:col: what, and what is allowed", and its source line with a
 * caret (err.excerpt). Refused before or while parsing: over 1 MiB, a directory, an empty or a
 * binary file, what is not UTF-8, directives, more than one document, anchors and aliases, tags,
 * duplicate keys, nesting deeper than CONF_MAX_DEPTH, more lines, values or blanks in a row
 * than the limits below.
 *
 * A loader describes a map by a table of items and gets a plain struct back (conf_bind): unknown
 * keys, missing keys, wrong types, units and ranges are found there and nowhere else.
 */
#define CONF_MAX_BYTES (1 << 20)
#define CONF_MAX_DEPTH 24
#define CONF_MAX_LINES 10000
#define CONF_MAX_VALUES 20000
#define CONF_MAX_BLANKS 4096

struct conf;      /* one parsed file; owns every string and node in it */
struct conf_node; /* opaque */

/** A node; plain value, borrowed from its conf. The absent node is all zero. */
struct node {
	const struct conf *conf;
	const struct conf_node *at;
};

/** Read and parse @path. ERR_IO (missing, unreadable) or ERR_FORMAT. Free with conf_free. */
int conf_read(struct conf **out, const char *path, struct err *err);
/** Parse @text as if it stood in the file @name. */
int conf_parse(struct conf **out, const char *name, struct bytes text, struct err *err);
void conf_free(struct conf *conf);

struct node conf_root(const struct conf *conf);
/** The path or name it was read from, and its bytes exactly as read. */
const char *conf_name(const struct conf *conf);
struct bytes conf_text(const struct conf *conf);

static inline bool node_present(struct node n)
{
	return n.at != NULL;
}
bool node_is_text(struct node n);
bool node_is_list(struct node n);
bool node_is_map(struct node n);
/** A scalar's text; NULL for anything else. */
const char *node_text(struct node n);
/** Items of a list or pairs of a map; 0 for a scalar or the absent node. */
int node_count(struct node n);
/** Item @i of a list, or the value of pair @i of a map, in the order of the file. */
struct node node_item(struct node n, int i);
/** Key of pair @i of a map. */
struct node node_key(struct node n, int i);
/** The value under @key of a map, or the absent node. */
struct node node_get(struct node map, const char *key);
/** As node_get along dots: "budget.fast". */
struct node node_path(struct node map, const char *path);
/** 1-based. */
int node_line(struct node n);
int node_column(struct node n);

/** A located mistake at @n: ERR_FORMAT with "file:line:col: …" and the excerpt; without a place at the all-zero node. @return ERR_FORMAT */
int node_error(struct node n, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What a value is, and what conf_bind stores for it. Strings and bytes are borrowed from the conf. */
enum conf_type {
	CONF_TEXT,   /* const char * */
	CONF_INT,    /* int64_t */
	CONF_NUMBER, /* double */
	CONF_BOOL,   /* bool; yes no true false */
	CONF_TIME, /* int64_t ns; "300 ms": ns us ms s min h, the unit is required (0 needs none) */
	CONF_LENGTH, /* int64_t um; "25 mm": um mm cm m */
	CONF_SHARE,  /* double 0..1; "5 %" */
	CONF_HEX,    /* struct bytes; "A0 00 08", limits count bytes */
	CONF_CHOICE, /* int, index into .choices */
	CONF_NODE,   /* struct node, any shape; absent stays zero */
	CONF_WORDS,  /* struct node: a text, or a list of texts; not empty */
	CONF_DEVICE /* const char *; a device path, or emu:NAME put through conf_set_devices */
};

/**
 * One key of a map. A table ends with an item without key.
 *
 * .fallback stands for an absent key and is written as it would stand in the file; NULL: the key
 * is required; CONF_ABSENT: the field keeps what it had. .min and .max bound the stored number
 * (or the count of bytes); both 0: no bound.
 */
struct conf_item {
	const char *key;
	enum conf_type type;
	size_t offset; /* of the field in the struct */
	const char *fallback;
	const char *help; /* one line, for `keybench drivers` and the man pages */
	int64_t min, max;
	const char *const *choices; /* CONF_CHOICE: names, NULL at the end */
};
extern const char CONF_ABSENT[];

/**
 * Fill the struct at @out from @map by the table.
 *
 * @return 0, or ERR_FORMAT/ERR_RANGE with the place and what is allowed; @out is then undefined.
 */
int conf_bind(struct node map, const struct conf_item *items, void *out, struct err *err);
/** As if an empty map had stood at @at: every key gets its fallback. */
int conf_bind_absent(struct node at, const struct conf_item *items, void *out,
		     struct err *err);
/**
 * How CONF_DEVICE values "emu:NAME" become paths: @fn gets the text from "emu:" on and returns a path
 * that lives as long as the conf, or NULL (a located mistake). Without @fn they stay as they are.
 */
typedef const char *conf_device_fn(void *ctx, const char *name);
void conf_set_devices(struct conf *conf, conf_device_fn *fn, void *ctx);
/** One value by one item, without a map around it (list items, step arguments). */
int conf_value(struct node n, const struct conf_item *item, void *out, struct err *err);
/** A text as if it had stood in place of @at: used after ${…} has been put in. */
int conf_value_text(struct node at, const char *text, const struct conf_item *item,
		    void *out, struct err *err);

#endif
