#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/err.h"
#include "drivers/relay/lcus_wire.h"

static void commands_are_the_published_bytes(void **state)
{
	static const uint8_t on1[] = { 0xa0, 0x01, 0x01, 0xa2 };
	static const uint8_t off1[] = { 0xa0, 0x01, 0x00, 0xa1 };
	uint8_t out[4];

	(void)state;
	assert_int_equal(lcus_build(out, 1, true), 4);
	assert_memory_equal(out, on1, 4);
	assert_int_equal(lcus_build(out, 1, false), 4);
	assert_memory_equal(out, off1, 4);
}

static void a_channel_no_board_has_is_refused(void **state)
{
	uint8_t out[4];

	(void)state;
	assert_int_equal(lcus_build(out, 0, true), ERR_RANGE);
	assert_int_equal(lcus_build(out, 9, true), ERR_RANGE);
}

/* Feeds all of it; how many commands and questions were heard, the last command in @last. */
static int feed(struct lcus_parser *p, const void *bytes, size_t len,
		struct lcus_command *last, int *asked)
{
	int sets = 0;

	for (size_t i = 0; i < len; i++) {
		enum lcus_heard h = lcus_feed(p, ((const uint8_t *)bytes)[i], last);

		sets += h == LCUS_SET;
		*asked += h == LCUS_ASKED;
	}
	return sets;
}

static void the_board_hears_every_command_it_is_sent(void **state)
{
	struct lcus_parser p = { 0 };
	struct lcus_command c = { 0 };
	int asked = 0;

	(void)state;
	for (int channel = 1; channel <= 8; channel++) {
		for (int on = 0; on <= 1; on++) {
			uint8_t out[4];

			lcus_build(out, channel, on);
			assert_int_equal(feed(&p, out, 4, &c, &asked), 1);
			assert_int_equal(c.channel, channel);
			assert_int_equal(c.on, on);
		}
	}
	assert_int_equal(asked, 0);
}

static void the_board_finds_a_command_behind_noise(void **state)
{
	static const uint8_t noise[] = { 0x00, 0xa0, 0xa0, 0x02, 0x01, 0xa3 };
	static const uint8_t torn[] = { 0xa0, 0x01, 0xa0, 0x01, 0x01, 0xa2 };
	struct lcus_parser p = { 0 };
	struct lcus_command c = { 0 };
	int asked = 0;

	(void)state;
	assert_int_equal(feed(&p, noise, sizeof(noise), &c, &asked), 1);
	assert_int_equal(c.channel, 2);
	assert_int_equal(feed(&p, torn, sizeof(torn), &c, &asked), 1);
	assert_int_equal(c.channel, 1);
	assert_int_equal(asked, 0);
}

static void a_wrong_sum_switches_nothing(void **state)
{
	static const uint8_t wrong[] = { 0xa0, 0x01, 0x01, 0xa3 };
	static const uint8_t odd[] = { 0xa0, 0x01, 0x02, 0xa3 };
	struct lcus_parser p = { 0 };
	struct lcus_command c = { 0 };
	int asked = 0;

	(void)state;
	assert_int_equal(feed(&p, wrong, 4, &c, &asked), 0);
	assert_int_equal(feed(&p, odd, 4, &c, &asked), 0);
}

static void a_question_is_one_byte(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0xa0, 0x01, 0x01, 0xa2, 0xff };
	struct lcus_parser p = { 0 };
	struct lcus_command c = { 0 };
	int asked = 0;

	(void)state;
	assert_int_equal(feed(&p, bytes, sizeof(bytes), &c, &asked), 1);
	assert_int_equal(asked, 2);
}

static void no_bytes_overrun_the_parser(void **state)
{
	struct lcus_parser p = { 0 };
	struct lcus_command c = { 0 };
	uint32_t x = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		x = x * 1664525 + 1013904223;
		/* starts and sums are likelier than chance would have it */
		lcus_feed(&p,
			  x >> 30 ? (uint8_t)(0xa0 + (x >> 8 & 3)) : (uint8_t)(x >> 16),
			  &c);
		assert_in_range(p.len, 0, 3);
	}
}

static void the_boards_word_is_understood(void **state)
{
	char line[LCUS_LINE_MAX];
	int channel = 0;
	bool on = false;

	(void)state;
	for (int i = 1; i <= 8; i++) {
		int len = lcus_status_line(line, i, i & 1);

		assert_int_equal(len, (int)strlen(line));
		assert_int_equal(lcus_parse_status(line, &channel, &on), 0);
		assert_int_equal(channel, i);
		assert_int_equal(on, i & 1);
	}
	assert_int_equal(lcus_parse_status("CH3:OFF", &channel, &on), 0);
	assert_int_equal(channel, 3);
	assert_false(on);
}

static void anything_else_is_not_understood(void **state)
{
	static const char *const bad[] = {
		"",       "CH",       "CH: ON",  "CH1 ON",
		"CH1: O", "CH1: ONE", "XH1: ON", "CH1: OFFLINE"
	};
	int channel = 77;
	bool on;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(lcus_parse_status(bad[i], &channel, &on), ERR_FORMAT);
	assert_int_equal(lcus_parse_status("CH9: ON", &channel, &on), ERR_RANGE);
	assert_int_equal(lcus_parse_status("CH99999999999: ON", &channel, &on),
			 ERR_RANGE);
	assert_int_equal(channel, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_the_published_bytes),
		cmocka_unit_test(a_channel_no_board_has_is_refused),
		cmocka_unit_test(the_board_hears_every_command_it_is_sent),
		cmocka_unit_test(the_board_finds_a_command_behind_noise),
		cmocka_unit_test(a_wrong_sum_switches_nothing),
		cmocka_unit_test(a_question_is_one_byte),
		cmocka_unit_test(no_bytes_overrun_the_parser),
		cmocka_unit_test(the_boards_word_is_understood),
		cmocka_unit_test(anything_else_is_not_understood),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
