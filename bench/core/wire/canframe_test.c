#include "bench/core/wire/canframe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct canframe frame(const char *text)
{
	struct canframe f;

	if (canframe_parse(&f, BYTES((const uint8_t *)text, strlen(text))))
		fail_msg("%s is no frame", text);
	return f;
}

static void the_crc_is_the_one_of_the_catalogue(void **state)
{
	const char *text = "123456789";
	uint8_t bits[72];

	(void)state;
	for (size_t i = 0; i < sizeof(bits); i++)
		bits[i] = text[i / 8] >> (7 - i % 8) & 1;
	assert_int_equal(canframe_crc15(bits, sizeof(bits)), 0x059e); /* CRC-15/CAN */
}

/*
 * Independent reckoning: the frame as a string of '0' and '1', stuffed by inserting
 * characters.
 */
static int reckon(const struct canframe *f)
{
	uint8_t bits[200];
	char text[200] = "0";
	size_t n = 1;
	int dlc = f->raw_dlc ? f->raw_dlc : f->len, run = 1;

	for (int i = 10; i >= 0; i--)
		text[n++] = (f->extended ? f->id >> 18 : f->id) >> i & 1 ? '1' : '0';
	if (f->extended) {
		text[n++] = '1';
		text[n++] = '1';
		for (int i = 17; i >= 0; i--)
			text[n++] = f->id >> i & 1 ? '1' : '0';
	}
	text[n++] = f->remote ? '1' : '0';
	text[n++] = '0';
	text[n++] = '0';
	for (int i = 3; i >= 0; i--)
		text[n++] = dlc >> i & 1 ? '1' : '0';
	for (int i = 0; !f->remote && i < f->len * 8; i++)
		text[n++] = f->data[i / 8] & 0x80 >> i % 8 ? '1' : '0';
	for (size_t i = 0; i < n; i++)
		bits[i] = text[i] == '1';
	for (int i = 14, crc = canframe_crc15(bits, n); i >= 0; i--)
		text[n++] = crc >> i & 1 ? '1' : '0';
	for (size_t i = 1; i < n; i++) {
		run = text[i] == text[i - 1] ? run + 1 : 1;
		if (run < 5)
			continue;
		memmove(text + i + 2, text + i + 1, n - i - 1);
		text[i + 1] = text[i] == '0' ? '1' : '0';
		n++;
		run = 0; /* the inserted one is compared with the fifth and starts anew */
	}
	return (int)n + 13;
}

static void a_frame_is_as_long_as_its_own_bits_make_it(void **state)
{
	static const char *const frames[] = {
		"000#",
		"7FF#FFFFFFFFFFFFFFFF",
		"000#0000000000000000",
		"123#DEADBEEF",
		"555#5555555555555555",
		"00000000#0000000000000000",
		"1FFFFFFF#FFFFFFFF",
		"078#3C3C3C3C3C3C3C3C",
		"12345678#R",
		"123#R4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		struct canframe f = frame(frames[i]);
		int len = f.remote ? 0 : f.len;

		assert_int_equal(canframe_bits(&f), reckon(&f));
		assert_in_range(canframe_bits(&f), canframe_bits_min(f.extended, len),
				canframe_bits_max(f.extended, len));
	}
}

static void equal_bits_are_stuffed_and_alternating_ones_are_not(void **state)
{
	struct canframe plain = frame("555#5555555555555555"),
			zeros = frame("000#0000000000000000");

	(void)state;
	/*
	 * 15 zeros, the DLC's 1, 67 zeros: one stuff bit for every five; the CRC adds its
	 * own
	 */
	assert_true(canframe_bits(&zeros) >= 111 + 3 + 13);
	assert_true(canframe_bits(&plain) < 111 + 6);
}

static void the_bounds_are_those_of_the_standard(void **state)
{
	(void)state;
	assert_int_equal(canframe_bits_min(false, 8), 111);
	assert_int_equal(canframe_bits_max(false, 8), 135);
	assert_int_equal(canframe_bits_min(true, 8), 131);
	assert_int_equal(canframe_bits_max(true, 8), 160);
	assert_int_equal(canframe_time_ns(111, 500000), 222000);
	assert_int_equal(canframe_time_ns(135, 500000), 270000);
	assert_int_equal(canframe_time_ns(1, 300000), 3333);
}

static void what_is_not_classic_has_no_length(void **state)
{
	struct canframe fd = frame("123##0"), error = frame("20000004#0000000000000000");

	(void)state;
	assert_true(fd.fd);
	assert_true(error.error);
	assert_int_equal(canframe_bits(&fd), 0);
	assert_int_equal(canframe_bits(&error), 0);
}

static void arbitration_goes_bit_by_bit(void **state)
{
	/* winner first; 0x048d159e >> 18 == 0x123 */
	static const char *const order[] = { "000#",        "123#00",     "123#R",
					     "048C0000#00", "048C0000#R", "048D159E#00",
					     "124#00",      "7FF#R",      "1FFFFFFF#R" };

	(void)state;
	for (size_t i = 1; i < sizeof(order) / sizeof(*order); i++) {
		struct canframe a = frame(order[i - 1]), b = frame(order[i]);

		if (canframe_priority(&a) >= canframe_priority(&b))
			fail_msg("%s does not win over %s", order[i - 1], order[i]);
	}
}

static void the_kernels_struct_comes_back(void **state)
{
	static const char *const frames[] = { "123#DEADBEEF", "12345678#R4",
					      "1FFFFFFF#1122334455667788_C",
					      "123##311223344",
					      "20000004#0004000000000000" };
	uint8_t room[CANFRAME_SOCKET_FD];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct canframe f = frame(frames[i]), again;
		struct buf b = BUF_ON(room);

		canframe_to_socket(&f, &b);
		assert_int_equal(b.len, f.fd ? 72 : 16);
		assert_int_equal(canframe_from_socket(&again, buf_bytes(&b)), 0);
		assert_true(canframe_equal(&f, &again));
	}
}

