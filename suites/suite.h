#ifndef SUITES_SUITE_H
#define SUITES_SUITE_H

#include "bench/core/conf.h"
#include "suites/step.h"

/*
 * A suite file: what is asked of a target, and what is expected. Pure over its text; the numbers
 * come from the target profile through ${path.to.value}.
 */
#define SUITE_MAX_CASES 64
#define SUITE_MAX_STEPS 32
#define SUITE_MAX_CLAIMS 12
#define SUITE_MAX_REQUIREMENTS 16
#define SUITE_MAX_TRIALS 1000000

struct suite_step {
	const struct step_kind *kind;
	void *params;   /* params_size bytes; NULL when it has none */
	struct node at; /* for the place of a mistake */
};

struct suite_claim {
	char text[120]; /* ${…} filled in */
	struct node at; /* for the place of a mistake */
};

struct suite_case {
	const char *id, *title;
	/* several cases may be one question, asked harder each time: its name, and how hard this one is; or "" */
	const char *series, *level;
	bool explore; /* asked to know, not to judge: the run's verdict does not rest on it */
	struct node at, trials_at;
	const char *requirements[SUITE_MAX_REQUIREMENTS];
	int requirement_count;
	int64_t trials, warmup;
	int64_t retries; /* of a trial that the bench itself spoiled */
	struct suite_step steps[SUITE_MAX_STEPS];
	int step_count;
	struct suite_claim claims[SUITE_MAX_CLAIMS];
	int claim_count;
	unsigned needs; /* NEED_ bits its steps cannot do without */
};

struct suite {
	struct conf *conf;
	const char *name, *title;
	unsigned
		wants; /* NEED_ bits it uses where the rig has them; else those steps are left out */
	struct suite_case *cases;
	int case_count;
};

/**
 * Load a suite. @param target  the target profile's root, for ${…}
 * @return 0, or an error with its place. Free with suite_free.
 */
int suite_load(struct suite **out, const char *path, struct node target, struct err *err);
int suite_parse(struct suite **out, const char *name, struct bytes text,
		struct node target, struct err *err);
void suite_free(struct suite *s);

#endif
