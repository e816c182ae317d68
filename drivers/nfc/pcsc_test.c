/*
 * The driver over a real pcscd, with vpcd for a reader and a process of ours for a card. In a name space of its own: no
 * root, no port and no daemon of the machine's; where the kernel has none to give, or no pcscd is installed, it
 * is skipped.
 */
#include "drivers/nfc/pcsc_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/wire/vpcd.h"
#include "drivers/reader_contract.h"
#include "drivers/wrap/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAEMON "/usr/sbin/pcscd"
#define DRIVER "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
#define PATIENCE_NS (30 * NS_PER_S)

static pid_t daemon_pid, card_pid;
static struct pump *pump;
static struct reader_case the_case;

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ssize_t n = fd >= 0 ? write(fd, text, strlen(text)) : -1;

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

/* @return NULL, or what is missing */
static const char *enter(void)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();

	if (access(DAEMON, X_OK) || access(DRIVER, R_OK))
		return "pcscd or vsmartcard-vpcd is not installed";
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET))
		return "no name spaces for users here";
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", map))
		return "no map of users";
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL))
		return "no private /run";
	loopback_up();
	mkdir("/run/lock", 0755);
	mkdir("/run/conf", 0755);
	write_file("/run/conf/vpcd", "FRIENDLYNAME \"Test PCD\"\n"
				     "DEVICENAME /dev/null:0x8C7B\n"
				     "LIBPATH " DRIVER "\nCHANNELID 0x8C7B\n");
	return NULL;
}

static void start_daemon(void)
{
	int64_t deadline = clock_now(clock_real()) + PATIENCE_NS;

	unlink("/run/pcscd/pcscd.comm");
	daemon_pid = fork();
	if (daemon_pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execl(DAEMON, "pcscd", "--foreground", "--config", "/run/conf",
		      (char *)NULL);
		_exit(127);
	}
	while (access("/run/pcscd/pcscd.comm", F_OK)) {
		assert_true(clock_now(clock_real()) < deadline);
		usleep(20000);
	}
}

static void end(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

/* The card: that of the contract, and the reader's part of it. */
static void answer_message(int fd, struct bytes m)
{
	static const uint8_t atr[] = { 0x3b, 0x80, 0x80, 0x01, 0x01 };
	static const uint8_t uid[] = { 0x08, 0x12, 0x34, 0x56, 0x90, 0x00 };
	uint8_t room[400];
	struct buf body, out = BUF_ON(room);
	uint8_t body_room[400];

	buf_init_on(&body, body_room, sizeof(body_room));
	if (m.len == 1 && m.data[0] != VPCD_ATR)
		return;
	if (m.len == 1)
		buf_add(&body, BYTES_OF(atr));
	else if (m.data[0] == CARD_SILENT)
		return;
	else if (m.data[0] == 0x0c) /* it is torn out */
		_exit(0);
	else if (m.data[0] == 0xff && m.data[1] == 0xca)
		buf_add(&body, BYTES_OF(uid));
	else
		buf_add(&body, m);
	if (m.len > 1 && m.data[0] != 0xff) {
		usleep(CARD_THINK_NS / NS_PER_US);
		buf_be16(&body, 0x9000);
	}
	vpcd_build(&out, buf_bytes(&body));
	if (write(fd, out.data, out.len) != (ssize_t)out.len)
		_exit(0);
}

static void be_card(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(VPCD_PORT) };
	static uint8_t in[VPCD_MAX_MESSAGE];
	size_t len = 0, taken;
	struct bytes m;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while (connect(fd, (struct sockaddr *)&at, sizeof(at)))
		usleep(20000);
	for (;;) {
		ssize_t n = read(fd, in + len, sizeof(in) - len);

		if (n <= 0)
			_exit(0);
		len += (size_t)n;
		while ((taken = vpcd_parse(BYTES(in, len), &m)) != 0) {
			answer_message(fd, m);
			len -= taken;
			memmove(in, in + taken, len);
		}
	}
}

static void start_card(void)
{
	card_pid = fork();
	if (card_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		be_card();
	}
}

static int open_code(const char *device, struct reader **out, struct err *err)
{
	const struct reader_driver *d = reader_driver_find("pcsc");
	static struct {
		long long room[8];
	} options;
	struct conf *conf;
	char text[200];
	int len = snprintf(text, sizeof(text), "device: \"%s\"\nslack: 3 ms\n", device),
	    rc;

	assert_true(d->options_size <= sizeof(options));
	assert_int_equal(
		conf_parse(&conf, "rig", BYTES((uint8_t *)text, (size_t)len), NULL), 0);
	assert_int_equal(conf_bind(conf_root(conf), d->items, &options, err), 0);
	rc = worker_open_reader(out, d, &options, pump, clock_real(), err);
	conf_free(conf); /* the options' text is in it: only a respawn would want it */
	return rc;
}

/* pcscd looks for a card every 0.4 s. */
static void await_activation(struct reader *r)
{
	int64_t deadline = clock_now(clock_real()) + PATIENCE_NS;
	struct reader_activation a = { .timeout_ns = NS_PER_S };

	assert_int_equal(reader_set_field(r, true, NULL), 0);
	do {
		assert_true(clock_now(clock_real()) < deadline);
	} while (reader_activate(r, &a, NULL) || a.result != READER_OK);
	assert_int_equal(a.slack_ns, 3 * NS_PER_MS);
	assert_int_equal(reader_set_field(r, false, NULL), 0);
}

