#include "bench/core/pump.h"

#include "bench/core/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct pump *p;
static int ticks, calls;

static int64_t in_ms(int ms)
{
	return clock_now(clock_real()) + ms * NS_PER_MS;
}

static void tick(void *ctx)
{
	(void)ctx;
	ticks++;
}

static void drain(void *ctx, int fd)
{
	char byte;

	(void)ctx;
	if (read(fd, &byte, 1) == 1)
		calls++;
	pump_unwatch(p, fd);
}

static void stop(void *ctx)
{
	(void)ctx;
	pump_request_stop(p);
}

static void a_wait_ends_at_its_deadline_and_not_before(void **state)
{
	int64_t deadline = in_ms(20);

	(void)state;
	assert_int_equal(pump_new(&p, NULL), 0);
	assert_int_equal(pump_wait(p, -1, deadline, NULL), ERR_TIMEOUT);
	assert_true(clock_now(clock_real()) >= deadline);
	assert_int_equal(pump_wait(p, -1, 0, NULL), ERR_TIMEOUT);
	pump_free(p);
}

static void what_is_readable_ends_a_wait(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(pump_new(&p, NULL), 0);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "x", 1), 1);
	assert_int_equal(pump_wait(p, fd[0], in_ms(60000), NULL), 0);
	close(fd[1]);
	assert_int_equal(pump_wait(p, fd[0], in_ms(60000), NULL), 0);
	close(fd[0]);
	pump_free(p);
}

static void others_are_served_while_one_waits(void **state)
{
	int fd[2], id;

	(void)state;
	ticks = calls = 0;
	assert_int_equal(pump_new(&p, NULL), 0);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "xy", 2), 2);
	assert_int_equal(pump_watch(p, fd[0], drain, NULL), 0);
	id = pump_every(p, NS_PER_MS, tick, NULL);
	assert_true(id >= 0);
	while (ticks < 3)
		assert_int_equal(pump_sleep_until(p, in_ms(5), NULL), 0);
	assert_int_equal(calls, 1); /* it unwatched itself */
	pump_stop(p, id);
	ticks = 0;
	assert_int_equal(pump_sleep_until(p, in_ms(5), NULL), 0);
	assert_int_equal(ticks, 0);
	close(fd[0]);
	close(fd[1]);
	pump_free(p);
}

static void a_request_to_stop_ends_waits_unless_it_is_held(void **state)
{
	(void)state;
	assert_int_equal(pump_new(&p, NULL), 0);
	assert_true(pump_every(p, NS_PER_MS, stop, NULL) >= 0);
	assert_int_equal(pump_wait(p, -1, in_ms(60000), NULL), ERR_INTERRUPTED);
	assert_true(pump_stop_requested(p));
	pump_hold_stop(p, true);
	assert_int_equal(pump_sleep_until(p, in_ms(3), NULL), 0);
	pump_hold_stop(p, false);
	assert_int_equal(pump_sleep_until(p, in_ms(60000), NULL), ERR_INTERRUPTED);
	pump_free(p);
}

static void it_says_until_when_nobody_else_needs_it(void **state)
{
	int64_t before;
	int id;

	(void)state;
	assert_int_equal(pump_new(&p, NULL), 0);
	assert_true(pump_idle_until(p) <
		    in_ms(0)); /* it has not looked at anything yet */
	assert_int_equal(pump_sleep_until(p, 0, NULL), 0);
	before = pump_idle_until(p);
	assert_true(before <= in_ms(50));
	assert_int_equal(pump_idle_until(p), before); /* asking is no looking */
	id = pump_every(p, NS_PER_MS, tick, NULL);
	assert_true(pump_idle_until(p) <= in_ms(1));
	pump_stop(p, id);
	assert_int_equal(pump_idle_until(p), before);
	pump_request_stop(p);
	assert_true(pump_idle_until(p) < in_ms(0));
	pump_free(p);
}

static void a_signal_asks_to_stop_and_may_come_after_the_end(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(pump_new(&p, &err), 0);
	pump_obey_signals(p, 0);
	assert_false(pump_stop_requested(p));
	raise(SIGTERM);
	assert_true(pump_stop_requested(p));
	assert_int_equal(pump_sleep_until(p, INT64_MAX, &err), ERR_INTERRUPTED);
	pump_free(p);
	raise(SIGTERM); /* nobody is there to hear it; under the sanitizers a use of @p ends here */
	signal(SIGTERM, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_ends_at_its_deadline_and_not_before),
		cmocka_unit_test(what_is_readable_ends_a_wait),
		cmocka_unit_test(others_are_served_while_one_waits),
		cmocka_unit_test(a_request_to_stop_ends_waits_unless_it_is_held),
		cmocka_unit_test(it_says_until_when_nobody_else_needs_it),
		cmocka_unit_test(a_signal_asks_to_stop_and_may_come_after_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
