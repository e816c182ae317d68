#include "bench/core/crypto/scrypt.h"

#include "bench/core/crypto/kat.h"
#include "bench/core/err.h"

#include <openssl/crypto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

/* What the library asked the machine for, at most at once. */
static size_t largest;

static void *spy_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	if (len > largest)
		largest = len;
	return malloc(len);
}

static void *spy_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	if (len > largest)
		largest = len;
	return realloc(p, len);
}

static void spy_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static struct bytes text(const json_t *v, const char *key)
{
	const char *t = json_string_value(json_object_get(v, key));

	assert_non_null(t);
	return BYTES((const uint8_t *)t, strlen(t));
}

static uint64_t number(const json_t *v, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(v, key));
}

static void scrypt_gives_the_keys_of_rfc_7914(void **state)
{
	json_t *root = NULL, *v;
	uint8_t want[64], got[64];
	size_t i;

	(void)state;
	assert_int_equal(kat_load(&root, "fixtures/vectors/rfc7914_scrypt.json", NULL),
			 0);
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 3);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		const struct scrypt_cost cost = { (uint32_t)number(v, "N"),
						  (uint16_t)number(v, "r"),
						  (uint16_t)number(v, "p") };

		assert_int_equal(kat_hex(v, "dk", want, sizeof(want)).len, 64);
		assert_int_equal(scrypt(got, 64, text(v, "password_ascii"),
					text(v, "salt_ascii"), &cost),
				 0);
		assert_memory_equal(got, want, 64);
	}
	json_decref(root);
}

static void a_cost_out_of_bounds_is_refused_before_memory_is_taken(void **state)
{
	static const struct scrypt_cost costs[] = {
		{ 0, 8, 1 },        { 1, 8, 1 },          { 3, 8, 1 },
		{ 4095, 8, 1 },     { 4097, 8, 1 },       { 1u << 30, 8, 1 },
		{ 1u << 31, 8, 1 }, { 0xffffffff, 8, 1 }, { 4096, 0, 1 },
		{ 4096, 8, 0 },     { 4096, 0xffff, 1 },  { 4096, 8, 0xffff },
		{ 1u << 17, 8, 1 }, { 1u << 16, 8, 3 },   { 1u << 31, 0xffff, 0xffff },
	};
	uint8_t out[80];

	(void)state;
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		largest = 0;
		assert_int_equal(scrypt_check(&costs[i]), ERR_RANGE);
		assert_int_equal(scrypt(out, sizeof(out), BYTES(NULL, 0), BYTES(NULL, 0),
					&costs[i]),
				 ERR_RANGE);
		assert_int_equal(largest, 0);
	}
}

static void the_costs_that_vehicles_ask_for_are_paid(void **state)
{
	static const struct scrypt_cost costs[] = {
		{ 2, 1, 1 }, { 4096, 8, 1 }, { 32768, 8, 1 }, { 1u << 16, 8, 1 }
	};
	uint8_t out[80], other[80];

	(void)state;
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
		assert_int_equal(scrypt_check(&costs[i]), 0);
	largest = 0;
	assert_int_equal(scrypt(out, sizeof(out), BYTES_OF((const uint8_t[]){ '1' }),
				BYTES(NULL, 0), &costs[1]),
			 0);
	assert_true(largest >= 128u * 8 * 4096); /* the spy sees what is taken */
	assert_int_equal(scrypt(other, sizeof(other), BYTES_OF((const uint8_t[]){ '2' }),
				BYTES(NULL, 0), &costs[1]),
			 0);
	assert_memory_not_equal(out, other, sizeof(out));
	assert_int_equal(scrypt(out, 0, BYTES(NULL, 0), BYTES(NULL, 0), &costs[0]),
			 ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scrypt_gives_the_keys_of_rfc_7914),
		cmocka_unit_test(a_cost_out_of_bounds_is_refused_before_memory_is_taken),
		cmocka_unit_test(the_costs_that_vehicles_ask_for_are_paid),
	};

	if (!CRYPTO_set_mem_functions(spy_malloc, spy_realloc, spy_free))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
