#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/core/fs.h"
#include "bench/wear.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], path[128];

static int make_folder(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/keybench-wear.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/deep/er/cycles.json", dir);
	return 0;
}

static int remove_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static int64_t add(const char *rig, int64_t cycles)
{
	int64_t total = -1;
	struct err err = { 0 };

	if (wear_add(path, rig, cycles, &total, &err))
		fail_msg("%s", err.text);
	return total;
}

static void cycles_add_up_over_a_life_rig_by_rig(void **state)
{
	(void)state;
	assert_int_equal(add("one", 0), 0);
	assert_false(fs_exists(path)); /* nothing to keep yet */
	assert_int_equal(add("one", 5), 5);
	assert_int_equal(add("two", 7), 7);
	assert_int_equal(add("one", 10), 15);
	assert_int_equal(add("two", 0), 7);
}

static void two_benches_do_not_lose_each_others_counts(void **state)
{
	enum {
		PROCESSES = 4,
		TIMES = 25
	};
	int status;

	(void)state;
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			int64_t total;
			int rc;

			for (int k = 0; k < TIMES; k++)
				while ((rc = wear_add(path, "one", 1, &total, NULL)))
					if (rc != ERR_TIMEOUT)
						_exit(1);
			_exit(0);
		}
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(add("one", 0), PROCESSES * TIMES);
}

static void a_file_that_is_something_else_is_left_as_it_is(void **state)
{
	static const char *const bad[] = { "",
					   "[]",
					   "{\"format\": 2, \"cycles\": {}}",
					   "{\"format\": 1}",
					   "no json",
					   "{\"format\": 1, \"cycles\": {\"one\": -4}}" };

	(void)state;
	add("one", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t room[200];
		struct buf now = BUF_ON(room);
		int64_t total = 77;

		assert_int_equal(fs_write(path,
					  BYTES((const uint8_t *)bad[i], strlen(bad[i])),
					  NULL),
				 0);
		assert_int_equal(wear_add(path, "one", 1, &total, NULL), ERR_FORMAT);
		assert_int_equal(total, 77);
		assert_int_equal(fs_read(path, sizeof(room), &now, NULL), 0);
		assert_string_equal(buf_str(&now), bad[i]);
	}
}

static void who_does_not_let_go_of_the_file_stops_nobody(void **state)
{
	int64_t total = 77;
	char name[140];
	int fd;

	(void)state;
	add("one", 3);
	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(wear_add(path, "one", 1, &total, NULL), ERR_TIMEOUT);
	assert_int_equal(total, 77);
	close(fd);
	assert_int_equal(add("one", 1), 4);
}

static struct on_limit open_coil(const char *boot, int64_t now_ns)
{
	struct on_limit l;
	struct err err = { 0 };

	on_limit_init(&l, 1000, 100, 0.3);
	if (wear_open_coil(path, "one", boot, &l, now_ns, &err))
		fail_msg("%s", err.text);
	return l;
}

static void a_coil_is_as_hot_as_the_run_before_left_it(void **state)
{
	struct on_limit l;

	(void)state;
	add("one", 5);
	l = open_coil("a", 1000);
	assert_int_equal(l.count, 0); /* never seen before */
	on_limit_switched(&l, true, 1000);
	on_limit_switched(&l, false, 1010);
	on_limit_switched(&l, true, 1020);
	on_limit_switched(&l, false, 1035);
	assert_int_equal(wear_close_coil(path, "one", "a", &l, NULL), 0);
	l = open_coil("a", 1040);
	assert_int_equal(on_limit_used(&l, 1040), 25);
	assert_int_equal(on_limit_start(&l, 1040, 30), 1135);
	assert_int_equal(wear_close_coil(path, "one", "a", &l, NULL), 0);
	/* the clock began anew since; it may have been off for no time at all */
	l = open_coil("b", 40);
	assert_int_equal(on_limit_used(&l, 40), 25);
	assert_int_equal(on_limit_start(&l, 40, 30), 100);
	assert_int_equal(add("one", 0), 5);
}

static void after_a_crash_a_coil_is_as_hot_as_it_may_get(void **state)
{
	struct on_limit l;

	(void)state;
	open_coil("a", 1000);
	l = open_coil("a", 2000);
	assert_int_equal(on_limit_used(&l, 2000), 30);
	assert_int_equal(on_limit_start(&l, 2000, 30), 2100);
	l = open_coil("b", 60);
	assert_int_equal(on_limit_start(&l, 60, 30), 100);
	/* and when it could not be switched off */
	on_limit_switched(&l, true, 150);
	assert_int_equal(wear_close_coil(path, "one", "b", &l, NULL), 0);
	l = open_coil("b", 500);
	assert_int_equal(on_limit_used(&l, 500), 30);
}

static void a_past_that_cannot_have_been_is_the_worst(void **state)
{
	static const char *const bad[] = { "[[900, 2001]]", "[[950, 940]]",
					   "[[1, 9223372036854775807]]",
					   "[[950, 970], [960, 980]]",
					   "[[\"x\", 2500]]" };

	(void)state;
	add("one", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct on_limit l;
		char text[200];

		snprintf(
			text, sizeof(text),
			"{\"format\": 1, \"cycles\": {}, \"coils\": {\"one\": {\"boot\": "
			"\"a\", \"past\": %s}}}",
			bad[i]);
		assert_int_equal(
			fs_write(path, BYTES((const uint8_t *)text, strlen(text)), NULL),
			0);
		l = open_coil("a", 2000);
		assert_int_equal(on_limit_used(&l, 2000), 30);
		assert_int_equal(on_limit_start(&l, 2000, 30), 2100);
	}
}

static void a_simulated_rig_counts_only_where_it_is_told(void **state)
{
	char out[200];

	(void)state;
	unsetenv("KEYBENCH_STATE");
	setenv("XDG_STATE_HOME", "/x", 1);
	assert_false(wear_path(out, sizeof(out), true));
	assert_true(wear_path(out, sizeof(out), false));
	assert_string_equal(out, "/x/keybench/cycles.json");
	unsetenv("XDG_STATE_HOME");
	setenv("HOME", "/h", 1);
	assert_true(wear_path(out, sizeof(out), false));
	assert_string_equal(out, "/h/.local/state/keybench/cycles.json");
	setenv("KEYBENCH_STATE", "/s", 1);
	assert_true(wear_path(out, sizeof(out), true));
	assert_string_equal(out, "/s/cycles.json");
	assert_false(wear_path(out, 5, true));
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(cycles_add_up_over_a_life_rig_by_rig),
		IN_FOLDER(two_benches_do_not_lose_each_others_counts),
		IN_FOLDER(who_does_not_let_go_of_the_file_stops_nobody),
		IN_FOLDER(a_coil_is_as_hot_as_the_run_before_left_it),
		IN_FOLDER(a_past_that_cannot_have_been_is_the_worst),
		IN_FOLDER(after_a_crash_a_coil_is_as_hot_as_it_may_get),
		IN_FOLDER(a_file_that_is_something_else_is_left_as_it_is),
		cmocka_unit_test(a_simulated_rig_counts_only_where_it_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
