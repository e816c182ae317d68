#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/can/uds.h"
#include "drivers/can/uds_server.h"

static struct bytes serve(struct buf *out, uint16_t id)
{
	struct uds_server server = { 0 };
	uint8_t room[8];
	struct buf request = BUF_ON(room);

	uds_ask(id, &request);
	buf_clear(out);
	assert_int_equal(uds_server_answer(&server, buf_bytes(&request), 0, out), 0);
	return buf_bytes(out);
}

static void what_is_asked_is_answered(void **state)
{
	uint8_t room[64], code;
	struct buf out = BUF_ON(room);
	struct bytes value;

	(void)state;
	assert_int_equal(uds_read(serve(&out, 0xf18c), 0xf18c, &value, &code), UDS_VALUE);
	assert_int_equal(value.len, 8);
	assert_memory_equal(value.data, "EMU-0001", 8);
	assert_int_equal(uds_read(serve(&out, 0xf190), 0xf190, &value, &code), UDS_VALUE);
	assert_int_equal(value.len, 17);
	/* known, but this module has none; not known */
	assert_int_equal(uds_read(serve(&out, 0xf195), 0xf195, &value, &code),
			 UDS_REFUSED);
	assert_int_equal(code, 0x31);
	assert_int_equal(uds_read(serve(&out, 0x1234), 0x1234, &value, &code),
			 UDS_REFUSED);
	assert_string_equal(uds_code_text(code), "requestOutOfRange");
	assert_string_equal(uds_code_text(0x01), "");
}

/* @return how long it takes; the answer in hex */
static int64_t says(struct uds_server *s, const char *request, int64_t now_ns,
		    char out[3 * UDS_ANSWER_MAX])
{
	uint8_t mem[16], room[UDS_ANSWER_MAX];
	int len = hex_parse(request, mem, sizeof(mem));
	struct buf answer = BUF_ON(room);
	int64_t takes;

	assert_true(len >= 0);
	takes = uds_server_answer(s, BYTES(mem, (size_t)len), now_ns, &answer);
	assert_false(answer.failed);
	hex_of(buf_bytes(&answer), out, 3 * UDS_ANSWER_MAX);
	return takes;
}

static void a_module_answers_as_the_standard_has_it(void **state)
{
	static const char *const talk[][2] = {
		{ "", "" },
		{ "10", "7f1013" },
		{ "10 02", "7f1012" },
		{ "31 01 02 03", "7f317f" },
		{ "22 f1 86", "62f18601" },
		{ "10 83", "" },
		{ "22 f1 86", "62f18603" },
		{ "10 03", "5003003201f4" },
		{ "31 02 02 03", "7f3112" },
		{ "31 01 02 04", "7f3131" },
		{ "31 01 02", "7f3113" },
		{ "3e 00", "7e00" },
		{ "3e 80", "" },
		{ "3e 01", "7f3e12" },
		{ "3e", "7f3e13" },
		{ "22 f1", "7f2213" },
		{ "22 f1 8c f1 90", "7f2213" },
		{ "27 01", "7f2711" },
	};
	struct uds_server s = { 0 };
	char out[3 * UDS_ANSWER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(talk) / sizeof(*talk); i++) {
		assert_int_equal(says(&s, talk[i][0], 1, out), 0);
		assert_string_equal(out, talk[i][1]);
	}
	assert_int_equal(says(&s, "31 01 02 03", 5000000000, out), UDS_ROUTINE_NS);
	assert_string_equal(out, "7101020300");
	/* nobody was present for more than 5 s: the session is over */
	assert_int_equal(says(&s, "31 01 02 03", 10000000001, out), 0);
	assert_string_equal(out, "7f317f");
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
	struct tp_options o;

	(void)state;
	assert_int_equal(uds_pair("7E0:7e8", &o), 0);
	assert_int_equal(o.send, 0x7e0);
	assert_int_equal(o.receive, 0x7e8);
	assert_false(o.send_extended);
	assert_int_equal(uds_pair("18DA00F1:18DAF100", &o), 0);
	assert_int_equal(o.send, 0x18da00f1);
	assert_true(o.send_extended);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (uds_pair(wrong[i], &o) != ERR_FORMAT)
			fail_msg("'%s' was taken", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_is_answered),
		cmocka_unit_test(a_module_answers_as_the_standard_has_it),
		cmocka_unit_test(bytes_of_the_standard_are_read),
		cmocka_unit_test(a_value_is_shown_as_text_or_in_hex),
		cmocka_unit_test(identifiers_are_read_in_pairs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
