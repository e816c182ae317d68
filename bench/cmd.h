#ifndef BENCH_CMD_H
#define BENCH_CMD_H

#include "bench/core/err.h"
#include "bench/core/verdict.h"
#include "bench/plan.h"
#include "bench/rig.h"
#include "bench/target.h"

#include <argp.h>

/*
 * The subcommands: each parses its own arguments (argp), prints results to stdout and returns an exit
 * status. argv[0] is "keybench NAME", for usage lines.
 */
struct command {
	const char *name, *help;
	int (*run)(int argc, char **argv);
};
extern const struct command command_run, command_check, command_list, command_drivers,
	command_report, command_kat, command_doctor, command_rig;

/** Print an error and its excerpt to stderr. @return the exit status that fits its code. */
enum exit_status cmd_fail(const struct err *err);

/** What `run` and `check` load alike: suites, rig and target, and the plan they make. */
#define QUESTION_MAX_SUITES 32
struct question {
	const char *suite_names[QUESTION_MAX_SUITES];
	int suite_count;
	const char *rig_name, *target_name;
	int64_t trials;     /* 0: as the suites say */
	const char *resume; /* `run` alone: the run folder that says all of the above */

	struct rig *rig;
	struct target target;
	struct suite **suites;
	struct plan plan;
};

/** Parses SUITE..., --rig and --target into a struct question; a child of both commands' parsers. */
extern const struct argp question_argp;
#define QUESTION_ARGS "SUITE..."

/** Load and check everything without touching a device. question_release also after an error. */
int question_load(struct question *q, struct err *err);
/** Once the rig is open: can its bus carry what the steps send? Located at the step. */
int question_fits_bus(const struct question *q, struct err *err);
void question_release(struct question *q);

/** True when stdout's locale can show block characters. */
bool cmd_utf8(void);

#endif
