#include "tools/emu/actuator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* An actuator in virtual time; the card is only asked whether it lies in the field. */
#define TRAVEL_NS (200 * NS_PER_MS)
#define EXTEND 1
#define RETRACT 3

struct scene {
	struct clock_virtual clock;
	struct world *world;
	struct air air;
	struct card card;
	struct applet applet;
	struct actuator actuator;
	bool stop[2];
	int switched;
};

static void reset(struct peer *p)
{
	(void)p;
}

static void on_stop(void *ctx, enum actuator_leg leg, bool on)
{
	struct scene *s = ctx;

	assert_int_not_equal(s->stop[leg], on);
	s->stop[leg] = on;
	s->switched++;
}

static struct scene *new_scene(double at)
{
	struct actuator_options o = { .channel = { EXTEND, RETRACT },
				      .travel_ns = TRAVEL_NS,
				      .at = at };
	struct card_traits traits = { .uid_len = 4 };
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	clock_virtual_init(&s->clock);
	assert_int_equal(world_new(&s->world, &s->clock.base, 1, NULL, NULL), 0);
	air_init(&s->air, s->world, AIRTIME_FDT_CARD);
	s->applet.peer.reset = reset;
	card_init(&s->card, s->world, &s->air, &traits, &s->applet);
	actuator_init(&s->actuator, s->world, &s->card, &o);
	s->actuator.stopped = on_stop;
	s->actuator.ctx = s;
	actuator_begin(&s->actuator);
	return s;
}

static void free_scene(struct scene *s)
{
	world_free(s->world);
	free(s);
}

static void pass(struct scene *s, int64_t ms)
{
	world_advance(s->world, world_now(s->world) + ms * NS_PER_MS);
}

static void it_goes_from_one_end_stop_to_the_other_and_back(void **state)
{
	struct scene *s = new_scene(0);

	(void)state;
	assert_true(s->stop[ACTUATOR_BACK] && !s->stop[ACTUATOR_OUT]);
	actuator_relay(&s->actuator, EXTEND, true);
	pass(s, 100);
	assert_false(s->stop[ACTUATOR_BACK] || s->stop[ACTUATOR_OUT] || s->card.in_field);
	pass(s, 75);
	assert_true(s->card.in_field && !s->stop[ACTUATOR_OUT]);
	pass(s, 60); /* the contact needs 13 ms at most */
	assert_true(s->stop[ACTUATOR_OUT]);
	pass(s, 1000); /* it stands against its end */
	actuator_relay(&s->actuator, EXTEND, false);
	pass(s, 1000);
	assert_true(s->stop[ACTUATOR_OUT] && s->card.in_field);
	actuator_relay(&s->actuator, RETRACT, true);
	pass(s, 100);
	assert_false(s->card.in_field || s->stop[ACTUATOR_OUT]);
	pass(s, 120);
	assert_true(s->stop[ACTUATOR_BACK]);
	assert_int_equal(s->switched, 5);
	free_scene(s);
}

static void without_power_it_stays_where_it_is(void **state)
{
	struct scene *s = new_scene(0.6);

	(void)state;
	pass(s, 5000);
	assert_false(s->card.in_field || s->stop[ACTUATOR_OUT] || s->stop[ACTUATOR_BACK]);
	actuator_relay(&s->actuator, EXTEND, true);
	pass(s, 63); /* by then at 0.85 to 0.91 */
	actuator_relay(&s->actuator, EXTEND, false);
	pass(s, 5000);
	assert_true(s->card.in_field && !s->stop[ACTUATOR_OUT]);
	free_scene(s);
}

static void with_both_legs_on_it_stands(void **state)
{
	struct scene *s = new_scene(0.5);

	(void)state;
	actuator_relay(&s->actuator, EXTEND, true);
	actuator_relay(&s->actuator, RETRACT, true);
	pass(s, 5000);
	/* but for the moment between one contact and the other */
	assert_true(s->actuator.at > 0.4 && s->actuator.at < 0.6);
	assert_int_equal(s->switched, 0);
	actuator_relay(&s->actuator, EXTEND, false);
	pass(s, 200);
	assert_true(s->stop[ACTUATOR_BACK]);
	free_scene(s);
}

static void an_order_taken_back_at_once_moves_nothing(void **state)
{
	struct scene *s = new_scene(0);

	(void)state;
	actuator_relay(&s->actuator, EXTEND, true);
	pass(s, 2);
	actuator_relay(&s->actuator, EXTEND, false);
	pass(s, 1000);
	assert_int_equal(s->switched, 1);      /* where it stood at first */
	actuator_relay(&s->actuator, 2, true); /* another channel */
	pass(s, 1000);
	assert_int_equal(s->switched, 1);
	free_scene(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_from_one_end_stop_to_the_other_and_back),
		cmocka_unit_test(without_power_it_stays_where_it_is),
		cmocka_unit_test(with_both_legs_on_it_stands),
		cmocka_unit_test(an_order_taken_back_at_once_moves_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
