#include "bench/cmd.h"
#include "bench/desk.h"

#include <stdio.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static const struct argp_child children[] = { { &question_argp, 0, NULL, 0 }, { 0 } };
static const struct argp check_argp = {
	.parser = parse,
	.args_doc = QUESTION_ARGS,
	.doc = "Check suites, rig and target together. Opens no device, moves nothing.",
	.children = children,
};

static void show(const struct question *q)
{
	for (int i = 0; i < q->plan.count; i++) {
		const struct plan_case *p = &q->plan.cases[i];

		printf("%s/%s: %lld trials", p->suite->name, p->c->id,
		       (long long)p->trials);
		if (p->c->warmup)
			printf(" after %lld to warm up", (long long)p->c->warmup);
		if (*p->c->series)
			printf("; %s at %s", p->c->series, p->c->level);
		if (p->c->explore)
			printf("; explored, not judged");
		if (p->skip[0])
			printf("; SKIP: %s", p->skip);
		else if (p->left_out[0])
			printf("; left out: %s", p->left_out);
		putchar('\n');
		for (int k = 0; k < p->c->claim_count; k++)
			printf("    %s (needs %zu)\n", p->claims[k].text,
			       claim_trials_needed(&p->claims[k], q->plan.confidence));
	}
	printf("%d case%s, %lld attempts on rig %s against target %s at %g %% "
	       "confidence\n",
	       q->plan.count, q->plan.count == 1 ? "" : "s", (long long)q->plan.attempts,
	       q->rig->name, q->target.name, q->plan.confidence * 100);
}

static int cmd_check(int argc, char **argv)
{
	struct question q = { 0 };
	struct err err = { 0 };
	int rc;

	argp_parse(&check_argp, argc, argv, 0, NULL, &q);
	rc = question_load(&q, &err);
	if (!rc && node_present(q.rig->emulate))
		rc = desk_check(conf_name(q.rig->conf), &err);
	if (!rc)
		show(&q);
	else
		rc = cmd_fail(&err);
	question_release(&q);
	return rc;
}

const struct command command_check = {
	"check", "check suites, rig and target together; moves nothing", cmd_check
};
