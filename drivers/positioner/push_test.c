#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/pump.h"
#include "drivers/positioner/on_limit.h"
#include "drivers/positioner/sim.h"
#include "drivers/positioner_contract.h"
#include "drivers/relay.h"
#include "drivers/relay/sim.h"

static struct clock_virtual virtual_clock;
static struct positioner_case under_test;
static struct relay *board;
static enum position sent_to;

static void *bind(const struct positioner_driver *driver, const char *text)
{
	void *options = calloc(1, driver->options_size);
	struct conf *conf;
	struct err err = { 0 };

	if (conf_parse(&conf, "rig", BYTES((const uint8_t *)text, strlen(text)), &err) ||
	    conf_bind(conf_root(conf), driver->items, options, &err))
		fail_msg("%s", err.text);
	conf_free(conf); /* nothing in these options is borrowed */
	return options;
}

static struct on_limit coil;

static void open_push(const char *text, struct pump *pump, struct clock *clock)
{
	static const struct sim_relay_options two = { .channels = 2 };
	const struct positioner_driver *push = positioner_driver_find("push");
	void *options = bind(push, text);
	struct positioner_parts parts = { .pump = pump, .coil = &coil };
	struct err err = { 0 };

	memset(&coil, 0, sizeof(coil));

	assert_int_equal(sim_relay_driver.open(&board, &two, clock, NULL), 0);
	parts.relay = board;
	if (push->open(&under_test.positioner, options, &parts, clock, &err))
		fail_msg("%s", err.text);
	free(options);
}

static enum position pushed_to(const struct positioner_case *c)
{
	uint32_t state = 0;

	(void)c;
	assert_int_equal(relay_read(board, &state, NULL), 0);
	assert_int_equal(state & ~2u, 0);
	return state ? POSITION_TAP : POSITION_AWAY;
}

static int push(void **state)
{
	*state = &under_test;
	clock_virtual_init(&virtual_clock);
	open_push("{channel: 2, travel: 40 ms, retreat: 60 ms, max_on: 5 s}", NULL,
		  &virtual_clock.base);
	under_test.truth = pushed_to;
	under_test.travel_ns = 40 * NS_PER_MS;
	return 0;
}

static int close_push(void **state)
{
	uint32_t on = 0;

	(void)state;
	positioner_close(under_test.positioner);
	assert_int_equal(relay_read(board, &on, NULL), 0);
	assert_int_equal(on, 0); /* away, and the board is still ours */
	relay_close(board);
	return 0;
}

static void moved(void *ctx, enum position to, int64_t settled_ns)
{
	(void)ctx;
	assert_true(settled_ns >= virtual_clock.at_ns);
	sent_to = to;
}

static enum position sim_sent_to(const struct positioner_case *c)
{
	(void)c;
	return sent_to;
}

static int sim(void **state)
{
	static const struct sim_positioner_options options = { .travel_ns =
								       25 * NS_PER_MS };

	*state = &under_test;
	sent_to = POSITION_AWAY;
	clock_virtual_init(&virtual_clock);
	under_test.truth = sim_sent_to;
	under_test.travel_ns = options.travel_ns;
	return sim_positioner_open(&under_test.positioner, &options, moved, NULL,
				   &virtual_clock.base, NULL);
}

static int close_sim(void **state)
{
	struct positioner_move tap = { .to = POSITION_TAP };

	(void)state;
	assert_int_equal(positioner_move(under_test.positioner, &tap, NULL), 0);
	positioner_close(under_test.positioner);
	assert_int_equal(sent_to, POSITION_AWAY);
	return 0;
}

static int move_code(enum position to, struct positioner_move *move)
{
	*move = (struct positioner_move){ .to = to };
	return positioner_move(under_test.positioner, move, NULL);
}

static void the_way_back_has_its_own_time(void **state)
{
	struct positioner_move move;

	(void)state;
	assert_int_equal(move_code(POSITION_TAP, &move), 0);
	assert_int_equal(move_code(POSITION_AWAY, &move), 0);
	assert_int_equal(move.settled_ns - move.commanded_ns, 60 * NS_PER_MS);
}

