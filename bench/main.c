#include "bench/cmd.h"
#include "bench/core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&command_run,     &command_check,  &command_list,
	&command_drivers, &command_report, &command_kat,
	&command_doctor,  &command_rig,    NULL,
};

enum exit_status cmd_fail(const struct err *err)
{
	/* a mistake in a file begins with its place, as compilers have it */
	if (err->excerpt[0])
		fprintf(stderr, "%s\n%s\n", err_text(err), err->excerpt);
	else
		log_error("%s", err_text(err));
	switch (err->code) {
	case ERR_USAGE:
		return EXIT_WRONG_USE;
	case ERR_FORMAT:
	case ERR_RANGE:
	case ERR_AUTH:
		return EXIT_WRONG_CONFIG;
	case ERR_INTERRUPTED:
		return EXIT_INTERRUPTED;
	default:
		return EXIT_BENCH_ERROR;
	}
}

bool cmd_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void usage(FILE *to)
{
	fputs("Usage: keybench COMMAND [OPTION...]\n"
	      "Test bench for digital car keys over NFC.\n\n"
	      "Commands:\n",
	      to);
	for (int i = 0; commands[i]; i++)
		fprintf(to, "  %-9s%s\n", commands[i]->name, commands[i]->help);
	fputs("\n`keybench COMMAND --help` tells a command's options; `man keybench` "
	      "tells it all.\n"
	      "Exit status: 0 passed, 1 failed, 3 inconclusive, 64 wrong use, 75 bench "
	      "error,\n"
	      "78 wrong configuration, 130 interrupted.\n",
	      to);
}

static int dispatch(int argc, char **argv)
{
	char name[64];

	for (int i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, argv[1]) != 0)
			continue;
		snprintf(name, sizeof(name), "keybench %s", argv[1]);
		argv[1] = name;
		return commands[i]->run(argc - 1, argv + 1);
	}
	log_error("there is no command '%s'; `keybench --help` lists them", argv[1]);
	return EXIT_WRONG_USE;
}

/* A descriptor 0, 1 or 2 that is closed would become the journal, and talk would go into it. */
static void sanitize_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	sanitize_descriptors();
	signal(SIGXFSZ,
	       SIG_IGN); /* a file that may not grow is a full disk: said, and drained for */
	setlocale(LC_CTYPE, "");
	/* glibc lets this grow up to 32 MB; then samples would lie twice in the heap while they grow */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	log_setup("keybench", LOG_INFO);
	argp_err_exit_status = EXIT_WRONG_USE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_WRONG_USE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return log_end(EXIT_PASSED);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("keybench " VERSION);
		return log_end(EXIT_PASSED);
	}
	return log_end(dispatch(argc, argv));
}
