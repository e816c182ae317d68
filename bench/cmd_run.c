#include "bench/cmd.h"
#include "bench/core/fs.h"
#include "bench/core/log.h"
#include "bench/resume.h"
#include "bench/runner.h"
#include "results/summary.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct run_args {
	struct question q;
	const char *dir;
	uint64_t seed;
	bool has_seed;
};

static const struct argp_option options[] = {
	{ "seed", 's', "N", 0,
	  "Seed of all that is random (default: a new one, reported)", 0 },
	{ "runs", 'd', "DIR", 0,
	  "Where run folders go (default: $KEYBENCH_RUNS or ./runs)", 0 },
	{ "trials", 'n', "N", 0, "Trials of every case, instead of the suites' own", 0 },
	{ "resume", 'R', "RUN", 0,
	  "Go on with a run that was cut off; nothing else is said", 0 },
	{ 0 },
};

static uint64_t number(struct argp_state *state, const char *arg, const char *what,
		       uint64_t max)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(arg, &end, 0);
	if (!isdigit((unsigned char)arg[0]) || *end || errno || v > max)
		argp_error(state, "%s: '%s' is not a whole number from 0 to %llu", what,
			   arg, (unsigned long long)max);
	return v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->q;
		return 0;
	case 's':
		a->seed = number(state, arg, "--seed", UINT64_MAX);
		a->has_seed = true;
		return 0;
	case 'd':
		a->dir = arg;
		return 0;
	case 'n':
		a->q.trials = (int64_t)number(state, arg, "--trials", SUITE_MAX_TRIALS);
		if (a->q.trials == 0)
			argp_error(state, "--trials: at least 1");
		return 0;
	case 'R':
		a->q.resume = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->q.resume && (a->has_seed || a->dir || a->q.trials))
			argp_error(state, "--resume: the run says all that there is to "
					  "say");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &question_argp, 0, NULL, 0 }, { 0 } };
static const struct argp run_argp = {
	.options = options,
	.parser = parse,
	.args_doc = QUESTION_ARGS,
	.children = children,
	.doc = "Run suites on a rig and hold the results against a target.\v"
	       "Ctrl-C ends the run in order: phone away, journal closed, reports for "
	       "what there is.",
};

/* One run, from its folder to its verdict. */
struct job {
	struct run_args *args;
	struct store_run run;
	struct pump *pump;
	int64_t wall_ns;
	char name[80];
	enum run_end end;
	struct resume *resume; /* NULL: a new run */
};

static void name_run(struct job *job)
{
	const struct question *q = &job->args->q;

	if (q->suite_count == 1)
		snprintf(job->name, sizeof(job->name), "%s", q->suites[0]->name);
	else
		snprintf(job->name, sizeof(job->name), "%s-and-%d-more",
			 q->suites[0]->name, q->suite_count - 1);
}

#define INPUT_MAX_BYTES (64u << 20)

/* A new run keeps it; one that is resumed has it already, and it must be the same. */
static int keep(struct job *job, const char *as, struct bytes content, struct err *err)
{
	return job->resume ? resume_check_input(job->resume, as, content, err)
			   : store_input(&job->run, as, content, err);
}

static int keep_file(struct job *job, const char *as, const char *path, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, INPUT_MAX_BYTES + 1);
	rc = fs_read(path, INPUT_MAX_BYTES, &text, err);
	if (!rc)
		rc = keep(job, as, buf_bytes(&text), err);
	buf_release(&text);
	return rc;
}

/* What the steps of a suite read besides it. */
static int keep_step_files(struct job *job, const struct suite *s, struct err *err)
{
	char as[400], path[DATA_PATH_MAX];
	int rc = 0;

	for (int i = 0; i < s->case_count; i++)
		for (int k = 0; !rc && k < s->cases[i].step_count; k++) {
			const struct suite_step *step = &s->cases[i].steps[k];
			const char *end;

			if (!step->kind->file)
				continue;
			rc = step->kind->file(step->params, path, err);
			if (rc)
				return rc;
			end = strrchr(path, '.');
			snprintf(as, sizeof(as), "suite-%.100s-%.100s-%d%.20s", s->name,
				 s->cases[i].id, k + 1, end ? end : "");
			rc = keep_file(job, as, path, err);
		}
	return rc;
}

