#ifndef BENCH_CORE_LOG_H
#define BENCH_CORE_LOG_H

/*
 * Talk for a person, on stderr, one line a call: "keybench: warning: …". Results go to stdout and
 * never through here.
 */
enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG
};

/** The program's name in front of each line, and the most talkative level shown (default INFO). */
void log_setup(const char *program, enum log_level most);
/** Called before a line is written, so that a progress line can step aside; NULL for none. */
void log_set_hook(void (*before)(void *ctx), void *ctx);
void log_say(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * What a program ends with: @status, or EXIT_BENCH_ERROR for EXIT_PASSED when results did not reach stdout (a full
 * disk, said here).
 */
int log_end(int status);

#define log_error(...) log_say(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_say(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_say(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_say(LOG_DEBUG, __VA_ARGS__)

#endif
