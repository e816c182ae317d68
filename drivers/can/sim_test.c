#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "drivers/bus_contract.h"
#include "drivers/can/sim.h"

struct sim_case {
	struct bus_case c;
	struct clock_virtual clock;
	int other;
};

static void other_sends(const struct bus_case *c, const struct canframe *f)
{
	struct sim_case *s = c->more;
	struct canbus *model = sim_bus_model(c->bus);
	int64_t now = clock_now(c->bus->clock);

	canbus_run(model, now);
	while (canbus_send(model, s->other, f, now)) {
		now = canbus_next_ns(model);
		c->bus->clock->sleep_until(c->bus->clock, now);
		canbus_run(model, now);
	}
}

static int sim(void **state)
{
	struct sim_case *s = calloc(1, sizeof(*s));
	struct sim_bus_options options = { .bitrate = 500000 };
	struct bus_parts parts = { 0 };

	assert_non_null(s);
	clock_virtual_init(&s->clock);
	if (sim_bus_driver.open(&s->c.bus, &options, &parts, &s->clock.base, NULL))
		return -1;
	s->other = canbus_attach(sim_bus_model(s->c.bus), NULL, NULL);
	s->c.other_sends = other_sends;
	s->c.flood = 2 * BUS_KEEPS;
	s->c.patience_ns = 10 * NS_PER_S;
	s->c.more = s;
	*state = &s->c;
	return 0;
}

static int end(void **state)
{
	struct bus_case *c = *state;

	bus_close(c->bus);
	free(c->more);
	return 0;
}

static void waiting_takes_no_time_of_ours(void **state)
{
	const struct bus_case *c = *state;
	int64_t until = clock_now(c->bus->clock) + 3600 * NS_PER_S;
	enum bus_result result;
	struct bus_frame f;

	assert_int_equal(bus_receive(c->bus, &f, until, &result, NULL), 0);
	assert_int_equal(result, BUS_NONE);
	assert_true(clock_now(c->bus->clock) == until);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUS_CONTRACT(sim, end),
		cmocka_unit_test_setup_teardown(waiting_takes_no_time_of_ours, sim, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
