#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/positioner/axis_contract.h"
#include "drivers/positioner_contract.h"

static struct axis axis;
static struct positioner_case under_test;

static enum position truth(const struct positioner_case *c)
{
	int64_t um[GRBL_AXES];

	(void)c;
	axis_place(&axis, um);
	assert_in_range(um[0] + 100000, 95000 - 4000, 99500);
	if (um[2] >= -10000)
		return POSITION_AWAY;
	assert_int_equal(um[0], -5000);
	assert_int_equal(um[1], -6000);
	assert_int_equal(um[2], -30000);
	return POSITION_TAP;
}

static int open_axis(struct err *err)
{
	return axis.driver->open(&under_test.positioner, axis.options, NULL, clock_real(),
				 err);
}

static int start(int feed)
{
	struct err err = { 0 };

	axis_start(&axis, feed);
	under_test = (struct positioner_case){ .truth = truth };
	if (open_axis(&err))
		fail_msg("%s", err.text);
	return 0;
}

static int close_grbl(void **state)
{
	(void)state;
	positioner_close(under_test.positioner);
	assert_true(axis_gets_away(&axis));
	axis_stop(&axis);
	return 0;
}

static int finish(struct positioner_move *move, struct err *err)
{
	struct clock *clock = clock_real();
	int rc;

	do {
		clock->sleep_until(clock, move->settled_ns);
		rc = positioner_settle(under_test.positioner, move, err);
	} while (rc == POSITIONER_NOT_YET);
	return rc;
}

static int go(enum position to, struct err *err)
{
	struct positioner_move move = { .to = to };
	int rc = positioner_move(under_test.positioner, &move, err);

	return rc ? rc : finish(&move, err);
}

static int fresh_grbl(void **state)
{
	*state = &under_test;
	return start(60000);
}

static int grbl(void **state)
{
	fresh_grbl(state);
	return go(POSITION_AWAY, NULL);
}

static int slow_grbl(void **state)
{
	*state = &under_test;
	return start(600); /* 2 s for the way */
}

/* Until it is somewhere on its way. */
static void wait_until_it_moves(void)
{
	int64_t um[GRBL_AXES];
	struct clock *clock = clock_real();

	for (int64_t end = clock_now(clock) + 20 * NS_PER_S; clock_now(clock) < end;) {
		axis_place(&axis, um);
		if (um[2] < -10500 && um[2] > -29000)
			return;
		clock->sleep_until(clock, clock_now(clock) + NS_PER_MS);
	}
	fail_msg("it does not move");
}

static void opening_homes_and_nothing_moves_to_the_reader_before(void **state)
{
	struct positioner_move tap = { .to = POSITION_TAP };

	(void)state;
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_HOMING);
	assert_int_equal(positioner_move(under_test.positioner, &tap, NULL), 0);
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_HOMING);
	assert_int_equal(finish(&tap, NULL), 0);
	assert_true(axis.truth->homed);
	assert_int_equal(truth(NULL), POSITION_TAP);
}

static void on_its_way_it_is_turned_round_without_losing_a_step(void **state)
{
	struct positioner_move tap = { .to = POSITION_TAP };
	int64_t um[GRBL_AXES];

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	assert_int_equal(positioner_move(under_test.positioner, &tap, NULL), 0);
	wait_until_it_moves();
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	axis_place(&axis, um);
	assert_int_equal(um[2], -10000);
	assert_true(axis.truth->homed); /* a reset in motion would have lost that */
}

