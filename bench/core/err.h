#ifndef BENCH_CORE_ERR_H
#define BENCH_CORE_ERR_H

/*
 * Errors: a negative code travels by return value, the words for a person in a struct err.
 *
 * The words are set once, at the cause, and prefixed on the way up (err_wrap). A mistake in a
 * file is "file:line:col: what, and what is allowed"; its source line with a caret lies in
 * .excerpt (see conf.h) and it is never prefixed: the place comes first, as compilers do it.
 */
enum err_code {
	ERR_USAGE = -1, /* the caller asked for something that makes no sense */
	ERR_NOMEM = -2,
	ERR_IO = -3,   /* the system or a device's link failed */
	ERR_GONE = -4, /* the device, or the process that held it, is no longer there */
	ERR_TIMEOUT = -5,     /* a deadline passed */
	ERR_FORMAT = -6,      /* malformed input */
	ERR_RANGE = -7,       /* well formed, but outside what is allowed */
	ERR_UNSUPPORTED = -8, /* this backend cannot do it */
	ERR_AUTH = -9,        /* a signature, MAC or cryptogram does not verify */
	ERR_INTERRUPTED = -10 /* a person asked to stop (SIGINT, SIGTERM) */
};

struct err {
	int code;          /* 0 or an enum err_code */
	char text[320];    /* one line, no newline at its end */
	char excerpt[256]; /* "" or the source line and the caret line under it */
};

/** Say what went wrong, at its cause; what could drive a terminal becomes '?'. @err may be NULL. @return @code, for `return err_set(…)`. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * Prefix the words already in @err: "opening the runs in X: permission denied".
 * Leaves a located mistake (.excerpt set) as it is. @return @code.
 */
int err_wrap(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** A short name of a code, for a text nobody set: "timeout". Never NULL. */
const char *err_name(int code);

/** What to print: .text, or the code's name when nobody set a text. */
const char *err_text(const struct err *err);

#endif
