#include "bench/core/data.h"

#include "bench/core/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/os_data_test_XXXXXX";

static void put(const char *name)
{
	char path[256];
	static const uint8_t text[] = { 'a', ':', ' ', 'b', '\n' };

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(fs_write(path, BYTES_OF(text), NULL), 0);
}

static int make_tree(void **state)
{
	char path[256];

	(void)state;
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/suites/timing", root);
	if (fs_mkdirs(path, NULL))
		return -1;
	setenv("KEYBENCH_DATA", root, 1);
	put("suites/timing/door.yaml");
	put("suites/other.yaml");
	return 0;
}

static int drop_tree(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void a_name_is_found_at_any_depth(void **state)
{
	char path[DATA_PATH_MAX], want[DATA_PATH_MAX];

	(void)state;
	assert_int_equal(data_find(path, "door", "suites", NULL, NULL), 0);
	snprintf(want, sizeof(want), "%s/suites/timing/door.yaml", root);
	assert_string_equal(path, want);
}

static void a_path_is_taken_as_it_stands_then_beside_then_below(void **state)
{
	char path[DATA_PATH_MAX], beside[DATA_PATH_MAX], want[DATA_PATH_MAX];

	(void)state;
	snprintf(want, sizeof(want), "%s/suites/other.yaml", root);
	assert_int_equal(data_find(path, want, "suites", NULL, NULL), 0);
	assert_string_equal(path, want);
	snprintf(beside, sizeof(beside), "%s/suites/rig.yaml", root);
	assert_int_equal(data_find(path, "other.yaml", "suites", beside, NULL), 0);
	assert_string_equal(path, want);
	assert_int_equal(data_find(path, "suites/other.yaml", "x", NULL, NULL), 0);
	assert_string_equal(path, want);
}

static void what_is_not_there_says_where_it_was_looked_for(void **state)
{
	char path[DATA_PATH_MAX];
	struct err err = { 0 };

	(void)state;
	assert_int_equal(data_find(path, "window", "suites", NULL, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "no window.yaml below"));
	assert_non_null(strstr(err.text, root));
	assert_int_equal(data_find(path, "./window.yaml", "suites", NULL, &err),
			 ERR_FORMAT);
}

static void a_file_is_written_whole_or_not_at_all(void **state)
{
	static const uint8_t text[] = { 'x' };
	char path[300];
	struct buf b;
	struct err err = { 0 };

	(void)state;
	buf_init(&b, 100);
	put("suites/again.yaml");
	put("suites/again.yaml");
	snprintf(path, sizeof(path), "%s/suites/again.yaml", root);
	assert_int_equal(fs_read(path, 100, &b, &err), 0);
	assert_int_equal(b.len, 5);
	assert_int_equal(fs_read(path, 4, &b, &err), ERR_RANGE);
	snprintf(path, sizeof(path), "%s/nowhere/x", root);
	assert_int_equal(fs_write(path, BYTES_OF(text), &err), ERR_IO);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_found_at_any_depth),
		cmocka_unit_test(a_path_is_taken_as_it_stands_then_beside_then_below),
		cmocka_unit_test(what_is_not_there_says_where_it_was_looked_for),
		cmocka_unit_test(a_file_is_written_whole_or_not_at_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
