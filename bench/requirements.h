#ifndef BENCH_REQUIREMENTS_H
#define BENCH_REQUIREMENTS_H

#include "bench/core/buf.h"
#include "bench/core/conf.h"

/*
 * The list of what there is to ask (fixtures/requirements.yaml), and which cases of which suites ask it.
 */
struct requirement {
	const char *id, *text;
	const char *why;  /* it has no case, where that is known; or "" */
	const char *open; /* what of it the cases that there are do not ask; or "" */
	struct buf cases; /* "suite/case suite/case"; empty: uncovered */
	int case_count;
};

struct requirements {
	struct conf *conf;
	struct requirement *list;
	int count;
	struct buf
		strange; /* "ID (suite/case) …": named by a case, and not in the list */
};

/** Load the list. @return 0 or a located mistake. Free with requirements_free. */
int requirements_load(struct requirements **out, const char *path, struct err *err);
int requirements_parse(struct requirements **out, const char *name, struct bytes text,
		       struct err *err);
void requirements_free(struct requirements *r);
/** Take in what the cases of a suite file say that they ask; the suite is not checked otherwise. */
void requirements_take(struct requirements *r, struct node suite);

#endif
