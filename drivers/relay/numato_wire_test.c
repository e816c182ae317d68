#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/err.h"
#include "drivers/relay/numato_wire.h"

static void commands_are_the_published_text(void **state)
{
	char out[NUMATO_COMMAND_MAX];

	(void)state;
	assert_int_equal(numato_build_set(out, 1, true), (int)strlen("relay on 0\r"));
	assert_string_equal(out, "relay on 0\r");
	numato_build_set(out, 11, false);
	assert_string_equal(out, "relay off A\r");
	numato_build_set(out, 32, true);
	assert_string_equal(out, "relay on V\r");
	numato_build_write_all(out, 4, 0xa);
	assert_string_equal(out, "relay writeall 0a\r");
	numato_build_write_all(out, 32, 0xffffffff);
	assert_string_equal(out, "relay writeall ffffffff\r");
	numato_build_read_all(out);
	assert_string_equal(out, "relay readall\r");
	numato_build_input(out, 3);
	assert_string_equal(out, "gpio read 2\r");
}

static void what_no_module_has_is_refused(void **state)
{
	char out[NUMATO_COMMAND_MAX];

	(void)state;
	assert_int_equal(numato_build_set(out, 0, true), ERR_RANGE);
	assert_int_equal(numato_build_set(out, 33, true), ERR_RANGE);
	assert_int_equal(numato_build_input(out, 33), ERR_RANGE);
	assert_int_equal(numato_build_write_all(out, 4, 0x10), ERR_RANGE);
	assert_int_equal(numato_build_write_all(out, 33, 0), ERR_RANGE);
}

static int word_of(const char *reply, const char *command, char out[NUMATO_COMMAND_MAX])
{
	struct numato_reply r = { 0 };
	bool done = false;

	for (const char *s = reply; *s && !done; s++)
		done = numato_reply_feed(&r, (uint8_t)*s);
	assert_true(done);
	return numato_reply_word(&r, command, out);
}

static void an_answer_is_the_word_behind_the_echo(void **state)
{
	char word[NUMATO_COMMAND_MAX];

	(void)state;
	assert_int_equal(word_of("relay read 0\n\ron\n\r>", "relay read 0\r", word), 0);
	assert_string_equal(word, "on");
	assert_int_equal(word_of("relay on 0\n\r>", "relay on 0\r", word), 0);
	assert_string_equal(word, "");
	/* the prompt before it, from a line that was ended */
	assert_int_equal(word_of("\r\nrelay readall\r\n0f\r\n>", "relay readall\r", word),
			 0);
	assert_string_equal(word, "0f");
}

static void anything_else_is_no_answer(void **state)
{
	char word[NUMATO_COMMAND_MAX], flood[200];

	(void)state;
	assert_int_equal(word_of("relay read 1\n\ron\n\r>", "relay read 0\r", word),
			 ERR_FORMAT);
	assert_int_equal(word_of("relay read 01\n\ron\n\r>", "relay read 0\r", word),
			 ERR_FORMAT);
	assert_int_equal(
		word_of("relay read 0\n\rno such command\n\r>", "relay read 0\r", word),
		ERR_FORMAT);
	assert_int_equal(word_of(">", "relay read 0\r", word), ERR_FORMAT);
	memset(flood, ' ', sizeof(flood));
	memcpy(flood, "relay on 0\n\r", 12);
	strcpy(flood + sizeof(flood) - 2, ">");
	assert_int_equal(word_of(flood, "relay on 0\r", word), ERR_FORMAT);
}

static void a_state_has_as_many_digits_as_the_channels_need(void **state)
{
	uint32_t is = 0;

	(void)state;
	assert_int_equal(numato_parse_state("0a", 4, &is), 0);
	assert_int_equal(is, 10);
	assert_int_equal(numato_parse_state("FFFF", 16, &is), 0);
	assert_int_equal(is, 0xffff);
	assert_int_equal(numato_parse_state("80000001", 32, &is), 0);
	assert_int_equal(is, 0x80000001);
	assert_int_equal(numato_parse_state("a", 4, &is), ERR_FORMAT);
	assert_int_equal(numato_parse_state("0a0", 4, &is), ERR_FORMAT);
	assert_int_equal(numato_parse_state("0g", 4, &is), ERR_FORMAT);
	assert_int_equal(numato_parse_state("", 4, &is), ERR_FORMAT);
	assert_int_equal(numato_parse_state("10", 4, &is), ERR_RANGE);
}

