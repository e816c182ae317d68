#include "bench/faults/world.h"

#include "results/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One run in this process, and what must be true of it.
 */
#define MOST_NS \
	(300 * NS_PER_S) /* of virtual time: eleven attempts with every wait at its end */
/* The phone's own stamps begin where activation does and end where its thinking does. */
#define AIR_NS (15 * NS_PER_MS)

static int perform(struct world *w, const char *dir, struct err *err)
{
	struct runner r = { .rig = w->rig,
			    .plan = &w->plan,
			    .target = &w->target,
			    .pump = w->pump,
			    .seed = w->s->seed };
	char path[sizeof(w->run.path) + 64];
	int rc = store_new_run(&w->run, dir, "faults", 0, err);

	if (!rc)
		rc = store_input(&w->run, "rig.yaml", conf_text(w->rig->conf), err);
	if (rc)
		return rc;
	disk_arm(w->s);
	rc = journal_create(&w->journal,
			    store_path(&w->run, "journal.jsonl", path, sizeof(path)),
			    err);
	if (rc)
		return rc;
	r.journal = w->journal;
	rc = runner_begin(&r, "faults", 0, err);
	if (!rc)
		rc = runner_run(&r, &w->end, err);
	disk_disarm();
	return rc;
}

/* The journal against the truth. */
struct check {
	const struct world *w;
	struct finding *f;
	int trial, expected; /* of the case under way, and the next number in it */
	char case_id[40];
	int64_t last_end_ns;
	int taps; /* seen inside of attempts */
	bool ended;
};

static bool is_blamed(const struct attempt *a)
{
	return a->outcome == OUTCOME_REFUSED || a->outcome == OUTCOME_RF_ERROR ||
	       a->complaint[0];
}

/* What was done is what happened: both sides agree, and so do the times. */
static void check_done(struct check *c, const struct record_attempt *r,
		       const struct attempt *a)
{
	const struct world *w = c->w;
	const struct truth *opened =
		world_find(w, TRUTH_OPENED, r->started_ns, r->ended_ns);
	const struct attempt_point *from = attempt_find(a, "activated"),
				   *to = attempt_find(a, "control_flow.answered");
	const struct truth *activated;
	int64_t off;

	if (!opened) {
		finding_wrong(c->f, "%s %d is DONE, and nothing opened", r->case_id,
			      r->trial);
		return;
	}
	if (opened->standard != !strcmp(a->kind, "standard"))
		finding_wrong(c->f, "%s %d says %s, and was not", r->case_id, r->trial,
			      a->kind);
	if (!strcmp(r->case_id, "fast") &&
	    !world_find(w, TRUTH_ANNOUNCED, opened->at_ns, r->ended_ns))
		finding_wrong(c->f, "%s %d: announced, and was not", r->case_id,
			      r->trial);
	activated = world_find(w, TRUTH_ACTIVATED, r->started_ns, opened->at_ns);
	if (!from || !to || !activated) {
		finding_wrong(c->f, "%s %d is DONE without its points", r->case_id,
			      r->trial);
		return;
	}
	off = (to->at_ns - from->at_ns) - (opened->at_ns - activated->at_ns);
	if (off > AIR_NS || off < -AIR_NS)
		finding_wrong(c->f, "%s %d: its tap is %.1f ms off", r->case_id, r->trial,
			      (double)off / 1e6);
}

static void check_blame(struct check *c, const struct record_attempt *r,
			const struct attempt *a)
{
	const struct scenario *s = c->w->s;

	if (!is_blamed(a) || s->phone != PHONE_HONEST ||
	    (scenario_is_targets(s) && c->w->fault.failed > 0))
		return;
	finding_wrong(c->f, "%s %d blames an honest target: %s %s%s%s", r->case_id,
		      r->trial, outcome_name(a->outcome), a->detail,
		      a->complaint[0] ? "; " : "", a->complaint);
}

/* Numbers without a gap, times without an overlap. */
static void check_order(struct check *c, const struct record_attempt *r)
{
	if (strcmp(c->case_id, r->case_id) != 0) {
		snprintf(c->case_id, sizeof(c->case_id), "%s", r->case_id);
		c->trial = r->warmup ? -1 : 0;
	} else if (!r->attempt) { /* else the same once more */
		c->trial++;
	}
	if (!r->warmup && r->trial != c->trial)
		finding_wrong(c->f, "%s: after trial %d comes %d", r->case_id,
			      c->trial - 1, r->trial);
	if (r->started_ns < c->last_end_ns || r->ended_ns < r->started_ns)
		finding_wrong(c->f, "%s %d overlaps the one before it", r->case_id,
			      r->trial);
	c->last_end_ns = r->ended_ns;
}

