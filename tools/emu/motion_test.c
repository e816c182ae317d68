#include "tools/emu/motion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * A phone on its slide, in virtual time; the card is only asked whether it lies in the
 * field.
 */
struct slide {
	struct clock_virtual clock;
	struct world *world;
	struct air air;
	struct card card;
	struct motion motion;
	struct applet applet;
};

static void reset(struct peer *p)
{
	(void)p;
}

static struct slide *new_slide(uint64_t seed, bool present)
{
	struct slide *s = calloc(1, sizeof(*s));
	struct card_traits traits = { .uid_len = 4 };
	struct motion_options options = { .channel = 1,
					  .travel_ns = 45 * NS_PER_MS,
					  .jitter_ns = 3 * NS_PER_MS,
					  .bounce_ns = 4 * NS_PER_MS,
					  .present = present };

	assert_non_null(s);
	clock_virtual_init(&s->clock);
	assert_int_equal(world_new(&s->world, &s->clock.base, seed, NULL, NULL), 0);
	air_init(&s->air, s->world, AIRTIME_FDT_CARD);
	s->applet.peer.reset = reset;
	card_init(&s->card, s->world, &s->air, &traits, &s->applet);
	motion_init(&s->motion, s->world, &s->card, &options);
	return s;
}

static void free_slide(struct slide *s)
{
	world_free(s->world);
	free(s);
}

/* Milliseconds until the card is in the field, or out of it; -1 after a second. */
static int until(struct slide *s, bool in_field)
{
	for (int ms = 0; ms < 1000; ms++) {
		if (s->card.in_field == in_field)
			return ms;
		world_advance(s->world, world_now(s->world) + NS_PER_MS);
	}
	return -1;
}

static void a_push_takes_contact_travel_and_bounce(void **state)
{
	int least = 1000, most = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct slide *s = new_slide(seed, false);
		int ms;

		motion_relay(&s->motion, 1, true);
		ms = until(s, true);
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
		free_slide(s);
	}
	assert_in_range(least, 5 + 1 + 45 - 4 * 3, 5 + 1 + 45);
	assert_in_range(most, 10 + 45, 10 + 3 + 45 + 4 * 3 + 4 + 1);
}

static void a_phone_drawn_back_leaves_soon(void **state)
{
	struct slide *s = new_slide(1, true);
	int ms;

	(void)state;
	assert_true(s->card.in_field);
	motion_relay(&s->motion, 1, false);
	ms = until(s, false);
	assert_in_range(ms, 3 + 6, 5 + 13);
	free_slide(s);
}

static void the_same_seed_moves_it_alike(void **state)
{
	struct slide *a = new_slide(5, false), *b = new_slide(5, false);

	(void)state;
	for (int i = 0; i < 20; i++) {
		motion_relay(&a->motion, 1, i % 2 == 0);
		motion_relay(&b->motion, 1, i % 2 == 0);
		assert_int_equal(until(a, i % 2 == 0), until(b, i % 2 == 0));
		assert_int_equal(a->motion.travel_ns, b->motion.travel_ns);
		world_advance(a->world, world_now(a->world) + 100 * NS_PER_MS);
		world_advance(b->world, world_now(a->world));
	}
	free_slide(a);
	free_slide(b);
}

static void another_channel_moves_nothing(void **state)
{
	struct slide *s = new_slide(1, false);

	(void)state;
	motion_relay(&s->motion, 2, true);
	assert_int_equal(until(s, true), -1);
	free_slide(s);
}

static void a_relay_released_at_once_moves_nothing(void **state)
{
	struct slide *s = new_slide(1, false);

	(void)state;
	motion_relay(&s->motion, 1, true);
	world_advance(s->world, world_now(s->world) + NS_PER_MS);
	motion_relay(&s->motion, 1, false);
	assert_int_equal(until(s, true), -1);
	free_slide(s);
}

static void a_phone_turned_back_half_way_never_arrives(void **state)
{
	struct slide *s = new_slide(1, false);

	(void)state;
	motion_relay(&s->motion, 1, true);
	world_advance(s->world, world_now(s->world) + 30 * NS_PER_MS);
	motion_relay(&s->motion, 1, false);
	assert_int_equal(until(s, true), -1);
	motion_relay(&s->motion, 1, true);
	assert_in_range(until(s, true), 30, 80);
	free_slide(s);
}

static void a_phone_taken_away_comes_with_the_next_push(void **state)
{
	struct slide *s = new_slide(1, true);

	(void)state;
	motion_remove(&s->motion);
	assert_false(s->card.in_field);
	motion_relay(&s->motion, 1, false);
	world_advance(s->world, world_now(s->world) + 200 * NS_PER_MS);
	motion_relay(&s->motion, 1, true);
	assert_in_range(until(s, true), 30, 80);
	free_slide(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_push_takes_contact_travel_and_bounce),
		cmocka_unit_test(a_phone_drawn_back_leaves_soon),
		cmocka_unit_test(the_same_seed_moves_it_alike),
		cmocka_unit_test(another_channel_moves_nothing),
		cmocka_unit_test(a_relay_released_at_once_moves_nothing),
		cmocka_unit_test(a_phone_turned_back_half_way_never_arrives),
		cmocka_unit_test(a_phone_taken_away_comes_with_the_next_push),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
