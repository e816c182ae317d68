/* How a worker ends, and what is left of it: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/wrap/nasty_contract.h"
#include "drivers/wrap/worker.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void terminal_signals_do_not_reach_a_worker(void **state)
{
	pid_t pid = worker_reader_pid(nasty_case.reader);

	(void)state;
	kill(pid, SIGINT);
	nasty_works();
	assert_int_not_equal(getsid(pid), getsid(0));
}

static void sigterm_ends_a_worker_in_order_even_out_of_a_call(void **state)
{
	struct err err = { 0 };

	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(HANG, NS_PER_MS, NULL), ERR_TIMEOUT);
	kill(worker_reader_pid(nasty_case.reader), SIGTERM);
	reader_close(nasty_case.reader);
	assert_int_equal(nasty_seen->closed, 1);
	assert_int_equal(worker_open_reader(&nasty_case.reader, &nasty_driver, NULL,
					    nasty_pump, clock_real(), &err),
			 0); /* for the tear-down */
}

static void closing_closes_the_device(void **state)
{
	(void)state;
	reader_close(nasty_case.reader);
	assert_int_equal(nasty_seen->opened, 1);
	assert_int_equal(nasty_seen->closed, 1);
	assert_int_equal(worker_open_reader(&nasty_case.reader, &nasty_driver, NULL,
					    nasty_pump, clock_real(), NULL),
			 0);
}

/* Descriptors of a process; @kind NULL: all, else those whose target starts with it. */
static int descriptors(pid_t pid, const char *kind)
{
	char path[64];
	struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d))) {
		char target[64] = "";

		if (e->d_name[0] == '.')
			continue;
		if (readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1) > 0)
			n += !kind || strncmp(target, kind, strlen(kind)) == 0;
	}
	closedir(d);
	return n;
}

static void a_worker_holds_nothing_of_another(void **state)
{
	struct reader *second = NULL;

	(void)state;
	assert_int_equal(worker_open_reader(&second, &nasty_driver, NULL, nasty_pump,
					    clock_real(), NULL),
			 0);
	assert_int_equal(descriptors(worker_reader_pid(second), "socket:"), 1);
	assert_int_equal(descriptors(worker_reader_pid(second), NULL), 4);
	kill(worker_reader_pid(second), SIGKILL);
	nasty_works();
	assert_int_equal(worker_respawn(second, NULL), 0);
	reader_close(second);
	nasty_works();
}

static void nothing_is_left_open_after_many_respawns(void **state)
{
	int before;

	(void)state;
	assert_int_equal(worker_respawn(nasty_case.reader, NULL), 0);
	before = descriptors(getpid(), NULL);
	for (int i = 0; i < 20; i++)
		assert_int_equal(worker_respawn(nasty_case.reader, NULL), 0);
	assert_int_equal(descriptors(getpid(), NULL), before);
	assert_int_equal(nasty_seen->opened, 22);
}

/* Within a minute, and @one among them? What does not end would hold us up for ever. */
static bool all_end(pid_t one)
{
	int64_t deadline = clock_now(clock_real()) + 60 * NS_PER_S;
	bool seen_one = false;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 || errno == EINTR) {
		seen_one |= pid == one;
		if (pid == 0 && clock_now(clock_real()) > deadline)
			return false;
		if (pid == 0)
			nasty_sleep_ms(1);
	}
	return seen_one;
}

/*
 * A controller that is killed while its worker is in a call; the worker then is ours to
 * wait for.
 */
static void kill_a_controller_in_a_call(enum misdeed how)
{
	int said[2];
	pid_t controller, orphan = -1;

	assert_int_equal(pipe(said), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	controller = fork();
	if (controller == 0) {
		struct reader_activation a = { .timeout_ns = NS_PER_S };

		/*
		 * no assertion here: it would jump into the list of tests, in this
		 * process too
		 */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(nasty_seen, 0, sizeof(*nasty_seen));
		if (pump_new(&nasty_pump, NULL) ||
		    worker_open_reader(&nasty_case.reader, &nasty_driver, NULL,
				       nasty_pump, clock_real(), NULL) ||
		    reader_set_field(nasty_case.reader, true, NULL) ||
		    reader_activate(nasty_case.reader, &a, NULL))
			_exit(1);
		orphan = worker_reader_pid(nasty_case.reader);
		if (write(said[1], &orphan, sizeof(orphan)) != sizeof(orphan))
			_exit(1);
		nasty_ask(how, 600 * NS_PER_S, NULL);
		_exit(1);
	}
	close(said[1]); /* else the pipe has no end when the child comes to one */
	assert_int_equal(read(said[0], &orphan, sizeof(orphan)), sizeof(orphan));
	nasty_sleep_ms(50); /* it is in the call; if not yet, the test is only easier */
	kill(controller, SIGKILL);
	assert_true(all_end(orphan));
	close(said[0]);
}

static void a_worker_outlives_no_controller_and_closes_its_device(void **state)
{
	(void)state;
	kill_a_controller_in_a_call(HANG);
	assert_int_equal(nasty_seen->closed, 1);
}

static void not_even_out_of_a_call_that_never_ends(void **state)
{
	(void)state;
	kill_a_controller_in_a_call(HANG_FOR_EVER);
	assert_int_equal(nasty_seen->closed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORKER(terminal_signals_do_not_reach_a_worker),
		WITH_WORKER(sigterm_ends_a_worker_in_order_even_out_of_a_call),
		WITH_WORKER(closing_closes_the_device),
		WITH_WORKER(a_worker_holds_nothing_of_another),
		WITH_WORKER(nothing_is_left_open_after_many_respawns),
		cmocka_unit_test(a_worker_outlives_no_controller_and_closes_its_device),
		cmocka_unit_test(not_even_out_of_a_call_that_never_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, nasty_before_all, NULL);
}
