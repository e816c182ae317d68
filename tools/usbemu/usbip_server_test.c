/*
 * Devices as a USB/IP host meets them, over TCP and without a kernel: the desk in a process of its own, the host here.
 */
#include "tools/usbemu/console.h"
#include "tools/usbemu/plugs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000

static const char rig_text[] =
	"rig: usb\nprotocol: dk-ccc-1.0\nphone: example\npairing: bench\nemulate:\n"
	"  reader0: {chip: pn533, usb: scl3711}\n"
	"  relay0: {board: dcttech, channels: 2, serial: BENCH}\n"
	"  phone: {channel: 1, echo: yes}\n";

struct server {
	pid_t pid;
	int port;
	int control; /* lines for its console; it ends with our end */
};

/* In the child. */
struct child {
	struct world *world;
	struct plugs *plugs;
	char line[64];
	size_t len;
};

static void on_control(void *ctx, int fd)
{
	struct child *c = ctx;
	char byte;

	if (read(fd, &byte, 1) != 1) {
		world_stop(c->world);
	} else if (byte != '\n') {
		c->line[c->len++] = byte;
	} else {
		c->line[c->len] = '\0';
		c->len = 0;
		if (console_obey(c->plugs, c->line))
			abort();
	}
}

static void on_ready(void *ctx)
{
	(void)ctx;
}

static void on_failed(void *ctx, const struct err *err)
{
	(void)ctx;
	dprintf(STDERR_FILENO, "# %s\n", err->text);
	abort();
}

static _Noreturn void run_server(int control, int tell)
{
	struct child c = { 0 };
	struct plug_options o = {
		.listen = true, .root = "", .ready = on_ready, .failed = on_failed
	};
	struct emu_rig *rig;
	struct desk *desk;
	struct err err = { 0 };
	char path[64] = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (emu_rig_parse(&rig, "usb",
			  BYTES((const uint8_t *)rig_text, sizeof(rig_text) - 1), &err) ||
	    world_new(&c.world, clock_real(), 1, NULL, &err) ||
	    desk_new(&desk, c.world, rig, false, &err) ||
	    plugs_new(&c.plugs, c.world, desk, &o, &err) ||
	    world_watch(c.world, control, on_control, &c)) {
		dprintf(STDERR_FILENO, "# the server: %s\n", err.text);
		_exit(1);
	}
	snprintf(path, sizeof(path), "%s", plugs_path(c.plugs, 0));
	if (write(tell, path, sizeof(path)) != sizeof(path))
		_exit(1);
	world_run(c.world, NULL);
	plugs_free(c.plugs);
	desk_free(desk);
	world_free(c.world);
	emu_rig_free(rig);
	exit(0); /* not _exit: leaks are looked for */
}

static int set_up(void **state)
{
	struct server *s = calloc(1, sizeof(*s));
	int control[2], tell[2];
	char path[64] = { 0 };

	assert_non_null(s);
	assert_int_equal(pipe(control), 0);
	assert_int_equal(pipe(tell), 0);
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0) {
		free(s);
		close(control[1]);
		close(tell[0]);
		run_server(control[0], tell[1]);
	}
	close(control[0]);
	close(tell[1]);
	assert_int_equal(read(tell[0], path, sizeof(path)), sizeof(path));
	close(tell[0]);
	assert_int_equal(sscanf(path, "usbip:127.0.0.1:%d/1-1", &s->port), 1);
	s->control = control[1];
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct server *s = *state;
	int status = 0;

	close(s->control);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	free(s);
	return status ? -1 : 0;
}

static int connect_to(const struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)s->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void tell(const struct server *s, const char *command)
{
	assert_int_equal(dprintf(s->control, "%s\n", command), strlen(command) + 1);
}

static void send_all(int fd, const struct buf *b)
{
	assert_false(b->failed);
	assert_int_equal(write(fd, b->data, b->len), b->len);
}

