#include "bench/runner.h"

#include "bench/core/log.h"
#include "bench/progress.h"
#include "bench/recover.h"
#include "bench/rig_fault.h"
#include "bench/rig_owner.h"
#include "bench/sched.h"
#include "results/metric.h"
#include "results/record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One run under way. */
struct running {
	const struct runner *r;
	struct step_env env;
	struct progress *progress;
	struct attempt attempt;
	struct err trouble; /* of the bench, in the last attempt; code 0: none */
	const struct plan_case *told; /* whose log was cut short, and that was said */
};

static int sleep_until(struct step_env *env, int64_t until_ns, struct err *err)
{
	const struct running *run = env->ctx;

	return rig_sleep_until(run->r->rig, until_ns, err);
}

static int write_note(const struct runner *r, struct err *err, const char *text)
{
	return journal_append(r->journal, record_note_json(text), err);
}

static int begin_run(const struct runner *r, const char *name, int64_t wall_ns,
		     struct err *err)
{
	char host[65] = "";
	struct record_run record = {
		.name = name,
		.version = VERSION,
		.host = host,
		.rig = r->rig->name,
		.target = r->target->name,
		.protocol = r->rig->profile->name,
		.phone = r->rig->phone ? r->rig->phone->name : "",
		.device_count = r->rig->device_count,
		.simulated = r->rig->simulated,
		.wall_start_ns = wall_ns,
		.origin_ns = r->origin_ns,
		.seed = r->seed,
		.u_ns = r->rig->u_ns,
		.confidence = r->plan->confidence,
	};

	gethostname(host, sizeof(host) - 1);
	for (int i = 0; i < r->rig->device_count; i++)
		record.devices[i] = r->rig->devices[i];
	return journal_append(r->journal, record_run_json(&record), err);
}

static int begin_case(const struct runner *r, const struct plan_case *p, struct err *err)
{
	struct record_case record = {
		.id = p->c->id,
		.suite = p->suite->name,
		.title = p->c->title,
		.requirement_count = p->c->requirement_count,
		.claim_count = p->c->claim_count,
		.trials = (int)p->trials,
		.warmup = (int)p->c->warmup,
		.skip = p->skip[0] ? p->skip : NULL,
		.series = *p->c->series ? p->c->series : NULL,
		.level = *p->c->series ? p->c->level : NULL,
		.explore = p->c->explore,
	};

	for (int i = 0; i < p->c->requirement_count; i++)
		record.requirements[i] = p->c->requirements[i];
	for (int i = 0; i < p->c->claim_count; i++)
		record.claims[i] = p->claims[i].text;
	return journal_append(r->journal, record_case_json(&record), err);
}

/* What this rig cannot do for a suite that only wants it: once for cases that lack the same. */
static int note_left_out(const struct runner *r, const struct plan_case *p,
			 struct err *err)
{
	char text[240];

	for (const struct plan_case *q = r->plan->cases; q < p; q++)
		if (q->suite == p->suite && strcmp(q->left_out, p->left_out) == 0)
			return 0;
	snprintf(text, sizeof(text), "%s: left out: %s", p->suite->name, p->left_out);
	return write_note(r, err, text);
}

/* What was made to go wrong on purpose is a test of the bench and of nothing else. */
static int note_faults(const struct runner *r, struct err *err)
{
	char text[320], planted[200];

	snprintf(text, sizeof(text),
		 "faults are planted in the bench itself (%s): this run tests the bench, "
		 "and is evidence of nothing else",
		 rig_faults_text(r->rig, planted));
	return write_note(r, err, text);
}

int runner_begin(const struct runner *r, const char *name, int64_t wall_ns,
		 struct err *err)
{
	int rc = begin_run(r, name, wall_ns, err);

