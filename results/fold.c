#include "results/fold.h"

#include "results/record.h"
#include "results/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CASES 10000

/* Room for one more in a growing array, zeroed. */
int fold_grow(void **array, size_t *cap, size_t count, size_t item)
{
	size_t more = *cap ? *cap * 2 : 8;
	void *bigger;

	if (count < *cap)
		return 0;
	bigger = reallocarray(*array, more, item);
	if (!bigger)
		return ERR_NOMEM;
	memset((char *)bigger + *cap * item, 0, (more - *cap) * item);
	*array = bigger;
	*cap = more;
	return 0;
}

int fold_keep(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return text && !*out ? ERR_NOMEM : 0;
}

static int keep_all(char ***out, size_t *out_count, const char *const *texts, int count)
{
	if (count == 0)
		return 0;
	*out = calloc((size_t)count, sizeof(**out));
	if (!*out)
		return ERR_NOMEM;
	for (int i = 0; i < count; i++, (*out_count)++)
		if (fold_keep(&(*out)[i], texts[i]))
			return ERR_NOMEM;
	return 0;
}

static int add_note(struct fold *f, const char *text)
{
	struct summary *s = f->s;
	int rc = fold_grow((void **)&s->notes, &f->note_cap, s->note_count,
			   sizeof(*s->notes));

	if (!rc)
		rc = fold_keep(&s->notes[s->note_count], text);
	if (!rc)
		s->note_count++;
	return rc;
}

static int fold_run(struct fold *f, const json_t *line, struct err *err)
{
	struct summary *s = f->s;
	struct record_run r;
	int rc;

	if (f->has_run)
		return err_set(err, ERR_FORMAT, "a second \"run\" line");
	rc = record_run_parse(&r, line, err);
	if (rc)
		return rc;
	f->has_run = true;
	s->simulated = r.simulated;
	s->wall_start_ns = r.wall_start_ns;
	s->u_ns = r.u_ns;
	s->seed = r.seed;
	s->confidence = r.confidence;
	if (fold_keep(&s->run_name, r.name) || fold_keep(&s->version, r.version) ||
	    fold_keep(&s->rig, r.rig) || fold_keep(&s->target, r.target) ||
	    fold_keep(&s->protocol, r.protocol) || fold_keep(&s->phone, r.phone) ||
	    fold_keep(&s->host, r.host))
		return ERR_NOMEM;
	return keep_all(&s->devices, &s->device_count, r.devices, r.device_count);
}

/* Index, or case_count. Attempts of one case follow each other, so the last one is tried first. */
static size_t find_case(struct fold *f, const char *suite, const char *id)
{
	const struct summary *s = f->s;

	for (size_t i = 0; i <= s->case_count; i++) {
		size_t at = i == 0 ? f->last_case : i - 1;

		if (at < s->case_count && strcmp(s->cases[at].id, id) == 0 &&
		    strcmp(s->cases[at].suite, suite) == 0) {
			f->last_case = at;
			return at;
		}
	}
	return s->case_count;
}

static int fold_claims(struct summary_case *c, const struct record_case *r,
		       struct err *err)
{
	if (r->claim_count == 0)
		return 0;
	c->claims = calloc((size_t)r->claim_count, sizeof(*c->claims));
	if (!c->claims)
		return ERR_NOMEM;
	for (int i = 0; i < r->claim_count; i++) {
		int rc = claim_parse(&c->claims[i].claim, r->claims[i], err);

		if (rc)
			return err_wrap(err, rc, "claim %d", i + 1);
		c->claim_count++;
	}
	return 0;
}

static int add_case(struct fold *f, struct summary_case **c, struct fold_case **fc)
{
	struct summary *s = f->s;
	size_t cap = f->case_cap;

	if (fold_grow((void **)&s->cases, &cap, s->case_count, sizeof(*s->cases)))
		return ERR_NOMEM;
	cap = f->case_cap;
	if (fold_grow((void **)&f->cases, &cap, s->case_count, sizeof(*f->cases)))
		return ERR_NOMEM;
	f->case_cap = cap;
	*fc = &f->cases[s->case_count];
	*c = &s->cases[s->case_count++];
	(*fc)->last_trial = (*fc)->last_attempt = -1;
	return 0;
}

