#ifndef BENCH_CORE_WIRE_DBC_LEX_H
#define BENCH_CORE_WIRE_DBC_LEX_H

#include "bench/core/wire/dbc.h"

/*
 * The words of a DBC, shared by the parts of its loader: dbc_lex.c cuts the text,
 * dbc_parse.c makes sense of it, dbc_mux.c of what it says of multiplexing, dbc_decode.c
 * prepares what was read. The first mistake sticks; after it there is only the end of
 * the file.
 */
enum token_kind {
	END,
	WORD,   /* identifier */
	NUMBER, /* also what only begins like one: "1-5" ends at the '-' */
	STRING, /* without its quotes */
	MARK    /* one other character */
};

struct token {
	enum token_kind kind;
	char *text; /* not terminated until lex_cut() */
	size_t len;
	int line, column;
};

/* How a signal says it is multiplexed, until its message is complete. */
struct mux {
	bool multiplexed, resolved;
	uint64_t value;
	int line, column; /* of the mark */
};

struct parser {
	struct dbc *d;
	char *at, *end, *line_start;
	int line;
	struct token t;
	struct err *err;
	int rc;          /* the first mistake */
	struct mux *mux; /* of every signal, in the order of the file */
	int mux_count;
	int message; /* the last one found by its id */
	int labels;
};

static inline bool lex_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** A located mistake. @return its code, or that of the first one */
int lex_mistake(struct parser *p, int line, int column, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/** The present token stands where @what should be. */
int lex_expected(struct parser *p, const char *what);
int lex_no_memory(struct parser *p);
/** The next token into p->t. */
void lex_next(struct parser *p);
/** Is the present token this word or mark? */
bool lex_is(const struct parser *p, const char *text);
/** The present token must be @mark; on to the next. */
void lex_want(struct parser *p, const char *mark);
/** A token's text as a string of its own; NULL without memory. */
char *lex_cut(struct parser *p, struct token t);
/** The present token must be …; on to the next. @return NULL or 0 after a mistake */
char *lex_want_name(struct parser *p, const char *what);
uint64_t lex_want_whole(struct parser *p, uint64_t max, const char *what);
double lex_want_double(struct parser *p, const char *what);

/** Room for one more of @count things of @size; doubles at each power of two. */
void *dbc_more(struct parser *p, void *have, int count, size_t size);
/** The message and signal a statement is about; NULL after a mistake, or for orphans. */
struct dbc_signal *dbc_want_signal(struct parser *p, struct dbc_message **out);

/** "M", "m3" or "m3M" between a signal's name and the colon. */
void dbc_read_mux(struct parser *p, struct dbc_signal *s, struct mux *m);
/** SG_MUL_VAL_ id signal multiplexor 1-1, 5-7; */
void dbc_read_ranges(struct parser *p);
/** When all is read: of a whole message, @mux of its signals. */
void dbc_resolve_mux(struct parser *p, struct dbc_message *m, struct mux *mux);

/**
 * When all is read: what dbc_message_of() and dbc_decode() need. @return 0 or ERR_NOMEM
 */
int dbc_prepare(struct dbc *d);

#endif
