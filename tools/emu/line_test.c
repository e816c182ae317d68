#include "tools/emu/chip.h"

#include "tools/emu/card.h"
#include "bench/core/wire/pn53x.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A chip on a real pseudo-terminal and its clients, all in this process: what the world
 * does is looked at every millisecond.
 */
#define LOOK_NS NS_PER_MS
#define PATIENCE_NS (20 * NS_PER_S)

struct scene {
	struct world *world;
	struct line line;
	struct air air;
	struct chip *chip;
	struct fault fault;
	struct timer look;
	int64_t give_up_ns;
	bool (*over)(struct scene *s);
	int client;
	uint8_t heard[64];
	size_t heard_len;
	bool hung_up;
};

static const uint8_t wake_and_ask[] = { 0x55, 0x55, 0x00, 0x00, 0x00, 0xff, 0x03,
					0xfd, 0xd4, 0x14, 0x01, 0x17, 0x00 };
static const uint8_t answered[] = { 0x00, 0x00, 0xff, 0x00, 0xff, 0x00, 0x00, 0x00,
				    0xff, 0x02, 0xfe, 0xd5, 0x15, 0x16, 0x00 };

static void look(void *ctx)
{
	struct scene *s = ctx;
	ssize_t n = s->client < 0 ? -1
				  : read(s->client, s->heard + s->heard_len,
					 sizeof(s->heard) - s->heard_len);

	if (n > 0)
		s->heard_len += (size_t)n;
	s->hung_up = s->client >= 0 && (n == 0 || (n < 0 && errno == EIO));
	if (s->over(s) || world_now(s->world) > s->give_up_ns)
		world_stop(s->world);
	else
		timer_set(s->world, &s->look, world_now(s->world) + LOOK_NS);
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct chip_options options = { .name = "reader0", .fault_count = 1 };

	assert_non_null(s);
	assert_int_equal(world_new(&s->world, clock_real(), 1, NULL, NULL), 0);
	assert_int_equal(line_open(&s->line, s->world, "reader0", 115200, NULL), 0);
	air_init(&s->air, s->world, AIRTIME_FDT_CARD);
	s->fault.device = -1;
	options.faults = &s->fault;
	assert_int_equal(chip_new(&s->chip, s->world, &s->line, &s->air, &options, NULL),
			 0);
	s->look.fn = look;
	s->look.ctx = s;
	s->client = -1;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	if (s->client >= 0)
		close(s->client);
	chip_free(s->chip);
	line_close(&s->line);
	world_free(s->world);
	free(s);
	return 0;
}

/* Let the world run until @over. */
static void run(struct scene *s, bool (*over)(struct scene *s))
{
	s->over = over;
	s->give_up_ns = world_now(s->world) + PATIENCE_NS;
	timer_set(s->world, &s->look, world_now(s->world));
	assert_int_equal(world_run(s->world, NULL), 0);
}

