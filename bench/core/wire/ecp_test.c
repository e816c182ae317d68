#include "bench/core/wire/ecp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bench/core/err.h"

static int parse(struct ecp *e, const char *hex)
{
	uint8_t data[64];
	int len = hex_parse(hex, data, sizeof(data));

	assert_true(len >= 0);
	return ecp_parse(e, BYTES(data, (size_t)len));
}

/* Source: public traces and the notes named in ecp.h */
static void frames_that_readers_send_are_read_and_made_again(void **state)
{
	static const char *const frames[] = {
		"6a01000000",
		"6a01cf0000",
		"6a02c00002",
		"6a02c3020002ffff",
		"6a02c30201010201",
		"6a02cb02050102010011223344556677",
		"6a02cb0206021100deadbeefdeadbeef",
		"6a02c801000300027900000000",
	};
	uint8_t mem[ECP_MAX_FRAME];
	char text[2 * ECP_MAX_FRAME + 1];
	struct ecp e;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		struct buf b = BUF_ON(mem);

		assert_int_equal(parse(&e, frames[i]), 0);
		ecp_build(&b, &e);
		assert_false(b.failed);
		assert_string_equal(hex_of(buf_bytes(&b), text, sizeof(text)), frames[i]);
	}
	assert_int_equal(parse(&e, "6a02cb02050102010011223344556677"), 0);
	assert_int_equal(e.terminal, ECP_ACCESS);
	assert_int_equal(e.subtype, 5);
	assert_int_equal(e.data_len, 11);
	assert_int_equal(e.data[3], 0);
	assert_true(e.config & ECP_PRESENT && e.config & ECP_NO_AUTHENTICATION);
}

static void a_frame_whose_length_is_not_what_it_says_is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"6a",
		"6a02",
		"6a02c30201",
		"6a02c302010102",     /* one byte short */
		"6a02c3020101020100", /* one too many */
		"6a02c202010102 01",
		"6a03c30201010201", /* a version nobody knows */
		"6a00000000",
		"6a010000",
		"6a0100000000",
		"6b02c30201010201",
	};
	struct ecp e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t data[64];
		int len = hex_parse(bad[i], data, sizeof(data));

		if (len >= 0)
			assert_int_equal(ecp_parse(&e, BYTES(data, (size_t)len)),
					 ERR_FORMAT);
	}
}

static void more_data_than_the_configuration_can_count_is_not_made(void **state)
{
	struct ecp e = { .version = 2, .config = 0xc0, .data_len = ECP_MAX_DATA };
	uint8_t mem[64];
	struct buf b = BUF_ON(mem);

	(void)state;
	ecp_build(&b, &e);
	assert_false(b.failed);
	assert_int_equal(mem[2], 0xcf);
	e.data_len++;
	ecp_build(&b, &e);
	assert_true(b.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_that_readers_send_are_read_and_made_again),
		cmocka_unit_test(a_frame_whose_length_is_not_what_it_says_is_none),
		cmocka_unit_test(more_data_than_the_configuration_can_count_is_not_made),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
