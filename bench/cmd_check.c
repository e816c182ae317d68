#include "bench/cmd.h"
#include "bench/desk.h"

#include <argp.h>
#include <stdio.h>

struct check_args {
	struct question q;
	const char *names[32];
};

static const struct argp_option options[] = {
	{ "rig", 'r', "FILE", 0, "What is wired where: a path or a name", 0 },
	{ "target", 't', "FILE", 0, "The numbers it is held against: a path or a name",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct check_args *a = state->input;

	switch (key) {
	case 'r':
		a->q.rig_name = arg;
		return 0;
	case 't':
		a->q.target_name = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->q.suite_count == (int)(sizeof(a->names) / sizeof(a->names[0])))
			argp_error(state, "too many suites");
		a->names[a->q.suite_count++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->q.suite_count == 0)
			argp_error(state, "which suite? `keybench list` shows them");
		if (!a->q.rig_name)
			argp_error(state, "--rig is missing");
		if (!a->q.target_name)
			argp_error(state, "--target is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp check_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "SUITE...",
	.doc = "Check suites, rig and target together. Opens no device, moves nothing.",
};

static void show(const struct question *q)
{
	for (int i = 0; i < q->plan.count; i++) {
		const struct plan_case *p = &q->plan.cases[i];

		printf("%s/%s: %lld trials", p->suite->name, p->c->id,
		       (long long)p->trials);
		if (p->c->warmup)
			printf(" after %lld to warm up", (long long)p->c->warmup);
		if (p->skip[0])
			printf("; SKIP: %s", p->skip);
		putchar('\n');
		for (int k = 0; k < p->c->claim_count; k++)
			printf("    %s (needs %zu)\n", p->claims[k].text,
			       claim_trials_needed(&p->claims[k], q->plan.confidence));
	}
	printf("%d cases, %lld attempts on rig %s against target %s at %g %% "
	       "confidence\n",
	       q->plan.count, (long long)q->plan.attempts, q->rig->name, q->target.name,
	       q->plan.confidence * 100);
}

static int cmd_check(int argc, char **argv)
{
	struct check_args args = { .q.suite_names = args.names };
	struct err err = { 0 };
	int rc;

	argp_parse(&check_argp, argc, argv, 0, NULL, &args);
	rc = question_load(&args.q, &err);
	if (!rc && node_present(args.q.rig->emulate))
		rc = desk_check(conf_name(args.q.rig->conf), &err);
	if (!rc)
		show(&args.q);
	else
		rc = cmd_fail(&err);
	question_release(&args.q);
	return rc;
}

const struct command command_check = {
	"check", "check suites, rig and target together; moves nothing", cmd_check
};
