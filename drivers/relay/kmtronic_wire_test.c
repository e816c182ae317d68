#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/core/err.h"
#include "drivers/relay/kmtronic_wire.h"

static void commands_are_the_published_bytes(void **state)
{
	static const uint8_t on1[] = { 0xff, 0x01, 0x01 }, off8[] = { 0xff, 0x08, 0x00 };
	static const uint8_t ask2[] = { 0xff, 0x02, 0x03 }, all[] = { 0xff, 0x09, 0x00 };
	uint8_t out[3];

	(void)state;
	assert_int_equal(kmtronic_build(out, 1, true), 3);
	assert_memory_equal(out, on1, 3);
	assert_int_equal(kmtronic_build(out, 8, false), 3);
	assert_memory_equal(out, off8, 3);
	assert_int_equal(kmtronic_ask_one(out, 2), 3);
	assert_memory_equal(out, ask2, 3);
	assert_int_equal(kmtronic_ask_all(out), 3);
	assert_memory_equal(out, all, 3);
}

static void a_channel_no_board_has_is_refused(void **state)
{
	uint8_t out[3];

	(void)state;
	/* 9 would be the question for all of them */
	assert_int_equal(kmtronic_build(out, 9, false), ERR_RANGE);
	assert_int_equal(kmtronic_build(out, 0, true), ERR_RANGE);
	assert_int_equal(kmtronic_ask_one(out, 3), ERR_RANGE);
	assert_int_equal(kmtronic_ask_one(out, 0), ERR_RANGE);
}

static void an_answer_is_about_the_channel_that_was_asked(void **state)
{
	static const uint8_t on2[] = { 0xff, 0x02, 0x01 }, bad[] = { 0xff, 0x02, 0x02 };
	static const uint8_t other[] = { 0x00, 0x02, 0x01 };
	bool on = false;

	(void)state;
	assert_int_equal(kmtronic_parse_one(on2, 2, &on), 0);
	assert_true(on);
	assert_int_equal(kmtronic_parse_one(on2, 1, &on), ERR_FORMAT);
	assert_int_equal(kmtronic_parse_one(bad, 2, &on), ERR_FORMAT);
	assert_int_equal(kmtronic_parse_one(other, 2, &on), ERR_FORMAT);
	assert_int_equal(kmtronic_parse_state(2, &on), ERR_FORMAT);
	assert_int_equal(kmtronic_parse_state(0, &on), 0);
	assert_false(on);
}

/* The last thing heard in @bytes, and how many. */
static enum kmtronic_heard hear(const uint8_t *bytes, size_t len,
				struct kmtronic_command *last, int *count)
{
	struct kmtronic_parser p = { 0 };
	enum kmtronic_heard heard = KMTRONIC_NOTHING;

	*count = 0;
	for (size_t i = 0; i < len; i++) {
		struct kmtronic_command c;
		enum kmtronic_heard h = kmtronic_feed(&p, bytes[i], &c);

		if (h == KMTRONIC_NOTHING)
			continue;
		*last = c;
		heard = h;
		++*count;
	}
	return heard;
}

static void the_board_hears_what_it_is_sent(void **state)
{
	struct kmtronic_command c = { 0 };
	uint8_t out[3];
	int count;

	(void)state;
	for (int channel = 1; channel <= KMTRONIC_MAX_CHANNELS; channel++)
		for (int on = 0; on <= 1; on++) {
			kmtronic_build(out, channel, on);
			assert_int_equal(hear(out, 3, &c, &count), KMTRONIC_SET);
			assert_int_equal(c.channel, channel);
			assert_int_equal(c.on, on);
		}
	kmtronic_ask_one(out, 2);
	assert_int_equal(hear(out, 3, &c, &count), KMTRONIC_ASKED_ONE);
	assert_int_equal(c.channel, 2);
	kmtronic_ask_all(out);
	assert_int_equal(hear(out, 3, &c, &count), KMTRONIC_ASKED_ALL);
}

static void the_board_finds_a_command_behind_noise(void **state)
{
	static const uint8_t torn[] = { 0x01, 0xff, 0x02, 0xff, 0x01, 0x01 };
	static const uint8_t odd[] = { 0xff, 0x0a, 0x01, 0xff, 0x01, 0x02, 0x01 };
	struct kmtronic_command c = { 0 };
	int count;

	(void)state;
	assert_int_equal(hear(torn, sizeof(torn), &c, &count), KMTRONIC_SET);
	assert_int_equal(count, 1);
	assert_int_equal(c.channel, 1);
	assert_int_equal(hear(odd, sizeof(odd), &c, &count), KMTRONIC_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_the_published_bytes),
		cmocka_unit_test(a_channel_no_board_has_is_refused),
		cmocka_unit_test(an_answer_is_about_the_channel_that_was_asked),
		cmocka_unit_test(the_board_hears_what_it_is_sent),
		cmocka_unit_test(the_board_finds_a_command_behind_noise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
