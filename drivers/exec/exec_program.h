#ifndef DRIVERS_EXEC_EXEC_PROGRAM_H
#define DRIVERS_EXEC_EXEC_PROGRAM_H

#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/pump.h"
#include "drivers/exec/exec_wire.h"

#include <signal.h>
#include <sys/types.h>

/*
 * A program that is a device: started, asked, and ended. One request at a time, each with a deadline.
 *
 * Whatever goes wrong with the talk (a deadline missed, nonsense, a line too long, the end of the program in
 * the middle of a line) ends the program by SIGKILL, with all that it started: nothing it may still say can be
 * taken for the answer to a later request. After that every request is ERR_GONE until exec_start.
 *
 * Its standard error goes into a file without a name, so that it can talk as much as it likes and never
 * waits; its last line becomes part of the error.
 */
struct exec_options {
	struct node command; /* a text, or a list of texts */
	const char *device;  /* NULL: none */
	int64_t slack_ns;    /* of moments that the program leaves to us */
};

#define EXEC_ITEMS \
	{ .key = "command", \
	  .type = CONF_WORDS, \
	  .offset = offsetof(struct exec_options, command), \
	  .help = "the program and its arguments, a list; it runs in the rig file's " \
		  "folder" }, \
		{ .key = "device", \
		  .type = CONF_DEVICE, \
		  .offset = offsetof(struct exec_options, device), \
		  .fallback = CONF_ABSENT, \
		  .help = "the device it is given, for itself alone" }, \
	{ \
		.key = "slack", .type = CONF_TIME, \
		.offset = offsetof(struct exec_options, slack_ns), .fallback = "2 ms", \
		.help = "how far off a stamp may be that the program leaves to us", \
		.max = NS_PER_S \
	}

struct exec_program {
	const char *role;
	struct clock *clock;
	struct pump *pump; /* served while it is waited for; NULL: nothing is */
	struct exec_options options;
	pid_t pid; /* -1: none */
	int pidfd, in, out, words;
	struct exec_lines lines;
	uint32_t seq;
	struct exec_identity id;
	volatile sig_atomic_t aborted;
	char text[EXEC_MAX_LINE]; /* of the last answer */
	char name[80];            /* of the program, for a person */
};

/** The time of a request that has none of its own. */
#define EXEC_COMMAND_NS (500 * NS_PER_MS)

/** Nothing is started yet. */
void exec_init(struct exec_program *p, const char *role,
	       const struct exec_options *options, struct clock *clock,
	       struct pump *pump);
/** Start it and hear who it is; within 4 s. What ran before is ended first. */
int exec_start(struct exec_program *p, struct err *err);
/** Is it there, as far as we know? */
bool exec_running(const struct exec_program *p);
/** Begin a request in @b, which has room for EXEC_MAX_LINE. */
void exec_begin(struct exec_program *p, struct buf *b, const char *verb);
/**
 * Ask what stands in @b, and wait for its answer.
 *
 * @param timeout_ns  the device's own time; the program may take 500 ms more
 * @param a, w        out: the answer, until the next request; when it was asked and told
 */
int exec_ask(struct exec_program *p, struct buf *b, int64_t timeout_ns,
	     struct exec_answer *a, struct exec_window *w, struct err *err);
/** The answer made no sense: end it. @return ERR_GONE with what @err said, for `return exec_nonsense(…)` */
int exec_nonsense(struct exec_program *p, struct err *err);
/** From a signal handler: let the request under way come back. */
void exec_abort(struct exec_program *p);
/** End-of-file, 700 ms, SIGKILL. Takes one that is not running. */
void exec_stop(struct exec_program *p);
/** For an identity: model, link and software as a role has them; is it simulated? */
bool exec_describe(const struct exec_program *p, char model[64], char link[64],
		   char software[64]);

/** Our code for what an exec_take_… found: nonsense ends the program. */
#define EXEC_TAKEN(p, rc, err) \
	((rc) == ERR_FORMAT || (rc) == ERR_RANGE ? exec_nonsense((p), (err)) : (rc))
/** exec_ask for a request whose answer is ok or an error, and no more. */
int exec_command(struct exec_program *p, struct buf *b, struct err *err);

#endif
