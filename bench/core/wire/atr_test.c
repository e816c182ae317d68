#include "bench/core/wire/atr.h"

#include "bench/core/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int parse(struct atr *a, const char *hex)
{
	static uint8_t raw[64];
	int len = hex_parse(hex, raw, sizeof(raw));

	assert_true(len >= 0);
	return atr_parse(a, BYTES(raw, (size_t)len));
}

static void a_contactless_card_is_recognised(void **state)
{
	/* as contactless readers give it: an ISO/IEC 14443-4 card with and without historical bytes */
	static const char *const good[] = { "3b80800101", "3b8180018080" };
	struct atr a;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(parse(&a, good[i]), 0);
		assert_true(a.contactless && a.t1);
		assert_int_equal(a.historical.len, i);
	}
	assert_int_equal(a.historical.data[0], 0x80);
}

static void a_card_with_contacts_is_none_of_those(void **state)
{
	struct atr a;

	(void)state;
	/* a SIM of T=0, without TCK; an ID card of T=1 */
	assert_int_equal(parse(&a, "3b3c940061f2010106000f0f0000000000"), ERR_FORMAT);
	assert_int_equal(parse(&a, "3b025301"), 0);
	assert_true(a.t0 && !a.t1 && !a.contactless);
	assert_int_equal(a.historical.len, 2);
	assert_int_equal(parse(&a, "3bff1300ff10000031c173c8211064414d3530079000"), 0);
	assert_true(a.t0 && !a.t1 && !a.contactless);
	assert_int_equal(a.historical.len, 15);
	assert_int_equal(parse(&a, "3bf81300008131fe454a434f5076323431b7"), 0);
	assert_true(a.t1 && !a.t0 && !a.contactless);
	assert_int_equal(a.historical.len, 8);
}

static void what_is_no_atr_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"3b",
		"0080800101",
		"3b8080",
		"3b80800102" /* TCK */,
		"3b818001",
		"3b8080010101",
		"3b8f8001806f",
		"3bf0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0",
	};
	struct atr a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse(&a, bad[i]), ERR_FORMAT);
}

static void what_is_built_is_parsed(void **state)
{
	static const uint8_t historical[20] = { 0x80, 2,  3,  4,  5,  6,  7,  8,
						9,    10, 11, 12, 13, 14, 15, 16 };
	uint8_t room[ATR_MAX];
	struct atr a;

	(void)state;
	for (size_t len = 0; len <= sizeof(historical); len++) {
		struct buf out = BUF_ON(room);
		size_t kept = len < 15 ? len : 15;

		atr_contactless(&out, BYTES(historical, len));
		assert_false(out.failed);
		assert_int_equal(atr_parse(&a, buf_bytes(&out)), 0);
		assert_true(a.contactless);
		assert_true(bytes_equal(a.historical, BYTES(historical, kept)));
	}
}

static void historical_bytes_lie_behind_the_interface_bytes_of_an_ats(void **state)
{
	static const uint8_t full[] = { 0x78, 0x11, 0x88, 0x02, 0x80, 0x81 };
	static const uint8_t bare[] = { 0x08 };

	(void)state;
	assert_true(bytes_equal(ats_historical(BYTES_OF(full)), BYTES(full + 4, 2)));
	assert_int_equal(ats_historical(BYTES_OF(bare)).len, 0);
	assert_int_equal(ats_historical(BYTES(full, 2)).len, 0); /* it is cut off */
	assert_int_equal(ats_historical(BYTES(full, 0)).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_contactless_card_is_recognised),
		cmocka_unit_test(a_card_with_contacts_is_none_of_those),
		cmocka_unit_test(what_is_no_atr_is_refused),
		cmocka_unit_test(what_is_built_is_parsed),
		cmocka_unit_test(
			historical_bytes_lie_behind_the_interface_bytes_of_an_ats),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
