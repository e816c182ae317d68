#include "results/fold.h"

#include "results/record.h"
#include "results/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CASES 1000
#define MAX_NOTES 10000

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
	(*c)->samples = calloc(METRIC_COUNT, sizeof(*(*c)->samples));
	return (*c)->samples ? 0 : ERR_NOMEM;
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
	    fold_keep(&c->title, r.title) || fold_keep(&fc->skip, r.skip) ||
	    fold_keep(&c->series, r.series) || fold_keep(&c->level, r.level))
		return ERR_NOMEM;
	c->explore = r.explore;
	fc->tally.skip = fc->skip;
	rc = keep_all(&c->requirements, &c->requirement_count, r.requirements,
		      r.requirement_count);
	if (!rc)
		rc = fold_claims(c, &r, err);
	for (int m = 0; m < METRIC_COUNT; m++)
		fc->claimed[m] = summary_is_claimed(c, m);
	for (size_t i = 0; i < c->claim_count; i++)
		fc->share_claimed |= c->claims[i].claim.type == CLAIM_SHARE;
	return rc;
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

/* What the reader of a report sees of it, whatever becomes of it in the verdict. */
static void note_attempt(struct summary_case *c, const struct record_attempt *r)
{
	const struct attempt *a = r->result;
	bool complained = a->complaint[0] && a->outcome != OUTCOME_BENCH_ERROR;

	(r->warmup ? c->warmup_outcomes : c->outcomes)[a->outcome]++;
	*(r->warmup ? &c->warmup_complaints : &c->complaints) += complained;
	if (complained && !c->first_complaint[0])
		text_copy(c->first_complaint, sizeof(c->first_complaint), a->complaint);
	if (a->outcome != OUTCOME_DONE && !c->first_trouble[0]) {
		snprintf(c->first_trouble, sizeof(c->first_trouble), "%s%s%s%s",
			 outcome_name(a->outcome), r->warmup ? " in warm-up" : "",
			 a->detail[0] ? ": " : "", a->detail);
		text_trim(c->first_trouble);
	}
}

static void count_trial(struct summary_case *c, const struct record_attempt *r)
{
	if (r->attempt == 0)
		c->trials++;
	if (c->first_ns > r->started_ns || (c->trials == 1 && r->attempt == 0))
		c->first_ns = r->started_ns;
	if (c->last_ns < r->ended_ns || (c->trials == 1 && r->attempt == 0))
		c->last_ns = r->ended_ns;
	if (attempt_find(r->result, "fallback"))
		c->fallbacks++;
}

