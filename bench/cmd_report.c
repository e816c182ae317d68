#include "bench/cmd.h"
#include "results/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct report_args {
	const char *run, *format;
};

static const struct argp_option options[] = {
	{ "format", 'f', "FORMAT", 0,
	  "text (default), json, junit, csv, hlog, map or svg", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct report_args *a = state->input;

	switch (key) {
	case 'f':
		a->format = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->run)
			argp_error(state, "one run folder at a time");
		a->run = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->run)
			argp_error(state, "which run folder?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp report_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "RUN",
	.doc = "Render the report of a run from its folder alone, to stdout.",
};

static int print_part(void *ctx, struct bytes part, struct err *err)
{
	(void)ctx;
	if (fwrite(part.data, 1, part.len, stdout) != part.len)
		return err_set(err, ERR_IO, "writing the report failed");
	return 0;
}

static bool is_map(const char *format)
{
	return strcmp(format, "map") == 0 || strcmp(format, "svg") == 0;
}

static int report(const struct report_args *args, struct err *err)
{
	const struct renderer *renderer = renderer_find(args->format);
	struct render_options o = { .width = 80,
				    .utf8 = cmd_utf8(),
				    .flush = print_part };
	struct store_run run;
	struct summary *s;
	struct buf out;
	int rc;

	if (!renderer)
		return err_set(err, ERR_USAGE,
			       "there is no format '%s'; text, json, junit, csv, hlog, "
			       "map and svg are",
			       args->format);
	rc = store_open_run(&run, args->run, err);
	if (!rc)
		rc = summary_read(&s, &run, err);
	if (rc)
		return rc;
	buf_init(&out, SUMMARY_RENDERING_MAX);
	rc = summary_render(renderer, s, &run, &o, &out, err);
	if (!rc && out.len == 0 && is_map(renderer->name))
		rc = err_set(err, ERR_USAGE,
			     "no attempt of this run was sent to a place of its own: "
			     "there is no map");
	if (!rc)
		rc = print_part(NULL, buf_bytes(&out), err);
	if (!rc && fflush(stdout))
		rc = err_set(err, ERR_IO, "writing the report failed");
	buf_release(&out);
	summary_free(s);
	return rc;
}

static int cmd_report(int argc, char **argv)
{
	struct report_args args = { .format = "text" };
	struct err err = { 0 };

	argp_parse(&report_argp, argc, argv, 0, NULL, &args);
	return report(&args, &err) ? (int)cmd_fail(&err) : EXIT_PASSED;
}

const struct command command_report = {
	"report", "render a run's report: text, json, junit, csv, hlog, map, svg",
	cmd_report
};
