#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/nfc/sim.h"
#include "drivers/reader_contract.h"
#include "drivers/wrap/worker.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS (20 * NS_PER_S)

/* What happened in a worker, seen from outside. */
static struct evidence {
	volatile int opened, closed, aborted;
} * seen;

/*
 * A reader that misbehaves on command: the first byte of an exchange says how. Around everything else it is the
 * simulated reader with the contract's card.
 */
enum misdeed {
	HANG = 'h',          /* until aborted */
	HANG_FOR_EVER = 'H', /* and abort does not help */
	DIE = 'a',           /* abort(), with last words */
	LEAVE = 'x',         /* exit */
	BE_LATE = 'l'        /* answer, but after the deadline of a short timeout */
};

struct nasty {
	struct reader base;
	struct reader *sim;
	volatile sig_atomic_t aborted;
};

static struct nasty *nasty_of(struct reader *r)
{
	return (struct nasty *)r;
}

static int nasty_set_field(struct reader *r, bool on, struct err *err)
{
	return reader_set_field(nasty_of(r)->sim, on, err);
}

static int nasty_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	return reader_activate(nasty_of(r)->sim, a, err);
}

static void sleep_ms(int ms)
{
	clock_real()->sleep_until(clock_real(), clock_now(clock_real()) + ms * NS_PER_MS);
}

static int nasty_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct nasty *n = nasty_of(r);

	n->aborted = 0;
	switch (x->command.data[0]) {
	case HANG:
		while (!n->aborted)
			sleep_ms(5);
		return err_set(err, ERR_TIMEOUT, "aborted");
	case HANG_FOR_EVER:
		for (;;)
			sleep_ms(1000);
	case DIE:
		dprintf(STDERR_FILENO, "*** buffer overflow detected ***\n");
		abort();
	case LEAVE:
		_exit(3);
	case BE_LATE:
		sleep_ms(1500);
		break;
	default:
		break;
	}
	return reader_exchange(n->sim, x, err);
}

static int nasty_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return reader_raw(nasty_of(r)->sim, x, err);
}

static int nasty_deselect(struct reader *r, struct err *err)
{
	return reader_deselect(nasty_of(r)->sim, err);
}

static int nasty_abort(struct reader *r, struct err *err)
{
	(void)err;
	nasty_of(r)->aborted = 1;
	seen->aborted++;
	return 0;
}

static int nasty_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	return reader_identity(nasty_of(r)->sim, id, err);
}

static int nasty_reopen(struct reader *r, struct err *err)
{
	return reader_reopen(nasty_of(r)->sim, err);
}

static void nasty_close(struct reader *r)
{
	reader_close(nasty_of(r)->sim);
	free(r);
	seen->closed++;
}

static const struct reader_ops nasty_ops = {
	.set_field = nasty_set_field,
	.activate = nasty_activate,
	.exchange = nasty_exchange,
	.raw = nasty_raw,
	.deselect = nasty_deselect,
	.abort = nasty_abort,
	.identity = nasty_identity,
	.reopen = nasty_reopen,
	.close = nasty_close,
};

static int nasty_open(struct reader **out, const void *options, struct clock *clock,
		      struct err *err)
{
	struct nasty *n = calloc(1, sizeof(*n));

	if (options)
		return err_set(err, ERR_IO, "%s", (const char *)options);
	n->base = (struct reader){ &nasty_ops, clock };
	seen->opened++;
	*out = &n->base;
	return sim_reader_open(&n->sim, NULL, &contract_card, clock, err);
}

static const struct reader_driver nasty = { .name = "nasty", .open = nasty_open };

static struct pump *pump;
static struct reader_case under_test;

static int worker(void **state)
{
	struct err err = { 0 };

	*state = &under_test;
	memset(seen, 0, sizeof(*seen));
	assert_int_equal(pump_new(&pump, NULL), 0);
	if (worker_open_reader(&under_test.reader, &nasty, NULL, pump, clock_real(),
			       &err))
		fail_msg("%s", err.text);
	return 0;
}

