#ifndef BENCH_CORE_CONF_TREE_H
#define BENCH_CORE_CONF_TREE_H

#include "bench/core/buf.h"
#include "bench/core/conf.h"

#include <stdarg.h>

/*
 * The tree behind conf.h, shared by its three parts: conf_text.c lets a text in, conf.c builds the
 * tree, conf_bind.c reads it.
 */
enum node_kind {
	NODE_TEXT,
	NODE_LIST,
	NODE_MAP
};

struct conf_node {
	enum node_kind kind;
	int line, column;                 /* 1-based */
	char *text;                       /* NODE_TEXT */
	struct conf_node **keys, **items; /* keys of a map only */
	int count, cap;
};

struct conf {
	char *name;
	struct buf text;
	struct conf_node *root;
	conf_device_fn *device_fn;
	void *device_ctx;
	struct kept { /* memory handed out with values: lives as long as the conf */
		void *data;
		size_t size;
	} * kept;
	int kept_count;
};

/** Bytes of the UTF-8 character that @rest begins with (1 ... 4), or 0 when it begins with none. */
size_t conf_character(struct bytes rest);
/** Is what was read text, not too long, and without directives? (conf_text.c) */
int conf_check_text(const struct conf *conf, struct err *err);

/** A located mistake with the given code; fills text and excerpt. @return @code */
int conf_mistake(const struct conf *conf, int line, int column, struct err *err, int code,
		 const char *fmt, va_list ap) __attribute__((format(printf, 6, 0)));

#endif