	for (int i = 0; !rc && i < r->plan->count; i++)
		rc = begin_case(r, &r->plan->cases[i], err);
	for (int i = 0; !rc && i < r->plan->count; i++)
		if (r->plan->cases[i].left_out[0])
			rc = note_left_out(r, &r->plan->cases[i], err);
	if (!rc && r->rig->has_pairing && r->rig->pairing.throwaway)
		rc = write_note(
			r, err,
			"the pairing uses throw-away test keys that anybody can read");
	if (!rc && rig_has_faults(r->rig))
		rc = note_faults(r, err);
	if (!rc && rig_is_virtual(r->rig))
		rc = write_note(r, err,
				"time is virtual: it starts at 1970-01-01T00:00:00Z and "
				"moves as the simulation says; the same seed gives the "
				"same run");
	if (!rc)
		rc = journal_sync(r->journal, err);
	return rc;
}

/* A bench error takes the attempt over: whatever else was said of it does not count. */
static void spoil(struct running *run, const struct err *cause)
{
	run->trouble = *cause;
	run->attempt.outcome = OUTCOME_BENCH_ERROR;
	run->attempt.complaint[0] = '\0'; /* our fault is never held against the target */
	snprintf(run->attempt.detail, sizeof(run->attempt.detail), "%s", err_text(cause));
}

/* A stamp that may be off by more than the rig's U has no bound that a verdict could stand on. */
static int check_slack(const struct running *run, struct err *err)
{
	const struct attempt *a = &run->attempt;

	for (int i = 0; i < a->point_count; i++) {
		const struct attempt_point *p = &a->points[i];

		if (p->slack_ns <= run->r->rig->u_ns ||
		    (!strchr(p->name, '.') && strcmp(p->name, "activated") != 0 &&
		     strcmp(p->name, "t0") != 0))
			continue;
		return err_set(
			err, ERR_RANGE,
			"the stamp of '%s' may be %.1f ms off, but the rig states an "
			"uncertainty of %.1f ms",
			p->name, (double)p->slack_ns / 1e6,
			(double)run->r->rig->u_ns / 1e6);
	}
	return 0;
}

static int run_steps(struct running *run, const struct plan_case *p, struct err *err)
{
	int rc = 0;

	rc = step_begin(&run->env, err);
	for (int i = 0; !rc && i < p->step_count; i++)
		if (p->steps[i]->kind->prepare)
			rc = p->steps[i]->kind->prepare(p->steps[i]->params, &run->env,
							err);
	for (int i = 0; !rc && i < p->step_count; i++)
		rc = p->steps[i]->kind->run(p->steps[i]->params, &run->env, err);
	if (rc >= 0 && run->attempt.overflow)
		rc = err_set(err, ERR_RANGE, "an attempt left more points than fit");
	if (rc >= 0 && check_slack(run, err))
		rc = ERR_RANGE;
	return rc;
}

/* One attempt, and tear-down whatever happened. @return 0, or ERR_INTERRUPTED: it was cut off */
static int make_attempt(struct running *run, const struct plan_case *p)
{
	struct err err = { 0 }, down = { 0 };
	int rc, torn;

	attempt_init(&run->attempt);
	run->trouble.code = 0;
	run->env.attempt = &run->attempt;
	run->env.failed = 0;
	rc = run_steps(run, p, &err);
	pump_hold_stop(run->r->pump, true);
	torn = step_tear_down(&run->env, &down);
	pump_hold_stop(run->r->pump, false);
	if (rc == ERR_INTERRUPTED) {
		attempt_end(&run->attempt, OUTCOME_BENCH_ERROR,
			    "cut off: somebody asked to stop");
		run->attempt.complaint[0] = '\0';
		return rc;
	}
	if (rc < 0) {
		err.code = rc;
		spoil(run, &err);
	} else if (torn) {
		err_wrap(&down, torn, "tear-down");
		spoil(run, &down);
	}
	return 0;
}

/* A log that is longer than its attempts is not replayed to its end: once a case, for the report. */
static int tell_unsent(struct running *run, const struct plan_case *c, struct err *err)
{
	const struct attempt *a = &run->attempt;
	char text[400];

	for (int i = 0; i < a->note_count && run->told != c; i++) {
		if (strcmp(a->notes[i].name, STEP_NOTE_UNSENT) != 0)
			continue;
		run->told = c;
		snprintf(text, sizeof(text), "%s/%s: %s: %s", c->suite->name, c->c->id,
			 a->notes[i].name, a->notes[i].text);
		return write_note(run->r, err, text);
	}
	return 0;
}

