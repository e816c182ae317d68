#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/pump.h"
#include "drivers/bus_contract.h"

/*
 * KEYBENCH_CAN=vcan0 names an idle interface for the contract; KEYBENCH_CAN=can0,can1 two on one wire, of which the
 * second is the other node. Where none is named, as on a machine whose kernel knows no CAN, only what needs none is asked.
 * `make lab-check` names them.
 */
#define PATIENCE_NS (20 * NS_PER_S)

struct socketcan_case {
	struct bus_case c;
	struct bus *other;
	struct pump *pump;
};

static int open_text(struct bus **out, const char *text, const struct bus_parts *parts,
		     struct err *err)
{
	const struct bus_driver *d = bus_driver_find("socketcan");
	void *options = calloc(1, d->options_size);
	struct conf *conf;
	int rc;

	assert_int_equal(
		conf_parse(&conf, "rig", BYTES((uint8_t *)text, strlen(text)), NULL), 0);
	assert_int_equal(conf_bind(conf_root(conf), d->items, options, NULL), 0);
	rc = d->open(out, options, parts, clock_real(), err);
	conf_free(conf);
	free(options);
	return rc;
}

static void other_sends(const struct bus_case *c, const struct canframe *f)
{
	struct socketcan_case *s = c->more;
	int64_t give_up = clock_now(clock_real()) + PATIENCE_NS;
	enum bus_result result;
	struct bus_frame out;

	do {
		assert_int_equal(bus_send(s->other, f, 0, &result, NULL), 0);
		/* until one of ours is out */
		assert_int_equal(bus_receive(s->other, &out,
					     result == BUS_FULL
						     ? clock_now(clock_real()) + NS_PER_MS
						     : 0,
					     &(enum bus_result){ 0 }, NULL),
				 0);
	} while (result == BUS_FULL && clock_now(clock_real()) < give_up);
	assert_int_equal(result, BUS_OK);
}

static void interfaces(char one[20], char two[20])
{
	const char *names = getenv("KEYBENCH_CAN");
	const char *comma = strchr(names, ',');

	snprintf(one, 20, "%.*s", comma ? (int)(comma - names) : 15, names);
	snprintf(two, 20, "%.15s", comma ? comma + 1 : one);
}

static int make(void **state, bool with_pump, const char *more)
{
	struct socketcan_case *s = calloc(1, sizeof(*s));
	struct bus_parts parts = { 0 }, deaf = { .deaf = true };
	char one[20], two[20], text[200];
	struct err err = { 0 };

	assert_non_null(s);
	interfaces(one, two);
	if (with_pump)
		assert_int_equal(pump_new(&s->pump, NULL), 0);
	parts.pump = s->pump;
	snprintf(text, sizeof(text), "{device: %s%s}", one, more);
	if (open_text(&s->c.bus, text, &parts, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	snprintf(text, sizeof(text), "{device: %s}", two);
	if (open_text(&s->other, text, &deaf, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	s->c.other_sends = other_sends;
	s->c.flood = strcmp(one, two) == 0 ? 2000 : 0;
	s->c.patience_ns = PATIENCE_NS;
	s->c.more = s;
	s->c.instant = true;
	*state = &s->c;
	return 0;
}

static int socketcan(void **state)
{
	return make(state, false, ", buffer: 65536");
}

static int socketcan_with_pump(void **state)
{
	return make(state, true, ", buffer: 65536");
}

static int end(void **state)
{
	struct socketcan_case *s = ((struct bus_case *)*state)->more;

	bus_close(s->c.bus);
	bus_close(s->other);
	pump_free(s->pump);
	free(s);
	return 0;
}

static void an_interface_that_is_not_there_is_an_error(void **state)
{
	struct err err = { 0 };
	struct bus *b;

	(void)state;
	assert_int_equal(open_text(&b, "{device: nocan7}", NULL, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "nocan7: there is no such interface"));
	assert_int_equal(
		open_text(&b, "{device: a-name-that-no-interface-has}", NULL, &err),
		ERR_GONE);
}

static void what_is_no_can_interface_is_refused(void **state)
{
	struct err err = { 0 };
	struct bus *b;

	(void)state;
	assert_int_equal(open_text(&b, "{device: lo}", NULL, &err), ERR_IO);
	assert_non_null(strstr(err.text, "no CAN interface"));
}

static void a_filter_that_is_none_is_refused(void **state)
{
	struct err err = { 0 };
	struct bus *b;

	(void)state;
	assert_int_equal(open_text(&b, "{device: lo, filter: '110'}", NULL, &err),
			 ERR_FORMAT);
	assert_non_null(strstr(err.text, "'110' is none"));
}

int main(void)
{
	const struct CMUnitTest anywhere[] = {
		cmocka_unit_test(an_interface_that_is_not_there_is_an_error),
		cmocka_unit_test(what_is_no_can_interface_is_refused),
		cmocka_unit_test(a_filter_that_is_none_is_refused),
	};
	const struct CMUnitTest contract[] = {
		BUS_CONTRACT(socketcan, end),
		BUS_CONTRACT(socketcan_with_pump, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (getenv("KEYBENCH_CAN"))
		return cmocka_run_group_tests(contract, NULL, NULL);
	return cmocka_run_group_tests(anywhere, NULL, NULL);
}