static void between_two_places_it_lifts_off(void **state)
{
	struct positioner_move aside = { .to = POSITION_TAP,
					 .offset = { 4000, 0, 2000 } };
	int64_t um[GRBL_AXES];

	(void)state;
	assert_int_equal(go(POSITION_TAP, NULL), 0);
	assert_int_equal(positioner_move(under_test.positioner, &aside, NULL), 0);
	/* whatever it is seen doing: off the reader's face whenever it is between them */
	for (int rc = POSITIONER_NOT_YET; rc == POSITIONER_NOT_YET;) {
		axis_place(&axis, um);
		if (um[0] > -5000 && um[0] < -1000)
			assert_int_equal(um[2], -10000);
		rc = positioner_settle(under_test.positioner, &aside, NULL);
		assert_true(rc >= 0);
	}
	axis_place(&axis, um);
	assert_int_equal(um[0], -1000);
	assert_int_equal(um[2], -28000);
}

static void no_place_beyond_its_reach_is_gone_to(void **state)
{
	static const struct positioner_offset beyond[] = {
		{ 4001, 0, 0 }, { 0, -4001, 0 }, { 0, 0, -1 }, { 0, 0, 20001 }
	};

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	for (size_t i = 0; i < sizeof(beyond) / sizeof(*beyond); i++) {
		struct positioner_move move = { .to = POSITION_TAP, .offset = beyond[i] };

		assert_int_equal(positioner_move(under_test.positioner, &move, NULL),
				 ERR_RANGE);
	}
	assert_int_equal(truth(NULL), POSITION_AWAY);
	assert_int_equal(go(POSITION_TAP, NULL), 0); /* and nothing is broken */
}

static void shorten(const char *limit, int64_t ns)
{
	struct err err = { 0 };

	for (const struct conf_item *i = axis.driver->items; i->key; i++)
		if (strcmp(i->key, limit) == 0)
			*(int64_t *)(void *)((char *)axis.options + i->offset) = ns;
	positioner_close(under_test.positioner);
	if (open_axis(&err))
		fail_msg("%s", err.text);
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
}

/* What it was told last has arrived: it does nothing by itself any more. */
static void wait_until_it_is(enum grbl_state state)
{
	struct clock *clock = clock_real();

	for (int64_t end = clock_now(clock) + 20 * NS_PER_S; clock_now(clock) < end;) {
		if (axis.truth->state == state)
			return;
		clock->sleep_until(clock, clock_now(clock) + NS_PER_MS);
	}
	fail_msg("it is in state %d", axis.truth->state);
}

static void block_on_the_way_to_the_tap(void)
{
	struct err err = { 0 };

	shorten("move_limit", 300 * NS_PER_MS);
	axis.truth->blocked = true;
	assert_int_equal(go(POSITION_TAP, &err), ERR_TIMEOUT);
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_FAULT);
	wait_until_it_is(GRBL_HOLDING);
}

static void an_axis_that_is_blocked_is_a_fault_in_time(void **state)
{
	struct err err = { 0 };

	(void)state;
	block_on_the_way_to_the_tap();
	axis.truth->blocked = false;
	assert_int_equal(go(POSITION_TAP, &err), 0); /* home, and there */
}

static void from_a_hold_it_is_sent_away(void **state)
{
	(void)state;
	shorten("move_limit", 20 * NS_PER_S);
	assert_int_equal(go(POSITION_TAP, NULL), 0);
	/* it stands at the reader, held, as a move that took too long leaves it */
	shorten("move_limit", 300 * NS_PER_MS);
	axis.truth->at_um[2] = -30000;
	axis.truth->blocked = true;
	assert_int_equal(go(POSITION_TAP, NULL), ERR_TIMEOUT);
	wait_until_it_is(GRBL_HOLDING);
	assert_false(axis_is_away(&axis));
	axis.truth->blocked = false;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	assert_true(axis_is_away(&axis));
	assert_true(axis.truth->homed);
}

static void closed_in_a_hold_it_goes_away_all_the_same(void **state)
{
	(void)state;
	shorten("move_limit", 300 * NS_PER_MS);
	axis.truth->at_um[2] = -30000;
	axis.truth->blocked = true;
	assert_int_equal(go(POSITION_TAP, NULL), ERR_TIMEOUT);
	wait_until_it_is(GRBL_HOLDING);
	axis.truth->blocked = false;
	positioner_close(under_test.positioner);
	assert_true(axis_gets_away(&axis));
	assert_int_equal(open_axis(NULL), 0); /* for the tear-down */
}

