#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/positioner/axis_contract.h"
#include "drivers/positioner_contract.h"
#include "drivers/wrap/worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The safe state of an axis behind a pseudo-terminal: whoever dies, the phone leaves the
 * field. What is asserted is where the axis really is.
 */
static struct pump *pump;
static struct axis axis;
static struct positioner_case under_test;

static enum position truth(const struct positioner_case *c)
{
	(void)c;
	return axis_is_away(&axis) ? POSITION_AWAY : POSITION_TAP;
}

/* Time passes while the pump turns: heartbeats are sent. */
static void turn_until(struct positioner_case *c, int64_t until_ns)
{
	(void)c;
	pump_sleep_until(pump, until_ns, NULL);
}

static int go(enum position to)
{
	struct positioner_move move = { .to = to };
	int rc = positioner_move(under_test.positioner, &move, NULL);

	while (rc == 0) {
		turn_until(NULL, move.settled_ns);
		rc = positioner_settle(under_test.positioner, &move, NULL);
		if (rc != POSITIONER_NOT_YET)
			break;
		rc = 0;
	}
	return rc;
}

static int open_axis(struct err *err)
{
	return worker_open_positioner(&under_test.positioner, axis.driver, axis.options,
				      pump, clock_real(), err);
}

static int worker_of_grbl(void **state)
{
	struct err err = { 0 };

	*state = &under_test;
	axis_start(&axis, 60000);
	assert_int_equal(pump_new(&pump, NULL), 0);
	under_test =
		(struct positioner_case){ .truth = truth, .sleep_until = turn_until };
	if (open_axis(&err))
		fail_msg("%s", err.text);
	return go(POSITION_AWAY);
}

static int close_axis(void **state)
{
	(void)state;
	positioner_close(under_test.positioner);
	assert_true(axis_gets_away(&axis));
	axis_stop(&axis);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no process is left */
	assert_int_equal(errno, ECHILD);
	pump_free(pump);
	return 0;
}

static void tap(void)
{
	assert_int_equal(go(POSITION_TAP), 0);
	assert_false(axis_is_away(&axis));
}

static void heartbeats_keep_it_where_it_is(void **state)
{
	(void)state;
	tap();
	turn_until(NULL, clock_now(clock_real()) + 2 * WORKER_HEARTBEAT_LIMIT_NS);
	assert_false(axis_is_away(&axis));
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_IN_FIELD);
}

static void a_controller_that_says_nothing_loses_it_and_is_told(void **state)
{
	struct positioner_move there = { .to = POSITION_TAP };
	struct err err = { 0 };

	(void)state;
	tap();
	assert_true(axis_gets_away(&axis)); /* nobody turns the pump */
	assert_int_equal(positioner_move(under_test.positioner, &there, &err),
			 ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "dropped itself"));
	tap();
}

static void a_worker_that_is_killed_leaves_no_phone_at_the_reader(void **state)
{
	(void)state;
	tap();
	kill(worker_positioner_pid(under_test.positioner), SIGKILL);
	assert_true(axis_gets_away(&axis));
	assert_int_equal(go(POSITION_TAP), ERR_GONE);
	assert_int_equal(positioner_state(under_test.positioner), POSITIONER_FAULT);
}

static void nor_does_one_that_is_stuck(void **state)
{
	(void)state;
	tap();
	kill(worker_positioner_pid(under_test.positioner), SIGSTOP);
	assert_true(axis_gets_away(&axis));
}

static void a_killed_controller_leaves_no_phone_at_the_reader(void **state)
{
	pid_t controller;
	int said[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(said), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	axis_start(&axis, 60000);
	controller = fork();
	if (controller == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pump_new(&pump, NULL) || open_axis(NULL) || go(POSITION_TAP) ||
		    write(said[1], "", 1) != 1)
			_exit(1);
		turn_until(NULL, clock_now(clock_real()) + 600 * NS_PER_S);
		_exit(1);
	}
	assert_int_equal(read(said[0], &byte, 1), 1);
	assert_false(axis_is_away(&axis));
	kill(controller, SIGKILL);
	assert_true(axis_gets_away(&axis));
	axis_unplug(&axis);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	axis_stop(&axis);
	close(said[0]);
	close(said[1]);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, worker_of_grbl, close_axis)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POSITIONER_CONTRACT(worker_of_grbl, close_axis),
		WITH(heartbeats_keep_it_where_it_is),
		WITH(a_controller_that_says_nothing_loses_it_and_is_told),
		WITH(a_worker_that_is_killed_leaves_no_phone_at_the_reader),
		WITH(nor_does_one_that_is_stuck),
		cmocka_unit_test(a_killed_controller_leaves_no_phone_at_the_reader),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
