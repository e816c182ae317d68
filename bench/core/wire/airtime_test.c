#include "bench/core/wire/airtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t us(int64_t ns)
{
	return (ns + 500) / 1000;
}

/* hundredths of a millisecond, as the published tables are rounded */
static int64_t centi_ms(int64_t ns)
{
	return (ns + 5000) / 10000;
}

static void the_activation_steps_take_their_least_time(void **state)
{
	(void)state;
	assert_int_equal(us(airtime_ns(airtime_request_cycles())), 430);
	assert_int_equal(us(airtime_ns(airtime_anticollision_cycles())), 789);
	assert_int_equal(us(airtime_ns(airtime_select_cycles())), 1213);
	assert_int_equal(us(airtime_ns(airtime_rats_cycles(5))), 1128);
	assert_int_equal(us(airtime_ns(airtime_rats_cycles(6))), 1213);
	assert_int_equal(us(airtime_ns(airtime_rats_cycles(8))), 1383);
	assert_int_equal(us(airtime_ns(airtime_rats_cycles(14))), 1893);
	assert_int_equal(us(airtime_ns(airtime_rats_cycles(20))), 2403);
}

static void a_whole_activation_grows_with_the_uid(void **state)
{
	(void)state;
	assert_int_equal(us(airtime_activation_ns(4, 6, 0)), 3645);
	assert_int_equal(us(airtime_activation_ns(7, 6, 0)), 5647);
	assert_int_equal(us(airtime_activation_ns(10, 6, 0)), 7650);
	assert_int_equal(us(airtime_activation_ns(4, 6, 1)), 2857);
	assert_int_equal(us(airtime_activation_ns(7, 6, 1)), 4070);
	assert_int_equal(us(airtime_activation_ns(10, 6, 1)), 5284);
}

struct floor {
	size_t command, answer;
	int64_t rate[4];              /* with frames of 256 bytes, 106 to 848 */
	int64_t small_106, small_424; /* with frames of 64 bytes */
};

static const struct floor floors[] = {
	{ 5, 2, { 130, 77, 49, 35 }, 130, 49 },
	{ 19, 40, { 572, 298, 159, 90 }, 572, 159 },
	{ 71, 140, { 1863, 944, 482, 252 }, 2074, 584 },
	{ 110, 90, { 1769, 897, 459, 240 }, 1910, 527 },
	{ 261, 258, { 4620, 2347, 1205, 634 }, 5043, 1409 },
};

static void an_apdu_has_the_floor_of_its_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
		const struct floor *f = &floors[i];

		for (int d = 0; d < 4; d++)
			assert_int_equal(centi_ms(airtime_apdu_floor_ns(
						 f->command, f->answer, 256, 256, d)),
					 f->rate[d]);
		assert_int_equal(
			centi_ms(airtime_apdu_floor_ns(f->command, f->answer, 64, 64, 0)),
			f->small_106);
		assert_int_equal(
			centi_ms(airtime_apdu_floor_ns(f->command, f->answer, 64, 64, 2)),
			f->small_424);
	}
}

static void one_byte_over_a_frame_costs_one_more_exchange(void **state)
{
	int64_t one = airtime_apdu_floor_ns(61, 2, 64, 64, 0);
	int64_t two = airtime_apdu_floor_ns(62, 2, 64, 64, 0);

	(void)state;
	/* the byte itself, and an exchange of R(ACK) against a block of its own */
	assert_true(two - one >
		    airtime_ns(airtime_exchange_cycles(3, 3, 0, 0, AIRTIME_FDT_CARD)));
	assert_true(two - one <
		    airtime_ns(airtime_exchange_cycles(6, 3, 0, 0, AIRTIME_FDT_CARD)));
}

static void waiting_times_double_with_the_code(void **state)
{
	(void)state;
	assert_int_equal(us(airtime_fwt_ns(4)), 4833);
	assert_int_equal(us(airtime_fwt_ns(8)), 77329);
	assert_int_equal(us(airtime_fwt_ns(14)), 4949031);
	assert_int_equal(airtime_fwt_ns(15), airtime_fwt_ns(4));
	assert_int_equal(airtime_sfgt_ns(0), 0);
	assert_int_equal(us(airtime_sfgt_ns(2)), 1208);
	assert_int_equal(airtime_sfgt_ns(15), 0);
}

static void frame_sizes_follow_the_code(void **state)
{
	(void)state;
	assert_int_equal(isodep_frame_size(0), 16);
	assert_int_equal(isodep_frame_size(2), 32);
	assert_int_equal(isodep_frame_size(5), 64);
	assert_int_equal(isodep_frame_size(8), 256);
	assert_int_equal(isodep_frame_size(12), 4096);
	assert_int_equal(isodep_frame_size(15), 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_activation_steps_take_their_least_time),
		cmocka_unit_test(a_whole_activation_grows_with_the_uid),
		cmocka_unit_test(an_apdu_has_the_floor_of_its_blocks),
		cmocka_unit_test(one_byte_over_a_frame_costs_one_more_exchange),
		cmocka_unit_test(waiting_times_double_with_the_code),
		cmocka_unit_test(frame_sizes_follow_the_code),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
