#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/core/log.h"
#include "bench/core/pump.h"
#include "drivers/bus_contract.h"
#include "drivers/can/vbus_server.h"
#include "drivers/can/vbus_wire.h"

#define PATIENCE_NS (10 * NS_PER_S)
#define BITRATE 1000000

struct vbus_case {
	struct bus_case c;
	struct bus *other;
	struct pump *pump;
	pid_t host;
	char path[64];
};

/* A host in a process of its own; it ends with us. */
static void host(const char *path, int ready)
{
	struct vbus_server *s;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_setup("host", LOG_ERROR);
	if (vbus_server_open(&s, path, BITRATE, clock_real(), NULL) ||
	    write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		struct pollfd f = { .fd = vbus_server_fd(s), .events = POLLIN };
		int64_t next = vbus_server_next_ns(s), left = 100 * NS_PER_MS;
		struct timespec wait;

		if (next != CANBUS_NEVER)
			left = next - clock_now(clock_real());
		if (left < 0)
			left = 0;
		wait = (struct timespec){ left / NS_PER_S, left % NS_PER_S };
		ppoll(&f, 1, &wait, NULL);
		vbus_server_run(s);
	}
}

static void start_host(struct vbus_case *v)
{
	int ready[2];
	char byte;

	snprintf(v->path, sizeof(v->path), "/tmp/vbus-test-%d", (int)getpid());
	assert_int_equal(pipe(ready), 0);
	v->host = fork();
	assert_true(v->host >= 0);
	if (v->host == 0)
		host(v->path, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static void stop_host(struct vbus_case *v)
{
	if (v->host > 0) {
		kill(v->host, SIGKILL);
		waitpid(v->host, NULL, 0);
	}
	v->host = 0;
	unlink(v->path);
}

static int open_node(struct bus **out, const char *path, const struct bus_parts *parts,
		     int64_t bitrate, struct err *err)
{
	const struct bus_driver *d = bus_driver_find("vbus");
	void *options = calloc(1, d->options_size);
	struct conf *conf;
	char text[160];
	int rc;

	snprintf(text, sizeof(text), "{device: %s, bitrate: %d}", path, (int)bitrate);
	assert_int_equal(
		conf_parse(&conf, "rig", BYTES((uint8_t *)text, strlen(text)), NULL), 0);
	assert_int_equal(conf_bind(conf_root(conf), d->items, options, NULL), 0);
	rc = d->open(out, options, parts, clock_real(), err);
	conf_free(conf);
	free(options);
	return rc;
}

static void other_sends(const struct bus_case *c, const struct canframe *f)
{
	struct vbus_case *v = c->more;
	enum bus_result result;
	struct bus_frame out;

	do {
		assert_int_equal(bus_send(v->other, f, 0, &result, NULL), 0);
		if (result == BUS_FULL) /* until one of ours is out */
			assert_int_equal(bus_receive(v->other, &out,
						     clock_now(clock_real()) + NS_PER_MS,
						     &(enum bus_result){ 0 }, NULL),
					 0);
	} while (result == BUS_FULL);
}

static int make(void **state, bool with_pump)
{
	struct vbus_case *v = calloc(1, sizeof(*v));
	struct bus_parts parts = { 0 }, deaf = { .deaf = true };
	struct err err = { 0 };

	assert_non_null(v);
	start_host(v);
	if (with_pump)
		assert_int_equal(pump_new(&v->pump, NULL), 0);
	parts.pump = v->pump;
	if (open_node(&v->c.bus, v->path, &parts, BITRATE, &err) ||
	    open_node(&v->other, v->path, &deaf, 0, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	v->c.other_sends = other_sends;
	v->c.flood = 8000;
	v->c.patience_ns = PATIENCE_NS;
	v->c.more = v;
	*state = &v->c;
	return 0;
}

static int vbus(void **state)
{
	return make(state, false);
}

static int vbus_with_pump(void **state)
{
	return make(state, true);
}

static int end(void **state)
{
	struct vbus_case *v = ((struct bus_case *)*state)->more;

	bus_close(v->c.bus);
	bus_close(v->other);
	pump_free(v->pump);
	stop_host(v);
	free(v);
	return 0;
}

static void a_pump_keeps_frames_while_nobody_receives(void **state)
{
	const struct bus_case *c = *state;
	struct vbus_case *v = c->more;
	struct canframe f = { .id = 1 };
	int64_t give_up = clock_now(clock_real()) + PATIENCE_NS;
	enum bus_result result;
	struct bus_frame got;
	int heard = 0;

	for (int i = 0; i < 8000; i++) {
		c->other_sends(c, &f);
		if (i % 100 == 0)
			pump_sleep_until(v->pump, 0, NULL);
	}
	while (heard < 8000 && clock_now(clock_real()) < give_up) {
		assert_int_equal(bus_receive(c->bus, &got,
					     clock_now(clock_real()) + 10 * NS_PER_MS,
					     &result, NULL),
				 0);
		if (result == BUS_OK) {
			assert_int_equal(got.lost, 0);
			heard++;
		}
	}
	assert_int_equal(heard, 8000);
}

static void a_dead_host_is_an_error_and_no_silence(void **state)
{
	const struct bus_case *c = *state;
	struct vbus_case *v = c->more;
	struct canframe f = { .id = 1 };
	struct err err = { 0 };
	enum bus_result result;
	struct bus_frame got;

	stop_host(v);
	assert_int_equal(bus_receive(c->bus, &got, clock_now(clock_real()) + PATIENCE_NS,
				     &result, &err),
			 ERR_GONE);
	assert_non_null(strstr(err.text, "gone"));
	assert_int_equal(bus_send(c->bus, &f, 0, &result, NULL), ERR_GONE);
	assert_int_equal(bus_flush(c->bus, NULL), ERR_GONE);
}

static void a_wrong_bit_rate_is_refused(void **state)
{
	struct vbus_case *v = ((struct bus_case *)*state)->more;
	struct err err = { 0 };
	struct bus *b;

	assert_int_equal(open_node(&b, v->path, NULL, 250000, &err), ERR_RANGE);
	assert_non_null(strstr(err.text, "1000000 bit/s, not 250000"));
}

static void a_bus_that_is_not_there_is_an_error(void **state)
{
	struct err err = { 0 };
	struct bus *b;

	(void)state;
	assert_int_equal(open_node(&b, "/nonexistent/bus", NULL, 0, &err), ERR_IO);
	assert_non_null(strstr(err.text, "/nonexistent/bus"));
}

static void a_path_has_one_host(void **state)
{
	struct vbus_case *v = ((struct bus_case *)*state)->more;
	struct vbus_server *s;
	struct err err = { 0 };

	assert_int_equal(vbus_server_open(&s, v->path, BITRATE, clock_real(), &err),
			 ERR_IO);
	stop_host(v); /* killed: its socket lies there still, or again */
	assert_int_equal(vbus_server_open(&s, v->path, BITRATE, clock_real(), &err), 0);
	vbus_server_close(s);
	assert_int_not_equal(access(v->path, F_OK), 0);
}

/* Its queue is full and it takes nobody in: connect(2) would wait for ever. */
static void a_host_that_is_stuck_holds_nobody_up(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int host = socket(AF_UNIX, SOCK_SEQPACKET, 0), nodes[8];
	const struct bus_parts parts = { NULL, true };
	struct bus *bus = NULL;
	struct err err = { 0 };
	size_t n = 0;

	(void)state;
	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/vbus-stuck-%d", (int)getpid());
	assert_int_equal(bind(host, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(host, 0), 0);
	for (; n < 8; n++) {
		nodes[n] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
		if (connect(nodes[n], (struct sockaddr *)&at, sizeof(at)))
			break;
	}
	assert_true(n < 8);
	assert_int_equal(open_node(&bus, at.sun_path, &parts, 0, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "takes nobody in"));
	for (size_t i = 0; i <= n; i++)
		close(nodes[i]);
	close(host);
	unlink(at.sun_path);
}

static int raw_node(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void who_sends_nonsense_is_thrown_out_alone(void **state)
{
	static const struct bytes packets[] = {
		BYTES((const uint8_t *)"Z", 1),
		BYTES((const uint8_t *)"S", 1),
		BYTES((const uint8_t *)"X", 1), /* before HELLO */
		BYTES((const uint8_t *)"H\x01", 2),
		BYTES((const uint8_t
			       *)"H\x01\x01 a name that is much longer than allowed",
		      43),
		BYTES((const uint8_t *)"H\x07\x01x", 4),
	};
	const struct bus_case *c = *state;
	struct vbus_case *v = c->more;
	struct canframe f = { .id = 5 };

	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
		int fd = raw_node(v->path);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char room[200];
		ssize_t n = 1;

		assert_true(send(fd, packets[i].data, packets[i].len, 0) > 0);
		while (n > 0) { /* a WELCOME may come first */
			assert_int_equal(poll(&p, 1, 10000), 1);
			n = recv(fd, room, sizeof(room), 0);
		}
		close(fd);
	}
	bus_hears_its_own_frame_when_it_is_out(state);
	c->other_sends(c, &f);
}

static void every_message_comes_back(void **state)
{
	static const enum vbus_type types[] = { VBUS_HELLO,   VBUS_SEND,  VBUS_FLUSH,
						VBUS_WELCOME, VBUS_FRAME, VBUS_STATUS };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct vbus_message m = { .type = types[i],
					  .version = 1,
					  .name = "me",
					  .bitrate = 500000,
					  .depth = 7,
					  .lost = 8,
					  .left = 9,
					  .at_ns = INT64_C(0x123456789abcdef),
					  .frame = { .id = 0x1ff, .len = 2 } };
		uint8_t room[VBUS_MAX_MESSAGE], again_room[VBUS_MAX_MESSAGE];
		struct buf b = BUF_ON(room), again = BUF_ON(again_room);
		struct vbus_message read;

		vbus_encode(&m, &b);
		assert_false(b.failed);
		assert_int_equal(vbus_decode(&read, buf_bytes(&b)), 0);
		vbus_encode(&read, &again);
		assert_true(bytes_equal(buf_bytes(&b), buf_bytes(&again)));
		for (size_t cut = 0; cut < b.len; cut++)
			if (types[i] != VBUS_HELLO || cut < 3)
				assert_int_equal(vbus_decode(&read, BYTES(room, cut)),
						 ERR_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUS_CONTRACT(vbus, end),
		BUS_CONTRACT(vbus_with_pump, end),
		cmocka_unit_test_setup_teardown(a_pump_keeps_frames_while_nobody_receives,
						vbus_with_pump, end),
		cmocka_unit_test_setup_teardown(a_dead_host_is_an_error_and_no_silence,
						vbus, end),
		cmocka_unit_test_setup_teardown(a_wrong_bit_rate_is_refused, vbus, end),
		cmocka_unit_test(a_bus_that_is_not_there_is_an_error),
		cmocka_unit_test(a_host_that_is_stuck_holds_nobody_up),
		cmocka_unit_test_setup_teardown(a_path_has_one_host, vbus, end),
		cmocka_unit_test_setup_teardown(who_sends_nonsense_is_thrown_out_alone,
						vbus, end),
		cmocka_unit_test(every_message_comes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
