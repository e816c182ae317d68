#include "bench/cmd.h"

#include <stdlib.h>

static const struct argp_option options[] = {
	{ "rig", 'r', "FILE", 0, "What is wired where: a path or a name", 0 },
	{ "target", 't', "FILE", 0, "The numbers it is held against: a path or a name",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct question *q = state->input;

	switch (key) {
	case 'r':
		q->rig_name = arg;
		return 0;
	case 't':
		q->target_name = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (q->suite_count == QUESTION_MAX_SUITES)
			argp_error(state, "more than %d suites", QUESTION_MAX_SUITES);
		q->suite_names[q->suite_count++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (q->resume && (q->suite_count || q->rig_name || q->target_name))
			argp_error(state, "--resume: the run says which suites, rig and "
					  "target");
		if (q->resume)
			return 0;
		if (q->suite_count == 0)
			argp_error(state, "which suite? `keybench list` shows them");
		if (!q->rig_name)
			argp_error(state, "--rig is missing");
		if (!q->target_name)
			argp_error(state, "--target is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp question_argp = { .options = options, .parser = parse };

static int load_suites(struct question *q, struct err *err)
{
	char path[DATA_PATH_MAX];
	int rc = 0;

	q->suites = calloc((size_t)q->suite_count, sizeof(struct suite *));
	if (!q->suites)
		return err_set(err, ERR_NOMEM, "no memory for the suites");
	for (int i = 0; !rc && i < q->suite_count; i++) {
		rc = data_find(path, q->suite_names[i], "suites", NULL, err);
		if (!rc)
			rc = suite_load(&q->suites[i], path, conf_root(q->target.conf),
					err);
	}
	return rc;
}

/* A transaction needs keys; better said now than at the first tap. */
static int check_pairing(const struct question *q, struct err *err)
{
	if (q->rig->has_pairing)
		return 0;
	for (int i = 0; i < q->plan.count; i++)
		for (int k = 0; k < q->plan.cases[i].step_count; k++)
			if (q->plan.cases[i].steps[k]->kind == step_find("transact"))
				return node_error(conf_root(q->rig->conf), err,
						  "the key 'pairing' is missing, and the "
						  "case '%s' transacts",
						  q->plan.cases[i].c->id);
	return 0;
}

/* What the rig's DBC does not have, or its positioner cannot reach, is better found before the first tap. */
static int check_steps(const struct question *q, struct err *err)
{
	struct positioner_reach reach = positioner_driver_reach(
		q->rig->positioner_driver, q->rig->positioner_options);
	struct step_rig rig = { q->rig->dbc, &reach };
	int rc = 0;

	for (int i = 0; !rc && i < q->plan.count; i++) {
		const struct plan_case *p = &q->plan.cases[i];

		if (p->skip[0])
			continue;
		for (int k = 0; !rc && k < p->step_count; k++) {
			const struct suite_step *s = p->steps[k];

			if (s->kind->asks && !q->target.has_uds)
				return node_error(s->at, err,
						  "%s: the target profile %s has no "
						  "'uds', so nobody can be asked",
						  s->kind->name, q->target.name);
			if (s->kind->check)
				rc = s->kind->check(s->params, &rig, s->at, err);
		}
	}
	return rc;
}

int question_load(struct question *q, struct err *err)
{
	int rc = target_load(&q->target, q->target_name, err);

	if (!rc)
		rc = rig_load(&q->rig, q->rig_name, err);
	if (!rc)
		rc = load_suites(q, err);
	if (!rc)
		rc = plan_make(&q->plan, q->suites, q->suite_count, rig_has(q->rig),
			       q->rig->dbc, q->trials, err);
	if (!rc)
		rc = check_pairing(q, err);
	return rc ? rc : check_steps(q, err);
}

int question_fits_bus(const struct question *q, struct err *err)
{
	struct bus_identity id = { 0 };
	int rc = q->rig->bus ? bus_identity(q->rig->bus, &id, err) : 0;

	for (int i = 0; !rc && !id.fd && i < q->plan.count; i++) {
		const struct plan_case *p = &q->plan.cases[i];

		for (int k = 0; !rc && !p->skip[0] && k < p->step_count; k++) {
			const struct suite_step *s = p->steps[k];

			if (s->kind->is_fd && s->kind->is_fd(s->params, q->rig->dbc))
				rc = node_error(
					s->at, err,
					"%s: an FD frame, and the bus (%s) carries "
					"classic frames only",
					s->kind->name, id.model);
		}
	}
	return rc;
}

void question_release(struct question *q)
{
	plan_free(&q->plan);
	for (int i = 0; q->suites && i < q->suite_count; i++)
		suite_free(q->suites[i]);
	free(q->suites);
	rig_free(q->rig);
	target_free(&q->target);
	q->suites = NULL;
	q->rig = NULL;
}
