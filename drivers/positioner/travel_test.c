#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drivers/positioner/travel.h"

#define EVENTS (TRAVEL_FAILED + 1)
#define STATES (POSITIONER_FAULT + 1)

static void a_tap_goes_round(void **state)
{
	struct travel t = { 0 };

	(void)state;
	assert_int_equal(t.state, POSITIONER_UNKNOWN);
	assert_int_equal(travel_step(&t, TRAVEL_HOME, 0, 10), 0);
	assert_int_equal(t.state, POSITIONER_HOMING);
	assert_int_equal(travel_step(&t, TRAVEL_ARRIVED, 5, 0), 0);
	assert_int_equal(t.state, POSITIONER_AWAY);
	assert_int_equal(travel_step(&t, TRAVEL_APPROACH, 6, 10), 0);
	assert_true(travel_moves(&t));
	assert_int_equal(t.due_ns, 16);
	assert_int_equal(travel_step(&t, TRAVEL_ARRIVED, 12, 0), 0);
	assert_int_equal(t.state, POSITIONER_IN_FIELD);
	assert_false(travel_moves(&t));
	assert_int_equal(travel_step(&t, TRAVEL_LEAVE, 20, 10), 0);
	assert_int_equal(t.state, POSITIONER_LEAVING);
	assert_int_equal(travel_step(&t, TRAVEL_ARRIVED, 25, 0), 0);
	assert_int_equal(t.state, POSITIONER_AWAY);
}

static void every_edge_has_an_end(void **state)
{
	static const enum travel_event begins[] = { TRAVEL_HOME, TRAVEL_APPROACH,
						    TRAVEL_LEAVE };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct travel t = { .state = POSITIONER_AWAY };

		assert_int_equal(travel_step(&t, begins[i], 100, 50), 0);
		assert_int_equal(travel_check(&t, 150), 0);
		assert_int_equal(travel_check(&t, 151), ERR_TIMEOUT);
		assert_int_equal(t.state, POSITIONER_FAULT);
		assert_int_equal(travel_check(&t, 1000), 0); /* said once */
	}
}

/* Walks of any kind: to the reader leads only what is known to be away, in the field, or on its way. */
static void nothing_approaches_from_where_it_does_not_know(void **state)
{
	uint32_t x = 1;
	struct travel t = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		enum positioner_state before = t.state;
		enum travel_event e;
		int rc;

		x = x * 1664525 + 1013904223;
		e = (enum travel_event)((x >> 16) % EVENTS);
		rc = travel_step(&t, e, i, 10);
		if (rc)
			assert_int_equal(t.state, before);
		if (rc == 0 && t.state == POSITIONER_APPROACHING)
			assert_true(before == POSITIONER_AWAY ||
				    before == POSITIONER_IN_FIELD ||
				    before == POSITIONER_APPROACHING ||
				    before == POSITIONER_LEAVING);
		if (t.state == POSITIONER_IN_FIELD && before != POSITIONER_IN_FIELD)
			assert_int_equal(before, POSITIONER_APPROACHING);
	}
}

static void from_every_state_leads_a_way_back(void **state)
{
	(void)state;
	for (int s = 0; s < STATES; s++) {
		struct travel t = { .state = (enum positioner_state)s };

		assert_int_equal(travel_step(&t, TRAVEL_LEAVE, 0, 10), 0);
		assert_int_equal(t.state, POSITIONER_LEAVING);
		assert_int_equal(travel_step(&t, TRAVEL_FAILED, 0, 0), 0);
		assert_int_equal(t.state, POSITIONER_FAULT);
		assert_string_not_equal(positioner_state_name((enum positioner_state)s),
					"?");
	}
	assert_string_equal(positioner_state_name((enum positioner_state)STATES), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tap_goes_round),
		cmocka_unit_test(every_edge_has_an_end),
		cmocka_unit_test(nothing_approaches_from_where_it_does_not_know),
		cmocka_unit_test(from_every_state_leads_a_way_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
