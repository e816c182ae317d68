#include "bench/resume.h"

#include "bench/core/fs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUESTION "question.json"
#define QUESTION_MAX (1 << 20)

/* Absolute, so that it is found again from anywhere. */
static json_t *path_json(const char *path)
{
	char real[PATH_MAX];

	return json_string(realpath(path, real) ? real : path);
}

int resume_keep_question(const struct store_run *run, const struct question *q,
			 struct err *err)
{
	json_t *suites = json_array(), *o;
	char *text = NULL;
	int rc;

	for (int i = 0; i < q->suite_count; i++)
		json_array_append_new(suites, path_json(conf_name(q->suites[i]->conf)));
	o = json_pack("{s:i, s:o, s:o, s:o, s:I}", "format", 1, "suites", suites, "rig",
		      path_json(conf_name(q->rig->conf)), "target",
		      path_json(conf_name(q->target.conf)), "trials",
		      (json_int_t)q->trials);
	if (o)
		text = json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	if (!text)
		return err_set(err, ERR_NOMEM, "no memory for the run's inputs");
	rc = store_input(run, QUESTION, BYTES((const uint8_t *)text, strlen(text)), err);
	free(text);
	return rc;
}

static int bad_question(const struct resume *r, struct err *err)
{
	return err_set(err, ERR_FORMAT,
		       "%.200s/inputs/" QUESTION ": does not say what "
		       "was asked",
		       r->run.path);
}

static int read_question(struct resume *r, struct err *err)
{
	char path[DATA_PATH_MAX];
	struct err own = { 0 };
	struct buf text;
	int rc;

	buf_init(&text, QUESTION_MAX);
	rc = fs_read(store_path(&r->run, "inputs/" QUESTION, path, sizeof(path)),
		     QUESTION_MAX, &text, &own);
	if (rc)
		err_set(err, ERR_FORMAT, "%s: this run cannot be resumed: %.200s",
			r->run.path, own.text);
	else
		r->question = json_loadb((const char *)text.data, text.len, 0, NULL);
	buf_release(&text);
	if (rc)
		return ERR_FORMAT;
	return r->question ? 0 : bad_question(r, err);
}

int resume_open(struct resume *r, const char *run, struct question *q, struct err *err)
{
	json_t *suites, *trials, *name;
	size_t i;
	int rc;

	memset(r, 0, sizeof(*r));
	rc = store_open_run(&r->run, run, err);
	if (!rc)
		rc = read_question(r, err);
	if (rc)
		return rc;
	suites = json_object_get(r->question, "suites");
	trials = json_object_get(r->question, "trials");
	q->rig_name = json_string_value(json_object_get(r->question, "rig"));
	q->target_name = json_string_value(json_object_get(r->question, "target"));
	q->trials = json_integer_value(trials);
	q->suite_count = 0;
	json_array_foreach(suites, i, name)
	{
		if (i == QUESTION_MAX_SUITES || !json_is_string(name))
			return bad_question(r, err);
		q->suite_names[q->suite_count++] = json_string_value(name);
	}
	if (!q->suite_count || !q->rig_name || !q->target_name || q->trials < 0 ||
	    q->trials > SUITE_MAX_TRIALS)
		return bad_question(r, err);
	return 0;
}

int resume_check_input(const struct resume *r, const char *as, struct bytes now,
		       struct err *err)
{
	char path[DATA_PATH_MAX], name[512];
	struct buf was;
	int rc;

	snprintf(name, sizeof(name), "inputs/%.480s", as);
	/* one byte more is a difference already */
	buf_init(&was, now.len + 2);
	rc = fs_read(store_path(&r->run, name, path, sizeof(path)), now.len + 1, &was,
		     err);
	if (rc == ERR_RANGE || (!rc && !bytes_equal(buf_bytes(&was), now)))
		rc = err_set(err, ERR_FORMAT,
			     "%.250s: the file it was copied from is another one now; "
			     "what is changed is a new run",
			     path);
	buf_release(&was);
	return rc;
}

static int other_plan(const char *what, struct err *err)
{
	return err_set(err, ERR_FORMAT, "%.80s is not what this keybench plans", what);
}

static int see_run(struct resume *r, const json_t *line, struct err *err)
{
	struct record_run run;
	int rc = record_run_parse(&run, line, err);

	if (rc)
		return rc;
	r->has_run = true;
	r->wall_start_ns = run.wall_start_ns;
	r->seed = run.seed;
	snprintf(r->name, sizeof(r->name), "%.127s", run.name);
	snprintf(r->version, sizeof(r->version), "%.63s", run.version);
	return 0;
}

static int see_case(struct resume *r, const json_t *line, struct err *err)
{
	const struct plan_case *p = &r->plan->cases[r->cases];
	struct record_case c;
	int rc = record_case_parse(&c, line, err);

	if (rc)
		return rc;
	if (r->cases == r->plan->count || strcmp(c.id, p->c->id) ||
	    strcmp(c.suite, p->suite->name) || c.trials != p->trials ||
	    c.warmup != p->c->warmup || !c.skip != !p->skip[0])
		return other_plan(c.id, err);
	r->cases++;
	return 0;
}

static void later(struct resume *r, int64_t ns)
{
	if (ns > r->last_ns)
		r->last_ns = ns;
}