/* The folder explains itself: copies of all that was read. Private keys stay where they are. */
static int keep_inputs(struct job *job, struct err *err)
{
	const struct question *q = &job->args->q;
	const struct rig *rig = q->rig;
	char as[80];
	int rc = keep(job, "rig.yaml", conf_text(rig->conf), err);

	if (!rc)
		rc = keep(job, "target.yaml", conf_text(q->target.conf), err);
	if (!rc)
		rc = keep(job, "protocol.yaml", conf_text(rig->profile->conf), err);
	if (!rc && rig->phone)
		rc = keep(job, "phone.yaml", conf_text(rig->phone->conf), err);
	if (!rc && rig->has_pairing && rig->pairing.throwaway)
		rc = keep_file(job, "pairing.yaml", rig->pairing_path, err);
	if (!rc && rig->dbc)
		rc = keep(job, "bus.dbc", buf_bytes(&rig->dbc->text), err);
	for (int i = 0; !rc && i < q->suite_count; i++) {
		snprintf(as, sizeof(as), "suite-%s.yaml", q->suites[i]->name);
		rc = keep(job, as, conf_text(q->suites[i]->conf), err);
		if (!rc)
			rc = keep_step_files(job, q->suites[i], err);
	}
	return rc;
}

/* What was planned is on record even when nothing could be opened. */
static int give_up(const struct runner *r, const struct err *why, struct err *err)
{
	log_error("%s", err_text(why));
	return runner_abandon(r, err_text(why), err);
}

/* A desk writes down its truth anew whenever it is made. */
static const char *truth_path(const struct job *job, char out[DATA_PATH_MAX])
{
	char name[32] = "truth.jsonl";

	store_path(&job->run, name, out, DATA_PATH_MAX);
	for (int i = 2; job->resume && fs_exists(out) && i < 10000; i++) {
		snprintf(name, sizeof(name), "truth-%d.jsonl", i);
		store_path(&job->run, name, out, DATA_PATH_MAX);
	}
	return out;
}

static int run_new(struct job *job, struct runner *r, struct err *err)
{
	struct question *q = &job->args->q;
	char truth[DATA_PATH_MAX];
	struct err why = { 0 };
	int opened, rc;

	opened = rig_open(q->rig, job->pump, r->seed, truth_path(job, truth), &why);
	if (!opened)
		opened = question_fits_bus(q, &why);
	/* the folder is made in our time, what is in it may have its own */
	rc = runner_begin(r, job->name,
			  rig_is_virtual(q->rig) ? rig_wall_ns(q->rig) : job->wall_ns,
			  err);
	if (!rc && opened)
		return give_up(r, &why, err);
	return rc ? rc : runner_run(r, &job->end, err);
}

/*
 * Time went on while nobody was there, as the wall clock has it; the bench clock may have begun anew with the machine. A
 * virtual clock goes on where it was. What cannot be opened leaves the run as it is, to be resumed another time.
 */
static int run_on(struct job *job, struct runner *r, struct err *err)
{
	struct resume *was = job->resume;
	struct rig *rig = job->args->q.rig;
	int64_t at_ns = job->wall_ns - was->wall_start_ns;
	char truth[DATA_PATH_MAX];
	int rc;

	r->seed = resume_seed(was);
	r->from = &was->sched;
	rc = rig_open(rig, job->pump, r->seed, truth_path(job, truth), err);
	if (rc)
		return rc;
	if (rig_is_virtual(rig)) {
		rig->clock->sleep_until(rig->clock, was->last_ns);
		at_ns = was->last_ns;
	} else {
		if (at_ns < was->last_ns)
			at_ns = was->last_ns;
		r->origin_ns = clock_now(rig->clock) - at_ns;
	}
	rc = resume_write(was, r->journal, at_ns, r->origin_ns,
			  rig_is_virtual(rig) ? rig_wall_ns(rig) : job->wall_ns, err);
	if (!rc)
		log_info("going on with %s", was->name);
	if (!rc && was->skip[0])
		log_warning("%s: %s", was->open.c->c->id, was->skip);
	return rc ? rc : runner_run(r, &job->end, err);
}

static int run_on_rig(struct job *job, struct journal *journal, struct err *err)
{
	struct question *q = &job->args->q;
	struct runner r = {
		.rig = q->rig,
		.plan = &q->plan,
		.target = &q->target,
		.pump = job->pump,
		.journal = journal,
		.seed = job->args->seed,
		.origin_ns = clock_now(q->rig->clock),
	};
	int rc = job->resume ? run_on(job, &r, err) : run_new(job, &r, err);

	rig_close(q->rig);
	return rc;
}

