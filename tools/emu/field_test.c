#include "tools/emu/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static double at(double x, double y, double z, double tilt)
{
	return field_coupling(&(struct field_place){ x, y, z }, 30, tilt);
}

static void close(double is, double wanted)
{
	assert_true(is > wanted - 1e-3 && is < wanted + 1e-3);
}

static void the_middle_of_the_face_is_the_best_place_of_an_untilted_phone(void **state)
{
	(void)state;
	close(at(0, 0, 0, 0), 1);
	for (int x = -40; x <= 40; x += 5)
		for (int y = -40; y <= 40; y += 5)
			assert_true(at(x, y, 0, 0) <= 1 + 1e-9);
	close(at(12, 5, 3, 0), at(-12, 5, 3, 0)); /* and all sides are the same */
	close(at(12, 5, 3, 0), at(5, -12, 3, 0));
}

/* On the axis of a dipole the field goes with the third power of the distance. */
static void it_falls_off_as_a_dipole_does(void **state)
{
	(void)state;
	close(at(0, 0, 30, 0), 1.0 / 8);
	close(at(0, 0, 60, 0), 1.0 / 27);
	close(at(0, 0, -5, 0), 1); /* nothing is nearer than the face */
}

static void a_tilt_moves_the_good_places_to_one_side(void **state)
{
	(void)state;
	close(at(0, 0, 0, 60), 0.5);
	assert_true(at(15, 0, 0, 25) > at(-15, 0, 0, 25) + 0.2);
	close(at(15, 0, 0, 25), at(-15, 0, 0, -25));
	close(at(0, 15, 0, 25), at(0, -15, 0, 25));
}

static void what_is_lost_grows_from_nothing_to_everything(void **state)
{
	double before = 0;

	(void)state;
	close(field_loss(1), 0);
	close(field_loss(FIELD_GOOD), 0);
	for (double k = FIELD_GOOD; k >= FIELD_POWER; k -= 0.01) {
		assert_true(field_loss(k) >= before);
		before = field_loss(k);
	}
	assert_true(before > 0.3 && before <= FIELD_MOST_LOST);
	close(field_loss(FIELD_POWER - 0.01), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_middle_of_the_face_is_the_best_place_of_an_untilted_phone),
		cmocka_unit_test(it_falls_off_as_a_dipole_does),
		cmocka_unit_test(a_tilt_moves_the_good_places_to_one_side),
		cmocka_unit_test(what_is_lost_grows_from_nothing_to_everything),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
