#include "tools/perf/perf.h"

#include "bench/core/log.h"
#include "bench/core/verdict.h"

#include <argp.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "keybench-perf " VERSION;

static const struct {
	const char *name, *help;
	int (*run)(struct perf *p, struct err *err);
} chapters[] = {
	{ "link", "an APDU through the reader's worker, against bare libnfc", perf_link },
	{ "stamps", "time stamps, against what really happened", perf_stamps },
	{ "crypto", "transactions, against the bare OpenSSL operations", perf_crypto },
	{ "runs", "simulated runs: speed and memory", perf_runs },
	{ "hist", "the histogram: cost of a record, error of a quantile", perf_hist },
	{ "candump", "CAN logs, against can-utils' log2long", perf_candump },
};
#define CHAPTERS (int)(sizeof(chapters) / sizeof(chapters[0]))

struct arguments {
	bool only[CHAPTERS], some;
	double share;
};

static const struct argp_option options[] = {
	{ "share", 's', "SHARE", 0, "this share of all repetitions, 0.01 to 10 (1)", 0 },
	{ 0 },
};

static int chapter(const char *name)
{
	int i = 0;

	while (i < CHAPTERS && strcmp(chapters[i].name, name) != 0)
		i++;
	return i;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	char *end;

	switch (key) {
	case 's':
		a->share = strtod(arg, &end);
		if (end == arg || *end || !(a->share >= 0.01 && a->share <= 10))
			argp_error(state, "--share: '%s' is not a number from 0.01 to 10",
				   arg);
		return 0;
	case ARGP_KEY_ARG:
		if (chapter(arg) == CHAPTERS)
			argp_error(state, "there is no chapter '%s'", arg);
		a->only[chapter(arg)] = a->some = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse,
	.args_doc = "[link] [stamps] [crypto] [runs] [hist] [candump]",
	.doc = "Measures what keybench itself costs, as ratios taken in one "
	       "run.\vWithout "
	       "arguments all chapters. A measurement, no test: the status does not tell "
	       "whether an aim was met.",
};

static void print(const struct table *t)
{
	int aims = 0, missed = 0;

	printf("%-50s %10s  %-36s %7s  %s\n", "what", "measured", "reference", "ratio",
	       "aim");
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		printf("%-50s %10s  %-36s %7s  %s%s\n", r->what, r->measured,
		       r->reference, r->ratio, r->aim,
		       !r->aim[0]  ? ""
		       : r->missed ? "  MISSED"
				   : "  met");
		aims += r->aim[0] != 0;
		missed += r->missed;
	}
	printf("of %d aims %d missed\n", aims, missed);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(int argc, char **argv)
{
	struct arguments a = { .share = 1 };
	struct table table = { .count = 0 };
	struct perf p = { .table = &table, .folder = "/tmp/keybench-perf.XXXXXX" };
	int failed = 0;

	argp_err_exit_status = EXIT_WRONG_USE;
	log_setup("keybench-perf", LOG_WARNING);
	argp_parse(&parser, argc, argv, 0, NULL, &a);
	p.share = a.share;
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(p.folder)) {
		fprintf(stderr, "keybench-perf: %s: %s\n", p.folder, strerror(errno));
		return EXIT_BENCH_ERROR;
	}
	for (int i = 0; i < CHAPTERS; i++) {
		struct err err = { 0 };

		if (a.some && !a.only[i])
			continue;
		fprintf(stderr, "%s: %s\n", chapters[i].name, chapters[i].help);
		if (!chapters[i].run(&p, &err))
			continue;
		fprintf(stderr, "keybench-perf: %s: %s\n", chapters[i].name,
			err_text(&err));
		failed++;
	}
	nftw(p.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	print(&table);
	return log_end(failed ? EXIT_BENCH_ERROR : EXIT_PASSED);
}
