#include "bench/cmd.h"
#include "bench/core/data.h"
#include "bench/requirements.h"
#include "fixtures/device/device.h"
#include "results/metric.h"
#include "results/text.h"

#include <fts.h>
#include <stdio.h>
#include <string.h>

struct list_args {
	bool steps, metrics, requirements, faults;
};

static const struct argp_option options[] = {
	{ "steps", 's', NULL, 0, "The steps a suite can use, and their parameters", 0 },
	{ "metrics", 'm', NULL, 0, "The metrics a claim can be made of", 0 },
	{ "requirements", 'r', NULL, 0,
	  "What there is to ask, and which cases ask it; then what none asks", 0 },
	{ "faults", 'f', NULL, 0,
	  "The faults a phone profile can plant, and what each breaks", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct list_args *a = state->input;

	switch (key) {
	case 's':
		a->steps = true;
		return 0;
	case 'm':
		a->metrics = true;
		return 0;
	case 'r':
		a->requirements = true;
		return 0;
	case 'f':
		a->faults = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': no arguments are taken", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp list_argp = {
	.options = options,
	.parser = parse,
	.doc = "List the suites, rigs and profiles in the data folders, or what suites "
	       "are made of.",
};

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The text of the first of @keys that the file has at its top. */
static const char *top_text(const struct conf *conf, const char *const *keys)
{
	const char *text = NULL;

	for (; !text && *keys; keys++)
		text = node_text(node_get(conf_root(conf), *keys));
	return text ? text : "";
}

/* What files say of themselves is foreign text: it must not drive a terminal. */
static void show_file(const char *path, const char *prefix, const char *about)
{
	struct buf line;

	buf_init(&line, 4096);
	text_put(&line, about, 300, cmd_utf8());
	printf("  %-52s %s%s\n", path, prefix, buf_str(&line));
	buf_release(&line);
}

typedef void file_fn(void *ctx, const char *path, const char *root);

static void list_file(void *ctx, const char *path, const char *root)
{
	static const char *const about[] = { "title", "summary", NULL };
	struct conf *conf = NULL;
	struct err err = { 0 };

	(void)ctx;
	if (conf_read(&conf, path, &err))
		show_file(path + strlen(root) + 1, "cannot be read: ", err_text(&err));
	else
		show_file(path + strlen(root) + 1, "", top_text(conf, about));
	conf_free(conf);
}

static void list_folder(const char *root, const char *subdir, file_fn *fn, void *ctx)
{
	char dir[DATA_PATH_MAX + 64];
	char *roots[] = { dir, NULL };
	FTSENT *e;
	FTS *fts;

	snprintf(dir, sizeof(dir), "%s/%s", root, subdir);
	fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (!fts)
		return;
	while ((e = fts_read(fts)))
		if (e->fts_info == FTS_F && e->fts_namelen > 5 &&
		    strcmp(e->fts_name + e->fts_namelen - 5, ".yaml") == 0)
			fn(ctx, e->fts_path, root);
	fts_close(fts);
}

static void list_steps(void)
{
	char needs[64];

	for (int i = 0; step_kinds[i]; i++) {
		const struct step_kind *k = step_kinds[i];

		printf("%-10s %s%s%s%s\n", k->name, k->help, k->needs ? " [needs " : "",
		       k->needs ? step_needs_text(k->needs, needs) : "",
		       k->needs ? "]" : "");
		for (const struct conf_item *p = k->params; p && p->key; p++)
			printf("    %-10s %s (%s)\n", p->key, p->help,
			       !p->fallback                 ? "required"
			       : p->fallback == CONF_ABSENT ? "optional"
							    : p->fallback);
	}
}

static void list_metrics(void)
{
	for (int i = 0; metrics[i].name; i++)
		printf("%-16s %s%s\n", metrics[i].name, metrics[i].help,
		       metrics[i].decides ? "" : " (for looking; no claims)");
}

static void take_file(void *ctx, const char *path, const char *root)
{
	struct conf *conf = NULL;

	(void)root;
	if (conf_read(&conf, path, NULL))
		return; /* the plain list says why */
	requirements_take(ctx, conf_root(conf));
	conf_free(conf);
}

static void show_cases(struct buf *cases)
{
	char *save = NULL;
	char *text = (char *)(uintptr_t)buf_str(cases);

	for (char *one = strtok_r(text, " ", &save); one;
	     one = strtok_r(NULL, " ", &save))
		printf("      %s\n", one);
}

static int list_requirements(void)
{
	char path[DATA_PATH_MAX];
	struct requirements *r = NULL;
	struct err err = { 0 };
	int covered = 0, partly = 0, explained = 0;

	if (data_find(path, "fixtures/requirements.yaml", "fixtures", NULL, &err) ||
	    requirements_load(&r, path, &err))
		return cmd_fail(&err);
	for (int i = 0; data_dir(i); i++)
		list_folder(data_dir(i), "suites", take_file, r);
	for (int i = 0; i < r->count; i++) {
		struct requirement *q = &r->list[i];

		printf("%-4s  %s\n", q->id, q->text);
		if (q->case_count)
			show_cases(&q->cases);
		else
			printf("      UNCOVERED%s%s\n", *q->why ? ": " : "", q->why);
		if (q->case_count && *q->open)
			printf("      IN PART, not: %s\n", q->open);
		covered += q->case_count > 0 && !*q->open;
		partly += q->case_count > 0 && *q->open;
		explained += !q->case_count && *q->why;
	}
	if (r->strange.len)
		printf("not in the list: %s\n", buf_str(&r->strange));
	printf("%d requirements: %d covered, %d in part, %d uncovered for a reason, %d "
	       "uncovered\n",
	       r->count, covered, partly, explained,
	       r->count - covered - partly - explained);
	requirements_free(r);
	return EXIT_PASSED;
}

static void list_faults(void)
{
	for (int i = 0; i < DEVICE_FAULT_COUNT; i++)
		printf("%-28s %s\n", device_fault_name((enum device_fault)i),
		       device_fault_help((enum device_fault)i));
}

static int cmd_list(int argc, char **argv)
{
	static const char *const folders[] = { "suites", "fixtures/rigs",
					       "fixtures/profiles", NULL };
	struct list_args args = { 0 };

	argp_parse(&list_argp, argc, argv, 0, NULL, &args);
	if (args.steps)
		list_steps();
	if (args.metrics)
		list_metrics();
	if (args.faults)
		list_faults();
	if (args.requirements)
		return list_requirements();
	if (args.steps || args.metrics || args.faults)
		return EXIT_PASSED;
	if (!data_dir(0)) {
		struct err err = { 0 };

		err_set(&err, ERR_IO, "no data folder with suites; set KEYBENCH_DATA");
		return cmd_fail(&err);
	}
	for (int i = 0; data_dir(i); i++) {
		printf("%s\n", data_dir(i));
		for (int k = 0; folders[k]; k++)
			list_folder(data_dir(i), folders[k], list_file, NULL);
	}
	return EXIT_PASSED;
}

const struct command command_list = { "list",
				      "list suites, rigs and profiles; steps and metrics",
				      cmd_list };
