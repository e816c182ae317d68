#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/core/pump.h"
#include "drivers/can/cyclic.h"
#include "drivers/can/vbus_server.h"

/*
 * A virtual bus in this process' own pump: what the helper sends is heard with the model's stamps, so nothing
 * here depends on when anybody wakes up.
 */
#define BITRATE 500000
#define MAX_HEARD 20000

struct bench {
	struct pump *pump;
	struct vbus_server *server;
	struct cyclic *cyclic;
	void *options;
	struct conf *conf;
	char path[64];
	int tick;
	struct canbus_heard heard[MAX_HEARD];
	int count;
};

static void hear(void *ctx, const struct canbus_heard *h)
{
	struct bench *b = ctx;

	if (b->count < MAX_HEARD)
		b->heard[b->count++] = *h;
}

static void on_bus(void *ctx, int fd)
{
	(void)fd;
	vbus_server_run(((struct bench *)ctx)->server);
}

static void on_tick(void *ctx)
{
	vbus_server_run(((struct bench *)ctx)->server);
}

static int begin(void **state)
{
	const struct bus_driver *d = bus_driver_find("vbus");
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = { 0 };
	char text[100];

	assert_non_null(b);
	snprintf(b->path, sizeof(b->path), "/tmp/cyclic-test-%d", (int)getpid());
	assert_int_equal(pump_new(&b->pump, NULL), 0);
	assert_int_equal(
		vbus_server_open(&b->server, b->path, BITRATE, clock_real(), &err), 0);
	assert_true(canbus_attach(vbus_server_model(b->server), hear, b) >= 0);
	assert_int_equal(pump_watch(b->pump, vbus_server_fd(b->server), on_bus, b), 0);
	b->tick = pump_every(b->pump, NS_PER_MS, on_tick, b);
	snprintf(text, sizeof(text), "{device: %s}", b->path);
	b->options = calloc(1, d->options_size);
	assert_int_equal(
		conf_parse(&b->conf, "rig", BYTES((uint8_t *)text, strlen(text)), NULL),
		0);
	assert_int_equal(conf_bind(conf_root(b->conf), d->items, b->options, NULL), 0);
	if (cyclic_start(&b->cyclic, d, b->options, b->pump, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	cyclic_end(b->cyclic);
	pump_stop(b->pump, b->tick);
	vbus_server_close(b->server);
	pump_free(b->pump);
	conf_free(b->conf);
	free(b->options);
	free(b);
	return 0;
}

static void let_pass(struct bench *b, int64_t ns)
{
	assert_int_equal(pump_sleep_until(b->pump, clock_now(clock_real()) + ns, NULL),
			 0);
}

/* Turn until @count frames of @id were heard, with all the patience. */
static int await(struct bench *b, uint32_t id, int count)
{
	int64_t give_up = clock_now(clock_real()) + 20 * NS_PER_S;
	int n = 0;

	while (n < count && clock_now(clock_real()) < give_up) {
		let_pass(b, 5 * NS_PER_MS);
		n = 0;
		for (int i = 0; i < b->count; i++)
			n += b->heard[i].frame.id == id;
	}
	return n;
}

static void periods_do_not_drift(void **state)
{
	struct bench *b = *state;
	struct canframe f = { .id = 0x200, .len = 8 };
	int64_t first = clock_now(clock_real()) + NS_PER_S; /* well ahead of any hiccup */
	int n = 0, on_time = 0;

	assert_int_equal(cyclic_add(b->cyclic, &f, 10 * NS_PER_MS, first, NULL), 0);
	assert_true(await(b, 0x200, 30) >= 30);
	for (int i = 0; i < b->count; i++) {
		int64_t due = first + n++ * 10 * NS_PER_MS;

		assert_true(b->heard[i].start_ns >= due); /* never early */
		on_time += b->heard[i].start_ns == due;
	}
	/* handed over 100 ms ahead: to the nanosecond, but for what a stalled machine delays */
	assert_true(on_time > 0);
}

static void a_replay_goes_out_at_its_times(void **state)
{
	struct bench *b = *state;
	struct replay_frame frames[40];
	const struct replay r = { frames, 40 };
	int64_t first = clock_now(clock_real()) + NS_PER_S; /* well ahead of any hiccup */
	struct cyclic_count count;
	int on_time = 0;

	for (int i = 0; i < 40; i++)
		frames[i] = (struct replay_frame){ i * (i + 1) / 2 * NS_PER_MS,
						   { .id = 0x300, .len = 1 } };
	assert_int_equal(cyclic_replay(b->cyclic, &r, first, NULL), 0);
	assert_int_equal(await(b, 0x300, 40), 40);
	for (int i = 0; i < 40; i++) {
		int64_t due = first + frames[i].after_ns;

		assert_true(b->heard[i].start_ns >= due);
		on_time += b->heard[i].start_ns == due;
	}
	assert_true(on_time > 0);
	assert_int_equal(cyclic_stop(b->cyclic, &count, NULL, NULL), 0);
	assert_int_equal(count.sent, 40);
	assert_int_equal(count.unsent, 0);
	/* once is once */
	let_pass(b, 50 * NS_PER_MS);
	assert_int_equal(b->count, 40);
}

static void what_a_stop_leaves_of_a_replay_is_counted(void **state)
{
	struct bench *b = *state;
	struct replay_frame frames[3] = { { 0, { .id = 0x300, .len = 1 } },
					  { 3600 * NS_PER_S, { .id = 0x301 } },
					  { 3600 * NS_PER_S, { .id = 0x302 } } };
	const struct replay r = { frames, 3 };
	struct cyclic_count count;

	assert_int_equal(cyclic_replay(b->cyclic, &r, clock_now(clock_real()), NULL), 0);
	assert_int_equal(await(b, 0x300, 1), 1);
	assert_int_equal(cyclic_stop(b->cyclic, &count, NULL, NULL), 0);
	assert_int_equal(count.sent, 1);
	assert_int_equal(count.unsent, 2);
	assert_int_equal(cyclic_stop(b->cyclic, &count, NULL, NULL), 0);
	assert_int_equal(count.unsent, 0);
}

static void a_replay_of_nothing_is_refused(void **state)
{
	struct bench *b = *state;
	const struct replay none = { 0 };

	assert_int_equal(cyclic_replay(b->cyclic, &none, 0, NULL), ERR_RANGE);
}

static void a_stop_takes_back_what_was_handed_over(void **state)
{
	struct bench *b = *state;
	struct canframe f = { .id = 0x200, .len = 8 };
	struct cyclic_count count, load;
	int heard;

	assert_int_equal(
		cyclic_add(b->cyclic, &f, NS_PER_MS, clock_now(clock_real()), NULL), 0);
	await(b, 0x200, 20);
	assert_int_equal(cyclic_stop(b->cyclic, &count, &load, NULL), 0);
	let_pass(b, 20 * NS_PER_MS); /* what was on the wire */
	heard = b->count;
	assert_true(count.sent >= 20);
	assert_int_equal(load.sent, 0);
	let_pass(b, 2 * CYCLIC_AHEAD_NS);
	assert_int_equal(b->count, heard);
	assert_int_equal(cyclic_stop(b->cyclic, &count, NULL, NULL), 0);
	assert_int_equal(count.sent, 0);
}

static void a_new_frame_of_the_same_identifier_takes_over(void **state)
{
	struct bench *b = *state;
	struct canframe f = { .id = 0x200, .len = 1 };
	int64_t now = clock_now(clock_real());

	assert_int_equal(cyclic_add(b->cyclic, &f, 5 * NS_PER_MS, now, NULL), 0);
	await(b, 0x200, 5);
	f.data[0] = 7;
	assert_int_equal(cyclic_add(b->cyclic, &f, 5 * NS_PER_MS,
				    clock_now(clock_real()) + 200 * NS_PER_MS, NULL),
			 0);
	for (int i = 0; i < 1000 && b->heard[b->count - 1].frame.data[0] != 7; i++)
		let_pass(b, 10 * NS_PER_MS);
	b->count = 0;
	await(b, 0x200, 5);
	for (int i = 0; i < b->count; i++)
		assert_int_equal(b->heard[i].frame.data[0], 7);
}

/* The longest that a frame of identifier 0x400, sent every 3 ms, waits and travels: model time. */
static int64_t worst_under_load(void **state, int percent)
{
	struct bench *b = *state;
	struct canframe f = { .id = 0x400, .len = 8 }, noise = { .id = 0x001, .len = 8 };
	int64_t now = clock_now(clock_real()) + 50 * NS_PER_MS, worst = 0;
	int64_t each = canframe_time_ns(canframe_bits(&noise), BITRATE);

	b->count = 0;
	if (percent)
		assert_int_equal(
			cyclic_load(b->cyclic, &noise, each * 100 / percent, now, NULL),
			0);
	/* not in step with the load */
	assert_int_equal(
		cyclic_add(b->cyclic, &f, 3 * NS_PER_MS + 7777, now + 1234, NULL), 0);
	assert_true(await(b, 0x400, 60) >= 60);
	assert_int_equal(cyclic_stop(b->cyclic, NULL, NULL, NULL), 0);
	for (int i = 0; i < b->count; i++) {
		int64_t took = b->heard[i].end_ns - b->heard[i].ready_ns;

		if (b->heard[i].frame.id == 0x400 && took > worst)
			worst = took;
	}
	let_pass(b, 50 * NS_PER_MS);
	return worst;
}

static void load_delays_frames_in_model_time(void **state)
{
	struct canframe f = { .id = 0x400, .len = 8 };
	int64_t alone =
		canframe_time_ns(canframe_bits(&f) - CANFRAME_INTERFRAME_BITS, BITRATE);

	assert_int_equal(worst_under_load(state, 0), alone);
	assert_true(worst_under_load(state, 90) > alone + 100 * NS_PER_US);
}

static void a_helper_that_dies_is_an_error(void **state)
{
	struct bench *b = *state;
	struct canframe f = { .id = 1 };
	struct err err = { 0 };

	pump_unwatch(b->pump, vbus_server_fd(b->server));
	pump_stop(b->pump, b->tick);
	vbus_server_close(b->server);
	b->server = NULL;
	for (int i = 0; i < 1000; i++) { /* until it has noticed */
		if (cyclic_add(b->cyclic, &f, NS_PER_MS, 0, &err))
			break;
		clock_real()->sleep_until(clock_real(),
					  clock_now(clock_real()) + 10 * NS_PER_MS);
	}
	assert_int_equal(err.code, ERR_GONE);
	assert_non_null(strstr(err.text, "cyclic sender"));
	pump_free(b->pump);
	assert_int_equal(pump_new(&b->pump, NULL),
			 0); /* the old one watched the server */
	b->tick = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(periods_do_not_drift, begin, end),
		cmocka_unit_test_setup_teardown(a_stop_takes_back_what_was_handed_over,
						begin, end),
		cmocka_unit_test_setup_teardown(
			a_new_frame_of_the_same_identifier_takes_over, begin, end),
		cmocka_unit_test_setup_teardown(load_delays_frames_in_model_time, begin,
						end),
		cmocka_unit_test_setup_teardown(a_helper_that_dies_is_an_error, begin,
						end),
		cmocka_unit_test_setup_teardown(a_replay_goes_out_at_its_times, begin,
						end),
		cmocka_unit_test_setup_teardown(what_a_stop_leaves_of_a_replay_is_counted,
						begin, end),
		cmocka_unit_test_setup_teardown(a_replay_of_nothing_is_refused, begin,
						end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