static int fold_case(struct fold *f, const json_t *line, struct err *err)
{
	struct summary *s = f->s;
	struct summary_case *c;
	struct record_case r;
	struct fold_case *fc;
	int rc = record_case_parse(&r, line, err);

	if (rc)
		return rc;
	if (f->has_attempt)
		return err_set(err, ERR_FORMAT,
			       "a case after the first attempt: was not planned");
	if (s->case_count == MAX_CASES)
		return err_set(err, ERR_FORMAT, "more than %d cases", MAX_CASES);
	if (find_case(f, r.suite, r.id) < s->case_count)
		return err_set(err, ERR_FORMAT, "case %.40s/%.40s is there twice",
			       r.suite, r.id);
	if (add_case(f, &c, &fc))
		return ERR_NOMEM;
	c->planned_trials = r.trials;
	c->planned_warmup = r.warmup;
	if (fold_keep(&c->id, r.id) || fold_keep(&c->suite, r.suite) ||
	    fold_keep(&c->title, r.title) || fold_keep(&fc->skip, r.skip))
		return ERR_NOMEM;
	fc->tally.skip = fc->skip;
	rc = keep_all(&c->requirements, &c->requirement_count, r.requirements,
		      r.requirement_count);
	return rc ? rc : fold_claims(c, &r, err);
}

/* A trial is the next one, or the last one again. */
static int check_order(struct fold_case *fc, const struct summary_case *c,
		       const struct record_attempt *r, struct err *err)
{
	bool again = r->trial == fc->last_trial && r->attempt == fc->last_attempt + 1;
	bool next = r->trial == fc->last_trial + 1 && r->attempt == 0;

	if (r->trial >= c->planned_trials)
		return err_set(err, ERR_FORMAT, "trial %d of a case that has %d",
			       r->trial, c->planned_trials);
	if (!again && !next)
		return err_set(err, ERR_FORMAT,
			       "trial %d attempt %d cannot follow trial %d attempt %d",
			       r->trial, r->attempt, fc->last_trial, fc->last_attempt);
	fc->last_trial = r->trial;
	fc->last_attempt = r->attempt;
	return 0;
}

static void note_trouble(struct summary_case *c, struct tally *t, const struct attempt *a)
{
	char *first = NULL;

	if (a->outcome == OUTCOME_DONE)
		return;
	if (!c->first_trouble[0]) {
		snprintf(c->first_trouble, sizeof(c->first_trouble), "%s%s%s",
			 outcome_name(a->outcome), a->detail[0] ? ": " : "", a->detail);
		text_trim(c->first_trouble);
	}
	if (a->outcome == OUTCOME_BENCH_ERROR) {
		first = t->first_bench_error;
	} else if (a->outcome == OUTCOME_REFUSED && !a->complaint[0]) {
		first = t->first_refusal;
		t->silent_refusals++;
	} else if (a->outcome == OUTCOME_RF_ERROR) {
		first = t->first_unanswered;
		t->unanswered++;
	}
	if (first && !first[0])
		text_copy(first, sizeof(t->first_refusal),
			  a->detail[0] ? a->detail : "no detail");
}

static void tally(struct summary_case *c, struct tally *t, const struct record_attempt *r)
{
	const struct attempt *a = r->result;

	c->outcomes[a->outcome]++;
	if (r->attempt == 0)
		c->trials++;
	if (c->first_ns > r->started_ns || (c->trials == 1 && r->attempt == 0))
		c->first_ns = r->started_ns;
	if (c->last_ns < r->ended_ns || (c->trials == 1 && r->attempt == 0))
		c->last_ns = r->ended_ns;
	if (a->complaint[0] && a->outcome != OUTCOME_BENCH_ERROR) {
		c->complaints++;
		if (!c->first_complaint[0])
			text_copy(c->first_complaint, sizeof(c->first_complaint),
				  a->complaint);
	}
	if (attempt_find(a, "fallback"))
		c->fallbacks++;
	note_trouble(c, t, a);
}

/* @a is the newest attempt of case @at: keep its latencies. */
static int see(struct fold *f, size_t at, const struct record_attempt *r)
{
	struct fold_case *fc = &f->cases[at];
	struct seen *seen;

	if (fold_grow((void **)&fc->seen, &fc->cap, fc->count, sizeof(*fc->seen)))
		return ERR_NOMEM;
	if (r->attempt > 0)
		fc->seen[fc->count - 1].retried = true;
	seen = &fc->seen[fc->count++];
	*seen = (struct seen){ .outcome = r->result->outcome };
	for (int m = 0; m < METRIC_COUNT; m++)
		seen->ns[m] = metric_of(m, r->result);
	if (seen->outcome != OUTCOME_NO_TAP)
		return 0;
	seen->unproven = true;
	if (fold_grow((void **)&f->waiting, &f->waiting_cap, f->waiting_count,
		      sizeof(*f->waiting)))
		return ERR_NOMEM;
	f->waiting[f->waiting_count++] = (struct waiting){ at, fc->count - 1 };
	return 0;
}

