#include "bench/core/log.h"

#include "bench/core/text.h"
#include "bench/core/verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *program;
	enum log_level most;
	void (*before)(void *ctx);
	void *ctx;
} talk = { .program = "keybench", .most = LOG_INFO };

void log_setup(const char *program, enum log_level most)
{
	talk.program = program;
	talk.most = most;
}

void log_set_hook(void (*before)(void *ctx), void *ctx)
{
	talk.before = before;
	talk.ctx = ctx;
}

void log_say(enum log_level level, const char *fmt, ...)
{
	static const char *const words[] = { "", "warning: ", "", "debug: " };
	char text[1024];
	va_list ap;

	if (level > talk.most)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_tame(text);
	if (talk.before)
		talk.before(talk.ctx);
	/* one write a line: workers share this stderr */
	dprintf(STDERR_FILENO, "%s: %s%s\n", talk.program, words[level], text);
}

int log_end(int status)
{
	const bool failed = ferror(stdout);

	errno = 0;
	if (!fflush(stdout) && !failed)
		return status;
	log_error("writing to standard output: %s", errno ? strerror(errno) : "failed");
	return status == EXIT_PASSED ? EXIT_BENCH_ERROR : status;
}