/* Whatever a test did, no process is left when its reader is closed. */
static int close_worker(void **state)
{
	(void)state;
	reader_close(under_test.reader);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	pump_free(pump);
	return 0;
}

static int exchange(enum misdeed how, int64_t timeout_ns, struct err *err)
{
	uint8_t command = (uint8_t)how, room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES(&command, 1),
				     .answer = &answer,
				     .timeout_ns = timeout_ns };
	int rc = reader_exchange(under_test.reader, &x, err);

	if (rc == 0) { /* its own answer and nobody else's */
		assert_int_equal(x.result, READER_OK);
		assert_int_equal(answer.len, 3);
		assert_int_equal(room[0], how);
	} else {
		assert_int_equal(answer.len, 0);
	}
	return rc;
}

static void activate(void)
{
	struct reader_activation a = { .timeout_ns = NS_PER_S };

	assert_int_equal(reader_set_field(under_test.reader, true, NULL), 0);
	assert_int_equal(reader_activate(under_test.reader, &a, NULL), 0);
	assert_int_equal(a.result, READER_OK);
}

static void works_again(void)
{
	activate();
	assert_int_equal(exchange('1', NS_PER_S, NULL), 0);
}

static void a_hung_call_costs_its_deadline_and_a_respawn_helps(void **state)
{
	struct err err = { 0 };
	pid_t first = worker_reader_pid(under_test.reader);

	(void)state;
	activate();
	assert_int_equal(exchange(HANG_FOR_EVER, NS_PER_MS, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "nasty"));
	assert_int_equal(worker_respawn(under_test.reader, NULL), 0);
	assert_int_not_equal(worker_reader_pid(under_test.reader), first);
	assert_int_equal(kill(first, 0), -1);
	works_again();
}

