#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/clock.h"
#include "drivers/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[32];

static int locks(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/keybench-lock-XXXXXX");
	return !mkdtemp(folder) || setenv("KEYBENCH_LOCKS", folder, 1);
}

static int no_locks(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* A process that holds the lock until it is killed. */
static pid_t holder(const char *device)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd;

		if (lock_take(&fd, device, "reader of mine", "", 0, NULL))
			_exit(1);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void who_is_refused_is_told_by_whom(void **state)
{
	pid_t pid = holder("/dev/null");
	char wanted[40];
	struct lock_holder h;
	struct err err = { 0 };
	int fd = -1;

	(void)state;
	assert_int_equal(lock_take(&fd, "/dev/null", "reader /dev/null", "", 0, &err),
			 ERR_IO);
	assert_int_equal(fd, -1);
	snprintf(wanted, sizeof(wanted), "held by process %d since 20", (int)pid);
	assert_non_null(strstr(err.text, "reader /dev/null"));
	assert_non_null(strstr(err.text, wanted));
	assert_non_null(strstr(err.text, "lock_test"));
	assert_int_equal(lock_held(&h, "/dev/null", ""), 1);
	assert_int_equal(h.pid, pid);
	assert_string_equal(h.what, "reader of mine");
	assert_int_equal(lock_held(&h, "/dev/null", "open"), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* at once, whatever stands in the file */
	assert_int_equal(lock_held(&h, "/dev/null", ""), 0);
	assert_int_equal(lock_take(&fd, "/dev/null", "reader", "", 0, &err), 0);
	close(fd);
}

static void who_is_about_to_let_go_is_waited_for(void **state)
{
	pid_t pid = holder("/dev/null"), killer = fork();
	int fd;

	(void)state;
	if (killer == 0) {
		usleep(50000);
		kill(pid, SIGKILL);
		_exit(0);
	}
	assert_int_equal(lock_take(&fd, "/dev/null", "reader", "", 20 * NS_PER_S, NULL),
			 0);
	waitpid(pid, NULL, 0);
	waitpid(killer, NULL, 0);
	close(fd);
}

static void a_device_has_one_name_however_it_is_written(void **state)
{
	char link[64], one[LOCK_NAME_MAX], two[LOCK_NAME_MAX];

	(void)state;
	snprintf(link, sizeof(link), "%s/reader0", folder);
	assert_int_equal(symlink("/dev/null", link), 0);
	lock_name(one, "/dev/null");
	lock_name(two, link);
	assert_string_equal(one, two);
	lock_name(two, "pn532_uart:/dev/null:115200");
	assert_string_equal(one, two);
	lock_name(two, "arygon:/dev/null");
	assert_string_equal(one, two);
	lock_name(two, "/dev/zero");
	assert_string_not_equal(one, two);
	/* ports as relay boards and as readers have them, with nothing plugged in there */
	lock_name(one, "97-2.3");
	lock_name(two, "usb-port:97-2.3");
	assert_string_equal(one, two);
	lock_name(two, "usb-port:97-2/../../x");
	assert_null(strchr(two, '/'));
	lock_name(two, "usb-port:97-2");
	assert_string_not_equal(one, two);
}

static void the_node_is_found_in_every_form(void **state)
{
	static const char *const forms[] = { "/dev/null", "pn532_uart:/dev/null:115200",
					     "arygon:/dev/null" };
	char link[64], node[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		assert_true(lock_node(node, forms[i]));
		assert_string_equal(node, "/dev/null");
	}
	snprintf(link, sizeof(link), "%s/reader0", folder);
	assert_int_equal(symlink("/dev/null", link), 0);
	assert_true(lock_node(node, link));
	assert_string_equal(node, "/dev/null");
	assert_false(lock_node(node, "/dev/keybench-no-such-node"));
	assert_false(lock_node(node, "usb-port:97-2.3"));
	assert_false(lock_node(node, "my-module"));
}

/* A process that looks at it without end, as many doctors would. */
static pid_t looker(const char *device)
{
	pid_t pid = fork();
	struct lock_holder h;

	if (pid == 0)
		for (;;)
			lock_held(&h, device, "");
	return pid;
}

static void who_looks_is_in_nobodys_way(void **state)
{
	char name[LOCK_NAME_MAX], path[300];
	int fd, ready[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(lock_take(&fd, "/dev/null", "reader", "", 0, NULL), 0);
	close(fd);
	lock_name(name, "/dev/null");
	snprintf(path, sizeof(path), "%s/keybench-%s", folder, name);
	/* one who takes his time */
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (flock(fd, LOCK_SH) || write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(150000);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(lock_take(&fd, "/dev/null", "reader", "", 0, NULL), 0);
	close(fd);
	waitpid(pid, NULL, 0);
	/* and one who cannot stop */
	pid = looker("/dev/null");
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(lock_take(&fd, "/dev/null", "reader", "", 0, NULL), 0);
		close(fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_text_is_a_name_that_fits(void **state)
{
	char text[600], one[LOCK_NAME_MAX], two[LOCK_NAME_MAX];

	(void)state;
	memset(text, '/', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	lock_name(one, text);
	assert_true(strlen(one) < 100);
	assert_null(strchr(one, '/'));
	text[598] = 'x';
	lock_name(two, text);
	assert_string_not_equal(one, two);
}

static void a_foreign_lock_on_a_node_is_seen_without_opening_it(void **state)
{
	char path[64];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/node", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(lock_flock_holder(path), 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(lock_flock_holder(path), getpid());
	close(fd);
	assert_int_equal(lock_flock_holder(path), 0);
}

static void a_link_in_place_of_a_lock_is_not_followed(void **state)
{
	char name[LOCK_NAME_MAX], path[300];
	int fd = -1;

	(void)state;
	lock_name(name, "/dev/null");
	snprintf(path, sizeof(path), "%s/keybench-%s", folder, name);
	assert_int_equal(symlink("/tmp/keybench-no-such-file", path), 0);
	assert_int_equal(lock_take(&fd, "/dev/null", "reader", "", 0, NULL), ERR_IO);
	assert_int_not_equal(access("/tmp/keybench-no-such-file", F_OK), 0);
}

#define WITH_LOCKS(f) cmocka_unit_test_setup_teardown(f, locks, no_locks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOCKS(who_is_refused_is_told_by_whom),
		WITH_LOCKS(who_is_about_to_let_go_is_waited_for),
		WITH_LOCKS(a_device_has_one_name_however_it_is_written),
		WITH_LOCKS(the_node_is_found_in_every_form),
		WITH_LOCKS(who_looks_is_in_nobodys_way),
		WITH_LOCKS(a_text_is_a_name_that_fits),
		WITH_LOCKS(a_foreign_lock_on_a_node_is_seen_without_opening_it),
		WITH_LOCKS(a_link_in_place_of_a_lock_is_not_followed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
