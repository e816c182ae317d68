#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/wrap/nasty_contract.h"
#include "drivers/wrap/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

/* for what must come, however slow the machine is */
#define PATIENCE_NS (20 * NS_PER_S)

static void a_hung_call_costs_its_deadline_and_a_respawn_helps(void **state)
{
	struct err err = { 0 };
	pid_t first = worker_reader_pid(nasty_case.reader);

	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(HANG_FOR_EVER, NS_PER_MS, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "nasty"));
	assert_int_equal(worker_respawn(nasty_case.reader, NULL), 0);
	assert_int_not_equal(worker_reader_pid(nasty_case.reader), first);
	assert_int_equal(kill(first, 0), -1);
	nasty_works();
}

static void a_worker_in_doubt_refuses_to_go_on(void **state)
{
	struct err err = { 0 };
	struct reader_identity id;

	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(HANG, NS_PER_MS, NULL), ERR_TIMEOUT);
	assert_int_equal(nasty_ask('1', NS_PER_S, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "doubt"));
	assert_int_equal(reader_set_field(nasty_case.reader, false, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_identity(nasty_case.reader, &id, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_reopen(nasty_case.reader, NULL), 0);
	nasty_works();
}

static void an_abort_brings_the_call_back(void **state)
{
	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(HANG, NS_PER_MS, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_abort(nasty_case.reader, NULL), 0);
	assert_true(nasty_seen->aborted > 0);
	assert_int_equal(reader_reopen(nasty_case.reader, NULL), 0);
	nasty_works();
}

static void an_abort_of_nothing_disturbs_nothing(void **state)
{
	(void)state;
	nasty_card();
	assert_int_equal(reader_abort(nasty_case.reader, NULL), 0);
	assert_int_equal(nasty_seen->aborted, 0);
	assert_int_equal(nasty_ask('1', NS_PER_S, NULL), 0);
}

static void a_call_that_no_abort_reaches_is_said_to_be_stuck(void **state)
{
	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(HANG_FOR_EVER, NS_PER_MS, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_reopen(nasty_case.reader, NULL), ERR_TIMEOUT);
	assert_int_equal(worker_respawn(nasty_case.reader, NULL), 0);
	nasty_works();
}

static void a_late_answer_is_no_answer(void **state)
{
	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(BE_LATE, NS_PER_MS, NULL), ERR_TIMEOUT);
	/*
	 * the next request finds that answer in the socket, and must not take it for its
	 * own
	 */
	assert_int_equal(reader_reopen(nasty_case.reader, NULL), 0);
	nasty_works();
}

static void an_abort_of_the_library_names_its_signal_and_last_words(void **state)
{
	struct err err = { 0 };

	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(DIE, NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGABRT"));
	assert_non_null(strstr(err.text, "buffer overflow"));
	assert_int_equal(worker_reader_pid(nasty_case.reader), -1);
	assert_int_equal(nasty_ask('1', NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGABRT"));
	assert_int_equal(reader_abort(nasty_case.reader, NULL), ERR_GONE);
	assert_int_equal(reader_reopen(nasty_case.reader, NULL), ERR_GONE);
	assert_int_equal(worker_respawn(nasty_case.reader, NULL), 0);
	nasty_works();
}

static void a_worker_that_leaves_names_its_status(void **state)
{
	struct err err = { 0 };

	(void)state;
	nasty_card();
	assert_int_equal(nasty_ask(LEAVE, NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "status 3"));
}

static void a_worker_killed_between_requests_is_gone(void **state)
{
	struct err err = { 0 };

	(void)state;
	nasty_card();
	kill(worker_reader_pid(nasty_case.reader), SIGKILL);
	assert_int_equal(nasty_ask('1', NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGKILL"));
}

static void what_the_driver_complains_of_at_open_is_passed_on(void **state)
{
	struct reader *r = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(worker_open_reader(&r, &nasty_driver, "no chip there",
					    nasty_pump, clock_real(), &err),
			 ERR_IO);
	assert_string_equal(err.text, "no chip there");
	assert_null(r);
}

static void count(void *ctx)
{
	++*(int *)ctx;
}

static void count_and_drain(void *ctx, int fd)
{
	char byte;

	if (read(fd, &byte, 1) == 1)
		++*(int *)ctx;
}

static void others_are_served_though_every_answer_comes_at_once(void **state)
{
	int64_t patience = clock_now(clock_real()) + PATIENCE_NS;
	int ends[2], ticks = 0, heard = 0, id;

	(void)state;
	nasty_card();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pump_watch(nasty_pump, ends[0], count_and_drain, &heard), 0);
	id = pump_every(nasty_pump, 60 * NS_PER_MS, count, &ticks);
	assert_int_equal(write(ends[1], "x", 1), 1);
	while ((ticks < 2 || heard < 1) && clock_now(clock_real()) < patience)
		assert_int_equal(nasty_ask('1', NS_PER_S, NULL), 0);
	assert_true(ticks >= 2);
	assert_int_equal(heard, 1);
	pump_stop(nasty_pump, id);
	pump_unwatch(nasty_pump, ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void stop_on_signal(int signal)
{
	(void)signal;
	pump_request_stop(nasty_pump);
}

static void a_signal_is_heard_while_an_answer_is_awaited(void **state)
{
	const struct itimerval soon = { { 0, 0 }, { 0, 2000 } };
	struct sigaction ours = { .sa_handler = stop_on_signal }, before;

	(void)state;
	nasty_card();
	assert_int_equal(pump_sleep_until(nasty_pump, 0, NULL),
			 0); /* it has just looked */
	sigaction(SIGALRM, &ours, &before);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(nasty_ask(HANG, 60 * NS_PER_S, NULL), ERR_INTERRUPTED);
	sigaction(SIGALRM, &before, NULL);
	alarm(300);
	pump_hold_stop(nasty_pump, true);
	assert_int_equal(reader_reopen(nasty_case.reader, NULL), 0);
	nasty_works();
}

static void a_person_who_interrupts_is_heard_at_once_and_leaves_doubt(void **state)
{
	(void)state;
	nasty_card();
	pump_request_stop(nasty_pump);
	assert_int_equal(nasty_ask(HANG, 60 * NS_PER_S, NULL), ERR_INTERRUPTED);
	assert_int_equal(nasty_ask('1', NS_PER_S, NULL), ERR_TIMEOUT);
	pump_hold_stop(nasty_pump, true);
	assert_int_equal(reader_reopen(nasty_case.reader, NULL), 0);
	nasty_works();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		READER_CONTRACT(nasty_worker, nasty_tear_down),
		WITH_WORKER(a_hung_call_costs_its_deadline_and_a_respawn_helps),
		WITH_WORKER(a_worker_in_doubt_refuses_to_go_on),
		WITH_WORKER(an_abort_brings_the_call_back),
		WITH_WORKER(an_abort_of_nothing_disturbs_nothing),
		WITH_WORKER(a_call_that_no_abort_reaches_is_said_to_be_stuck),
		WITH_WORKER(a_late_answer_is_no_answer),
		WITH_WORKER(an_abort_of_the_library_names_its_signal_and_last_words),
		WITH_WORKER(a_worker_that_leaves_names_its_status),
		WITH_WORKER(a_worker_killed_between_requests_is_gone),
		WITH_WORKER(what_the_driver_complains_of_at_open_is_passed_on),
		WITH_WORKER(others_are_served_though_every_answer_comes_at_once),
		WITH_WORKER(a_signal_is_heard_while_an_answer_is_awaited),
		WITH_WORKER(a_person_who_interrupts_is_heard_at_once_and_leaves_doubt),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, nasty_before_all, NULL);
}
