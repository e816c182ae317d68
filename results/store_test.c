#include "results/store.h"

#include "bench/core/fs.h"
#include "results/sample_run.h"

#include <sys/stat.h>

static struct bytes text_bytes(const char *text)
{
	return BYTES((const uint8_t *)text, strlen(text));
}

static void expect_file(const char *dir, const char *name, const char *content)
{
	char path[400];
	struct buf b;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	buf_init(&b, 65536);
	assert_int_equal(fs_read(path, 65536, &b, NULL), 0);
	assert_string_equal(buf_str(&b), content);
	buf_release(&b);
}

static void a_run_folder_is_named_after_time_and_name(void **state)
{
	struct store_run run;
	char dir[64], runs[80], want[160];

	(void)state;
	sample_dir(dir);
	snprintf(runs, sizeof(runs), "%s/deep/er", dir);
	assert_int_equal(store_new_run(&run, runs, "door-unlock", SAMPLE_WALL_NS, NULL),
			 0);
	snprintf(want, sizeof(want), "%s/2026-11-21T071233Z-door-unlock", runs);
	assert_string_equal(run.path, want);
	snprintf(want, sizeof(want), "%s/README", run.path);
	assert_true(fs_exists(want));
	snprintf(want, sizeof(want), "%s/inputs", run.path);
	assert_true(fs_exists(want));
	sample_remove(dir);
}

static void a_second_run_of_the_same_second_gets_its_own_folder(void **state)
{
	struct store_run one, two, three;
	char dir[64];

	(void)state;
	sample_dir(dir);
	assert_int_equal(store_new_run(&one, dir, "x", SAMPLE_WALL_NS, NULL), 0);
	assert_int_equal(store_new_run(&two, dir, "x", SAMPLE_WALL_NS, NULL), 0);
	assert_int_equal(store_new_run(&three, dir, "x", SAMPLE_WALL_NS, NULL), 0);
	assert_string_equal(two.path + strlen(one.path), "-2");
	assert_string_equal(three.path + strlen(one.path), "-3");
	sample_remove(dir);
}

static void a_name_cannot_lead_out_of_the_folder(void **state)
{
	struct store_run run;
	char dir[64];

	(void)state;
	sample_dir(dir);
	assert_int_equal(
		store_new_run(&run, dir, "../../etc/x y\n", SAMPLE_WALL_NS, NULL), 0);
	assert_string_equal(run.path + strlen(dir), "/2026-11-21T071233Z--.-..-etc-x-y-");
	assert_int_equal(store_file(&run, "../escape", text_bytes("x"), NULL), ERR_USAGE);
	assert_int_equal(store_file(&run, "..", text_bytes("x"), NULL), ERR_USAGE);
	assert_int_equal(store_file(&run, "", text_bytes("x"), NULL), ERR_USAGE);
	assert_int_equal(store_input(&run, "a/b", text_bytes("x"), NULL), ERR_USAGE);
	assert_int_equal(store_input(&run, ".hidden", text_bytes("x"), NULL), ERR_USAGE);
	sample_remove(dir);
}

static void files_are_kept_and_replaced_whole(void **state)
{
	struct store_run run;
	char dir[64];

	(void)state;
	sample_dir(dir);
	assert_int_equal(store_new_run(&run, dir, "x", SAMPLE_WALL_NS, NULL), 0);
	assert_int_equal(store_input(&run, "suite.yaml", text_bytes("suite: x\n"), NULL),
			 0);
	expect_file(run.path, "inputs/suite.yaml", "suite: x\n");
	assert_int_equal(store_file(&run, "report.txt", text_bytes("long and old"), NULL),
			 0);
	assert_int_equal(store_file(&run, "report.txt", text_bytes("new"), NULL), 0);
	expect_file(run.path, "report.txt", "new");
	sample_remove(dir);
}

static void a_long_name_of_a_suite_is_kept(void **state)
{
	char dir[64], name[82], inside[100];
	struct store_run run;

	(void)state;
	sample_dir(dir);
	assert_int_equal(store_new_run(&run, dir, "x", SAMPLE_WALL_NS, NULL), 0);
	memset(name, 'n', sizeof(name));
	name[60] = '\0';
	assert_int_equal(store_input(&run, name, text_bytes("suite: x\n"), NULL), 0);
	snprintf(inside, sizeof(inside), "inputs/%s", name);
	expect_file(run.path, inside, "suite: x\n");
	name[60] = 'n';
	name[80] = '\0';
	assert_int_equal(store_input(&run, name, text_bytes("x"), NULL), 0);
	name[80] = 'n';
	name[81] = '\0';
	assert_int_equal(store_input(&run, name, text_bytes("x"), NULL), ERR_USAGE);
	sample_remove(dir);
}

static void only_a_folder_with_a_journal_is_a_run(void **state)
{
	struct store_run run, opened;
	struct err err = { 0 };
	char dir[64], slashed[200], path[400];

	(void)state;
	sample_dir(dir);
	assert_int_equal(store_new_run(&run, dir, "x", SAMPLE_WALL_NS, NULL), 0);
	assert_int_equal(store_open_run(&opened, run.path, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "no journal.jsonl"));
	snprintf(path, sizeof(path), "%.200s/README", run.path);
	assert_int_equal(store_open_run(&opened, path, &err), ERR_FORMAT);
	assert_int_equal(store_open_run(&opened, "/nowhere/at/all", &err), ERR_FORMAT);
	assert_int_equal(store_open_run(&opened, "", &err), ERR_USAGE);
	assert_int_equal(store_file(&run, "journal.jsonl", text_bytes(""), NULL), 0);
	snprintf(slashed, sizeof(slashed), "%.180s///", run.path);
	assert_int_equal(store_open_run(&opened, slashed, &err), 0);
	assert_string_equal(opened.path, run.path);
	sample_remove(dir);
}

static void a_place_that_cannot_be_written_is_an_error_that_names_it(void **state)
{
	struct store_run run;
	struct err err = { 0 };
	char dir[64], file[96], longest[5000];

	(void)state;
	sample_dir(dir);
	snprintf(file, sizeof(file), "%s/file", dir);
	assert_int_equal(fs_write(file, text_bytes("x"), NULL), 0);
	assert_int_equal(store_new_run(&run, file, "x", SAMPLE_WALL_NS, &err), ERR_IO);
	assert_non_null(strstr(err.text, "/file"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(store_new_run(&run, longest, "x", SAMPLE_WALL_NS, &err) < 0);
	assert_int_equal(store_open_run(&run, longest, &err), ERR_USAGE);
	sample_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_folder_is_named_after_time_and_name),
		cmocka_unit_test(a_second_run_of_the_same_second_gets_its_own_folder),
		cmocka_unit_test(a_name_cannot_lead_out_of_the_folder),
		cmocka_unit_test(files_are_kept_and_replaced_whole),
		cmocka_unit_test(only_a_folder_with_a_journal_is_a_run),
		cmocka_unit_test(
			a_place_that_cannot_be_written_is_an_error_that_names_it),
		cmocka_unit_test(a_long_name_of_a_suite_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