static int check_line(void *ctx, json_t *line, int line_no, struct err *err)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	struct record_recovery recovery;
	struct check *c = ctx;
	struct record_attempt r;
	struct attempt a;

	(void)line_no;
	c->ended = !strcmp(type, "end");
	if (!strcmp(type, "recovery") && !record_recovery_parse(&recovery, line, err))
		c->f->recoveries += recovery.proved;
	if (strcmp(type, "attempt") != 0)
		return 0;
	if (record_attempt_parse(&r, &a, line, err))
		return ERR_FORMAT;
	c->f->attempts++;
	c->f->outcomes[a.outcome]++;
	c->taps += world_count(c->w, TRUTH_TAP, r.started_ns, r.ended_ns);
	check_order(c, &r);
	check_blame(c, &r, &a);
	if (a.outcome == OUTCOME_DONE && !a.complaint[0])
		check_done(c, &r, &a);
	return 0;
}

/* A line that found no room takes its attempt with it, and ends the run. */
static void check_journal(const struct world *w, int rc, struct finding *f)
{
	struct check c = { .w = w, .f = f };
	char path[sizeof(w->run.path) + 64];
	int taps = world_count(w, TRUTH_TAP, 0, INT64_MAX), lost;
	struct err err = { 0 };
	bool torn = false, disk = w->s->role == CAMPAIGN_DISK && disk_strikes() > 0;

	if (!w->journal)
		return;
	store_path(&w->run, "journal.jsonl", path, sizeof(path));
	if (journal_read(path, check_line, &c, &torn, &err))
		finding_wrong(f, "the journal: %s", err.text);
	if (torn && !disk)
		finding_wrong(f, "the journal is torn");
	lost = taps - c.taps;
	if (lost > (disk ? 1 : 0))
		finding_wrong(f, "%d of %d taps are in no attempt", lost, taps);
	if (!c.ended && !disk)
		finding_wrong(f, "the journal has no end");
	if (!rc && w->end == RUN_COMPLETE && f->attempts < 11)
		finding_wrong(f, "complete with %d attempts of 11", f->attempts);
}

static void fold(struct world *w, int rc, struct finding *f)
{
	struct err err = { 0 };
	struct summary *s;

	if (summary_read(&s, &w->run, &err)) {
		if (w->s->role != CAMPAIGN_DISK) /* a head that found no room is no run */
			finding_wrong(f, "no summary: %s", err.text);
		f->verdict = VERDICT_BENCH_ERROR;
		return;
	}
	f->verdict = s->verdict;
	if (summary_write_reports(s, &w->run, &err))
		finding_wrong(f, "no reports: %s", err.text);
	/* as `keybench run` ends: an error of the bench is one, but for a FAIL */
	if (rc && f->verdict != VERDICT_FAIL)
		f->verdict = VERDICT_BENCH_ERROR;
	summary_free(s);
}

void process_run(const struct scenario *s, const char *dir, struct finding *f)
{
	static struct world w;
	struct err err = { 0 };
	int rc = world_open(&w, s, &err);
	int64_t last;

	if (rc) {
		finding_wrong(f, "the world did not open: %s", err.text);
		world_close(&w);
		return;
	}
	rc = perform(&w, dir, &err);
	if (rc && !err.text[0])
		finding_wrong(f, "error %d, and nobody said why", rc);
	f->drained = w.end == RUN_DRAINED;
	f->strikes = s->role == CAMPAIGN_DISK ? disk_strikes() : (int)w.fault.failed;
	last = clock_now(&w.clock.base);
	if (last > MOST_NS)
		finding_wrong(f, "%.0f s of virtual time", (double)last / 1e9);
	check_journal(&w, rc, f);
	if (w.journal)
		fold(&w, rc, f);
	else
		f->verdict = VERDICT_BENCH_ERROR;
	finding_judge(f, s);
	world_close(&w);
	if (w.relays & 1)
		finding_wrong(f, "the phone is not away at the end");
	if (w.relays)
		finding_wrong(f, "relays on at the end: %#x", w.relays);
}
