#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/relay/board_contract.h"
#include "drivers/relay/sim.h"
#include "drivers/relay_contract.h"
#include "drivers/wrap/worker.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The safe state, on a board behind a pseudo-terminal: what is asserted is what the board
 * received.
 */
#define PATIENCE_NS (20 * NS_PER_S)

static struct pump *pump;
static struct board board;
static struct relay_case under_test;

static uint32_t coils(const struct relay_case *c)
{
	return ((const struct board *)c->more)->truth->state;
}

static int open_lcus(bool answers)
{
	struct err err = { 0 };

	board_start(&board, BOARD_LCUS, answers);
	assert_int_equal(pump_new(&pump, NULL), 0);
	if (worker_open_relay(&under_test.relay, relay_driver_find("lcus"), board.options,
			      pump, clock_real(), &err))
		fail_msg("%s", err.text);
	under_test.truth = coils;
	under_test.more = &board;
	return 0;
}

static int worker_of_lcus(void **state)
{
	*state = &under_test;
	return open_lcus(false);
}

static int worker_of_lcus_that_reads_back(void **state)
{
	*state = &under_test;
	return open_lcus(true);
}

static int close_lcus(void **state)
{
	(void)state;
	relay_close(under_test.relay);
	assert_true(board_becomes(&board, 0));
	board_stop(&board);
	assert_int_equal(waitpid(-1, NULL, WNOHANG),
			 -1); /* neither worker nor guard is left */
	assert_int_equal(errno, ECHILD);
	pump_free(pump);
	return 0;
}

static int worker_of_sim(void **state)
{
	static const struct sim_relay_options four = { .channels = 4 };

	*state = &under_test;
	under_test.truth = NULL;
	assert_int_equal(pump_new(&pump, NULL), 0);
	return worker_open_relay(&under_test.relay, &sim_relay_driver, &four, pump,
				 clock_real(), NULL);
}

static int close_sim(void **state)
{
	(void)state;
	relay_close(under_test.relay);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	pump_free(pump);
	return 0;
}

static void energise(void)
{
	assert_int_equal(relay_set(under_test.relay, 1, true, NULL), 0);
	assert_int_equal(relay_set(under_test.relay, 3, true, NULL), 0);
	assert_true(board_becomes(&board, 5));
}

static void turn_the_pump(int64_t ns)
{
	pump_sleep_until(pump, clock_now(clock_real()) + ns, NULL);
}

static void heartbeats_keep_the_board_as_it_is(void **state)
{
	(void)state;
	energise();
	turn_the_pump(2 * WORKER_HEARTBEAT_LIMIT_NS);
	assert_int_equal(board.truth->state, 5);
	assert_int_equal(relay_set(under_test.relay, 1, false, NULL), 0);
}

static void a_controller_that_says_nothing_loses_the_board_and_is_told(void **state)
{
	struct err err = { 0 };

	(void)state;
	energise();
	assert_true(board_becomes(&board, 0)); /* nobody turns the pump */
	assert_int_equal(relay_set(under_test.relay, 1, true, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "dropped itself"));
	assert_int_equal(board.truth->state, 0);
	assert_int_equal(relay_set(under_test.relay, 1, true, NULL), 0);
	assert_true(board_becomes(&board, 1));
}