/* @return bytes read: @len, or fewer at its end */
static size_t take(int fd, uint8_t *data, size_t len)
{
	size_t got = 0;

	while (got < len) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		assert_true(poll(&p, 1, PATIENCE_MS) > 0);
		n = read(fd, data + got, len - got);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

static bool import(int fd, const char *busid, struct usbip_device *d)
{
	uint8_t room[400];
	struct buf b = BUF_ON(room);
	struct usbip_ask ask = { USBIP_VERSION, USBIP_ASK_IMPORT, "" };
	bool found = false;

	snprintf(ask.busid, sizeof(ask.busid), "%s", busid);
	usbip_build_ask(&b, &ask);
	send_all(fd, &b);
	assert_int_equal(take(fd, room, 8), 8);
	if (room[7])
		return false;
	assert_int_equal(take(fd, room + 8, 312), 312);
	assert_int_equal(usbip_parse_import(BYTES(room, 320), &found, d), 320);
	return found;
}

static void submit(int fd, struct usbip_urb *u)
{
	uint8_t room[512];
	struct buf b = BUF_ON(room);

	if (!u->command)
		u->command = USBIP_SUBMIT;
	usbip_build_urb(&b, u);
	send_all(fd, &b);
}

/* The next answer, with its data when @in. */
static struct usbip_urb answer(int fd, bool in, uint8_t *data)
{
	uint8_t head[USBIP_URB_SIZE];
	struct usbip_urb u;

	assert_int_equal(take(fd, head, sizeof(head)), sizeof(head));
	assert_int_equal(usbip_parse_answer(BYTES_OF(head), &u), USBIP_URB_SIZE);
	if (in && u.command == USBIP_SUBMITTED)
		assert_int_equal(take(fd, data, u.length), u.length);
	return u;
}

static int host_list(const struct server *s, struct usbip_device *out)
{
	uint8_t room[1000];
	struct buf b = BUF_ON(room);
	struct usbip_ask ask = { USBIP_VERSION, USBIP_ASK_LIST, "" };
	uint32_t count = 0;
	int fd = connect_to(s);

	usbip_build_ask(&b, &ask);
	send_all(fd, &b);
	assert_int_equal(take(fd, room, 12), 12);
	assert_int_equal(usbip_parse_list(BYTES(room, 12), &count), 12);
	assert_true(count <= 2);
	assert_int_equal(take(fd, room, 316 * count), 316 * count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(usbip_parse_listed(BYTES(room + 316 * i, 316), &out[i]),
				 316);
	close(fd);
	return (int)count;
}

static void what_is_plugged_in_is_listed(void **state)
{
	struct server *s = *state;
	struct usbip_device d[2];

	assert_int_equal(host_list(s, d), 2);
	assert_string_equal(d[0].busid, "1-1");
	assert_int_equal(d[0].vendor, 0x04e6);
	assert_int_equal(d[0].product, 0x5591);
	assert_int_equal(d[0].speed, USB_SPEED_FULL);
	assert_int_equal(d[0].interfaces[0].class, 0xff);
	assert_int_equal(d[1].product, 0x05df);
	assert_int_equal(d[1].speed, USB_SPEED_LOW);
	assert_int_equal(d[1].interfaces[0].class, 0x03);
}

static void configure(int fd)
{
	struct usbip_urb u = { .seqnum = 1, .setup = { 0, 9, 1, 0, 0 } };
	uint8_t data[8];

	submit(fd, &u);
	u = answer(fd, false, data);
	assert_int_equal(u.seqnum, 1);
	assert_int_equal(u.status, 0);
}

static void a_chip_answers_over_the_stream(void **state)
{
	static const uint8_t firmware[] = { 0, 0, 0xff, 2, 0xfe, 0xd4, 2, 0x2a, 0 };
	struct usbip_urb out = { .seqnum = 10,
				 .endpoint = 4,
				 .length = sizeof(firmware),
				 .data = BYTES_OF(firmware) },
			 in = { .seqnum = 9, .in = true, .endpoint = 4, .length = 275 },
			 a;
	struct server *s = *state;
	struct usbip_device d;
	uint8_t data[300];
	int fd = connect_to(s);

	assert_true(import(fd, "1-1", &d));
	configure(fd);
	submit(fd, &in);
	submit(fd, &out);
	assert_int_equal(answer(fd, false, data).seqnum, 10);
	a = answer(fd, true, data);
	assert_int_equal(a.seqnum, 9);
	assert_int_equal(a.length, 6);
	in.seqnum = 11;
	submit(fd, &in);
	a = answer(fd, true, data);
	assert_int_equal(a.seqnum, 11);
	assert_int_equal(a.length, 13);
	assert_memory_equal(data + 5, "\xd5\x03\x33\x02\x07\x07", 6);
	close(fd);
}

static void a_transfer_is_taken_back(void **state)
{
	struct usbip_urb in = { .seqnum = 5, .in = true, .endpoint = 4, .length = 64 },
			 back = { .command = USBIP_UNLINK, .seqnum = 6, .unlink = 5 }, a;
	struct server *s = *state;
	struct usbip_device d;
	uint8_t data[64];
	int fd = connect_to(s);

	assert_true(import(fd, "1-1", &d));
	configure(fd);
	submit(fd, &in);
	submit(fd, &back);
	a = answer(fd, false, data);
	assert_int_equal(a.command, USBIP_UNLINKED);
	assert_int_equal(a.seqnum, 6);
	assert_int_equal(a.status, USB_UNLINKED);
	back.seqnum = 7;
	submit(fd, &back);
	a = answer(fd, false, data);
	assert_int_equal(a.seqnum, 7);
	assert_int_equal(a.status, 0);
	close(fd);
}

static void one_host_a_device(void **state)
{
	struct server *s = *state;
	struct usbip_device d;
	int first = connect_to(s), second = connect_to(s), third = connect_to(s);

	assert_true(import(first, "1-1", &d));
	assert_false(import(second, "1-1", &d));
	assert_true(import(third, "1-2", &d));
	assert_int_equal(host_list(s, &d), 0);
	/* and the next one when it lets go */
	close(first);
	while (!import(second, "1-1", &d))
		usleep(1000);
	close(second);
	close(third);
}

static void unplugged_it_is_gone_and_comes_back_with_another_number(void **state)
{
	struct server *s = *state;
	struct usbip_device d[2];
	uint32_t number;
	uint8_t data[64];
	int fd = connect_to(s);

	assert_true(import(fd, "1-1", d));
	number = d[0].devnum;
	configure(fd);
	tell(s, "unplug reader0");
	assert_int_equal(take(fd, data, 1), 0);
	close(fd);
	assert_int_equal(host_list(s, d), 1);
	fd = connect_to(s);
	assert_false(import(fd, "1-1", d));
	tell(s, "plug reader0");
	while (!import(fd, "1-1", d))
		usleep(1000);
	assert_int_not_equal(d[0].devnum, number);
	configure(fd);
	tell(s, "unplug all 20 ms");
	assert_int_equal(take(fd, data, 1), 0);
	close(fd);
	while (host_list(s, d) != 2)
		usleep(1000);
}

static void who_does_not_speak_it_is_cut_off(void **state)
{
	static const char *const nonsense[] = { "GET / HTTP/1.1\r\n\r\n",
						"\x01\x11\x80\x42\0\0\0\0aaaaaaaaaaaa" };
	struct server *s = *state;
	struct usbip_device d[2];
	uint8_t data[64];
	int fd;

	for (size_t i = 0; i < 2; i++) {
		fd = connect_to(s);
		assert_int_equal(write(fd, nonsense[i], 18), 18);
		assert_int_equal(take(fd, data, 1), 0);
		close(fd);
	}
	fd = connect_to(s);
	assert_true(import(fd, "1-2", d));
	memset(data, 0xee, sizeof(data));
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(take(fd, data, 1), 0);
	close(fd);
	while (host_list(s, d) != 2)
		usleep(1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(what_is_plugged_in_is_listed),
		TEST(a_chip_answers_over_the_stream),
		TEST(a_transfer_is_taken_back),
		TEST(one_host_a_device),
		TEST(unplugged_it_is_gone_and_comes_back_with_another_number),
		TEST(who_does_not_speak_it_is_cut_off),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