/* The bench is proven: what waited was not its fault. */
static void prove(struct fold *f)
{
	for (size_t i = 0; i < f->waiting_count; i++)
		f->cases[f->waiting[i].case_index]
			.seen[f->waiting[i].seen_index]
			.unproven = false;
	f->waiting_count = 0;
}

static int fold_attempt(struct fold *f, const json_t *line, struct err *err)
{
	struct record_attempt r;
	struct attempt a;
	size_t at;
	int rc = record_attempt_parse(&r, &a, line, err);

	if (rc)
		return rc;
	at = find_case(f, r.suite, r.case_id);
	if (at == f->s->case_count)
		return err_set(err, ERR_FORMAT,
			       "an attempt of %.40s/%.40s, which was not planned",
			       r.suite, r.case_id);
	if (f->cases[at].skip)
		return err_set(err, ERR_FORMAT, "an attempt of a case that is skipped");
	f->has_attempt = true;
	f->s->attempts++;
	f->s->transactions +=
		attempt_find(&a, "select.sent") || attempt_find(&a, "select.received");
	if (attempt_find(&a, "activated"))
		prove(f);
	if (r.warmup) {
		f->s->cases[at].warmups += r.attempt == 0;
		return 0;
	}
	rc = check_order(&f->cases[at], &f->s->cases[at], &r, err);
	if (rc)
		return rc;
	tally(&f->s->cases[at], &f->cases[at].tally, &r);
	return see(f, at, &r);
}

static int fold_recovery(struct fold *f, const json_t *line, struct err *err)
{
	struct record_recovery r;
	int rc = record_recovery_parse(&r, line, err);

	if (rc)
		return rc;
	f->s->recoveries++;
	f->waiting_count =
		0; /* a tap after a repair does not prove the bench before it */
	return 0;
}

static int fold_end(struct fold *f, const json_t *line, struct err *err)
{
	struct record_end e;
	char note[240];
	int rc = record_end_parse(&e, line, err);

	if (rc)
		return rc;
	f->has_end = true;
	f->s->wall_end_ns = e.wall_end_ns;
	if (fold_keep(&f->s->ended, e.ended))
		return ERR_NOMEM;
	if (!e.why)
		return 0;
	snprintf(note, sizeof(note), "%s: %s", e.ended, e.why);
	return add_note(f, text_trim(note));
}

static int fold_note(struct fold *f, const json_t *line, struct err *err)
{
	const char *text = json_string_value(json_object_get(line, "text"));

	return text ? add_note(f, text)
		    : err_set(err, ERR_FORMAT, "\"text\" must be a text");
}

static int fold_any(struct fold *f, const json_t *line, struct err *err)
{
	static const struct {
		const char *type;
		int (*fold)(struct fold *f, const json_t *line, struct err *err);
	} kinds[] = { { "run", fold_run },         { "case", fold_case },
		      { "attempt", fold_attempt }, { "recovery", fold_recovery },
		      { "note", fold_note },       { "end", fold_end } };
	const char *type = json_string_value(json_object_get(line, "type"));

	if (f->has_end)
		return err_set(err, ERR_FORMAT, "a line after the end");
	for (size_t i = 0; type && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(type, kinds[i].type))
			continue;
		if (i > 0 && !f->has_run)
			return err_set(err, ERR_FORMAT,
				       "the first line must be of type run");
		return kinds[i].fold(f, line, err);
	}
	return err_set(err, ERR_FORMAT,
		       "\"type\" must be run, case, attempt, recovery, note or end");
}

int fold_line(void *ctx, json_t *line, int line_no, struct err *err)
{
	struct fold *f = ctx;
	struct err why = { 0 };
	int rc = fold_any(f, line, &why);

	if (rc)
		return err_set(err, rc, "%s:%d:1: %s", f->path, line_no,
			       why.text[0] ? why.text : err_name(rc));
	return 0;
}

void fold_release(struct fold *f)
{
	size_t count = f->cases ? f->s->case_count : 0;

	for (size_t i = 0; i < count; i++) {
		free(f->cases[i].seen);
		free(f->cases[i].skip);
	}
	free(f->cases);
	free(f->waiting);
}