static int write_attempt(struct running *run, const struct sched_slot *slot,
			 int64_t started_ns, bool cut, struct err *err)
{
	struct record_attempt record = {
		.case_id = slot->c->c->id,
		.suite = slot->c->suite->name,
		.trial = (int)slot->trial,
		.attempt = slot->attempt,
		.warmup = slot->warmup,
		.cut = cut,
		.started_ns = started_ns - run->r->origin_ns,
		.ended_ns = clock_now(run->env.clock) - run->r->origin_ns,
		.result = &run->attempt,
		.origin_ns = run->r->origin_ns,
	};
	int rc = journal_append(run->r->journal, record_attempt_json(&record), err);

	if (!rc)
		rc = tell_unsent(run, slot->c, err);
	/* what a power cut takes from a simulation can be made again */
	if (rc || rig_is_virtual(run->r->rig))
		return rc;
	return journal_sync(run->r->journal, err);
}

/* After trouble: make the bench whole again. @return 0, or the bench must be drained */
static int recover(struct running *run, struct err *err)
{
	struct recovery recovery = { run->r->rig, run->r->journal, run->r->origin_ns };
	int rc = 0;

	if (!run->trouble.code)
		return 0;
	log_warning("bench error: %s; recovering", err_text(&run->trouble));
	if (run->r->rig->desk && !desk_alive(run->r->rig->desk))
		rc = err_set(err, ERR_GONE, "the emulated desk died");
	if (!rc && (run->env.failed & NEED_READER))
		rc = run->env.card ? recover_card(&recovery, &run->trouble, err)
				   : recover_reader(&recovery, &run->trouble, err);
	if (!rc && (run->env.failed & NEED_POSITIONER)) {
		rc = recover_positioner(&recovery, &run->trouble, err);
		run->env.positioner = run->r->rig->positioner;
		run->env.sensor = run->r->rig->sensor;
		run->env.relay = run->r->rig->relay;
	}
	if (!rc && (run->env.failed & NEED_BUS)) {
		rc = recover_bus(&recovery, &run->trouble, err);
		run->env.bus = run->r->rig->bus;
		run->env.cyclic = run->r->rig->cyclic;
	}
	run->env.activated = run->env.field_on = false;
	return pump_stop_requested(run->r->pump) ? ERR_INTERRUPTED : rc;
}

/* What the machine did to the desk while something was measured; of an attempt that came to no good end, in all of it. */
static void note_held_up(struct running *run, int64_t started_ns)
{
	int64_t from = INT64_MAX, to = INT64_MIN, held_ns;
	struct attempt *a = &run->attempt;

	for (int i = 0; i < a->point_count; i++) {
		const struct attempt_point *p = &a->points[i];

		if (!strcmp(p->name, "approach") || !strcmp(p->name, "retreat"))
			continue;
		from = p->at_ns < from ? p->at_ns : from;
		to = p->at_ns > to ? p->at_ns : to;
	}
	if (a->outcome != OUTCOME_DONE || a->complaint[0]) {
		from = started_ns;
		to = clock_now(run->env.clock);
	}
	held_ns = desk_held_up(run->r->rig->desk, from, to);
	if (held_ns > 0)
		attempt_value(a, "held_up", held_ns);
}

static int one_attempt(struct running *run, const struct sched_slot *slot,
		       struct err *err)
{
	int64_t started = clock_now(run->env.clock);
	bool cut;
	int rc;

	run->env.trial = slot->trial;
	cut = make_attempt(run, slot->c) != 0;
	note_held_up(run, started);
	rc = write_attempt(run, slot, started, cut, err);

	if (rc)
		return rc;
	if (cut)
		return err_set(err, ERR_INTERRUPTED, "interrupted");
	progress_attempt(run->progress, slot, run->attempt.outcome,
			 metric_of(progress_metric(slot->c), &run->attempt));
	if (pump_stop_requested(run->r->pump))
		return err_set(err, ERR_INTERRUPTED, "interrupted");
	return recover(run, err);
}

