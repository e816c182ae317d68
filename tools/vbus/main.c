/*
 * keybench-vbus(1): host a virtual CAN bus, print what is on one, send on one.
 */
#include "bench/core/clock.h"
#include "bench/core/log.h"
#include "bench/core/pump.h"
#include "bench/core/verdict.h"
#include "bench/core/wire/candump.h"
#include "drivers/bus.h"
#include "drivers/can/vbus_server.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FRAMES 64

enum what {
	HOST,
	DUMP,
	SEND
};

struct arguments {
	enum what what;
	const char *path, *name;
	int64_t bitrate, count, every_ns;
	bool print, has_what;
	struct canframe frames[MAX_FRAMES];
	int frame_count;
};

static const struct argp_option options[] = {
	{ "bitrate", 'b', "N", 0, "host: bit/s, 1000 to 1000000 (default 500000)", 0 },
	{ "print", 'p', NULL, 0, "host: print the frames too, as dump does", 0 },
	{ "name", 'i', "NAME", 0, "Interface to print (default: vbus0)", 0 },
	{ "count", 'n', "N", 0, "dump: end after N frames; send: repeat N times", 0 },
	{ "every", 'e', "MS", 0,
	  "send: repeat every MS milliseconds, to the nanosecond by the bus' own time; "
	  "without "
	  "--count until interrupted",
	  0 },
	{ 0 },
};

static int64_t number(struct argp_state *state, const char *arg, const char *what,
		      int64_t min, int64_t max)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(arg, &end, 10);
	if (end == arg || *end || errno || v < min || v > max)
		argp_error(state, "%s: '%s' is not a whole number from %lld to %lld",
			   what, arg, (long long)min, (long long)max);
	return v;
}

static void take_word(struct arguments *a, char *arg, struct argp_state *state)
{
	static const char *const words[] = { "host", "dump", "send" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(arg, words[i]) == 0) {
			a->what = (enum what)i;
			a->has_what = true;
			return;
		}
	}
	argp_error(state, "'%s' is none of host, dump, send", arg);
}

