#ifndef BENCH_CORE_CONF_TREE_H
#define BENCH_CORE_CONF_TREE_H

#include "bench/core/buf.h"
#include "bench/core/conf.h"

#include <stdarg.h>

/*
 * The tree behind conf.h, shared by its two halves: conf.c builds it, conf_bind.c reads it.
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
	void **kept; /* memory handed out with values: lives as long as the conf */
	int kept_count;
};

/** A located mistake with the given code; fills text and excerpt. @return @code */
int conf_mistake(const struct conf *conf, int line, int column, struct err *err, int code,
		 const char *fmt, va_list ap) __attribute__((format(printf, 6, 0)));

#endif