static int see_attempt(struct resume *r, const json_t *line, struct err *err)
{
	struct record_attempt a;
	struct attempt result;
	struct sched_slot slot;
	int rc = record_attempt_parse(&a, &result, line, err);

	if (rc)
		return rc;
	later(r, a.ended_ns);
	if (a.cut)
		return 0;
	if (!sched_next(&r->sched, &slot) || strcmp(a.case_id, slot.c->c->id) ||
	    strcmp(a.suite, slot.c->suite->name) || a.trial != slot.trial ||
	    a.attempt != slot.attempt || a.warmup != slot.warmup)
		return other_plan(a.case_id, err);
	sched_done(&r->sched, result.outcome);
	return 0;
}

static int see_resume(struct resume *r, const json_t *line, struct err *err)
{
	struct record_resume was;
	int rc = record_resume_parse(&was, line, err);

	if (rc)
		return rc;
	later(r, was.at_ns);
	r->times++;
	snprintf(r->open_suite, sizeof(r->open_suite), "%s", was.suite ? was.suite : "");
	snprintf(r->open_case, sizeof(r->open_case), "%s",
		 was.case_id ? was.case_id : "");
	if (was.skip)
		sched_skip(&r->sched);
	return 0;
}

static int see_end(struct resume *r, const json_t *line, struct err *err)
{
	struct record_end e;
	int rc = record_end_parse(&e, line, err);

	if (rc)
		return rc;
	r->over = true;
	snprintf(r->ended, sizeof(r->ended), "%.31s", e.ended);
	return 0;
}

static int see(void *ctx, json_t *line, int line_no, struct err *err)
{
	static const struct {
		const char *type;
		int (*see)(struct resume *r, const json_t *line, struct err *err);
	} kinds[] = { { "run", see_run },
		      { "case", see_case },
		      { "attempt", see_attempt },
		      { "resume", see_resume },
		      { "end", see_end } };
	const char *type = json_string_value(json_object_get(line, "type"));
	struct err why = { 0 };
	int rc = 0;

	for (size_t i = 0; type && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(type, kinds[i].type) == 0)
			rc = kinds[i].see(ctx, line, &why);
	return rc ? err_set(err, rc, "journal.jsonl:%d:1: %s", line_no, err_text(&why))
		  : 0;
}

/* The case that was open twice in a row is left out. */
static void decide_skip(struct resume *r)
{
	const struct plan_case *p = r->open.c;

	if (!r->has_open || strcmp(r->open_case, p->c->id) ||
	    strcmp(r->open_suite, p->suite->name))
		return;
	snprintf(r->skip, sizeof(r->skip),
		 "open at two crashes in a row, and left out after %lld of %lld trials",
		 r->open.warmup ? 0 : (long long)r->open.trial, (long long)p->trials);
	sched_skip(&r->sched);
}

int resume_journal(struct resume *r, const struct plan *plan, struct journal **out,
		   struct err *err)
{
	char path[DATA_PATH_MAX];
	struct journal *j;
	int rc;

	r->plan = plan;
	sched_init(&r->sched, plan);
	rc = journal_resume(&j, store_path(&r->run, "journal.jsonl", path, sizeof(path)),
			    see, r, r->torn, err);
	if (rc)
		return rc;
	if (r->over)
		rc = err_set(err, ERR_USAGE, "%.200s: this run is over: %s", r->run.path,
			     r->ended);
	else if (!r->has_run || r->cases < plan->count)
		rc = err_set(err, ERR_USAGE,
			     "%.200s: this run had not begun: nothing to go on with",
			     r->run.path);
	if (rc) {
		journal_close(j);
		return rc;
	}
	r->has_open = sched_next(&r->sched, &r->open);
	decide_skip(r);
	*out = j;
	return 0;
}

uint64_t resume_seed(const struct resume *r)
{
	return (r->seed + (uint64_t)(r->times + 1) * UINT64_C(0x9e3779b9)) & 0xffffffff;
}

static int write_cut(const struct resume *r, struct journal *j, struct err *err)
{
	struct attempt torn;
	struct record_attempt cut = {
		.case_id = r->open.c->c->id,
		.suite = r->open.c->suite->name,
		.trial = (int)r->open.trial,
		.attempt = r->open.attempt,
		.warmup = r->open.warmup,
		.cut = true,
		.started_ns = r->last_ns,
		.ended_ns = r->last_ns,
		.result = &torn,
	};

	attempt_init(&torn);
	attempt_end(&torn, OUTCOME_BENCH_ERROR,
		    "cut off: keybench ended in the middle of it");
	return journal_append(j, record_attempt_json(&cut), err);
}

int resume_write(const struct resume *r, struct journal *j, int64_t at_ns,
		 int64_t origin_ns, int64_t wall_ns, struct err *err)
{
	struct record_resume record = {
		.version = VERSION,
		.at_ns = at_ns,
		.wall_ns = wall_ns,
		.origin_ns = origin_ns,
		.seed = resume_seed(r),
		.torn = r->torn[0] ? r->torn : NULL,
		.suite = r->has_open ? r->open.c->suite->name : NULL,
		.case_id = r->has_open ? r->open.c->c->id : NULL,
		.skip = r->skip[0] ? r->skip : NULL,
	};
	int rc = r->has_open ? write_cut(r, j, err) : 0;

	if (!rc)
		rc = journal_append(j, record_resume_json(&record), err);
	return rc ? rc : journal_sync(j, err);
}

void resume_release(struct resume *r)
{
	json_decref(r->question);
	r->question = NULL;
}