/* The verdict reaches the screen even when the disk is full. */
static int show(struct job *job, enum verdict *verdict, struct err *err)
{
	struct render_options o = { .width = 80, .utf8 = cmd_utf8() };
	struct summary *s;
	struct buf text;
	int rc = summary_read(&s, &job->run, err);

	if (rc)
		return rc;
	buf_init(&text, SUMMARY_RENDERING_MAX);
	rc = summary_render(renderer_find("text"), s, &job->run, &o, &text, err);
	if (!rc) {
		fwrite(text.data, 1, text.len, stdout);
		printf("Run folder: %s\n", job->run.path);
		rc = summary_write_reports(s, &job->run, err);
	}
	*verdict = s->verdict;
	buf_release(&text);
	summary_free(s);
	return rc;
}

static int make_run(struct job *job, struct err *err)
{
	enum verdict verdict = VERDICT_BENCH_ERROR;
	struct journal *journal = NULL;
	struct err trouble = { 0 };
	char path[DATA_PATH_MAX];
	int rc = keep_inputs(job, err);

	if (!rc && job->resume)
		rc = resume_journal(job->resume, &job->args->q.plan, &journal, err);
	else if (!rc)
		rc = resume_keep_question(&job->run, &job->args->q, err);
	if (!rc && !job->resume)
		rc = journal_create(
			&journal,
			store_path(&job->run, "journal.jsonl", path, sizeof(path)), err);
	if (rc)
		return rc;
	if (run_on_rig(job, journal,
		       &trouble)) /* the journal ends there; what it has is shown */
		log_error("%s", err_text(&trouble));
	journal_close(journal);
	rc = show(job, &verdict, err);
	if (rc && verdict != VERDICT_FAIL)
		return rc;
	if (rc) /* what is known of the target does not hang on whether it can be written */
		log_error("%s", err_text(err));
	if (job->end == RUN_INTERRUPTED)
		return EXIT_INTERRUPTED;
	return trouble.code && verdict != VERDICT_FAIL ? EXIT_BENCH_ERROR
						       : (int)verdict_exit(verdict);
}

/* Mistakes that only the emulator can find belong to the files, not to the run. */
static int check_desk(const struct rig *rig, struct err *err)
{
	return node_present(rig->emulate) ? desk_check(conf_name(rig->conf), err) : 0;
}

static void settle_args(struct run_args *args)
{
	if (!args->dir)
		args->dir = getenv("KEYBENCH_RUNS") ? getenv("KEYBENCH_RUNS") : "runs";
	if (!args->has_seed &&
	    getrandom(&args->seed, sizeof(args->seed), 0) != sizeof(args->seed))
		args->seed = (uint64_t)wall_now_ns();
	if (!args->has_seed)
		args->seed &= 0xffffffff; /* short enough to type again */
}

static int run_job(struct job *job, struct err *err)
{
	struct run_args *args = job->args;
	int rc = question_load(&args->q, err);

	if (!rc)
		rc = check_desk(args->q.rig, err);
	if (!rc)
		rc = pump_new(&job->pump, err);
	if (rc)
		return rc;
	/* a second Ctrl-C does not wait: workers drop their boards by themselves */
	pump_obey_signals(job->pump, EXIT_INTERRUPTED);
	/* a file that may not grow is an error that is told; it must not end us with a relay on */
	signal(SIGXFSZ, SIG_IGN);
	job->wall_ns = wall_now_ns();
	name_run(job);
	if (job->resume)
		job->run = job->resume->run;
	else
		rc = store_new_run(&job->run, args->dir, job->name, job->wall_ns, err);
	return rc ? rc : make_run(job, err);
}

static int cmd_run(int argc, char **argv)
{
	struct run_args args = { 0 };
	struct resume resume = { 0 };
	struct job job = { .args = &args };
	struct err err = { 0 };
	int rc = 0;

	argp_parse(&run_argp, argc, argv, 0, NULL, &args);
	settle_args(&args);
	if (args.q.resume) {
		job.resume = &resume;
		rc = resume_open(&resume, args.q.resume, &args.q, &err);
	}
	if (!rc)
		rc = run_job(&job, &err);
	if (rc < 0)
		rc = cmd_fail(&err);
	question_release(&args.q);
	resume_release(&resume);
	pump_free(job.pump);
	return rc;
}

const struct command command_run = {
	"run", "run suites on a rig, hold the results against a target", cmd_run
};
