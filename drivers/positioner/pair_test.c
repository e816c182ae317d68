#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/pump.h"
#include "drivers/positioner/pair_drive.h"
#include "drivers/positioner_contract.h"
#include "drivers/relay.h"

/*
 * An actuator behind a board, on the virtual clock: channel 1 extends, 2 retracts, inputs 1 and 2 are its end
 * stops. The board itself watches what must never be.
 */
#define WAY_NS (800 * NS_PER_MS)
#define DEAD_NS (120 * NS_PER_MS)

struct actuator {
	struct relay base;
	double at; /* 0 away … 1 at the reader */
	int64_t moved_ns;
	bool on[2], reads_back, forgets; /* forgets: reads back all on */
	int64_t off_ns[2];
	bool stuck;       /* does not move */
	bool crossed;     /* both stops active */
	int fails;        /* orders to come that fail */
	int64_t most_run; /* longest with power */
	int64_t since_ns[2];
};

static struct clock_virtual virtual_clock;
static struct actuator actuator;
static struct positioner_case under_test;

static void move_on(struct actuator *a)
{
	double way = (double)(virtual_clock.at_ns - a->moved_ns) / WAY_NS;

	if (!a->stuck)
		a->at += (a->on[0] ? way : 0) - (a->on[1] ? way : 0);
	a->at = a->at < 0 ? 0 : a->at > 1 ? 1 : a->at;
	a->moved_ns = virtual_clock.at_ns;
}

static int board_set(struct relay *r, int channel, bool on, struct err *err)
{
	struct actuator *a = (struct actuator *)r;
	int leg = channel - 1;

	if (channel > 2)
		return err_set(err, ERR_RANGE, "channel %d", channel);
	if (a->fails) {
		a->fails--;
		return err_set(err, ERR_IO, "planted");
	}
	move_on(a);
	if (on && !a->on[leg]) {
		assert_false(a->on[!leg]);
		assert_true(virtual_clock.at_ns - a->off_ns[!leg] >= DEAD_NS);
		a->since_ns[leg] = virtual_clock.at_ns;
	}
	if (!on && a->on[leg]) {
		int64_t run = virtual_clock.at_ns - a->since_ns[leg];

		a->off_ns[leg] = virtual_clock.at_ns;
		a->most_run = run > a->most_run ? run : a->most_run;
	}
	a->on[leg] = on;
	virtual_clock.at_ns += 4 * NS_PER_MS; /* the line takes its time */
	return 0;
}

static int board_all_off(struct relay *r, struct err *err)
{
	int rc = board_set(r, 1, false, err);

	return rc ? rc : board_set(r, 2, false, err);
}

static int board_read(struct relay *r, uint32_t *state, struct err *err)
{
	const struct actuator *a = (const struct actuator *)r;

	if (!a->reads_back)
		return err_set(err, ERR_UNSUPPORTED, "write-only");
	*state = a->forgets ? 3 : (uint32_t)a->on[0] | (uint32_t)a->on[1] << 1;
	return 0;
}

static int board_input(struct relay *r, int input, bool *on, struct err *err)
{
	struct actuator *a = (struct actuator *)r;

	(void)err;
	move_on(a);
	*on = a->crossed || (input == 1 ? a->at >= 1 : a->at <= 0);
	return 0;
}

static int board_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	(void)r;
	(void)err;
	*id = (struct relay_identity){ .model = "an actuator",
				       .channels = 2,
				       .simulated = true };
	return 0;
}

static const struct relay_ops board_ops = {
	.set = board_set,
	.all_off = board_all_off,
	.read = board_read,
	.input = board_input,
	.identity = board_identity,
};

static enum position truth(const struct positioner_case *c)
{
	(void)c;
	move_on(&actuator);
	assert_true(actuator.at <= 0 || actuator.at >= 1); /* it is where it can be */
	assert_false(actuator.on[0] || actuator.on[1]);
	return actuator.at >= 1 ? POSITION_TAP : POSITION_AWAY;
}

#define WITH_STOPS \
	"{extend: 1, retract: 2, extended: 1, retracted: 2, travel: 900 ms, limit: 2 " \
	"s, " \
	"dead_time: 120 ms}"
#define WITHOUT "{extend: 1, retract: 2, travel: 900 ms, dead_time: 120 ms}"

static int try_open(const char *text, struct err *err)
{
	const struct positioner_driver *driver = positioner_driver_find("pair");
	void *options = calloc(1, driver->options_size);
	struct positioner_parts parts = { .relay = &actuator.base };
	struct conf *conf;
	int rc;

	assert_int_equal(conf_parse(&conf, "rig",
				    BYTES((const uint8_t *)text, strlen(text)), NULL),
			 0);
	assert_int_equal(conf_bind(conf_root(conf), driver->items, options, NULL), 0);
	rc = driver->open(&under_test.positioner, options, &parts, &virtual_clock.base,
			  err);
	conf_free(conf);
	free(options);
	return rc;
}

static void start(const char *text, double at)
{
	struct err err = { 0 };

	clock_virtual_init(&virtual_clock);
	virtual_clock.at_ns = 10 * NS_PER_S;
	actuator = (struct actuator){ .base = { &board_ops, &virtual_clock.base },
				      .at = at,
				      .moved_ns = virtual_clock.at_ns,
				      .reads_back = true };
	under_test = (struct positioner_case){ .truth = truth };
	if (try_open(text, &err))
		fail_msg("%s", err.text);
}

