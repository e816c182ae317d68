#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "drivers/positioner/on_limit.h"

static void a_stretch_ends_at_its_limit(void **state)
{
	struct on_limit l;

	(void)state;
	on_limit_init(&l, 100, 0, 1);
	assert_int_equal(on_limit_left(&l, 5), 100);
	on_limit_switched(&l, true, 10);
	on_limit_switched(&l, true, 50); /* on already: no new start */
	assert_int_equal(on_limit_left(&l, 60), 50);
	assert_int_equal(on_limit_left(&l, 111), -1);
	on_limit_switched(&l, false, 120);
	assert_int_equal(l.longest_ns, 110);
	assert_int_equal(on_limit_start(&l, 120, 100), 120); /* no share to keep */
}

static void a_share_is_of_the_window_that_ends_now(void **state)
{
	struct on_limit l;

	(void)state;
	on_limit_init(&l, 1000, 100, 0.25);
	on_limit_switched(&l, true, 0);
	on_limit_switched(&l, false, 20);
	assert_int_equal(on_limit_used(&l, 20), 20);
	assert_int_equal(on_limit_left(&l, 20), 5);
	assert_int_equal(on_limit_used(&l, 110), 10);
	assert_int_equal(on_limit_used(&l, 120), 0);
	assert_int_equal(on_limit_start(&l, 20, 5), 20);
	assert_int_equal(on_limit_start(&l, 20, 10),
			 105); /* 5 of the 20 have left then */
	assert_int_equal(on_limit_start(&l, 20, 500),
			 120); /* never more than 25: all of it */
}

/* The truth of a test: every interval it was on. */
struct truth {
	int64_t from[4096], to[4096];
	int count;
};

static int64_t used(const struct truth *t, int64_t end, int64_t window)
{
	int64_t sum = 0;

	for (int i = 0; i < t->count; i++) {
		int64_t from = t->from[i] > end - window ? t->from[i] : end - window;
		int64_t to = t->to[i] < end ? t->to[i] : end;

		sum += to > from ? to - from : 0;
	}
	return sum;
}

/* Taps of any length, as often as allowed: no window ever sees more than its share. */
static void whatever_is_asked_no_window_gets_more(void **state)
{
	const int64_t window = 10000, allowed = 2500;
	struct truth *t = calloc(1, sizeof(*t));
	struct on_limit l;
	int64_t now = 0;
	uint32_t x = 7;

	(void)state;
	on_limit_init(&l, 900, window, 0.25);
	while (t->count < 2000) {
		int64_t want, start;

		x = x * 1664525 + 1013904223;
		want = 1 + (x >> 8) % (t->count % 100 < 60 ? 30 : 1500);
		start = on_limit_start(&l, now, want);
		assert_true(start >= now);
		now = start;
		on_limit_switched(&l, true, now);
		t->from[t->count] = now;
		/* as the driver does: off when it wants, or when nothing is left */
		while (want-- > 0 && on_limit_left(&l, now) > 0)
			now++;
		on_limit_switched(&l, false, now);
		t->to[t->count++] = now;
		assert_true(now - t->from[t->count - 1] <= 900);
		now += (x >> 4) % 40;
	}
	for (int i = 0; i < t->count; i++)
		assert_in_range(used(t, t->to[i], window), 0, allowed);
	free(t);
}

static void what_it_did_before_counts(void **state)
{
	struct on_limit l = { 0 };

	(void)state;
	on_limit_was_on(&l, 50, 70); /* before its limits are known */
	on_limit_renew(&l, 1000, 100, 0.5);
	on_limit_was_on(&l, 20, 30);
	on_limit_was_on(&l, 7, 7);
	assert_int_equal(l.count, 2);
	assert_int_equal(on_limit_used(&l, 100), 30);
	assert_int_equal(on_limit_used(&l, 125), 25);
	on_limit_switched(&l, true, 110);
	on_limit_renew(&l, 1000, 100, 0.25); /* a coil that is on stays so */
	assert_int_equal(on_limit_used(&l, 120), 40);
	on_limit_switched(&l, false, 120);
	/* more than there is room for is taken to have been on in between */
	for (int64_t t = 0; t < 3 * ON_LIMIT_PAST; t++)
		on_limit_was_on(&l, -10 * t - 1, -10 * t);
	assert_true(l.count < ON_LIMIT_PAST);
	assert_int_equal(l.past[0].from_ns, -10 * (3 * ON_LIMIT_PAST - 1) - 1);
	on_limit_switched(&l, true, 130);
	on_limit_switched(&l, false, 131);
	assert_true(l.count < ON_LIMIT_PAST);
}

static void of_the_worst_it_cools_like_of_any_other_past(void **state)
{
	struct on_limit l;

	(void)state;
	on_limit_init(&l, 1000, 100, 0.3);
	on_limit_assume_worst(&l, 500);
	assert_int_equal(on_limit_left(&l, 500), 0);
	assert_int_equal(on_limit_start(&l, 500, 10), 580);
	assert_int_equal(on_limit_start(&l, 500, 30), 600);
	on_limit_init(&l, 1000, 0, 1);
	on_limit_assume_worst(&l, 500); /* without a window nothing is known to be hot */
	assert_int_equal(on_limit_start(&l, 500, 10), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stretch_ends_at_its_limit),
		cmocka_unit_test(a_share_is_of_the_window_that_ends_now),
		cmocka_unit_test(whatever_is_asked_no_window_gets_more),
		cmocka_unit_test(what_it_did_before_counts),
		cmocka_unit_test(of_the_worst_it_cools_like_of_any_other_past),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
