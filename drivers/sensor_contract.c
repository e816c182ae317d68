#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/sensor_contract.h"

static struct sensor_sample look(const struct sensor_case *c)
{
	struct sensor_sample s = { 0 };
	struct err err = { 0 };

	if (sensor_look(c->sensor, &s, &err))
		fail_msg("look: %s", err.text);
	return s;
}

void sensor_says_what_it_is(void **state)
{
	struct sensor_case *c = *state;
	struct sensor_identity id;

	memset(&id, 0xff, sizeof(id));
	assert_int_equal(sensor_identity(c->sensor, &id, NULL), 0);
	assert_true(id.model[0] &&
		    strnlen(id.model, sizeof(id.model)) < sizeof(id.model));
	assert_true(id.simulated);
}

void sensor_sees_the_phone_come_and_go(void **state)
{
	struct sensor_case *c = *state;

	for (int i = 0; i < 3; i++) {
		assert_false(look(c).on);
		c->phone(c, true);
		assert_true(look(c).on);
		assert_true(look(c).on);
		c->phone(c, false);
	}
	assert_false(look(c).on);
}

void sensor_says_between_which_moments_it_looked(void **state)
{
	struct sensor_case *c = *state;
	int64_t before = clock_now(c->sensor->clock);

	for (int i = 0; i < 5; i++) {
		struct sensor_sample s = look(c);
		int64_t after = clock_now(c->sensor->clock);

		assert_true(before <= s.asked_ns && s.asked_ns <= s.answered_ns &&
			    s.answered_ns <= after);
		before = after;
	}
}

void sensor_dates_an_arrival(void **state)
{
	struct sensor_case *c = *state;
	struct sensor_edge edge = { 0 };
	struct sensor_sample s = look(c);
	int64_t there;

	assert_false(sensor_edge_feed(&edge, &s));
	there = clock_now(c->sensor->clock);
	c->phone(c, true);
	s = look(c);
	assert_true(sensor_edge_feed(&edge, &s));
	assert_true(edge.at_ns - edge.slack_ns <= there && there <= edge.at_ns);
}
