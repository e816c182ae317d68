#include "bench/cmd.h"
#include "fixtures/kat/run.h"

#include <stdio.h>

struct kat_args {
	char **paths;
	int count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct kat_args *a = state->input;

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

static const struct argp kat_argp = {
	.parser = parse,
	.args_doc = "FILE.json...",
	.doc = "Run known-answer files through the code that transactions use. A file is "
	       "recognised by its keys.\v"
	       "Exit status: 0 all passed, 1 a mismatch, 3 something is not covered yet, "
	       "75 a file cannot be read, 78 a malformed file.",
};

static void say(void *ctx, const char *lines)
{
	(void)ctx;
	fputs(lines, stdout);
}

static void complain(void *ctx, const struct err *err)
{
	(void)ctx;
	fflush(stdout);
	cmd_fail(err);
}

static int cmd_kat(int argc, char **argv)
{
	const struct kat_sink sink = { say, complain, NULL };
	struct kat_args args = { NULL, 0 };

	argp_parse(&kat_argp, argc, argv, 0, NULL, &args);
	return kat_run_all(args.paths, args.count, &sink);
}

const struct command command_kat = {
	"kat", "run known-answer files through the crypto and protocol code", cmd_kat
};