static void a_phone_pushed_too_long_is_retracted_and_said_so_once(void **state)
{
	struct positioner_move move;

	(void)state;
	assert_int_equal(move_code(POSITION_TAP, &move), 0);
	virtual_clock.at_ns += 4 * NS_PER_S;
	assert_int_equal(move_code(POSITION_TAP, &move),
			 0); /* no new start of the limit */
	virtual_clock.at_ns += 2 * NS_PER_S;
	assert_int_equal(move_code(POSITION_TAP, &move), ERR_TIMEOUT);
	assert_int_equal(pushed_to(NULL), POSITION_AWAY);
	assert_int_equal(move_code(POSITION_TAP, &move), 0);
	assert_int_equal(pushed_to(NULL), POSITION_TAP);
}

static void with_a_pump_the_limit_acts_by_itself(void **state)
{
	struct positioner_move move;
	struct pump *pump;
	int64_t deadline;

	(void)state;
	assert_int_equal(pump_new(&pump, NULL), 0);
	open_push("{channel: 2, travel: 1 ms, max_on: 1 ms}", pump, clock_real());
	assert_int_equal(move_code(POSITION_TAP, &move), 0);
	deadline = clock_now(clock_real()) + 20 * NS_PER_S;
	while (pushed_to(NULL) == POSITION_TAP && clock_now(clock_real()) < deadline)
		pump_sleep_until(pump, clock_now(clock_real()) + 10 * NS_PER_MS, NULL);
	assert_int_equal(pushed_to(NULL), POSITION_AWAY);
	assert_int_equal(move_code(POSITION_AWAY, &move), ERR_TIMEOUT);
	assert_int_equal(move_code(POSITION_AWAY, &move), 0);
	close_push(NULL);
	pump_free(pump);
}

/*
 * An impatient bench on the virtual clock: taps as soon as they are allowed, held until the limit acts or a while.
 * The coil is on for no longer than max_on at a stretch, nor for more than its share of any window.
 */
static void the_coil_never_gets_more_than_its_share(void **state)
{
	enum {
		TAPS = 400
	};
	static int64_t from[TAPS], to[TAPS];
	const int64_t window = 10 * NS_PER_S, share = 3 * NS_PER_S;
	struct pump *pump;
	int waits = 0, count = 0;
	uint32_t x = 3;

	(void)state;
	clock_virtual_init(&virtual_clock);
	assert_int_equal(pump_new(&pump, NULL), 0); /* it never turns: ticks are ours */
	open_push("{channel: 2, travel: 40 ms, max_on: 1200 ms, duty: 30 %, duty_window: "
		  "10 s}",
		  pump, &virtual_clock.base);
	while (count < TAPS) {
		struct positioner_move move;
		bool on = false;
		int64_t hold;

		x = x * 1664525 + 1013904223;
		hold = (50 + (x >> 8) % 1500) * NS_PER_MS;
		if (move_code(POSITION_TAP, &move))
			continue; /* it says what the limit did */
		for (int64_t end = virtual_clock.at_ns + hold;
		     virtual_clock.at_ns < end || !on;
		     virtual_clock.at_ns += 10 * NS_PER_MS) {
			bool was = on;
			int rc = positioner_settle(under_test.positioner, &move, NULL);

			on = pushed_to(NULL) == POSITION_TAP;
			if (on && !was) {
				from[count] = virtual_clock.at_ns;
				end = virtual_clock.at_ns + hold;
			}
			waits += !on;
			if (rc < 0 || (was && !on))
				break;
		}
		move_code(POSITION_AWAY, &move);
		to[count++] = virtual_clock.at_ns;
		virtual_clock.at_ns += (x >> 20) * NS_PER_MS / 16;
	}
	assert_true(waits > TAPS); /* else nothing was limited */
	for (int i = 0; i < TAPS; i++) {
		int64_t used = 0;

		assert_true(to[i] - from[i] <= 1200 * NS_PER_MS);
		for (int k = 0; k <= i; k++) {
			int64_t start =
				from[k] > to[i] - window ? from[k] : to[i] - window;

			used += to[k] > start ? to[k] - start : 0;
		}
		assert_true(used <= share);
	}
	close_push(NULL);
	pump_free(pump);
}

