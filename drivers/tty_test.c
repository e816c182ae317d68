#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/tty.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static int master = -1;
static char path[64];

static int pty(void **state)
{
	(void)state;
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	return master < 0 || grantpt(master) || unlockpt(master) ||
	       ptsname_r(master, path, sizeof(path));
}

static int no_pty(void **state)
{
	(void)state;
	close(master);
	return 0;
}

static void a_line_has_one_user_at_a_time(void **state)
{
	struct err err = { 0 };
	int first, second = -1;

	(void)state;
	assert_int_equal(tty_open(&first, path, &err), 0);
	assert_int_equal(tty_open(&second, path, &err), ERR_IO);
	assert_non_null(strstr(err.text, "in use"));
	assert_int_equal(second, -1);
	close(first);
	assert_int_equal(tty_open(&second, path, &err), 0);
	close(second);
}

static void what_is_no_line_is_refused(void **state)
{
	struct err err = { 0 };
	int fd = -1;

	(void)state;
	assert_int_equal(tty_open(&fd, "/dev/null", &err), ERR_IO);
	assert_non_null(strstr(err.text, "not a serial line"));
	assert_int_equal(tty_open(&fd, "/nowhere/at/all", &err), ERR_IO);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	assert_int_equal(fd, -1);
}

static void a_pseudo_terminal_is_simulated_whatever_it_is_called(void **state)
{
	char link[] = "/tmp/keybench-tty-XXXXXX";
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_true(close(mkstemp(link)) == 0 && unlink(link) == 0);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(tty_open(&fd, link, NULL), 0);
	unlink(link);
	assert_true(tty_is_pseudo(fd));
	assert_true(tty_is_simulated(fd));
	assert_false(tty_is_pseudo(null));
	assert_false(tty_is_simulated(null));
	close(fd);
	close(null);
}

static void a_raw_line_passes_every_byte(void **state)
{
	uint8_t all[256], got[256];
	size_t len = 0;
	struct termios t;
	int fd;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	assert_int_equal(tty_open(&fd, path, NULL), 0);
	assert_int_equal(tty_raw(fd, 9600, NULL), 0);
	assert_int_equal(tcgetattr(fd, &t), 0);
	assert_int_equal(cfgetospeed(&t), B9600);
	assert_false(t.c_cflag & HUPCL);
	assert_int_equal(write(fd, all, sizeof(all)), sizeof(all));
	while (len < sizeof(got)) {
		ssize_t n = read(master, got + len, sizeof(got) - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_memory_equal(got, all, sizeof(all));
	assert_int_equal(tty_raw(fd, 12345, NULL), ERR_RANGE);
	close(fd);
}

static void a_line_whose_other_end_is_gone_is_hung_up(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(tty_open(&fd, path, NULL), 0);
	assert_false(tty_hung_up(fd));
	close(master);
	assert_true(tty_hung_up(fd));
	close(fd);
	pty(NULL); /* for the tear-down */
}

#define WITH_PTY(f) cmocka_unit_test_setup_teardown(f, pty, no_pty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PTY(a_line_has_one_user_at_a_time),
		WITH_PTY(what_is_no_line_is_refused),
		WITH_PTY(a_pseudo_terminal_is_simulated_whatever_it_is_called),
		WITH_PTY(a_raw_line_passes_every_byte),
		WITH_PTY(a_line_whose_other_end_is_gone_is_hung_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
