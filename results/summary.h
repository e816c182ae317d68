#ifndef RESULTS_SUMMARY_H
#define RESULTS_SUMMARY_H

#include "bench/core/buf.h"
#include "results/claim.h"
#include "results/metric.h"
#include "results/store.h"

/*
 * A run, folded from its journal alone: what happened, every sample, and what may be said of it.
 * Everything printed about a run is made from this. The rules of verdicts stand in results/judge.h.
 *
 * What is a sample. Warm-up attempts never are, nor those that ended in BENCH_ERROR or were cut short. Of a trial that was
 * tried again its last attempt is one; an earlier one that failed stays one too: trying again does not
 * undo it. A NO_TAP is held against the target when the bench is proven: by a later attempt of the run that
 * activated, with no recovery of a device in between; else it is unproven and no sample.
 * In a metric that a claim of the case names, a sample without a latency is STATS_INFINITE.
 */
struct summary_samples { /* one metric of one case, in the order they were made */
	int metric;
	int64_t *
		ns; /* STATS_INFINITE: without a latency; only where a claim names the metric */
	size_t n, cap;
	/*
	 * Of each sample, how much of it may be the machine's doing (held_up of its attempt; STATS_INFINITE: that
	 * there is no latency at all); NULL: of none. Only where a claim names the metric.
	 */
	int64_t *held_ns;
};

struct summary_claim {
	struct claim claim;
	struct claim_decision decision;
	size_t excused; /* attempts that came to no good end and that it judges */
	bool held_up;   /* would be FAIL, but for what the machine did */
};

struct summary_case {
	char *id, *suite, *title;
	char *series,
		*level; /* the question it asks with others, and how hard; or NULL */
	bool explore;   /* the run's verdict does not rest on it */
	char **requirements;
	size_t requirement_count;
	int planned_trials, planned_warmup, trials, warmups;
	size_t outcomes
		[OUTCOME_COUNT]; /* of counted attempts, retries included, warm-up not */
	size_t warmup_outcomes[OUTCOME_COUNT]; /* the same of warm-up alone */
	size_t complaints, warmup_complaints;
	size_t unproven_no_taps; /* warm-up included */
	size_t fallbacks; /* attempts with a point "fallback": fast was asked, standard had to do it */
	char first_complaint[200], first_trouble[200];
	int64_t first_ns, last_ns; /* span on the run's clock */
	struct summary_claim *claims;
	size_t claim_count;
	struct summary_samples *samples; /* only metrics with n > 0 */
	size_t sample_count;
	enum verdict verdict;
	char reason[240]; /* of the verdict, one line */
};

/* A rung of the recovery ladder, for one device. */
struct summary_rung {
	char device[24], rung[24];
	size_t climbed, held; /* it was tried; the device then proved to work */
};
#define SUMMARY_RUNGS 24

struct summary {
	char *run_name, *ended; /* "complete" "interrupted" "drained" "cut off" */
	char *ended_why;        /* or NULL */
	bool simulated, torn;
	int64_t wall_start_ns, wall_end_ns, u_ns;
	uint64_t seed;
	double confidence;
	char *version, *rig, *target, *protocol, *phone, *host;
	char **devices;
	size_t device_count;
	char **notes;
	size_t note_count;
	size_t attempts; /* warm-up and retries included */
	/* how often a device had to be recovered, however many rungs it took, and also where none held */
	size_t recoveries;
	/* in the order they were met; what has no room here is in .recoveries alone */
	struct summary_rung rungs[SUMMARY_RUNGS];
	size_t rung_count;
	size_t cuts;         /* attempts cut short by the end; in no other count */
	size_t transactions; /* attempts that sent SELECT */
	double risk_claim,
		risk_run; /* of a wrong PASS: per claim, and at most for the run */
	struct summary_case *cases;
	size_t case_count;
	enum verdict verdict;
};

/** Fold the journal of @run. ERR_FORMAT when it is not a journal or was altered. */
int summary_read(struct summary **out, const struct store_run *run, struct err *err);
void summary_free(struct summary *s); /* takes NULL */
/** Recoveries per 1 000 transactions; -1 without a transaction. */
double summary_recovery_rate(const struct summary *s);
/** The samples of @metric, or NULL; borrowed. */
const struct summary_samples *summary_find_samples(const struct summary_case *c,
						   int metric);
/** Does a claim of @c name @metric? */
bool summary_is_claimed(const struct summary_case *c, int metric);

/** A way to show a summary (results/report/). */
struct render_options {
	int width; /* columns; text only */
	bool utf8; /* text only: block characters, else ASCII */
	/*
	 * Where a long rendering (csv) goes part by part, so that it need not fit into memory; what is in
	 * .out afterwards is its last part. NULL: it all stays in .out.
	 */
	int (*flush)(void *ctx, struct bytes part, struct err *err);
	void *ctx;
};
struct renderer {
	const char *name; /* "text", as `keybench report --format` says it */
	const char
		*file; /* what a run writes it as: "report.txt"; NULL: never by itself */
	const char *help;
	int (*render)(const struct summary *s, const struct store_run *run,
		      const struct render_options *o, struct buf *out, struct err *err);
};
/** text json junit csv hlog; ended by a row without name. */
extern const struct renderer renderers[];
const struct renderer *renderer_find(const char *name);
/** The longest rendering that is kept whole: what .out of a rendering is to be initialised with. */
#define SUMMARY_RENDERING_MAX ((size_t)256 << 20)
/**
 * Append a rendering to @out, which the caller has initialised. @param o  as of the renderer
 * @return 0; ERR_RANGE when it does not fit or there is no memory; else what the renderer or .flush said
 */
int summary_render(const struct renderer *r, const struct summary *s,
		   const struct store_run *run, const struct render_options *o,
		   struct buf *out, struct err *err);
/**
 * Write every renderer's file into the run folder: text at 80 columns, UTF-8. One that cannot be written
 * does not keep the others from it. @return 0 or the first error, which names its file
 */
int summary_write_reports(const struct summary *s, const struct store_run *run,
			  struct err *err);

#endif