static void a_worker_in_doubt_refuses_to_go_on(void **state)
{
	struct err err = { 0 };
	struct reader_identity id;

	(void)state;
	activate();
	assert_int_equal(exchange(HANG, NS_PER_MS, NULL), ERR_TIMEOUT);
	assert_int_equal(exchange('1', NS_PER_S, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "doubt"));
	assert_int_equal(reader_set_field(under_test.reader, false, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_identity(under_test.reader, &id, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_reopen(under_test.reader, NULL), 0);
	works_again();
}

static void an_abort_brings_the_call_back(void **state)
{
	(void)state;
	activate();
	assert_int_equal(exchange(HANG, NS_PER_MS, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_abort(under_test.reader, NULL), 0);
	assert_true(seen->aborted > 0);
	assert_int_equal(reader_reopen(under_test.reader, NULL), 0);
	works_again();
}

static void an_abort_of_nothing_disturbs_nothing(void **state)
{
	(void)state;
	activate();
	assert_int_equal(reader_abort(under_test.reader, NULL), 0);
	assert_int_equal(seen->aborted, 0);
	assert_int_equal(exchange('1', NS_PER_S, NULL), 0);
}

static void a_call_that_no_abort_reaches_is_said_to_be_stuck(void **state)
{
	(void)state;
	activate();
	assert_int_equal(exchange(HANG_FOR_EVER, NS_PER_MS, NULL), ERR_TIMEOUT);
	assert_int_equal(reader_reopen(under_test.reader, NULL), ERR_TIMEOUT);
	assert_int_equal(worker_respawn(under_test.reader, NULL), 0);
	works_again();
}

static void a_late_answer_is_no_answer(void **state)
{
	(void)state;
	activate();
	assert_int_equal(exchange(BE_LATE, NS_PER_MS, NULL), ERR_TIMEOUT);
	/* the next request finds that answer in the socket, and must not take it for its own */
	assert_int_equal(reader_reopen(under_test.reader, NULL), 0);
	works_again();
}

static void an_abort_of_the_library_names_its_signal_and_last_words(void **state)
{
	struct err err = { 0 };

	(void)state;
	activate();
	assert_int_equal(exchange(DIE, NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGABRT"));
	assert_non_null(strstr(err.text, "buffer overflow"));
	assert_int_equal(worker_reader_pid(under_test.reader), -1);
	assert_int_equal(exchange('1', NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGABRT"));
	assert_int_equal(reader_abort(under_test.reader, NULL), ERR_GONE);
	assert_int_equal(reader_reopen(under_test.reader, NULL), ERR_GONE);
	assert_int_equal(worker_respawn(under_test.reader, NULL), 0);
	works_again();
}

static void a_worker_that_leaves_names_its_status(void **state)
{
	struct err err = { 0 };

	(void)state;
	activate();
	assert_int_equal(exchange(LEAVE, NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "status 3"));
}

static void a_worker_killed_between_requests_is_gone(void **state)
{
	struct err err = { 0 };

	(void)state;
	activate();
	kill(worker_reader_pid(under_test.reader), SIGKILL);
	assert_int_equal(exchange('1', NS_PER_S, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGKILL"));
}

static void what_the_driver_complains_of_at_open_is_passed_on(void **state)
{
	struct reader *r = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		worker_open_reader(&r, &nasty, "no chip there", pump, clock_real(), &err),
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
	activate();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pump_watch(pump, ends[0], count_and_drain, &heard), 0);
	id = pump_every(pump, 60 * NS_PER_MS, count, &ticks);
	assert_int_equal(write(ends[1], "x", 1), 1);
	while ((ticks < 2 || heard < 1) && clock_now(clock_real()) < patience)
		assert_int_equal(exchange('1', NS_PER_S, NULL), 0);
	assert_true(ticks >= 2);
	assert_int_equal(heard, 1);
	pump_stop(pump, id);
	pump_unwatch(pump, ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void stop_on_signal(int signal)
{
	(void)signal;
	pump_request_stop(pump);
}

static void a_signal_is_heard_while_an_answer_is_awaited(void **state)
{
	const struct itimerval soon = { { 0, 0 }, { 0, 2000 } };
	struct sigaction ours = { .sa_handler = stop_on_signal }, before;

	(void)state;
	activate();
	assert_int_equal(pump_sleep_until(pump, 0, NULL), 0); /* it has just looked */
	sigaction(SIGALRM, &ours, &before);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(exchange(HANG, 60 * NS_PER_S, NULL), ERR_INTERRUPTED);
	sigaction(SIGALRM, &before, NULL);
	alarm(300);
	pump_hold_stop(pump, true);
	assert_int_equal(reader_reopen(under_test.reader, NULL), 0);
	works_again();
}

static void a_person_who_interrupts_is_heard_at_once_and_leaves_doubt(void **state)
{
	(void)state;
	activate();
	pump_request_stop(pump);
	assert_int_equal(exchange(HANG, 60 * NS_PER_S, NULL), ERR_INTERRUPTED);
	assert_int_equal(exchange('1', NS_PER_S, NULL), ERR_TIMEOUT);
	pump_hold_stop(pump, true);
	assert_int_equal(reader_reopen(under_test.reader, NULL), 0);
	works_again();
}

static void terminal_signals_do_not_reach_a_worker(void **state)
{
	pid_t pid = worker_reader_pid(under_test.reader);

	(void)state;
	kill(pid, SIGINT);
	works_again();
	assert_int_not_equal(getsid(pid), getsid(0));
}

static void sigterm_ends_a_worker_in_order_even_out_of_a_call(void **state)
{
	struct err err = { 0 };

	(void)state;
	activate();
	assert_int_equal(exchange(HANG, NS_PER_MS, NULL), ERR_TIMEOUT);
	kill(worker_reader_pid(under_test.reader), SIGTERM);
	reader_close(under_test.reader);
	assert_int_equal(seen->closed, 1);
	assert_int_equal(worker_open_reader(&under_test.reader, &nasty, NULL, pump,
					    clock_real(), &err),
			 0); /* for the tear-down */
}

static void closing_closes_the_device(void **state)
{
	(void)state;
	reader_close(under_test.reader);
	assert_int_equal(seen->opened, 1);
	assert_int_equal(seen->closed, 1);
	assert_int_equal(worker_open_reader(&under_test.reader, &nasty, NULL, pump,
					    clock_real(), NULL),
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
	assert_int_equal(
		worker_open_reader(&second, &nasty, NULL, pump, clock_real(), NULL), 0);
	assert_int_equal(descriptors(worker_reader_pid(second), "socket:"), 1);
	assert_int_equal(descriptors(worker_reader_pid(second), NULL), 4);
	kill(worker_reader_pid(second), SIGKILL);
	works_again();
	assert_int_equal(worker_respawn(second, NULL), 0);
	reader_close(second);
	works_again();
}

static void nothing_is_left_open_after_many_respawns(void **state)
{
	int before;

	(void)state;
	assert_int_equal(worker_respawn(under_test.reader, NULL), 0);
	before = descriptors(getpid(), NULL);
	for (int i = 0; i < 20; i++)
		assert_int_equal(worker_respawn(under_test.reader, NULL), 0);
	assert_int_equal(descriptors(getpid(), NULL), before);
	assert_int_equal(seen->opened, 22);
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
			sleep_ms(1);
	}
	return seen_one;
}

/* A controller that is killed while its worker is in a call; the worker then is ours to wait for. */
static void kill_a_controller_in_a_call(enum misdeed how)
{
	int said[2];
	pid_t controller, orphan = -1;

	assert_int_equal(pipe(said), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	controller = fork();
	if (controller == 0) {
		struct reader_activation a = { .timeout_ns = NS_PER_S };

		/* no assertion here: it would jump into the list of tests, in this process too */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(seen, 0, sizeof(*seen));
		if (pump_new(&pump, NULL) ||
		    worker_open_reader(&under_test.reader, &nasty, NULL, pump,
				       clock_real(), NULL) ||
		    reader_set_field(under_test.reader, true, NULL) ||
		    reader_activate(under_test.reader, &a, NULL))
			_exit(1);
		orphan = worker_reader_pid(under_test.reader);
		if (write(said[1], &orphan, sizeof(orphan)) != sizeof(orphan))
			_exit(1);
		exchange(how, 600 * NS_PER_S, NULL);
		_exit(1);
	}
	close(said[1]); /* else the pipe has no end when the child comes to one */
	assert_int_equal(read(said[0], &orphan, sizeof(orphan)), sizeof(orphan));
	sleep_ms(
		50); /* so that it is in the call; if it is not yet, the test is only easier */
	kill(controller, SIGKILL);
	assert_true(all_end(orphan));
	close(said[0]);
}

static void a_worker_outlives_no_controller_and_closes_its_device(void **state)
{
	(void)state;
	kill_a_controller_in_a_call(HANG);
	assert_int_equal(seen->closed, 1);
}

static void not_even_out_of_a_call_that_never_ends(void **state)
{
	(void)state;
	kill_a_controller_in_a_call(HANG_FOR_EVER);
	assert_int_equal(seen->closed, 0);
}

static int before_all(void **state)
{
	(void)state;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	alarm(300); /* a test that waits for what never comes must end all the same */
	return seen == MAP_FAILED;
}

#define WITH_WORKER(f) cmocka_unit_test_setup_teardown(f, worker, close_worker)

int main(void)
{
	const struct CMUnitTest tests[] = {
		READER_CONTRACT(worker, close_worker),
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
		WITH_WORKER(terminal_signals_do_not_reach_a_worker),
		WITH_WORKER(sigterm_ends_a_worker_in_order_even_out_of_a_call),
		WITH_WORKER(closing_closes_the_device),
		WITH_WORKER(a_worker_holds_nothing_of_another),
		WITH_WORKER(nothing_is_left_open_after_many_respawns),
		cmocka_unit_test(a_worker_outlives_no_controller_and_closes_its_device),
		cmocka_unit_test(not_even_out_of_a_call_that_never_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, before_all, NULL);
}
