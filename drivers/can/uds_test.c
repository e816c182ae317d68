#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/can.h>

#include "drivers/can/uds.h"

static const char *const values[] = { "SN-1", "HW-2", NULL, "SW-4" };

static struct bytes serve(struct buf *out, uint16_t id)
{
	uint8_t room[8];
	struct buf request = BUF_ON(room);

	uds_ask(id, &request);
	out->len = 0;
	uds_serve(buf_bytes(&request), values, out);
	return buf_bytes(out);
}

static void what_is_asked_is_answered(void **state)
{
	uint8_t room[64], code;
	struct buf out = BUF_ON(room);
	struct bytes value;

	(void)state;
	assert_int_equal(uds_read(serve(&out, 0xf18c), 0xf18c, &value, &code), UDS_VALUE);
	assert_int_equal(value.len, 4);
	assert_memory_equal(value.data, "SN-1", 4);
	assert_int_equal(uds_read(serve(&out, 0xf189), 0xf189, &value, &code), UDS_VALUE);
	assert_memory_equal(value.data, "SW-4", 4);
	/* known, but this module has none; not known */
	assert_int_equal(uds_read(serve(&out, 0xf195), 0xf195, &value, &code),
			 UDS_REFUSED);
	assert_int_equal(code, 0x31);
	assert_int_equal(uds_read(serve(&out, 0x1234), 0x1234, &value, &code),
			 UDS_REFUSED);
}

static void bytes_of_the_standard_are_read(void **state)
{
	static const uint8_t pending[] = { 0x7f, 0x22, 0x78 };
	static const uint8_t other[] = { 0x7f, 0x10, 0x78 };
	static const uint8_t wrong_id[] = { 0x62, 0xf1, 0x90, 'V' };
	static const uint8_t cut[] = { 0x62, 0xf1 };
	struct bytes value;
	uint8_t code;

	(void)state;
	assert_int_equal(uds_read(BYTES_OF(pending), 0xf18c, &value, &code), UDS_PENDING);
	assert_int_equal(uds_read(BYTES_OF(other), 0xf18c, &value, &code), UDS_OTHER);
	assert_int_equal(uds_read(BYTES_OF(wrong_id), 0xf18c, &value, &code), UDS_OTHER);
	assert_int_equal(uds_read(BYTES_OF(cut), 0xf18c, &value, &code), UDS_OTHER);
	assert_int_equal(uds_read(BYTES(cut, 0), 0xf18c, &value, &code), UDS_OTHER);
}

static void a_value_is_shown_as_text_or_in_hex(void **state)
{
	static const uint8_t bytes[] = { 0x01, 0xab, 0xff };
	char out[16] = "";

	(void)state;
	uds_value_text(BYTES((const uint8_t *)"SN-1\0\0  ", 8), out, sizeof(out));
	assert_string_equal(out, "SN-1");
	out[0] = 0;
	uds_value_text(BYTES_OF(bytes), out, sizeof(out));
	assert_string_equal(out, "01ABFF");
	out[0] = 0;
	uds_value_text(BYTES((const uint8_t *)"much longer than there is room", 30), out,
		       sizeof(out));
	assert_string_equal(out, "much longer tha");
}

static void identifiers_are_read_in_pairs(void **state)
{
	static const char *const wrong[] = { "",         "7E0",     "7E0:",
					     "7E0:7E8:", "7E0-7E8", "7E0:7E0",
					     "7G0:7E8",  ":7E8",    "7E0:40000000" };
	uint32_t request, answer;

	(void)state;
	assert_int_equal(uds_pair("7E0:7e8", &request, &answer), 0);
	assert_int_equal(request, 0x7e0);
	assert_int_equal(answer, 0x7e8);
	assert_int_equal(uds_pair("18DA00F1:18DAF100", &request, &answer), 0);
	assert_int_equal(request, 0x18da00f1 | CAN_EFF_FLAG);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (uds_pair(wrong[i], &request, &answer) != ERR_FORMAT)
			fail_msg("'%s' was taken", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_is_answered),
		cmocka_unit_test(bytes_of_the_standard_are_read),
		cmocka_unit_test(a_value_is_shown_as_text_or_in_hex),
		cmocka_unit_test(identifiers_are_read_in_pairs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