static void
an_axis_that_finds_no_home_says_so_and_is_no_nearer_to_be_trusted(void **state)
{
	struct err err = { 0 };

	(void)state;
	block_on_the_way_to_the_tap();
	assert_int_equal(go(POSITION_AWAY, &err), ERR_IO);
	assert_non_null(strstr(err.text, "alarm 9"));
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_FAULT);
	axis.truth->blocked = false;
	assert_int_equal(go(POSITION_AWAY, &err), 0);
}

static void an_alarm_is_a_fault_that_going_home_mends(void **state)
{
	struct positioner_move tap = { .to = POSITION_TAP };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	axis.truth->travel_um[2] =
		20000; /* its soft limits are not what the rig thinks */
	assert_int_not_equal(positioner_move(under_test.positioner, &tap, &err), 0);
	assert_non_null(strstr(err.text, "alarm 2"));
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_FAULT);
	assert_int_equal(truth(NULL), POSITION_AWAY);
	axis.truth->travel_um[2] = 60000;
	assert_int_equal(go(POSITION_TAP, &err), 0);
}

static void an_axis_without_limits_or_home_is_refused(void **state)
{
	struct err err = { 0 };

	close_grbl(state);
	under_test.positioner = NULL;
	axis_start(&axis, 60000);
	axis.truth->soft_limits = false;
	assert_int_equal(open_axis(&err), ERR_USAGE);
	assert_non_null(strstr(err.text, "$20=1"));
	axis.truth->soft_limits = true;
	axis.truth->homing = false;
	assert_int_equal(open_axis(&err), ERR_USAGE);
	assert_non_null(strstr(err.text, "$22=1"));
	assert_null(under_test.positioner);
	axis_stop(&axis);
}

static void its_probe_input_is_read(void **state)
{
	bool on = true;

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	assert_int_equal(positioner_probe(under_test.positioner, &on, NULL), 0);
	assert_false(on);
	axis.truth->probe = true;
	assert_int_equal(positioner_probe(under_test.positioner, &on, NULL), 0);
	assert_true(on);
}

static void an_axis_that_is_no_more_is_gone(void **state)
{
	struct err err = { 0 };
	int rc = 0;

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	axis_unplug(&axis);
	for (int i = 0; i < 1000 && rc != ERR_GONE; i++)
		rc = go(POSITION_TAP, &err);
	assert_int_equal(rc, ERR_GONE);
	positioner_close(under_test.positioner);
	under_test.positioner = NULL;
	assert_int_not_equal(open_axis(&err), 0);
	axis_stop(&axis);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, grbl, close_grbl)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POSITIONER_CONTRACT(grbl, close_grbl),
		cmocka_unit_test_setup_teardown(
			opening_homes_and_nothing_moves_to_the_reader_before, fresh_grbl,
			close_grbl),
		cmocka_unit_test_setup_teardown(
			on_its_way_it_is_turned_round_without_losing_a_step, slow_grbl,
			close_grbl),
		WITH(between_two_places_it_lifts_off),
		WITH(no_place_beyond_its_reach_is_gone_to),
		WITH(an_axis_that_is_blocked_is_a_fault_in_time),
		WITH(from_a_hold_it_is_sent_away),
		WITH(closed_in_a_hold_it_goes_away_all_the_same),
		WITH(an_axis_that_finds_no_home_says_so_and_is_no_nearer_to_be_trusted),
		WITH(an_alarm_is_a_fault_that_going_home_mends),
		cmocka_unit_test_setup(an_axis_without_limits_or_home_is_refused, grbl),
		WITH(its_probe_input_is_read),
		cmocka_unit_test_setup(an_axis_that_is_no_more_is_gone, grbl),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
