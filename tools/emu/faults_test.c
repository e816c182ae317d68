#include "tools/emu/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define EXCHANGES 20000

static struct fault_plan plan_of(const struct fault *faults, int count, uint64_t seed)
{
	struct fault_plan p;

	fault_plan_init(&p, faults, count, 0, seed);
	return p;
}

static void a_share_strikes_its_part_of_the_exchanges(void **state)
{
	static const struct fault f = { .share = 0.05, .what = FAULT_CRC };
	struct fault_plan p = plan_of(&f, 1, 7);
	int struck = 0;

	(void)state;
	for (int n = 1; n <= EXCHANGES; n++)
		struck += fault_next(&p, n, n) != NULL;
	/* four standard deviations around 1000 */
	assert_in_range(struck, 1000 - 4 * 31, 1000 + 4 * 31);
}

static void the_same_seed_strikes_the_same_exchanges(void **state)
{
	static const struct fault f = { .share = 0.05, .what = FAULT_CRC };
	struct fault_plan a = plan_of(&f, 1, 7), b = plan_of(&f, 1, 7),
			  other = plan_of(&f, 1, 8);
	int differ = 0;

	(void)state;
	for (int n = 1; n <= EXCHANGES; n++) {
		const struct fault *first = fault_next(&a, n, n);

		/* commands in between, as many as it likes, do not move it */
		for (int k = n % 3; k > 0; k--)
			assert_null(fault_next(&b, 0, n));
		assert_ptr_equal(fault_next(&b, n, n), first);
		differ += fault_next(&other, n, n) != first;
	}
	assert_true(differ > 0);
}

static void chips_draw_from_streams_of_their_own(void **state)
{
	static const struct fault both[] = { { .share = 0.05 },
					     { .share = 0.05, .device = 1 } };
	struct fault_plan a = plan_of(both, 2, 7), b;
	int differ = 0;

	(void)state;
	fault_plan_init(&b, both, 2, 1, 7);
	for (int n = 1; n <= EXCHANGES; n++)
		differ += !fault_next(&a, n, n) != !fault_next(&b, n, n);
	assert_true(differ > 0);
}

static void an_earlier_fault_does_not_move_a_share(void **state)
{
	static const struct fault alone = { .share = 0.05 };
	static const struct fault two[] = {
		{ .exchange = 100, .count = 50, .what = FAULT_CRC }, { .share = 0.05 }
	};
	struct fault_plan a = plan_of(&alone, 1, 7), b = plan_of(two, 2, 7);

	(void)state;
	for (int n = 1; n <= EXCHANGES; n++) {
		const struct fault *first = fault_next(&a, n, n);
		const struct fault *second = fault_next(&b, n, n);

		if (n >= 100 && n < 150)
			assert_ptr_equal(second, &two[0]);
		else
			assert_int_equal(!first, !second);
	}
}

static void a_number_strikes_at_it_and_in_a_row(void **state)
{
	static const struct fault plan[] = {
		{ .exchange = 3, .count = 2, .what = FAULT_CRC },
		{ .command = 9, .what = FAULT_STATUS },
		{ .exchange = 1, .device = 1 },
		{ .command = 12, .count = 5, .what = FAULT_SILENT },
	};
	static const int wanted[] = { -1, -1, 0, 0, -1, -1, -1, -1, 1, -1, -1, 3, -1 };
	struct fault_plan p = plan_of(plan, 4, 1);

	(void)state;
	for (int n = 1; n <= 13; n++)
		assert_ptr_equal(fault_next(&p, n, n),
				 wanted[n - 1] < 0 ? NULL : &plan[wanted[n - 1]]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_strikes_its_part_of_the_exchanges),
		cmocka_unit_test(the_same_seed_strikes_the_same_exchanges),
		cmocka_unit_test(chips_draw_from_streams_of_their_own),
		cmocka_unit_test(an_earlier_fault_does_not_move_a_share),
		cmocka_unit_test(a_number_strikes_at_it_and_in_a_row),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