/* What the machine did to the emulated desk is not the phone's doing: the record says so. */
static void note_lateness(const struct runner *r)
{
	char text[160];
	int64_t max_ns, count = desk_lateness(r->rig->desk, &max_ns);

	if (max_ns <= r->rig->u_ns)
		return;
	snprintf(text, sizeof(text),
		 "the machine held the emulated desk up %lld times, by %.1f ms at most: "
		 "more than U",
		 (long long)count, (double)max_ns / 1e6);
	write_note(r, NULL, text);
}

#define CYCLES_EVERY 32 /* attempts: what a crash may lose */

static void note_cycles(const struct runner *r)
{
	int64_t made, total;
	struct err err = { 0 };
	char text[200];
	int rc;

	if (!r->rig->positioner)
		return;
	/* who asked to stop wants it counted all the same */
	pump_hold_stop(r->pump, true);
	rc = rig_count_cycles(r->rig, &total, &err);
	pump_hold_stop(r->pump, false);
	made = r->rig->cycles_run;
	if (rc)
		snprintf(text, sizeof(text),
			 "cycles of the positioner are not counted: %.120s",
			 err_text(&err));
	else if (total >= 0)
		snprintf(text, sizeof(text),
			 "the positioner made %lld cycle%s in this run, %lld in its life",
			 (long long)made, made == 1 ? "" : "s", (long long)total);
	else
		return; /* simulated: nothing wears */
	write_note(r, NULL, text);
}

static int write_end(const struct runner *r, enum run_end end, const char *why,
		     struct err *err)
{
	static const char *const names[] = { "complete", "interrupted", "drained" };
	struct record_end record = { names[end], why, rig_wall_ns(r->rig) };
	int rc = journal_append(r->journal, record_end_json(&record), err);

	return rc ? rc : journal_sync(r->journal, err);
}

int runner_abandon(const struct runner *r, const char *why, struct err *err)
{
	return write_end(r, RUN_DRAINED, why, err);
}

static void init_env(struct running *run)
{
	const struct rig *rig = run->r->rig;

	run->env = (struct step_env){
		.clock = rig->clock,
		.reader = rig->reader,
		.positioner = rig->positioner,
		.sensor = rig->sensor,
		.t0_sensor = rig->t0_sensor,
		.vehicle = rig->vehicle,
		.owner = rig_owner(rig),
		.bus = rig->bus,
		.dbc = rig->dbc,
		.uds = run->r->target->has_uds ? &run->r->target->uds : NULL,
		.cyclic = rig->cyclic,
		.card = rig->card,
		.device = rig->device,
		.profile = rig->profile,
		.vehicle_id = BYTES(rig->pairing.vehicle_id, rig->pairing.vehicle_id_len),
		.phone = rig->phone,
		.delays = &run->r->rig->delays,
		.relay = rig->relay,
		.standard_channel = (int)rig->standard_channel,
		.reader_fsd = rig->reader_fsd,
		.exchange_timeout_ns = rig->exchange_timeout_ns,
		.sleep_until = sleep_until,
		.ctx = run,
	};
}

int runner_run(const struct runner *r, enum run_end *end, struct err *err)
{
	struct running run = { .r = r };
	struct err own = { 0 };
	struct sched sched;
	struct sched_slot slot;
	int64_t made = 0, total;
	int rc = 0, written;

	init_env(&run);
	run.progress = progress_new(r->plan);
	if (r->from)
		sched = *r->from;
	else
		sched_init(&sched, r->plan);
	while (!rc && sched_next(&sched, &slot)) {
		rc = one_attempt(&run, &slot, &own);
		if (!rc)
			sched_done(&sched, run.attempt.outcome);
		if (++made % CYCLES_EVERY == 0)
			rig_count_cycles(r->rig, &total, NULL);
	}
	progress_free(run.progress);
	step_env_release(&run.env);
	*end = rc == 0                 ? RUN_COMPLETE
	       : rc == ERR_INTERRUPTED ? RUN_INTERRUPTED
				       : RUN_DRAINED;
	note_lateness(r);
	note_cycles(r);
	written = write_end(r, *end, rc ? err_text(&own) : NULL, err);
	if (*end == RUN_DRAINED) {
		if (err)
			*err = own;
		return rc;
	}
	return written;
}
