/*
 * keybench-vehicle(1): the reference vehicle in front of any virtual smart card.
 */
#include "bench/core/clock.h"
#include "bench/core/log.h"
#include "bench/core/verdict.h"
#include "bench/core/wire/atr.h"
#include "fixtures/vehicle/slots_file.h"
#include "tools/device/given.h"
#include "tools/device/link.h"
#include "tools/device/provision.h"
#include "tools/device/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "keybench-vehicle"
#define LOOK_NS (3600 * NS_PER_S)
#define COMMAND_ROOM 261

static const char *const actions[] = { "unlock", "lock", "start" };

struct arguments {
	struct given given;
	enum vehicle_kind kind;
	enum vehicle_action action;
	int64_t count, timeout_ns;
};

enum {
	OPT_FAST = GIVEN_OWN,
	OPT_STANDARD,
	OPT_TIMEOUT
};

static const struct argp_option options[] = {
	GIVEN_OPTIONS,
	{ "connect", GIVEN_PEER, "HOST:PORT", 0, "To a card program that listens there",
	  0 },
	{ "listen", GIVEN_LISTEN, "PORT", 0,
	  "Be a virtual reader: wait for the card program that connects, on 127.0.0.1 "
	  "or on "
	  "HOST:PORT; 0: any port",
	  0 },
	{ "fast", OPT_FAST, NULL, 0,
	  "Begin with a fast transaction (default); it may fall back", 0 },
	{ "standard", OPT_STANDARD, NULL, 0, "Make a standard transaction", 0 },
	{ "action", 'a', "WORD", 0, "unlock (default), lock or start", 0 },
	{ "count", 'n', "N", 0, "Transactions (default 1)", 0 },
	{ "timeout", OPT_TIMEOUT, "MS", 0,
	  "What the card may take to answer (default 5000)", 0 },
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

static void take_action(struct arguments *a, const char *arg, struct argp_state *state)
{
	for (int i = 0; i < 3; i++) {
		if (strcmp(arg, actions[i]) == 0) {
			a->action = (enum vehicle_action)i;
			return;
		}
	}
	argp_error(state, "'%s' is none of unlock, lock, start", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_FAST:
	case OPT_STANDARD:
		a->kind = key == OPT_FAST ? VEHICLE_FAST : VEHICLE_STANDARD;
		return 0;
	case 'a':
		take_action(a, arg, state);
		return 0;
	case 'n':
		a->count = number(state, arg, "--count", 1000000);
		return 0;
	case OPT_TIMEOUT:
		a->timeout_ns = number(state, arg, "--timeout", 3600000) * NS_PER_MS;
		return 0;
	case ARGP_KEY_END:
		if (!a->given.profile || !a->given.keys || !a->given.has_address)
			argp_error(state, "--profile, --keys, and one of --connect and "
					  "--listen are needed");
		return 0;
	default:
		return given_take(&a->given, key, arg, state);
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse,
	.doc = "The reference vehicle of a digital car key, for any card program that "
	       "speaks "
	       "the framing of virtual smart cards: makes transactions, says how they "
	       "end.",
};

struct driving {
	const struct arguments *a;
	struct provision has;
	struct vehicle *vehicle;
	struct trace trace;
	struct pump *pump;
	struct link link;
	int64_t opened, refused;
};

static int control(struct driving *d, enum vpcd_control c, const char *what,
		   struct err *err)
{
	const uint8_t byte = (uint8_t)c;

	trace_word(&d->trace, '>', what);
	return link_send(&d->link, BYTES(&byte, 1), err);
}

/* The answer to what was just sent. */
static int receive(struct driving *d, struct bytes *answer, const char *to,
		   struct err *err)
{
	int rc = link_receive(&d->link, answer,
			      clock_now(clock_real()) + d->a->timeout_ns, err);

	if (rc == ERR_TIMEOUT)
		return err_set(err, rc, "no answer to %s within %lld ms", to,
			       (long long)(d->a->timeout_ns / NS_PER_MS));
	return rc ? err_wrap(err, rc, "waiting for the answer to %s", to) : 0;
}

/* A field that comes up: the card is powered, and says what it is. */
static int power_up(struct driving *d, struct err *err)
{
	struct bytes raw;
	struct atr atr;
	int rc;

	if (link_has_more(&d->link)) {
		rc = link_receive(&d->link, &raw, clock_now(clock_real()), err);
		return rc && rc != ERR_TIMEOUT
			       ? rc
			       : err_set(err, ERR_IO, "the card speaks unasked");
	}
	rc = control(d, VPCD_ON, "power on", err);
	if (!rc)
		rc = control(d, VPCD_ATR, "get ATR", err);
	if (!rc)
		rc = receive(d, &raw, "get ATR", err);
	if (rc)
		return rc;
	trace_atr(&d->trace, '<', raw);
	if (atr_parse(&atr, raw))
		return err_set(err, ERR_IO,
			       "what the card gives for an ATR is none (%zu bytes)",
			       raw.len);
	if (!atr.contactless)
		log_warning("its ATR is not that of a contactless card");
	return 0;
}

static int exchange(struct driving *d, struct bytes command, const char *name,
		    struct err *err)
{
	struct bytes answer;
	int rc;

	trace_command(&d->trace, '>', command);
	rc = link_send(&d->link, command, err);
	if (!rc)
		rc = receive(d, &answer, name, err);
	if (rc)
		return rc;
	trace_answer(&d->trace, '<', answer);
	vehicle_answer(d->vehicle, answer);
	return 0;
}

static void say(struct driving *d, int64_t i, int64_t took_ns)
{
	const struct vehicle_result *r = vehicle_result(d->vehicle);

	d->opened += r->opened;
	d->refused += !r->opened;
	printf("%lld %s %s %s %lld.%03lld ms%s%s%s\n", (long long)i,
	       r->opened ? "opened" : "refused", actions[d->a->action],
	       r->kind == VEHICLE_FAST ? "fast" : "standard",
	       (long long)(took_ns / NS_PER_MS),
	       (long long)(took_ns % NS_PER_MS / NS_PER_US),
	       r->fell_back ? " after fast" : "", *r->why ? ": " : "", r->why);
	fflush(stdout);
}

static int transact(struct driving *d, int64_t i, struct err *err)
{
	uint8_t room[COMMAND_ROOM];
	struct buf command = BUF_ON(room);
	const char *name;
	int64_t since;
	int rc = power_up(d, err);

	if (rc)
		return rc;
	vehicle_begin(d->vehicle, d->a->kind, d->a->action);
	since = clock_now(clock_real());
	while (!rc && vehicle_next(d->vehicle, &command, &name) == VEHICLE_SEND)
		rc = exchange(d, buf_bytes(&command), name, err);
	if (rc)
		return rc;
	if (!vehicle_result(d->vehicle)->opened && !vehicle_result(d->vehicle)->refused)
		return err_set(err, ERR_NOMEM, "the vehicle itself failed: %.160s",
			       vehicle_result(d->vehicle)->why);
	say(d, i, clock_now(clock_real()) - since);
	return control(d, VPCD_OFF, "power off", err);
}

static int await_card(struct driving *d, struct err *err)
{
	int listener, rc = given_listen(&d->a->given, &listener, err);

	if (rc)
		return rc;
	do {
		rc = link_accept(&d->link, listener, clock_now(clock_real()) + LOOK_NS,
				 err);
	} while (rc == ERR_TIMEOUT);
	close(listener);
	return rc;
}

static int run(struct driving *d, struct err *err)
{
	const struct arguments *a = d->a;
	int rc = provision_load(&d->has, a->given.profile, a->given.keys, err);

	if (!rc)
		rc = vehicle_new_file(&d->vehicle, d->has.profile, d->has.keys, NULL,
				      err);
	if (!rc)
		rc = pump_new(&d->pump, err);
	if (!rc) {
		pump_obey_signals(d->pump, 0);
		rc = link_init(&d->link, d->pump, err);
	}
	if (!rc)
		rc = a->given.listen ? await_card(d, err)
				     : link_connect(&d->link, &a->given.at, err);
	if (!rc)
		trace_start(&d->trace, d->has.profile, a->given.trace);
	for (int64_t i = 1; !rc && i <= a->count; i++)
		rc = transact(d, i, err);
	return rc;
}

int main(int argc, char **argv)
{
	struct arguments a = { .kind = VEHICLE_FAST,
			       .count = 1,
			       .timeout_ns = 5 * NS_PER_S };
	struct driving d = { .a = &a, .link = { .fd = -1 } };
	struct err err = { 0 };
	int status;

	argp_err_exit_status = EXIT_WRONG_USE;
	log_setup(PROGRAM, LOG_INFO);
	argp_parse(&parser, argc, argv, 0, NULL, &a);
	if (run(&d, &err) == 0)
		status = d.refused ? EXIT_FAILED : EXIT_PASSED;
	else if (err.code == ERR_INTERRUPTED)
		status = EXIT_INTERRUPTED;
	else
		status = provision_complain(PROGRAM, &err);
	if (d.opened + d.refused)
		printf("%lld opened, %lld refused, of %lld\n", (long long)d.opened,
		       (long long)d.refused, (long long)a.count);
	link_release(&d.link);
	vehicle_free(d.vehicle);
	pump_free(d.pump);
	provision_release(&d.has);
	return log_end(status);
}