static void a_capture_has_the_id_in_network_order(void **state)
{
	struct canframe f = frame("12345678#AABB");
	uint8_t room[80];
	struct buf b = BUF_ON(room);
	static const uint8_t wanted[] = {
		0x92, 0x34, 0x56, 0x78, 2, 0, 0, 0, 0xaa, 0xbb
	};

	(void)state;
	canframe_to_capture(&f, &b);
	assert_true(bytes_equal(buf_bytes(&b), BYTES_OF(wanted)));
}

static void a_damaged_struct_is_refused(void **state)
{
	struct canframe f = frame("123#DEADBEEF");
	uint8_t room[16];
	struct buf b = BUF_ON(room);

	(void)state;
	canframe_to_socket(&f, &b);
	assert_int_equal(canframe_from_socket(&f, BYTES(room, 15)), ERR_FORMAT);
	room[4] = 9;
	assert_int_equal(canframe_from_socket(&f, BYTES(room, 16)), ERR_FORMAT);
	assert_int_equal(canframe_from_capture(&f, BYTES(room, 9)), ERR_FORMAT);
}

static void what_is_no_frame_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "123",
					   "#",
					   "12#11",
					   "800#",
					   "FFFFFFFF#",
					   "123#1",
					   "123#GG",
					   "123#112233445566778899",
					   "123##",
					   "123##0112233445566778899",
					   "123#R9",
					   "123#11_9",
					   "123#1122334455667788_8",
					   "123#11 ",
					   "1234#11" };
	struct canframe f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (canframe_parse(&f, BYTES((const uint8_t *)bad[i], strlen(bad[i]))) >=
		    0)
			fail_msg("'%s' was taken", bad[i]);
}

static void a_text_comes_back(void **state)
{
	static const char *const good[] = { "000#",
					    "7FF#0011223344556677",
					    "00000123#AB",
					    "123#R",
					    "123#R4",
					    "123##1001122334455667788990011",
					    "123#0011223344556677_F",
					    "20000080#00" };
	char text[CANFRAME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct canframe f = frame(good[i]);

		canframe_text(&f, text);
		assert_string_equal(text, good[i]);
	}
}

static void an_fd_frame_is_as_long_as_its_two_rates_make_it(void **state)
{
	/* alternating identifier: nothing to stuff before BRS */
	struct canframe f = { .id = 0x555, .fd = true, .brs = true };
	int nominal, data, plain;

	(void)state;
	/* 17 bits up to BRS, 12 behind the CRC delimiter; ESI, DLC, stuff count, CRC-17 with 6 fixed stuff bits, delimiter.
	   Five zeros end at the CRC field, where a fixed one stands anyway. */
	assert_true(canframe_fd_bits(&f, &nominal, &data));
	assert_int_equal(nominal, 29);
	assert_int_equal(data, 5 + 27 + 1);
	assert_int_equal(canframe_wire_ns(&f, 500000, 2000000), 29 * 2000 + 33 * 500);
	assert_int_equal(canframe_wire_ns(&f, 500000, 0), 0);
	/* without BRS it is a zero too, and the fifth in a row stands before the end */
	f.brs = false;
	assert_true(canframe_fd_bits(&f, &nominal, &data));
	assert_int_equal(nominal, 29 + 33 + 1);
	assert_int_equal(data, 0);
	assert_int_equal(canframe_wire_ns(&f, 500000, 0), 63 * 2000);
	/* a longer CRC above 16 bytes: four bits and a fixed one more */
	memset(f.data, 0x55, sizeof(f.data));
	f.len = 16;
	canframe_fd_bits(&f, &plain, &data);
	f.len = 20;
	canframe_fd_bits(&f, &nominal, &data);
	assert_int_equal(nominal - plain, 4 * 8 + 5);
	/* 18 bits more for the longer identifier, of which RRS is in both */
	f.len = 8;
	canframe_fd_bits(&f, &plain, &data);
	f.extended = true;
	f.id = 0x15555555;
	canframe_fd_bits(&f, &nominal, &data);
	assert_int_equal(nominal - plain, 19);
	/* all zeros: a stuff bit behind every four from the second on, of 64 bytes and the header */
	f = (struct canframe){ .id = 0, .fd = true, .len = 64 };
	canframe_fd_bits(&f, &nominal, &data);
	assert_in_range(nominal, 17 + 5 + 512 + 33 + 12 + 512 / 5,
			17 + 5 + 512 + 33 + 12 + 512 / 4 + 4);
	f.fd = false;
	f.len = 8;
	assert_false(canframe_fd_bits(&f, &nominal, &data));
	assert_int_equal(canframe_wire_ns(&f, 500000, 0),
			 canframe_time_ns(canframe_bits(&f), 500000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_crc_is_the_one_of_the_catalogue),
		cmocka_unit_test(a_frame_is_as_long_as_its_own_bits_make_it),
		cmocka_unit_test(equal_bits_are_stuffed_and_alternating_ones_are_not),
		cmocka_unit_test(the_bounds_are_those_of_the_standard),
		cmocka_unit_test(what_is_not_classic_has_no_length),
		cmocka_unit_test(an_fd_frame_is_as_long_as_its_two_rates_make_it),
		cmocka_unit_test(arbitration_goes_bit_by_bit),
		cmocka_unit_test(the_kernels_struct_comes_back),
		cmocka_unit_test(a_capture_has_the_id_in_network_order),
		cmocka_unit_test(a_damaged_struct_is_refused),
		cmocka_unit_test(what_is_no_frame_is_refused),
		cmocka_unit_test(a_text_comes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
