#ifndef BENCH_HOSTILE_H
#define BENCH_HOSTILE_H

/*
 * What the tests of hostile files share: the program run over a file, and what is asked of its end. Include it
 * last: it brings cmocka in. KEYBENCH_BIN names the folder of the program; without it build/bin.
 */
#include "bench/core/buf.h"
#include "bench/core/clock.h"
#include "bench/core/fs.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
/* needs the above */
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define MAX_RSS_KB 100000
#define PATIENCE_NS (60 * NS_PER_S)
#define MIB (1 << 20)

static char dir[] = "/tmp/keybench-hostile.XXXXXX";
static int failures;

static inline void complain(const char *name, const char *what, const char *said)
{
	failures++;
	print_error("%s: %s\n%s\n", name, what, said);
}

static inline void in_dir(char out[200], const char *name)
{
	snprintf(out, 200, "%s/%s", dir, name);
}

static inline void put(const char *path, struct bytes content)
{
	struct err err = { 0 };

	unlink(path);
	if (fs_write(path, content, &err))
		fail_msg("%s", err.text);
}

static inline void read_in(const char *path, struct buf *out)
{
	struct err err = { 0 };

	buf_init(out, 8 * MIB);
	if (fs_read(path, 4 * MIB, out, &err))
		fail_msg("%s", err.text);
}

/* What became of one run of the program. */
struct end {
	int status; /* of wait */
	long rss_kb;
	bool late;
	char said[2000]; /* on stderr; stdout is in the file "shown" */
};

static inline void become(const char *const argv[], const char *said, const char *shown)
{
	char program[300];
	const char *bin = getenv("KEYBENCH_BIN");

	snprintf(program, sizeof(program), "%s/keybench", bin ? bin : "build/bin");
	setenv("LSAN_OPTIONS", "suppressions=tools/lsan.supp:print_suppressions=0", 1);
	if (freopen(shown, "w", stdout) && freopen(said, "w", stderr))
		execv(program, (char *const *)argv);
	_exit(127);
}

static inline void run(struct end *end, const char *const argv[])
{
	int64_t deadline = clock_now(clock_real()) + PATIENCE_NS;
	char said[200], shown[200];
	struct rusage usage;
	struct buf text;
	pid_t pid;

	in_dir(said, "said");
	in_dir(shown, "shown");
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(argv, said, shown);
	assert_true(pid > 0);
	end->late = false;
	while (wait4(pid, &end->status, WNOHANG, &usage) == 0) {
		if (!end->late && clock_now(clock_real()) > deadline) {
			end->late = true;
			kill(pid, SIGKILL);
		}
		usleep(500);
	}
	end->rss_kb = usage.ru_maxrss;
	read_in(said, &text);
	snprintf(end->said, sizeof(end->said), "%s", buf_str(&text));
	buf_release(&text);
}

static inline int lines_in(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Only printable characters: no file drives the terminal. */
static inline bool tame(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\n') || *text == 127)
			return false;
	return true;
}

/* @where and @why stand in the message; @why may be NULL. */
static inline void judge(const char *name, const struct end *end, int status,
			 const char *where, const char *why)
{
	if (end->late)
		complain(name, "does not end", end->said);
	else if (!WIFEXITED(end->status))
		complain(name, "crashed", end->said);
	else if (WEXITSTATUS(end->status) == 127)
		complain(name, "there is no program: build it, or set KEYBENCH_BIN", "");
	else if (WEXITSTATUS(end->status) != status)
		complain(name, "another exit status", end->said);
	else if (!SANITIZED && end->rss_kb > MAX_RSS_KB)
		complain(name, "takes too much memory", end->said);
	else if (!tame(end->said))
		complain(name, "drives the terminal", end->said);
	else if (status && (!strstr(end->said, where) || lines_in(end->said) > 3))
		complain(name, "does not say where, in one message", end->said);
	else if (status && why && !strstr(end->said, why))
		complain(name, why, end->said);
}

static inline int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static inline int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

#endif