/* Room for one more; not zeroed, so that what is not used yet takes no memory. */
static int make_room(struct summary_samples *s)
{
	size_t cap = s->cap ? s->cap * 2 : 64;
	int64_t *more;

	if (s->n < s->cap)
		return 0;
	more = reallocarray(s->ns, cap, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	s->ns = more;
	more = s->held_ns ? reallocarray(s->held_ns, cap, sizeof(*more)) : NULL;
	if (s->held_ns && !more)
		return ERR_NOMEM;
	s->held_ns = more;
	s->cap = cap;
	return 0;
}

/* How much of a sample is doubtful: of an answer that did not come in time all, of a plain no nothing. */
static int64_t doubt_of(const struct attempt *a, int64_t sample_ns, int64_t u_ns)
{
	if (sample_ns != STATS_INFINITE)
		return tally_held_up(a);
	return tally_is_doubtful(a, u_ns) ? STATS_INFINITE : 0;
}

/* Behind what make_room made room for; the first that is above 0 makes the array. */
static int keep_held(struct summary_samples *s, int64_t held_ns)
{
	if (!s->held_ns && held_ns > 0)
		s->held_ns = calloc(s->cap, sizeof(*s->held_ns));
	if (!s->held_ns)
		return held_ns > 0 ? ERR_NOMEM : 0;
	s->held_ns[s->n] = held_ns;
	return 0;
}

/* A sample that is undecided, and back; its own inverse. */
static int64_t turned(int64_t ns)
{
	return -1 - ns;
}

/* A NO_TAP that waits; in the order of outcomes only. */
#define UNDECIDED OUTCOME_COUNT

/* The order of outcomes, which share claims ask for. */
static int keep_order(struct fold_case *fc, const struct attempt *a, int64_t u_ns)
{
	uint8_t outcome = a->outcome == OUTCOME_NO_TAP ? UNDECIDED : (uint8_t)a->outcome;
	struct tally *t = &fc->tally;

	if (!fc->share_claimed)
		return 0;
	if (fold_grow((void **)&t->order, &fc->order_cap, t->order_n, 1))
		return ERR_NOMEM;
	if (tally_is_doubtful(a, u_ns))
		outcome |= TALLY_DOUBTFUL;
	t->order[t->order_n++] = outcome;
	return 0;
}

/* What waits in the order is a NO_TAP, or was no sample. */
static void decide_order(struct fold_case *fc, bool proven)
{
	struct tally *t = &fc->tally;
	size_t kept = fc->order_from;

	for (size_t i = fc->order_from; i < t->order_n; i++) {
		if ((t->order[i] & ~TALLY_DOUBTFUL) != UNDECIDED)
			t->order[kept++] = t->order[i];
		else if (proven)
			t->order[kept++] =
				OUTCOME_NO_TAP | (t->order[i] & TALLY_DOUBTFUL);
	}
	fc->order_from = t->order_n = kept;
}

/* A DONE trial that was tried again is no sample after all. */
static void take_back(struct summary_case *c, struct fold_case *fc)
{
	if (fc->last_outcome != OUTCOME_DONE)
		return;
	fc->tally.order_n -= fc->share_claimed;
	if (fc->order_from > fc->tally.order_n)
		fc->order_from = fc->tally.order_n;
	for (int m = 0; m < METRIC_COUNT; m++) {
		size_t n = c->samples[m].n -= fc->last_in[m];

		if (fc->undecided_from[m] > n)
			fc->undecided_from[m] = n;
	}
}

/* The newest attempt of case @at: keep its latencies. */
static int see(struct fold *f, size_t at, const struct record_attempt *r)
{
	struct summary_case *c = &f->s->cases[at];
	struct fold_case *fc = &f->cases[at];
	enum outcome outcome = r->result->outcome;

	if (r->attempt > 0)
		take_back(c, fc);
	fc->last_outcome = outcome;
	memset(fc->last_in, 0, sizeof(fc->last_in));
	if (outcome == OUTCOME_BENCH_ERROR)
		return 0;
	if (keep_order(fc, r->result, f->s->u_ns))
		return ERR_NOMEM;
	for (int m = 0; m < METRIC_COUNT; m++) {
		int64_t ns = metric_of(m, r->result);

		if (ns < 0 && !fc->claimed[m])
			continue;
		if (make_room(&c->samples[m]))
			return ERR_NOMEM;
		ns = ns < 0 ? STATS_INFINITE : ns;
		if (fc->claimed[m] &&
		    keep_held(&c->samples[m], doubt_of(r->result, ns, f->s->u_ns)))
			return ERR_NOMEM;
		c->samples[m].ns[c->samples[m].n++] =
			outcome == OUTCOME_NO_TAP ? turned(ns) : ns;
		fc->last_in[m] = true;
	}
	return 0;
}

/* What waits in case @i is decided: samples from now on, or never. */
static void decide(struct fold *f, size_t i, bool proven)
{
	struct summary_case *c = &f->s->cases[i];
	struct fold_case *fc = &f->cases[i];

	for (int m = 0; m < METRIC_COUNT && c->samples; m++) {
		struct summary_samples *s = &c->samples[m];

		for (size_t k = fc->undecided_from[m]; k < s->n && proven; k++)
			if (s->ns[k] < 0)
				s->ns[k] = turned(s->ns[k]);
		fc->undecided_from[m] = s->n;
	}
	decide_order(fc, proven);
	tally_decide(&fc->tally, &fc->waiting, proven);
	c->unproven_no_taps = fc->tally.unproven.count;
}

static void decide_all(struct fold *f, bool proven)
{
	for (size_t i = 0; i < f->s->case_count && f->undecided; i++)
		if (f->cases[i].waiting.all.count)
			decide(f, i, proven);
	f->undecided = false;
}

/* Known of, and no more: its trial stays missing. */
static int fold_cut(struct fold *f, size_t at, const struct record_attempt *r,
		    struct err *err)
{
	struct fold_case before = f->cases[at];
	int rc = r->warmup ? 0 : check_order(&before, &f->s->cases[at], r, err);

	if (!rc)
		f->s->cuts++;
	return rc;
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
	if (r.cut)
		return fold_cut(f, at, &r, err);
	f->s->attempts++;
	f->s->transactions +=
		attempt_find(&a, "select.sent") || attempt_find(&a, "select.received");
	if (attempt_find(&a, "activated"))
		decide_all(f, true);
	rc = r.warmup ? 0 : check_order(&f->cases[at], &f->s->cases[at], &r, err);
	if (rc)
		return rc;
	note_attempt(&f->s->cases[at], &r);
	tally_attempt(&f->cases[at].tally, &f->cases[at].waiting, &f->s->cases[at], &r,
		      f->s->u_ns);
	if (f->cases[at].waiting.all.count)
		f->undecided = true;
	if (r.warmup) {
		f->s->cases[at].warmups += r.attempt == 0;
		return 0;
	}
	count_trial(&f->s->cases[at], &r);
	return see(f, at, &r);
}

static void count_rung(struct summary *s, const struct record_recovery *r)
{
	struct summary_rung row = { .climbed = 0 };
	size_t at = 0;

	snprintf(row.device, sizeof(row.device), "%s", r->device);
	snprintf(row.rung, sizeof(row.rung), "%s", r->rung);
	while (at < s->rung_count && (strcmp(s->rungs[at].device, row.device) != 0 ||
				      strcmp(s->rungs[at].rung, row.rung) != 0))
		at++;
	if (at == SUMMARY_RUNGS)
		return;
	if (at == s->rung_count)
		s->rungs[s->rung_count++] = row;
	s->rungs[at].climbed++;
	s->rungs[at].held += r->proved;
}

static int fold_recovery(struct fold *f, const json_t *line, struct err *err)
{
	struct record_recovery r;
	int rc = record_recovery_parse(&r, line, err);

	if (rc)
		return rc;
	/* a climb ends with the rung that held, or when the bench is drained: all its rungs are one recovery */
	f->s->recoveries += !f->climbing;
	f->climbing = !r.proved && strcmp(r.rung, "drain") != 0;
	count_rung(f->s, &r);
	decide_all(f,
		   false); /* a tap after a repair does not prove the bench before it */
	return 0;
}

static int fold_end(struct fold *f, const json_t *line, struct err *err)
{
	struct record_end e;
	int rc = record_end_parse(&e, line, err);

	if (rc)
		return rc;
	f->has_end = true;
	f->s->wall_end_ns = e.wall_end_ns;
	return fold_keep(&f->s->ended, e.ended) || fold_keep(&f->s->ended_why, e.why)
		       ? ERR_NOMEM
		       : 0;
}

static int fold_note(struct fold *f, const json_t *line, struct err *err)
{
	const char *text;
	int rc = record_note_parse(&text, line, err);

	if (!rc && f->s->note_count >= MAX_NOTES)
		rc = err_set(err, ERR_FORMAT, "more than %d notes", MAX_NOTES);
	return rc ? rc : add_note(f, text);
}

static int give_up_case(struct fold *f, const struct record_resume *r, struct err *err)
{
	size_t at = find_case(f, r->suite, r->case_id);
	struct fold_case *fc;

	if (at == f->s->case_count || f->cases[at].skip)
		return err_set(err, ERR_FORMAT,
			       "the case %.40s/%.40s that is left out was not to be run",
			       r->suite, r->case_id);
	fc = &f->cases[at];
	if (fc->given_up)
		return err_set(err, ERR_FORMAT, "case %.40s is left out twice",
			       r->case_id);
	if (fold_keep(&fc->given_up, r->skip))
		return ERR_NOMEM;
	fc->tally.given_up = fc->given_up;
	return 0;
}

static int fold_resume(struct fold *f, const json_t *line, struct err *err)
{
	struct record_resume r;
	char text[400];
	int rc = record_resume_parse(&r, line, err);

	if (rc)
		return rc;
	snprintf(text, sizeof(text),
		 "the run was cut off and resumed after %.1f s%s%.100s%s%s",
		 (double)r.at_ns / 1e9, r.case_id ? ", in the middle of " : "",
		 r.case_id ? r.case_id : "", r.torn ? "; a torn line was taken off" : "",
		 r.skip ? "; what was left of that case was left out" : "");
	decide_all(f, false); /* a tap after that does not prove the bench before it */
	rc = r.skip ? give_up_case(f, &r, err) : 0;
	return rc ? rc : add_note(f, text_trim(text));
}

static int fold_any(struct fold *f, const json_t *line, struct err *err)
{
	static const struct {
		const char *type;
		int (*fold)(struct fold *f, const json_t *line, struct err *err);
	} kinds[] = { { "run", fold_run },         { "case", fold_case },
		      { "attempt", fold_attempt }, { "recovery", fold_recovery },
		      { "note", fold_note },       { "resume", fold_resume },
		      { "end", fold_end } };
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
		       "\"type\" must be run, case, attempt, recovery, note, resume "
		       "or end");
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

static void drop_unproven(struct summary_samples *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->ns[i] < 0)
			continue;
		if (s->held_ns)
			s->held_ns[kept] = s->held_ns[i];
		s->ns[kept++] = s->ns[i];
	}
	s->n = kept;
}

static void close_case(struct summary_case *c)
{
	for (int m = 0; m < METRIC_COUNT; m++) {
		struct summary_samples *s = &c->samples[m], empty = { 0 };

		if (c->unproven_no_taps)
			drop_unproven(s);
		if (s->n) {
			s->metric = m;
			empty = c->samples[c->sample_count];
			c->samples[c->sample_count] = *s;
			if (&c->samples[c->sample_count++] != s)
				*s = empty;
		}
	}
}

void fold_samples(struct fold *f)
{
	decide_all(f, false);
	for (size_t i = 0; i < f->s->case_count; i++)
		close_case(&f->s->cases[i]);
}

static void release_case(struct fold_case *fc)
{
	free(fc->skip);
	free(fc->given_up);
	free(fc->tally.order);
}

void fold_release(struct fold *f)
{
	size_t count = f->cases ? f->s->case_count : 0;

	for (size_t i = 0; i < count; i++)
		release_case(&f->cases[i]);
	free(f->cases);
}
