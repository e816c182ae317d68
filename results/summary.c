#include "results/summary.h"

#include "results/fold.h"
#include "results/journal.h"
#include "results/judge.h"

#include <stdlib.h>
#include <string.h>

bool summary_is_claimed(const struct summary_case *c, int metric)
{
	for (size_t i = 0; i < c->claim_count; i++)
		if (c->claims[i].claim.type == CLAIM_QUANTILE &&
		    metric_find(c->claims[i].claim.metric) == metric)
			return true;
	return false;
}

const struct summary_samples *summary_find_samples(const struct summary_case *c,
						   int metric)
{
	for (size_t i = 0; i < c->sample_count; i++)
		if (c->samples[i].metric == metric)
			return &c->samples[i];
	return NULL;
}

static int conclude(struct fold *f)
{
	struct summary *s = f->s;
	int rc = 0;

	if (!s->ended)
		rc = fold_keep(&s->ended, "cut off");
	fold_samples(f);
	for (size_t i = 0; i < s->case_count && !rc; i++)
		rc = judge_case(&s->cases[i], &f->cases[i].tally, s);
	if (!rc)
		judge_run(s);
	return rc;
}

static int read_and_fold(struct fold *f, const char *path, struct err *err)
{
	int rc = journal_read(path, fold_line, f, &f->s->torn, err);

	if (rc)
		return rc;
	if (!f->has_run)
		return err_set(err, ERR_FORMAT,
			       "%s:1:1: no whole line: no run began here", f->path);
	rc = conclude(f);
	return rc ? err_set(err, rc, "%s: %s", f->path, err_name(rc)) : 0;
}

int summary_read(struct summary **out, const struct store_run *run, struct err *err)
{
	char path[sizeof(run->path) + 64];
	struct fold f = { 0 };
	int rc;

	store_path(run, "journal.jsonl", path, sizeof(path));
	f.path = strlen(path) > 120 ? path + strlen(path) - 120 : path;
	f.s = calloc(1, sizeof(*f.s));
	if (!f.s)
		return err_set(err, ERR_NOMEM, "summary");
	rc = read_and_fold(&f, path, err);
	fold_release(&f);
	if (rc)
		summary_free(f.s);
	else
		*out = f.s;
	return rc;
}

static void free_all(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static void free_case(struct summary_case *c)
{
	free(c->id);
	free(c->suite);
	free(c->title);
	free(c->series);
	free(c->level);
	free_all(c->requirements, c->requirement_count);
	free(c->claims);
	for (size_t i = 0; c->samples && i < METRIC_COUNT; i++) {
		free(c->samples[i].ns);
		free(c->samples[i].held_ns);
	}
	free(c->samples);
}

double summary_recovery_rate(const struct summary *s)
{
	return s->transactions ? 1000.0 * (double)s->recoveries / (double)s->transactions
			       : -1;
}

void summary_free(struct summary *s)
{
	if (!s)
		return;
	free(s->run_name);
	free(s->ended);
	free(s->ended_why);
	free(s->version);
	free(s->rig);
	free(s->target);
	free(s->protocol);
	free(s->phone);
	free(s->host);
	free_all(s->devices, s->device_count);
	free_all(s->notes, s->note_count);
	for (size_t i = 0; i < s->case_count; i++)
		free_case(&s->cases[i]);
	free(s->cases);
	free(s);
}
