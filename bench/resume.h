#ifndef BENCH_RESUME_H
#define BENCH_RESUME_H

#include "bench/cmd.h"
#include "bench/sched.h"
#include "results/journal.h"
#include "results/record.h"
#include "results/store.h"

/*
 * Going on with a run that was cut off: by a crash, by SIGKILL, by the mains.
 *
 * The journal says what was done; what is left of a torn line is taken off, the attempt that was open gets its line as
 * one that was cut, and the plan goes on where it was. A case that was open at two such ends in a row is left out from
 * there on, and is a BENCH_ERROR: it may be what ended them.
 */

/** Remember, in a new run's folder, what was asked: inputs/question.json. */
int resume_keep_question(const struct store_run *run, const struct question *q,
			 struct err *err);
/** What was asked, into @q, as question_load wants it; the names live until resume_release. */
struct resume {
	struct store_run run;
	json_t *question;
	const struct plan *plan;
	struct sched sched;     /* where it goes on */
	struct sched_slot open; /* the attempt that was under way */
	bool has_open, over, has_run;
	int cases, times; /* planned cases seen; how often it was resumed before */
	char open_suite[64], open_case[64]; /* at the end before */
	char torn[JOURNAL_TORN_MAX], skip[200], ended[32], name[128], version[64];
	int64_t wall_start_ns, last_ns;
	uint64_t seed;
};

int resume_open(struct resume *r, const char *run, struct question *q, struct err *err);
/** Is an input what it was? To be called with everything that the run's inputs/ has. */
int resume_check_input(const struct resume *r, const char *as, struct bytes now,
		       struct err *err);
/** Take the journal up where it ends. ERR_USAGE when there is nothing to go on with. */
int resume_journal(struct resume *r, const struct plan *plan, struct journal **out,
		   struct err *err);
/** Of what is random from now on: another one than before, so that nothing is drawn again. */
uint64_t resume_seed(const struct resume *r);
/** The line of type resume, and that of the attempt which was cut. */
int resume_write(const struct resume *r, struct journal *j, int64_t at_ns,
		 int64_t origin_ns, int64_t wall_ns, struct err *err);
void resume_release(struct resume *r);

#endif
