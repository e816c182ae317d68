#include "bench/core/wire/vpcd.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_message_is_taken_when_all_of_it_is_there(void **state)
{
	static const uint8_t in[] = { 0x00, 0x03, 0xaa, 0xbb, 0xcc, 0x00, 0x01 };
	struct bytes body = BYTES(NULL, 77);

	(void)state;
	for (size_t len = 0; len < 5; len++) {
		assert_int_equal(vpcd_parse(BYTES(in, len), &body), 0);
		assert_int_equal(body.len, 77); /* untouched */
	}
	assert_int_equal(vpcd_parse(BYTES_OF(in), &body), 5);
	assert_true(bytes_equal(body, BYTES(in + 2, 3)));
	assert_int_equal(vpcd_parse(BYTES(in + 5, 2), &body), 0);
}

static void the_length_has_its_high_byte_first(void **state)
{
	uint8_t in[2 + 0x0102] = { 0x01, 0x02 };
	struct bytes body;

	(void)state;
	assert_int_equal(vpcd_parse(BYTES(in, sizeof(in) - 1), &body), 0);
	assert_int_equal(vpcd_parse(BYTES_OF(in), &body), sizeof(in));
	assert_int_equal(body.len, 0x0102);
}

static void an_empty_message_is_one(void **state)
{
	static const uint8_t in[] = { 0x00, 0x00 };
	struct bytes body = BYTES(NULL, 77);

	(void)state;
	assert_int_equal(vpcd_parse(BYTES_OF(in), &body), 2);
	assert_int_equal(body.len, 0);
}

static void what_is_built_is_parsed(void **state)
{
	static uint8_t body[VPCD_MAX_BODY], room[VPCD_MAX_MESSAGE];
	static const uint8_t off[] = { 0, 1, 0 }, atr[] = { 0, 1, 4 };
	struct buf out = BUF_ON(room);
	struct bytes back;

	(void)state;
	body[0] = body[VPCD_MAX_BODY - 1] = 0x5a;
	vpcd_build(&out, BYTES_OF(body));
	assert_false(out.failed);
	assert_int_equal(vpcd_parse(buf_bytes(&out), &back), VPCD_MAX_MESSAGE);
	assert_true(bytes_equal(back, BYTES_OF(body)));
	buf_clear(&out);
	vpcd_build_control(&out, VPCD_OFF);
	assert_true(bytes_equal(buf_bytes(&out), BYTES_OF(off)));
	buf_clear(&out);
	vpcd_build_control(&out, VPCD_ATR);
	assert_true(bytes_equal(buf_bytes(&out), BYTES_OF(atr)));
}

static void a_body_too_long_for_its_length_is_not_built(void **state)
{
	static uint8_t body[VPCD_MAX_BODY + 1], room[VPCD_MAX_MESSAGE + 10];
	struct buf out = BUF_ON(room);

	(void)state;
	vpcd_build(&out, BYTES_OF(body));
	assert_true(out.failed);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_taken_when_all_of_it_is_there),
		cmocka_unit_test(the_length_has_its_high_byte_first),
		cmocka_unit_test(an_empty_message_is_one),
		cmocka_unit_test(what_is_built_is_parsed),
		cmocka_unit_test(a_body_too_long_for_its_length_is_not_built),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
