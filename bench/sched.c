#include "bench/sched.h"

static void enter_case(struct sched *s, int case_no)
{
	s->case_no = case_no;
	while (s->case_no < s->plan->count && s->plan->cases[s->case_no].skip[0])
		s->case_no++;
	s->trial = 0;
	s->attempt = 0;
	s->warmup =
		s->case_no < s->plan->count && s->plan->cases[s->case_no].c->warmup > 0;
	s->started = false;
}

void sched_init(struct sched *s, const struct plan *plan)
{
	*s = (struct sched){ .plan = plan };
	enter_case(s, 0);
}

bool sched_next(struct sched *s, struct sched_slot *slot)
{
	if (s->case_no >= s->plan->count)
		return false;
	*slot = (struct sched_slot){
		.c = &s->plan->cases[s->case_no],
		.case_no = s->case_no,
		.trial = s->trial,
		.attempt = s->attempt,
		.warmup = s->warmup,
		.first_of_case = !s->started,
	};
	s->started = true;
	return true;
}

void sched_done(struct sched *s, enum outcome outcome)
{
	const struct plan_case *p = &s->plan->cases[s->case_no];

	if (outcome == OUTCOME_BENCH_ERROR && s->attempt < p->c->retries) {
		s->attempt++;
		return;
	}
	s->attempt = 0;
	s->trial++;
	if (s->warmup && s->trial >= p->c->warmup) {
		s->warmup = false;
		s->trial = 0;
	} else if (!s->warmup && s->trial >= p->trials) {
		enter_case(s, s->case_no + 1);
	}
}

void sched_skip(struct sched *s)
{
	enter_case(s, s->case_no + 1);
}