static void take_argument(struct arguments *a, char *arg, struct argp_state *state)
{
	if (!a->has_what)
		take_word(a, arg, state);
	else if (!a->path)
		a->path = arg;
	else if (a->what != SEND)
		argp_error(state, "'%s': one bus is enough", arg);
	else if (a->frame_count == MAX_FRAMES)
		argp_error(state, "more than %d frames", MAX_FRAMES);
	else if (canframe_parse(&a->frames[a->frame_count++],
				BYTES((const uint8_t *)arg, strlen(arg))) ||
		 !canframe_bits(&a->frames[a->frame_count - 1]))
		argp_error(state, "'%s' is no classic frame; 123#DEADBEEF is", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'b':
		a->bitrate = number(state, arg, "--bitrate", 1000, 1000000);
		return 0;
	case 'p':
		a->print = true;
		return 0;
	case 'i':
		a->name = arg;
		return 0;
	case 'n':
		a->count = number(state, arg, "--count", 1, 1000000000);
		return 0;
	case 'e':
		a->every_ns = number(state, arg, "--every", 1, 3600000) * NS_PER_MS;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(a, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!a->path || !*a->path)
			argp_error(state, "what, and on which bus?");
		if (a->what == SEND && !a->frame_count)
			argp_error(state, "which frame? 123#DEADBEEF, for one");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse,
	.args_doc = "host PATH\ndump PATH\nsend PATH FRAME...",
	.doc = "Host a virtual CAN bus on a socket, print what is on one, send on one.",
};

/* One line as candump logs it; false when nobody reads any more. */
struct printer {
	const char *name;
	int64_t wall_offset_ns;
};

static struct printer printer_for(const struct arguments *a)
{
	return (struct printer){ a->name, wall_now_ns() - clock_now(clock_real()) };
}

static bool print_frame(const struct printer *p, const struct canframe *frame,
			int64_t at_ns, bool own)
{
	uint8_t room[400];
	struct buf line = BUF_ON(room);
	struct candump_frame f = { .at_ns = at_ns + p->wall_offset_ns,
				   .interface = BYTES((const uint8_t *)p->name,
						      strnlen(p->name, 100)),
				   .direction = own ? 'T' : 0,
				   .frame = *frame };

	candump_write(&f, &line);
	return fwrite(room, 1, line.len, stdout) == line.len && fflush(stdout) == 0;
}

/* Host. */
struct hosting {
	struct vbus_server *server;
	struct printer printer;
};

static void hear(void *ctx, const struct canbus_heard *h)
{
	print_frame(&((struct hosting *)ctx)->printer, &h->frame, h->end_ns, false);
}

static int host(const struct arguments *a, struct pump *pump, struct err *err)
{
	struct hosting h = { .printer = printer_for(a) };
	struct canbus_stats stats;
	int rc = vbus_server_open(&h.server, a->path, a->bitrate, clock_real(), err);

	if (rc)
		return rc;
	if (a->print)
		canbus_attach(vbus_server_model(h.server), hear, &h);
	while (!rc || rc == ERR_TIMEOUT) {
		rc = pump_wait(pump, vbus_server_fd(h.server),
			       vbus_server_next_ns(h.server), err);
		if (!rc || rc == ERR_TIMEOUT)
			vbus_server_run(h.server);
	}
	stats = canbus_stats(vbus_server_model(h.server));
	log_info("%llu frames, %.3f s of bus time; %llu refused, %llu not read in time",
		 (unsigned long long)stats.frames, (double)stats.busy_ns / NS_PER_S,
		 (unsigned long long)stats.refused,
		 (unsigned long long)vbus_server_lost(h.server));
	vbus_server_close(h.server);
	return rc;
}

/* Everything else is a node. */
static int open_bus(struct bus **out, const char *path, bool deaf, struct pump *pump,
		    struct err *err)
{
	const struct bus_driver *d = bus_driver_find("vbus");
	struct bus_parts parts = { pump, deaf };
	struct conf *conf = NULL;
	void *bound = calloc(1, d->options_size);
	struct buf text;
	int rc;

	/* the driver's own items are the one way in: a quoted path, whatever is in it */
	buf_init(&text, CONF_MAX_BYTES);
	buf_text(&text, "{device: '");
	for (const char *at = path; *at; at++)
		buf_text(&text, *at == '\'' ? "''" : (char[]){ *at, '\0' });
	buf_text(&text, "'}");
	rc = bound && !text.failed ? conf_parse(&conf, path, buf_bytes(&text), err)
				   : err_set(err, ERR_NOMEM, "no memory");
	buf_release(&text);
	if (!rc)
		rc = conf_bind(conf_root(conf), d->items, bound, err);
	if (!rc)
		rc = d->open(out, bound, &parts, clock_real(), err);
	conf_free(conf);
	free(bound);
	return rc;
}

static int dump(const struct arguments *a, struct bus *bus, struct err *err)
{
	struct printer p = printer_for(a);
	int rc = 0;

	for (int64_t n = 0; !rc && (!a->count || n < a->count);) {
		enum bus_result result;
		struct bus_frame f;

		rc = bus_receive(bus, &f, clock_now(clock_real()) + NS_PER_S, &result,
				 err);
		if (!rc && f.lost)
			log_warning("%u frames were lost here", f.lost);
		if (rc || result != BUS_OK)
			continue;
		n++;
		if (!print_frame(&p, &f.frame, f.at_ns, f.own))
			return err_set(err, ERR_IO, "writing: %s", strerror(errno));
	}
	return rc;
}

/* The next of our own frames that is out; nothing else is heard by a deaf node. */
static int await_own(struct bus *bus, int64_t *out_count, int64_t until_ns,
		     struct err *err)
{
	enum bus_result result;
	struct bus_frame f;
	int rc = bus_receive(bus, &f, until_ns, &result, err);

	if (!rc)
		*out_count += f.lost + (result == BUS_OK);
	return rc;
}

static int send_one(struct bus *bus, const struct canframe *f, int64_t launch_ns,
		    int64_t *out_count, struct err *err)
{
	enum bus_result result = BUS_FULL;
	int rc = 0;

	while (!rc && result == BUS_FULL) {
		rc = bus_send(bus, f, launch_ns, &result, err);
		if (!rc && result == BUS_FULL)
			rc = await_own(bus, out_count,
				       clock_now(clock_real()) + 10 * NS_PER_MS, err);
	}
	return rc;
}

static int send_all(const struct arguments *a, struct bus *bus, struct pump *pump,
		    struct err *err)
{
	int64_t rounds = a->count ? a->count : a->every_ns ? INT64_MAX : 1;
	int64_t start = clock_now(clock_real()), sent = 0, out = 0;
	int rc = 0;

	for (int64_t n = 0; !rc && n < rounds; n++) {
		int64_t due = start + n * a->every_ns;

		for (int i = 0; !rc && i < a->frame_count; i++, sent++)
			rc = send_one(bus, &a->frames[i], due, &out, err);
		/* a little ahead: the bus keeps the time */
		if (!rc && a->every_ns)
			rc = pump_sleep_until(pump, due + a->every_ns - 100 * NS_PER_MS,
					      err);
	}
	while (!rc && out < sent)
		rc = await_own(bus, &out, clock_now(clock_real()) + NS_PER_S, err);
	return rc;
}

static int run(const struct arguments *a, struct pump *pump, struct err *err)
{
	struct bus *bus;
	int rc;

	if (a->what == HOST)
		return host(a, pump, err);
	rc = open_bus(&bus, a->path, a->what == SEND, pump, err);
	if (rc)
		return rc;
	rc = a->what == DUMP ? dump(a, bus, err) : send_all(a, bus, pump, err);
	bus_close(bus);
	return rc;
}

int main(int argc, char **argv)
{
	struct arguments a = { .bitrate = 500000, .name = "vbus0" };
	struct err err = { 0 };
	struct pump *pump;
	int rc;

	argp_err_exit_status = EXIT_WRONG_USE;
	log_setup("keybench-vbus", LOG_INFO);
	argp_parse(&parser, argc, argv, 0, NULL, &a);
	rc = pump_new(&pump, &err);
	if (!rc) {
		pump_obey_signals(pump, 0);
		rc = run(&a, pump, &err);
		pump_free(pump);
	}
	if (!rc || rc == ERR_INTERRUPTED)
		return log_end(EXIT_PASSED);
	log_error("%s", err_text(&err));
	return EXIT_BENCH_ERROR;
}