static void a_single_bit_is_said_in_two_ways(void **state)
{
	bool on = false;

	(void)state;
	assert_int_equal(numato_parse_bit("on", &on), 0);
	assert_true(on);
	assert_int_equal(numato_parse_bit("0", &on), 0);
	assert_false(on);
	assert_int_equal(numato_parse_bit("1", &on), 0);
	assert_true(on);
	assert_int_equal(numato_parse_bit("off", &on), 0);
	assert_false(on);
	assert_int_equal(numato_parse_bit("", &on), ERR_FORMAT);
	assert_int_equal(numato_parse_bit("10", &on), ERR_FORMAT);
}

static enum numato_heard hear(const char *line, struct numato_command *c)
{
	struct numato_shell s = { 0 };
	enum numato_heard h = NUMATO_NOTHING;

	for (; *line; line++) {
		assert_int_equal(h, NUMATO_NOTHING);
		h = numato_hear(&s, (uint8_t)*line, c);
	}
	return h;
}

static void the_module_hears_what_it_is_sent(void **state)
{
	char out[NUMATO_COMMAND_MAX];
	struct numato_command c;

	(void)state;
	for (int i = 1; i <= NUMATO_MAX_CHANNELS; i++) {
		numato_build_set(out, i, i & 1);
		assert_int_equal(hear(out, &c), NUMATO_SET);
		assert_int_equal(c.channel, i);
		assert_int_equal(c.on, i & 1);
		numato_build_input(out, i);
		assert_int_equal(hear(out, &c), NUMATO_INPUT);
		assert_int_equal(c.channel, i);
	}
	numato_build_write_all(out, 12, 0x801);
	assert_int_equal(hear(out, &c), NUMATO_WRITE_ALL);
	assert_int_equal(c.state, 0x801);
	assert_int_equal(hear("relay readall\r", &c), NUMATO_READ_ALL);
	assert_int_equal(hear("relay read 3\r", &c), NUMATO_READ);
	assert_int_equal(c.channel, 4);
}

static void other_lines_do_nothing_and_are_echoed(void **state)
{
	static const char *const lines[] = { "\r",
					     "relay on\r",
					     "relay on 00\r",
					     "relay on W\r",
					     "relay writeall \r",
					     "relay writeall 1g\r",
					     "relay writeall 123456789\r",
					     "reset\r" };
	struct numato_command c;
	char reply[NUMATO_REPLY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_int_equal(hear(lines[i], &c), NUMATO_OTHER);
		assert_int_equal(strlen(c.text), strlen(lines[i]) - 1);
	}
	assert_int_equal(
		hear("relay on 0 relay on 0 relay on 0 relay on 0 relay on 0\r", &c),
		NUMATO_OTHER);
	assert_int_equal(numato_say(reply, "x", ""), (int)strlen("x\n\r>"));
	assert_string_equal(reply, "x\n\r>");
	numato_say(reply, "relay read 0", "off");
	assert_string_equal(reply, "relay read 0\n\roff\n\r>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_the_published_text),
		cmocka_unit_test(what_no_module_has_is_refused),
		cmocka_unit_test(an_answer_is_the_word_behind_the_echo),
		cmocka_unit_test(anything_else_is_no_answer),
		cmocka_unit_test(a_state_has_as_many_digits_as_the_channels_need),
		cmocka_unit_test(a_single_bit_is_said_in_two_ways),
		cmocka_unit_test(the_module_hears_what_it_is_sent),
		cmocka_unit_test(other_lines_do_nothing_and_are_echoed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
