/*
 * keybench-can(1): send on a CAN interface as keybench does.
 */
#include "bench/core/clock.h"
#include "bench/core/log.h"
#include "bench/core/pump.h"
#include "bench/core/verdict.h"
#include "tools/can/can.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
	const char *name;
	int (*run)(const struct arguments *a, struct pump *pump, struct err *err);
	bool periodic, frame;
};

static const struct work works[] = {
	{ "cyclic", can_cyclic, true, true },
	{ "bcm", can_bcm, true, true },
	{ "flood", can_flood, false, true },
	{ "replay", can_replay, false, false },
};
#define WORKS (sizeof(works) / sizeof(*works))

struct state {
	const struct work *work;
	struct arguments a;
	bool has_frame;
};

static const struct argp_option options[] = {
	{ "count", 'n', "N", 0, "Frames (default 1000)", 0 },
	{ "every", 'e', "US", 0,
	  "cyclic, bcm: the period in microseconds (default 10000)", 0 },
	{ "interface", 'i', "NAME", 0, "replay: only what the log has of this interface",
	  0 },
	{ "verify", 'v', NULL, 0,
	  "flood: number the frames in their first four bytes, and their echoes must "
	  "come "
	  "back complete and in order",
	  0 },
	{ 0 },
};

static int64_t number(struct argp_state *state, const char *arg, const char *what,
		      int64_t max)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(arg, &end, 10);
	if (end == arg || *end || errno || v < 1 || v > max)
		argp_error(state, "%s: '%s' is not a whole number from 1 to %lld", what,
			   arg, (long long)max);
	return v;
}

static void take_work(struct state *s, const char *arg, struct argp_state *state)
{
	for (size_t i = 0; i < WORKS; i++)
		if (strcmp(arg, works[i].name) == 0)
			s->work = &works[i];
	if (!s->work)
		argp_error(state, "'%s' is none of cyclic, bcm, flood, replay", arg);
}

static void take_argument(struct state *s, const char *arg, struct argp_state *state)
{
	if (!s->work)
		take_work(s, arg, state);
	else if (!s->a.interface)
		s->a.interface = arg;
	else if (!s->work->frame && !s->a.log_path)
		s->a.log_path = arg;
	else if (!s->work->frame || s->has_frame)
		argp_error(state, "'%s' is one too many", arg);
	else if (canframe_parse(&s->a.frame, BYTES((const uint8_t *)arg, strlen(arg))) ||
		 s->a.frame.error)
		argp_error(state, "'%s' is no frame; 123#DEADBEEF is", arg);
	else
		s->has_frame = true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct state *s = state->input;

	switch (key) {
	case 'n':
		s->a.count = number(state, arg, "--count", 1000000000);
		return 0;
	case 'e':
		s->a.every_ns = number(state, arg, "--every", 3600000000) * NS_PER_US;
		return 0;
	case 'i':
		s->a.log_interface = arg;
		return 0;
	case 'v':
		s->a.verify = true;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(s, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!s->a.interface)
			argp_error(state, "what, and on which interface?");
		if (s->work->frame && !s->has_frame)
			argp_error(state, "which frame? 123#DEADBEEF, for one");
		if (!s->work->frame && !s->a.log_path)
			argp_error(state, "which log?");
		if (s->a.verify && (s->a.frame.len < 4 || s->a.frame.remote))
			argp_error(state, "--verify needs a frame of 4 bytes or more");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse,
	.args_doc = "cyclic INTERFACE FRAME\nbcm INTERFACE FRAME\nflood INTERFACE "
		    "FRAME\nreplay INTERFACE LOG",
	.doc = "Send on a CAN interface of the kernel as keybench does: over and over, "
	       "as "
	       "fast as it goes, or what was recorded.",
};

int can_options(struct can_options *out, const struct arguments *a, struct err *err)
{
	const struct bus_driver *d = bus_driver_find("socketcan");
	struct can_options o = { NULL, calloc(1, d->options_size) };
	char text[120];
	int rc;

	snprintf(text, sizeof(text), "{device: '%.60s'}", a->interface);
	rc = o.bound ? conf_parse(&o.conf, a->interface,
				  BYTES((uint8_t *)text, strlen(text)), err)
		     : err_set(err, ERR_NOMEM, "no memory");
	if (!rc)
		rc = conf_bind(conf_root(o.conf), d->items, o.bound, err);
	if (rc)
		can_options_free(&o);
	else
		*out = o;
	return rc;
}

void can_options_free(struct can_options *o)
{
	conf_free(o->conf);
	free(o->bound);
}

int can_open(struct bus **out, const struct arguments *a, bool deaf, struct pump *pump,
	     struct err *err)
{
	struct bus_parts parts = { pump, deaf };
	struct can_options o;
	int rc = can_options(&o, a, err);

	if (rc)
		return rc;
	rc = bus_driver_find("socketcan")->open(out, o.bound, &parts, clock_real(), err);
	can_options_free(&o);
	return rc;
}

static struct pump *interrupted;

static void on_signal(int signal)
{
	(void)signal;
	pump_request_stop(interrupted);
}

static void catch_signals(struct pump *pump)
{
	struct sigaction stop = { .sa_handler = on_signal };

	interrupted = pump;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
}

int main(int argc, char **argv)
{
	struct state s = { .a = { .count = 1000, .every_ns = 10 * NS_PER_MS } };
	struct err err = { 0 };
	struct pump *pump;
	int rc;

	argp_err_exit_status = EXIT_WRONG_USE;
	log_setup("keybench-can", LOG_INFO);
	argp_parse(&parser, argc, argv, 0, NULL, &s);
	rc = pump_new(&pump, &err);
	if (!rc) {
		catch_signals(pump);
		rc = s.work->run(&s.a, pump, &err);
		pump_free(pump);
	}
	if (!rc || rc == ERR_INTERRUPTED)
		return EXIT_SUCCESS;
	log_error("%s", err_text(&err));
	return EXIT_BENCH_ERROR;
}