static int pcscd(void **state)
{
	struct err err = { 0 };

	if (pump_new(&pump, NULL))
		return -1;
	start_daemon();
	start_card();
	if (open_code("Test PCD 00 00", &the_case.reader, &err))
		fail_msg("%s", err.text);
	await_activation(the_case.reader);
	*state = &the_case;
	return 0;
}

static int put_away(void **state)
{
	(void)state;
	reader_close(the_case.reader);
	the_case.reader = NULL;
	pump_free(pump);
	end(&card_pid);
	/* one that a silent card has had is now and then stuck in it for ever, whatever card comes after */
	end(&daemon_pid);
	return 0;
}

static struct reader *activated(void)
{
	struct reader_activation a = { .timeout_ns = PATIENCE_NS };
	struct reader *r = the_case.reader;

	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(reader_activate(r, &a, NULL), 0);
	assert_int_equal(a.result, READER_OK);
	return r;
}

static int exchange(struct reader *r, struct bytes command, struct reader_exchange *x,
		    struct err *err)
{
	static uint8_t room[300];
	static struct buf answer;

	buf_init_on(&answer, room, sizeof(room));
	*x = (struct reader_exchange){ .command = command,
				       .answer = &answer,
				       .timeout_ns = 10 * NS_PER_S };
	return reader_exchange(r, x, err);
}

static void a_card_that_is_torn_out_is_no_error_of_the_bench(void **state)
{
	static const uint8_t tear[] = { 0x0c, 0x00, 0x00, 0x00 };
	struct reader *r = activated();
	struct reader_exchange x;
	struct err err = { 0 };

	(void)state;
	if (exchange(r, BYTES_OF(tear), &x, &err))
		fail_msg("%s", err.text);
	assert_true(x.result == READER_RF_ERROR || x.result == READER_RELEASED);
	assert_true(x.note[0]);
	/* and another one is found */
	end(&card_pid);
	start_card();
	activated();
}

static void a_daemon_that_dies_is_gone_and_comes_back(void **state)
{
	static const uint8_t command[] = { 0x00, 0xa4, 0x04, 0x00 };
	struct reader *r = activated();
	struct reader_exchange x;
	struct err err = { 0 };
	int64_t deadline;

	(void)state;
	end(&daemon_pid);
	assert_int_equal(exchange(r, BYTES_OF(command), &x, &err), ERR_GONE);
	assert_int_equal(reader_reopen(r, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "pcscd is not running"));
	end(&card_pid);
	start_daemon();
	start_card();
	deadline = clock_now(clock_real()) + PATIENCE_NS;
	while (reader_reopen(r, &err))
		assert_true(clock_now(clock_real()) < deadline);
	activated();
	assert_int_equal(exchange(r, BYTES_OF(command), &x, &err), 0);
	assert_int_equal(x.result, READER_OK);
}

static void a_reader_that_is_not_there_is_told_with_those_that_are(void **state)
{
	struct reader *r = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(open_code("Another PCD", &r, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "it has 'Test PCD 00 00', 'Test PCD 00 01'"));
	assert_int_equal(open_code("Test PCD", &r, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "several readers fit"));
	assert_null(r);
}

static void a_card_that_another_program_has_is_refused(void **state)
{
	struct reader *first = activated(), *second = NULL;
	struct reader_activation a = { .timeout_ns = NS_PER_S };
	struct err err = { 0 };

	(void)state;
	(void)first;
	assert_int_equal(open_code("Test PCD 00 00", &second, &err), 0);
	assert_int_equal(reader_set_field(second, true, &err), 0);
	assert_int_equal(reader_activate(second, &a, &err), ERR_IO);
	assert_non_null(strstr(err.text, "another program"));
	reader_close(second);
}

static void a_reader_fits_by_its_name_or_by_all_but_its_numbers(void **state)
{
	(void)state;
	assert_true(pcsc_fits("ACS ACR122U 00 00", "ACS ACR122U 00 00"));
	assert_true(pcsc_fits("ACS ACR122U 0A 01", "ACS ACR122U"));
	assert_false(pcsc_fits("ACS ACR122U 00 00", "ACS"));
	assert_false(pcsc_fits("ACS ACR122U 00 00", "ACS ACR122U 00"));
	assert_false(pcsc_fits("ACS ACR122U 00 00", "ACS ACR122U 00 00 00"));
}

#define WITH_DAEMON(f) cmocka_unit_test_setup_teardown(f, pcscd, put_away)

int main(void)
{
	const struct CMUnitTest pure[] = {
		cmocka_unit_test(a_reader_fits_by_its_name_or_by_all_but_its_numbers),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_fits_by_its_name_or_by_all_but_its_numbers),
		READER_CONTRACT(pcscd, put_away),
		WITH_DAEMON(a_card_that_is_torn_out_is_no_error_of_the_bench),
		WITH_DAEMON(a_daemon_that_dies_is_gone_and_comes_back),
		WITH_DAEMON(a_reader_that_is_not_there_is_told_with_those_that_are),
		WITH_DAEMON(a_card_that_another_program_has_is_refused),
	};
	const char *missing = enter();
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (missing) {
		printf("# the rest is skipped: %s\n", missing);
		return cmocka_run_group_tests(pure, NULL, NULL);
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	end(&card_pid);
	end(&daemon_pid);
	return failed;
}
