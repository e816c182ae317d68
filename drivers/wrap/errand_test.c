#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/clock.h"
#include "drivers/wrap/errand.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct pump *pump;

static int loop(void **state)
{
	(void)state;
	alarm(120); /* what waits for what never comes must end all the same */
	return pump_new(&pump, NULL);
}

static int nobody_left(void **state)
{
	(void)state;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	pump_free(pump);
	return 0;
}

static int do_it(const void *job, struct err *err)
{
	return strcmp(job, "well") == 0
		       ? 0
		       : err_set(err, ERR_GONE, "it went %s", (const char *)job);
}

static int hang(const void *job, struct err *err)
{
	(void)job;
	(void)err;
	for (;;)
		pause();
	return 0;
}

static int die(const void *job, struct err *err)
{
	(void)job;
	(void)err;
	abort();
}

static void what_came_of_it_comes_back(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		errand_run(pump, "an errand", do_it, "well", NS_PER_S * 60, &err), 0);
	assert_int_equal(
		errand_run(pump, "an errand", do_it, "badly", NS_PER_S * 60, &err),
		ERR_GONE);
	assert_string_equal(err.text, "it went badly");
}

static void one_that_hangs_is_killed_at_its_deadline(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(errand_run(pump, "an errand", hang, NULL, 50 * NS_PER_MS, &err),
			 ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "an errand did not answer"));
}

static void one_that_dies_is_said_to_have_died(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(errand_run(pump, "an errand", die, NULL, 60 * NS_PER_S, &err),
			 ERR_GONE);
	assert_non_null(strstr(err.text, "an errand died of SIGABRT"));
}

static void whoever_asks_to_stop_is_heard(void **state)
{
	(void)state;
	pump_request_stop(pump);
	assert_int_equal(errand_run(pump, "an errand", hang, NULL, 60 * NS_PER_S, NULL),
			 ERR_INTERRUPTED);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, loop, nobody_left)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(what_came_of_it_comes_back),
		WITH_LOOP(one_that_hangs_is_killed_at_its_deadline),
		WITH_LOOP(one_that_dies_is_said_to_have_died),
		WITH_LOOP(whoever_asks_to_stop_is_heard),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
