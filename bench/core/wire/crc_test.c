#include "bench/core/wire/crc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct vector {
	const char *data, *crc; /* as on the air: low byte first */
};

/*
 * Source: ISO/IEC 14443-3 annex B (public restatements); ECP frames seen in public traces
 */
static const struct vector a_vectors[] = {
	{ "0000", "a01e" },       { "1234", "26cf" },
	{ "e080", "3173" },       { "e050", "bca5" },
	{ "5000", "57cd" },       { "6a01000000", "f6f1" },
	{ "6a01cf0000", "abb1" }, { "6a02cb0206021100deadbeefdeadbeef", "d11d" },
};
static const struct vector b_vectors[] = {
	{ "000000", "ccc6" },
	{ "0faaff", "fcd1" },
	{ "0a123456", "2cf6" },
	{ "6a01000000", "d73e" },
	{ "6a02c801000300027900000000", "1134" },
};

static void check(const struct vector *v, uint16_t (*crc)(struct bytes))
{
	uint8_t data[40];
	char text[8];
	int len = hex_parse(v->data, data, sizeof(data));
	uint16_t got;

	assert_true(len > 0);
	got = crc(BYTES(data, (size_t)len));
	data[0] = (uint8_t)got;
	data[1] = (uint8_t)(got >> 8);
	assert_string_equal(hex_of(BYTES(data, 2), text, sizeof(text)), v->crc);
}

static void crc_a_gives_the_published_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(a_vectors) / sizeof(a_vectors[0]); i++)
		check(&a_vectors[i], crc_a);
}

static void crc_b_gives_the_published_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(b_vectors) / sizeof(b_vectors[0]); i++)
		check(&b_vectors[i], crc_b);
}

static void a_frame_with_any_bit_flipped_does_not_fit(void **state)
{
	uint8_t frame[] = { 0xe0, 0x80, 0x31, 0x73 };

	(void)state;
	assert_true(crc_a_fits(BYTES_OF(frame)));
	for (size_t bit = 0; bit < 8 * sizeof(frame); bit++) {
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(crc_a_fits(BYTES_OF(frame)));
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_false(crc_a_fits(BYTES(frame, 2)));
	assert_false(crc_a_fits(BYTES(frame, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_a_gives_the_published_values),
		cmocka_unit_test(crc_b_gives_the_published_values),
		cmocka_unit_test(a_frame_with_any_bit_flipped_does_not_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