static void come(struct scene *s)
{
	s->client = open(s->line.path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(s->client >= 0);
	s->heard_len = 0;
}

static void say(struct scene *s, const uint8_t *bytes, size_t len)
{
	assert_int_equal(write(s->client, bytes, len), len);
}

static bool heard_answer(struct scene *s)
{
	return s->heard_len >= sizeof(answered);
}

static bool is_hung_up(struct scene *s)
{
	return s->hung_up;
}

static bool one_client(struct scene *s)
{
	return s->line.clients == 1;
}

static bool no_client(struct scene *s)
{
	return s->line.clients == 0;
}

static void a_client_asks_and_is_answered(void **state)
{
	struct scene *s = *state;

	come(s);
	say(s, wake_and_ask, sizeof(wake_and_ask));
	run(s, heard_answer);
	assert_int_equal(s->heard_len, sizeof(answered));
	assert_memory_equal(s->heard, answered, sizeof(answered));
}

static void a_device_that_hangs_up_is_gone_for_its_client(void **state)
{
	struct scene *s = *state;

	s->fault = (struct fault){ .command = 1, .what = FAULT_HANG_UP };
	come(s);
	run(s, one_client);
	say(s, wake_and_ask, sizeof(wake_and_ask));
	run(s, is_hung_up);
	assert_true(s->hung_up);
	assert_int_equal(s->heard_len, 0);
}

static void what_a_client_leaves_behind_is_not_the_next_ones(void **state)
{
	struct scene *s = *state;

	for (int half = 1; half < (int)sizeof(wake_and_ask); half += 3) {
		come(s);
		run(s, one_client);
		say(s, wake_and_ask, (size_t)half);
		close(s->client);
		s->client = -1;
		run(s, no_client);
		assert_int_equal(s->line.clients, 0);
		come(s);
		run(s, one_client);
		say(s, wake_and_ask, sizeof(wake_and_ask));
		run(s, heard_answer);
		assert_int_equal(s->heard_len, sizeof(answered));
		assert_memory_equal(s->heard, answered, sizeof(answered));
		close(s->client);
		s->client = -1;
		run(s, no_client);
	}
}

/* Two openings close together may reach the desk as one. */
static void clients_are_never_fewer_than_none(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 5; i++) {
		int a = open(s->line.path, O_RDWR | O_NOCTTY);
		int b = open(s->line.path, O_RDWR | O_NOCTTY);

		assert_true(a >= 0 && b >= 0);
		close(a);
		close(b);
		run(s, no_client);
	}
	come(s);
	run(s, one_client);
	assert_int_equal(s->line.clients, 1);
}

/* Nothing that a host does not read may hold the desk up. */
static void a_client_that_never_reads_does_not_hold_the_desk_up(void **state)
{
	struct scene *s = *state;

	come(s);
	run(s, one_client);
	for (int i = 0; i < 2000; i++)
		line_send(&s->line, BYTES_OF(answered), world_now(s->world));
	assert_true(write(s->client, wake_and_ask, sizeof(wake_and_ask)) > 0);
	for (int i = 0; i < 2000; i++) {
		line_send(&s->line, BYTES_OF(answered), 0);
		world_advance(s->world, world_now(s->world) + 10 * NS_PER_MS);
	}
	close(s->client);
	s->client = -1;
	run(s, no_client);
	assert_int_equal(s->line.clients, 0);
}

#define LINE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static bool has_sent(struct scene *s)
{
	return !s->line.queued;
}

/*
 * The machine held us up for five seconds: of a message that is due since then nobody
 * else could tell.
 */
static void what_is_written_late_is_in_the_truth_log(void **state)
{
	struct scene s = { .client = -1 };
	char path[] = "/tmp/line_test.XXXXXX", text[4096];
	int fd = mkstemp(path);
	struct truth *truth;
	int64_t now;
	ssize_t n;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(truth_open(&truth, path, NULL), 0);
	assert_int_equal(world_new(&s.world, clock_real(), 1, truth, NULL), 0);
	assert_int_equal(line_open(&s.line, s.world, "late0", 115200, NULL), 0);
	s.look.fn = look;
	s.look.ctx = &s;
	now = world_clock(s.world);
	line_send(&s.line, BYTES((const uint8_t *)"x", 1), now - 5 * NS_PER_S);
	run(&s, has_sent);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "\"what\":\"line_late\",\"device\":\"late0\","
				     "\"dir\":\"out\",\"late_ns\":"));
	assert_true(atoll(strstr(text, "late_ns\":") + 9) >= 49 * NS_PER_S / 10);
	line_close(&s.line);
	world_free(s.world);
	truth_close(truth);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE_TEST(a_client_asks_and_is_answered),
		LINE_TEST(a_device_that_hangs_up_is_gone_for_its_client),
		LINE_TEST(what_a_client_leaves_behind_is_not_the_next_ones),
		LINE_TEST(clients_are_never_fewer_than_none),
		LINE_TEST(a_client_that_never_reads_does_not_hold_the_desk_up),
		cmocka_unit_test(what_is_written_late_is_in_the_truth_log),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
