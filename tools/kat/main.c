#include "bench/core/log.h"
#include "bench/core/verdict.h"
#include "fixtures/kat/run.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

/* keybench-kat: `keybench kat` without the controller, for whoever has vectors and no bench. */

struct args {
	char **paths;
	int count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_ARGS:
		a->paths = state->argv + state->next;
		a->count = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a known-answer file is needed");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "FILE.json...",
	.doc = "Run known-answer files through keybench's own crypto and protocol code.\v"
	       "Exit status: 0 all passed, 1 a mismatch, 3 something is not covered yet, "
	       "64 wrong use, 75 a file cannot be read, 78 a malformed file.",
};
const char *argp_program_version = "keybench-kat " VERSION;

static void say(void *ctx, const char *lines)
{
	(void)ctx;
	fputs(lines, stdout);
}

static void complain(void *ctx, const struct err *err)
{
	(void)ctx;
	fflush(stdout);
	fprintf(stderr, "%s\n", err_text(err));
	if (err->excerpt[0])
		fprintf(stderr, "%s\n", err->excerpt);
}

int main(int argc, char **argv)
{
	const struct kat_sink sink = { say, complain, NULL };
	struct args args = { NULL, 0 };

	log_setup("keybench-kat", LOG_INFO);
	argp_err_exit_status = EXIT_WRONG_USE;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	return log_end(kat_run_all(args.paths, args.count, &sink));
}