static int pair(void **state)
{
	*state = &under_test;
	start(WITH_STOPS, 0);
	return 0;
}

static int pair_without_stops(void **state)
{
	*state = &under_test;
	start(WITHOUT, 0);
	return 0;
}

static int pair_somewhere(void **state)
{
	*state = &under_test;
	start(WITH_STOPS, 0.6);
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	positioner_close(under_test.positioner);
	assert_int_equal(truth(NULL), POSITION_AWAY);
	return 0;
}

/* Until it is there: 0, or the error. */
static int finish(struct positioner_move *move, struct err *err)
{
	int rc;

	do {
		if (virtual_clock.at_ns < move->settled_ns)
			virtual_clock.at_ns = move->settled_ns;
		virtual_clock.at_ns += NS_PER_MS;
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

static void it_is_off_at_the_end_stop_and_not_only_in_time(void **state)
{
	(void)state;
	assert_int_equal(go(POSITION_TAP, NULL), 0);
	assert_true(actuator.most_run < WAY_NS + 20 * NS_PER_MS);
}

/* Moves begun and turned round at any moment, for a long time; the board watches the interlock. */
static void never_both_and_never_without_the_dead_time(void **state)
{
	struct positioner_move move = { 0 };
	uint32_t x = 5;
	int turns = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		x = x * 1664525 + 1013904223;
		if (x >> 30 == 0) {
			move.to = x >> 29 & 1 ? POSITION_TAP : POSITION_AWAY;
			turns++;
			assert_int_equal(
				positioner_move(under_test.positioner, &move, NULL), 0);
		}
		virtual_clock.at_ns += (x >> 8) % 60 * NS_PER_MS;
		assert_true(positioner_settle(under_test.positioner, &move, NULL) >= 0);
		assert_false(actuator.on[0] && actuator.on[1]);
	}
	assert_true(turns > 300);
	assert_true(actuator.most_run < 2 * NS_PER_S);
}

static void a_stop_that_is_not_reached_is_a_fault_with_both_legs_off(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	actuator.stuck = true;
	assert_int_equal(go(POSITION_TAP, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "end stop"));
	assert_false(actuator.on[0] || actuator.on[1]);
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_FAULT);
	assert_true(actuator.most_run < 2 * NS_PER_S + 50 * NS_PER_MS);
	actuator.stuck = false;
	assert_int_equal(go(POSITION_TAP, NULL), 0); /* home first, and then there */
}

static void crossed_stops_are_a_fault(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	actuator.crossed = true;
	assert_int_equal(go(POSITION_TAP, &err), ERR_IO);
	assert_non_null(strstr(err.text, "both end stops"));
	assert_false(actuator.on[0] || actuator.on[1]);
	actuator.crossed = false;
}

static void a_leg_that_reads_back_as_on_keeps_the_other_off(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	actuator.forgets = true;
	assert_int_equal(go(POSITION_TAP, &err), ERR_IO);
	assert_non_null(strstr(err.text, "still on"));
	assert_false(actuator.on[0] || actuator.on[1]);
	actuator.forgets = false;
}

static void a_board_that_fails_is_a_fault_and_mended_by_going_home(void **state)
{
	(void)state;
	assert_int_equal(go(POSITION_TAP, NULL), 0);
	actuator.fails = 1;
	assert_int_equal(go(POSITION_AWAY, NULL), ERR_IO);
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_FAULT);
	assert_int_equal(go(POSITION_AWAY, NULL), 0);
	assert_int_equal(truth(NULL), POSITION_AWAY);
}

static void wiring_that_cannot_be_is_refused(void **state)
{
	struct err err = { 0 };

	close_pair(state);
	under_test.positioner = NULL;
	assert_int_equal(try_open("{extend: 1, retract: 1, travel: 1 s}", &err),
			 ERR_RANGE);
	assert_int_equal(
		try_open(
			"{extend: 1, retract: 2, extended: 3, retracted: 3, travel: 1 s}",
			&err),
		ERR_RANGE);
	assert_int_equal(try_open("{extend: 1, retract: 3, travel: 1 s}", &err),
			 ERR_RANGE); /* the board's word */
	assert_null(under_test.positioner);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POSITIONER_CONTRACT(pair, close_pair),
		POSITIONER_CONTRACT(pair_without_stops, close_pair),
		WITH(it_is_off_at_the_end_stop_and_not_only_in_time),
		WITH(never_both_and_never_without_the_dead_time),
		cmocka_unit_test_setup_teardown(
			never_both_and_never_without_the_dead_time, pair_without_stops,
			close_pair),
		cmocka_unit_test_setup_teardown(
			it_is_off_at_the_end_stop_and_not_only_in_time, pair_somewhere,
			close_pair),
		WITH(a_stop_that_is_not_reached_is_a_fault_with_both_legs_off),
		WITH(crossed_stops_are_a_fault),
		WITH(a_leg_that_reads_back_as_on_keeps_the_other_off),
		WITH(a_board_that_fails_is_a_fault_and_mended_by_going_home),
		cmocka_unit_test_setup(wiring_that_cannot_be_is_refused, pair),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
