#include "bench/core/bytes.h"

#include "bench/core/buf.h"
#include "bench/core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void a_cursor_reads_front_to_back(void **state)
{
	static const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct cursor c = cursor_at(BYTES_OF(in));

	(void)state;
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_be16(&c), 0x0203);
	assert_int_equal(cursor_be32(&c), 0x04050607);
	assert_false(cursor_done(&c));
	assert_int_equal(cursor_rest(&c).len, 2);
	assert_true(cursor_done(&c));
}

static void a_cursor_never_overruns(void **state)
{
	static const uint8_t in[] = { 1, 2, 3 };
	struct cursor c = cursor_at(BYTES_OF(in));

	(void)state;
	assert_int_equal(cursor_be32(&c), 0);
	assert_true(c.failed);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_take(&c, SIZE_MAX).len, 0);
	assert_false(cursor_done(&c));
}

static void hex_goes_both_ways(void **state)
{
	uint8_t out[4];
	char text[9], small[6];

	(void)state;
	assert_int_equal(hex_parse("A0 00fF 7e", out, 4), 4);
	assert_string_equal(hex_of(BYTES_OF(out), text, sizeof(text)), "a000ff7e");
	assert_string_equal(hex_of(BYTES_OF(out), small, sizeof(small)), "a000");
	assert_int_equal(hex_parse("", out, 4), 0);
	assert_int_equal(hex_parse("a0 0", out, 4), ERR_FORMAT);
	assert_int_equal(hex_parse("zz", out, 4), ERR_FORMAT);
	assert_int_equal(hex_parse("0011223344", out, 4), ERR_RANGE);
}

static void a_buffer_grows_to_its_maximum_and_no_further(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (int i = 0; i < 1000; i++)
		buf_u8(&b, (uint8_t)i);
	assert_false(b.failed);
	assert_int_equal(b.len, 1000);
	buf_u8(&b, 1);
	assert_true(b.failed);
	assert_int_equal(b.len, 1000);
	buf_clear(&b);
	buf_printf(&b, "%0300d", 7);
	assert_int_equal(b.len, 300);
	assert_int_equal(strlen(buf_str(&b)), 300);
	buf_release(&b);
}

static void a_buffer_on_an_array_never_leaves_it(void **state)
{
	uint8_t mem[4];
	struct buf b = BUF_ON(mem);

	(void)state;
	buf_be16(&b, 0x0102);
	buf_be32(&b, 0x03040506);
	assert_true(b.failed);
	assert_int_equal(b.len,
			 4); /* the half that fitted; .failed says it is not whole */
	buf_release(&b);
}

static void an_error_is_prefixed_on_its_way_up(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, ERR_IO, "no %s", "cable"), ERR_IO);
	assert_int_equal(err_wrap(&err, ERR_IO, "opening %d", 7), ERR_IO);
	assert_string_equal(err.text, "opening 7: no cable");
	err = (struct err){ 0 };
	err_wrap(&err, ERR_TIMEOUT, "waiting");
	assert_string_equal(err.text, "waiting: timed out");
	assert_int_equal(err_set(NULL, ERR_GONE, "x"), ERR_GONE);
}

static void secrets_compare_and_vanish(void **state)
{
	uint8_t a[16] = { 1 }, b[16] = { 1 };

	(void)state;
	assert_true(secret_equal(a, b, 16));
	b[15] = 1;
	assert_false(secret_equal(a, b, 16));
	secret_wipe(b, 16);
	for (int i = 0; i < 16; i++)
		assert_int_equal(b[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_reads_front_to_back),
		cmocka_unit_test(a_cursor_never_overruns),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(a_buffer_grows_to_its_maximum_and_no_further),
		cmocka_unit_test(a_buffer_on_an_array_never_leaves_it),
		cmocka_unit_test(an_error_is_prefixed_on_its_way_up),
		cmocka_unit_test(secrets_compare_and_vanish),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
