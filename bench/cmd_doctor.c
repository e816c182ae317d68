#include "bench/cmd.h"
#include "bench/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct doctor_args {
	const char *rig, *root, *user, *runs;
	bool json;
};

static const struct argp_option options[] = {
	{ "rig", 'r', "FILE", 0, "Examine the devices of this rig too", 0 },
	{ "user", 'u', "NAME", 0, "Who is to run keybench (default: who asks)", 0 },
	{ "runs", 'd', "DIR", 0,
	  "Where run folders go (default: $KEYBENCH_RUNS or ./runs)", 0 },
	{ "format", 'f', "FORMAT", 0, "text (default) or json", 0 },
	{ "root", 'R', "DIR", 0,
	  "Examine what lies below DIR (its /sys, /proc, /dev, /etc)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor_args *a = state->input;

	switch (key) {
	case 'r':
		a->rig = arg;
		return 0;
	case 'u':
		a->user = arg;
		return 0;
	case 'd':
		a->runs = arg;
		return 0;
	case 'R':
		a->root = arg;
		return 0;
	case 'f':
		a->json = strcmp(arg, "json") == 0;
		if (!a->json && strcmp(arg, "text") != 0)
			argp_error(state, "there is no format '%s'; text and json are",
				   arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': no arguments are taken", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp doctor_argp = {
	.options = options,
	.parser = parse,
	.doc = "Say what is there, what is wrong, who holds it, and the command that "
	       "mends it.\v"
	       "Opens no device. Exit status: 0 nothing is wrong, 75 something is and "
	       "may pass, 78 a file must change.",
};

/* A rig with a mistake is a finding like any other; its place and excerpt go with it. */
static void load_rig(struct doctor *d, struct rig **rig, const char *name)
{
	struct err err = { 0 };

	if (rig_load(rig, name, &err)) {
		doctor_wrong(d, EXIT_WRONG_CONFIG, "rig", NULL, "%s", err_text(&err));
		return;
	}
	d->rig = *rig;
	doctor_good(d, "rig", "%s: %s", (*rig)->name, conf_name((*rig)->conf));
}

static int show(const struct doctor *d, bool json, struct err *err)
{
	struct buf out;
	int rc = 0;

	buf_init(&out, 4 << 20);
	if (json)
		rc = doctor_json(d, &out, err);
	else
		doctor_text(d, cmd_utf8(), &out);
	if (!rc && out.failed)
		rc = err_set(err, ERR_NOMEM, "no memory for the findings");
	if (!rc)
		fwrite(out.data, 1, out.len, stdout);
	buf_release(&out);
	return rc;
}

static int cmd_doctor(int argc, char **argv)
{
	struct doctor_args args = { .root = "" };
	struct rig *rig = NULL;
	struct doctor d;
	struct err err = { 0 };
	int rc;

	argp_parse(&doctor_argp, argc, argv, 0, NULL, &args);
	rc = doctor_init(&d, args.root, args.user, &err);
	if (rc)
		return cmd_fail(&err);
	d.runs = args.runs                 ? args.runs
		 : getenv("KEYBENCH_RUNS") ? getenv("KEYBENCH_RUNS")
					   : "runs";
	if (args.rig)
		load_rig(&d, &rig, args.rig);
	doctor_examine(&d);
	rc = show(&d, args.json, &err);
	rc = rc ? (int)cmd_fail(&err) : doctor_status(&d);
	doctor_release(&d);
	rig_free(rig);
	return rc;
}

const struct command command_doctor = {
	"doctor", "say what is there, what is wrong, and what mends it", cmd_doctor
};