/* As recovery does it after the limit acted. */
static void a_coil_is_as_hot_when_it_is_opened_again(void **state)
{
	static const char text[] =
		"{channel: 2, travel: 40 ms, duty: 10 %, duty_window: 60 s}";
	const struct positioner_driver *driver = positioner_driver_find("push");
	void *options = bind(driver, text);
	struct positioner_parts parts = { .coil = &coil };
	struct positioner_move move;
	int64_t off_ns;

	(void)state;
	clock_virtual_init(&virtual_clock);
	open_push(text, NULL, &virtual_clock.base);
	parts.relay = board;
	assert_int_equal(move_code(POSITION_TAP, &move), 0);
	virtual_clock.at_ns += 6 * NS_PER_S; /* all of its share */
	assert_int_equal(move_code(POSITION_TAP, &move), ERR_TIMEOUT);
	assert_int_equal(pushed_to(NULL), POSITION_AWAY);
	off_ns = virtual_clock.at_ns;
	positioner_close(under_test.positioner);
	virtual_clock.at_ns += NS_PER_S;
	assert_int_equal(driver->open(&under_test.positioner, options, &parts,
				      &virtual_clock.base, NULL),
			 0);
	assert_int_equal(move_code(POSITION_TAP, &move), 0);
	while (pushed_to(NULL) == POSITION_AWAY) {
		virtual_clock.at_ns += 10 * NS_PER_MS;
		assert_true(positioner_settle(under_test.positioner, &move, NULL) >= 0);
		assert_true(virtual_clock.at_ns < off_ns + 61 * NS_PER_S);
	}
	/* it was on for as long as it may: the next may be as long, so all of that must be gone */
	assert_true(virtual_clock.at_ns >= off_ns + 60 * NS_PER_S);
	close_push(NULL);
	free(options);
}

static void limits_under_which_it_never_arrives_are_refused(void **state)
{
	static const char *const bad[] = {
		"{channel: 1, travel: 2 s, max_on: 1 s}",
		"{channel: 1, travel: 2 s, duty: 10 %, duty_window: 10 s}"
	};
	const struct positioner_driver *driver = positioner_driver_find("push");
	struct positioner_parts parts = { .relay = board };
	struct positioner *p = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		void *options = bind(driver, bad[i]);

		assert_int_equal(
			driver->open(&p, options, &parts, &virtual_clock.base, NULL),
			ERR_RANGE);
		free(options);
	}
	assert_null(p);
}

static void a_channel_the_board_lacks_is_found_at_open(void **state)
{
	const struct positioner_driver *driver = positioner_driver_find("push");
	void *options = bind(driver, "{channel: 3, travel: 1 ms}");
	struct positioner_parts parts = { .relay = board };
	struct positioner *p = NULL;

	(void)state;
	assert_int_equal(driver->open(&p, options, &parts, &virtual_clock.base, NULL),
			 ERR_RANGE);
	parts.relay = NULL;
	assert_int_equal(driver->open(&p, options, &parts, &virtual_clock.base, NULL),
			 ERR_USAGE);
	assert_null(p);
	free(options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POSITIONER_CONTRACT(sim, close_sim),
		POSITIONER_CONTRACT(push, close_push),
		cmocka_unit_test_setup_teardown(the_way_back_has_its_own_time, push,
						close_push),
		cmocka_unit_test_setup_teardown(
			a_phone_pushed_too_long_is_retracted_and_said_so_once, push,
			close_push),
		cmocka_unit_test(with_a_pump_the_limit_acts_by_itself),
		cmocka_unit_test(a_coil_is_as_hot_when_it_is_opened_again),
		cmocka_unit_test(the_coil_never_gets_more_than_its_share),
		cmocka_unit_test_setup_teardown(
			limits_under_which_it_never_arrives_are_refused, push,
			close_push),
		cmocka_unit_test_setup_teardown(
			a_channel_the_board_lacks_is_found_at_open, push, close_push),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