static void a_worker_that_is_killed_leaves_no_coil_on(void **state)
{
	struct err err = { 0 };

	(void)state;
	energise();
	kill(worker_relay_pid(under_test.relay), SIGKILL);
	assert_true(board_becomes(&board, 0));
	assert_int_equal(relay_set(under_test.relay, 1, true, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGKILL"));
	assert_int_equal(worker_relay_pid(under_test.relay), -1);
}

static void a_worker_that_is_stuck_is_killed_and_its_board_dropped(void **state)
{
	pid_t pid = worker_relay_pid(under_test.relay);
	struct err err = { 0 };

	(void)state;
	energise();
	kill(pid, SIGSTOP);
	assert_true(board_becomes(&board, 0));
	assert_int_equal(relay_all_off(under_test.relay, &err), ERR_GONE);
}

static void a_late_answer_is_no_answer(void **state)
{
	uint32_t is = 0;

	(void)state;
	assert_int_equal(relay_set(under_test.relay, 1, true, NULL), 0);
	pump_request_stop(pump);
	assert_int_equal(relay_set(under_test.relay, 3, true, NULL), ERR_INTERRUPTED);
	pump_hold_stop(pump, true);
	/* the answer to the set comes first, and is not the answer to this */
	assert_int_equal(relay_read(under_test.relay, &is, NULL), 0);
	assert_int_equal(is, 5);
}

static void sigterm_drops_the_board(void **state)
{
	(void)state;
	energise();
	kill(worker_relay_pid(under_test.relay), SIGTERM);
	assert_true(board_becomes(&board, 0));
	assert_int_equal(relay_all_off(under_test.relay, NULL), ERR_GONE);
}

static void ctrl_c_does_not_reach_the_board(void **state)
{
	(void)state;
	energise();
	kill(worker_relay_pid(under_test.relay), SIGINT);
	turn_the_pump(100 * NS_PER_MS);
	assert_int_equal(board.truth->state, 5);
	assert_int_equal(relay_set(under_test.relay, 2, true, NULL), 0);
	assert_true(board_becomes(&board, 7));
}

static void a_board_that_does_not_open_leaves_no_process(void **state)
{
	struct relay *second = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(worker_open_relay(&second, relay_driver_find("lcus"),
					   board.options, pump, clock_real(), &err),
			 ERR_IO);
	assert_non_null(strstr(err.text, "in use"));
	assert_null(second);
	energise(); /* and the first one is not disturbed */
}

static void two_boards_do_not_keep_each_other_alive(void **state)
{
	static const struct sim_relay_options four = { .channels = 4 };
	struct relay *second = NULL;

	(void)state;
	energise();
	assert_int_equal(worker_open_relay(&second, &sim_relay_driver, &four, pump,
					   clock_real(), NULL),
			 0);
	relay_close(under_test.relay);
	assert_true(board_becomes(&board, 0));
	assert_int_equal(relay_set(second, 4, true, NULL), 0);
	relay_close(second);
	assert_int_equal(worker_open_relay(&under_test.relay, relay_driver_find("lcus"),
					   board.options, pump, clock_real(), NULL),
			 0); /* for the tear-down */
}

/* So long that heartbeats lie unread in the socket of a worker that then ends. */
static int open_slowly_and_fail(struct relay **out, const void *options,
				struct clock *clock, struct err *err)
{
	(void)out;
	(void)options;
	clock->sleep_until(clock, clock_now(clock) + 3 * WORKER_HEARTBEAT_NS);
	return err_set(err, ERR_RANGE, "this board is upside down");
}

/* Once it was sent heartbeats: look no sooner than when it has ended. */
static void wait_for_an_end(void *ctx)
{
	siginfo_t info;
	int *times = ctx;

	if (++*times == 5)
		waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
}

static void why_a_board_does_not_open_is_told_over_unread_heartbeats(void **state)
{
	static const struct relay_driver slow = { .name = "slow",
						  .open = open_slowly_and_fail };
	struct relay *second = NULL;
	struct err err = { 0 };
	int times = 0, tick;

	(void)state;
	tick = pump_every(pump, WORKER_HEARTBEAT_NS / 2, wait_for_an_end, &times);
	assert_true(tick >= 0);
	assert_int_equal(
		worker_open_relay(&second, &slow, NULL, pump, clock_real(), &err),
		ERR_RANGE);
	pump_stop(pump, tick);
	assert_string_equal(err.text, "this board is upside down");
	assert_null(second);
}

static void end(pid_t pid, int signal)
{
	int64_t deadline = clock_now(clock_real()) + 60 * NS_PER_S;
	pid_t ended;

	kill(pid, signal);
	/* the controller, its worker and its guard: all of them end by themselves */
	while ((ended = waitpid(-1, NULL, WNOHANG)) >= 0 || errno == EINTR) {
		assert_true(ended || clock_now(clock_real()) < deadline);
		if (!ended)
			poll(NULL, 0, 1);
	}
}

/* The guard that @parent started: nobody else has a reason to know it. */
static pid_t find_guard(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	pid_t found = -1;

	assert_non_null(proc);
	while ((e = readdir(proc))) {
		char path[300], name[32];
		int pid, ppid;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		f = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? fopen(path, "re") : NULL;
		if (!f)
			continue;
		if (fscanf(f, "%d (%31[^)]) %*c %d", &pid, name, &ppid) == 3 &&
		    ppid == parent && strcmp(name, "keybench-guard") == 0)
			found = pid;
		fclose(f);
	}
	closedir(proc);
	return found;
}

/* The guard names itself some time after its worker answers. */
static pid_t await_guard(pid_t parent)
{
	int64_t deadline = clock_now(clock_real()) + 10 * NS_PER_S;
	pid_t guard = -1;

	while (guard < 0 && clock_now(clock_real()) < deadline)
		guard = find_guard(parent);
	return guard;
}

static void a_board_that_lost_its_guard_is_dropped_and_says_why(void **state)
{
	pid_t guard = await_guard(getpid());
	struct err err = { 0 };
	uint32_t is = 0;

	(void)state;
	energise();
	assert_true(guard > 0);
	kill(guard, SIGKILL);
	for (int i = 0; i < 600 && board.truth->state; i++)
		turn_the_pump(100 * NS_PER_MS);
	assert_int_equal(board.truth->state, 0);
	assert_int_equal(relay_read(under_test.relay, &is, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "guard is gone"));
	assert_int_equal(relay_set(under_test.relay, 1, true, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "guard"));
}

enum victim {
	CONTROLLER, /* alone: the worker drops the board; were it broken, the guard */
	AND_WORKER, /* the guard drops it */
	AND_GUARD   /* the worker drops it */
};

/*
 * A controller energises a board and is killed with kill -9, and another one with it.
 * Everything it started must end, and the board must be off.
 */
static void kill_a_controller(enum victim victim)
{
	int said[2];
	pid_t controller, worker = -1;

	assert_int_equal(pipe(said), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	board_start(&board, BOARD_LCUS, false);
	controller = fork();
	if (controller == 0) {
		/*
		 * a stopped process that outlives a failed test would hold its output
		 * open for ever
		 */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pump_new(&pump, NULL) ||
		    worker_open_relay(&under_test.relay, relay_driver_find("lcus"),
				      board.options, pump, clock_real(), NULL) ||
		    relay_set(under_test.relay, 2, true, NULL))
			_exit(1);
		worker = worker_relay_pid(under_test.relay);
		if (write(said[1], &worker, sizeof(worker)) != sizeof(worker))
			_exit(1);
		turn_the_pump(600 * NS_PER_S);
		_exit(1);
	}
	close(said[1]); /* else the pipe has no end when the child comes to one */
	assert_int_equal(read(said[0], &worker, sizeof(worker)), sizeof(worker));
	assert_true(board_becomes(&board, 2));
	kill(controller, SIGSTOP);
	if (victim == AND_WORKER)
		kill(worker, SIGKILL);
	if (victim == AND_GUARD) {
		pid_t guard = await_guard(controller);

		assert_true(guard > 0);
		kill(guard, SIGKILL);
	}
	kill(controller, SIGKILL);
	assert_true(board_becomes(&board, 0));
	board_unplug(&board);
	end(controller, SIGKILL);
	board_stop(&board);
	close(said[0]);
}

static void a_killed_controller_leaves_no_coil_on(void **state)
{
	(void)state;
	kill_a_controller(CONTROLLER);
}

static void not_even_when_its_worker_is_killed_with_it(void **state)
{
	(void)state;
	kill_a_controller(AND_WORKER);
}

static void nor_when_its_guard_is_killed_with_it(void **state)
{
	(void)state;
	kill_a_controller(AND_GUARD);
}

static int before_all(void **state)
{
	(void)state;
	alarm(300); /* a test that waits for what never comes must end all the same */
	return 0;
}

#define WITH_BOARD(f) cmocka_unit_test_setup_teardown(f, worker_of_lcus, close_lcus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY_CONTRACT(worker_of_sim, close_sim),
		RELAY_CONTRACT(worker_of_lcus, close_lcus),
		RELAY_CONTRACT(worker_of_lcus_that_reads_back, close_lcus),
		WITH_BOARD(heartbeats_keep_the_board_as_it_is),
		WITH_BOARD(a_controller_that_says_nothing_loses_the_board_and_is_told),
		WITH_BOARD(a_worker_that_is_killed_leaves_no_coil_on),
		WITH_BOARD(a_worker_that_is_stuck_is_killed_and_its_board_dropped),
		cmocka_unit_test_setup_teardown(a_late_answer_is_no_answer,
						worker_of_lcus_that_reads_back,
						close_lcus),
		WITH_BOARD(sigterm_drops_the_board),
		WITH_BOARD(ctrl_c_does_not_reach_the_board),
		WITH_BOARD(a_board_that_does_not_open_leaves_no_process),
		WITH_BOARD(why_a_board_does_not_open_is_told_over_unread_heartbeats),
		cmocka_unit_test_setup_teardown(
			a_board_that_lost_its_guard_is_dropped_and_says_why,
			worker_of_lcus_that_reads_back, close_lcus),
		WITH_BOARD(two_boards_do_not_keep_each_other_alive),
		cmocka_unit_test(a_killed_controller_leaves_no_coil_on),
		cmocka_unit_test(not_even_when_its_worker_is_killed_with_it),
		cmocka_unit_test(nor_when_its_guard_is_killed_with_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, before_all, NULL);
}
