#include "bench/core/verdict.h"

#include <string.h>

static const char *const outcomes[OUTCOME_COUNT] = {
	[OUTCOME_DONE] = "DONE",
	[OUTCOME_REFUSED] = "REFUSED",
	[OUTCOME_RF_ERROR] = "RF_ERROR",
	[OUTCOME_NO_TAP] = "NO_TAP",
	[OUTCOME_BENCH_ERROR] = "BENCH_ERROR",
};

static const char *const verdicts[VERDICT_COUNT] = {
	[VERDICT_PASS] = "PASS",
	[VERDICT_FAIL] = "FAIL",
	[VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
	[VERDICT_BENCH_ERROR] = "BENCH_ERROR",
	[VERDICT_SKIP] = "SKIP",
};

static int find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *outcome_name(enum outcome o)
{
	return outcomes[o];
}

const char *verdict_name(enum verdict v)
{
	return verdicts[v];
}

int outcome_parse(const char *name)
{
	return find(outcomes, OUTCOME_COUNT, name);
}

int verdict_parse(const char *name)
{
	return find(verdicts, VERDICT_COUNT, name);
}

enum verdict verdict_worst(enum verdict so_far, enum verdict next)
{
	static const int weight[VERDICT_COUNT] = {
		[VERDICT_SKIP] = 0,        [VERDICT_PASS] = 1, [VERDICT_INCONCLUSIVE] = 2,
		[VERDICT_BENCH_ERROR] = 3, [VERDICT_FAIL] = 4,
	};

	return weight[next] > weight[so_far] ? next : so_far;
}

enum exit_status verdict_exit(enum verdict run)
{
	switch (run) {
	case VERDICT_PASS:
		return EXIT_PASSED;
	case VERDICT_FAIL:
		return EXIT_FAILED;
	case VERDICT_BENCH_ERROR:
		return EXIT_BENCH_ERROR;
	default:
		return EXIT_INCONCLUSIVE;
	}
}
