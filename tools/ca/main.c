/*
 * keybench-ca(1): the test CA. Every certificate of a server environment, right or wrong on purpose, and the checks that the
 * reference device, vehicle and owner make of them.
 */
#include "bench/core/log.h"
#include "bench/core/verdict.h"
#include "tools/ca/ca.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "make", "make the whole set of each server environment", ca_make },
	{ "issue", "make one certificate of a set again, right or wrong on purpose",
	  ca_issue },
	{ "show", "what a certificate says", ca_show },
	{ "verify", "check a chain as device, vehicle or owner does", ca_verify },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const char *argp_program_version = "keybench-ca " VERSION;

static void usage(FILE *to)
{
	fputs("Usage: keybench-ca COMMAND [OPTION...]\n"
	      "The test CA of a bench for digital car keys.\n\nCommands:\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s%s\n", commands[i].name, commands[i].help);
	fputs("\n`keybench-ca COMMAND --help` tells a command's options.\n"
	      "Exit status: 0 done, or accepted; 1 refused; 64 wrong use; 75 it could "
	      "not "
	      "be done;\n78 a malformed or unsafe file.\n",
	      to);
}

int main(int argc, char **argv)
{
	char name[40];

	log_setup("keybench-ca", LOG_INFO);
	argp_err_exit_status = EXIT_WRONG_USE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_WRONG_USE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0) {
		usage(stdout);
		return log_end(EXIT_PASSED);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts(argp_program_version);
		return log_end(EXIT_PASSED);
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[1]) != 0)
			continue;
		snprintf(name, sizeof(name), "keybench-ca %s", commands[i].name);
		argv[1] = name;
		return log_end(commands[i].run(argc - 1, argv + 1));
	}
	log_error("there is no command '%s'; `keybench-ca --help` lists them", argv[1]);
	return EXIT_WRONG_USE;
}
