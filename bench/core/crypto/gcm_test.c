#include "bench/core/crypto/gcm.h"

#include "bench/core/crypto/ec.h"
#include "bench/core/crypto/random.h"
#include "bench/core/err.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* needs the three above */
#include <cmocka.h>

/* McGrew and Viega, The Galois/Counter Mode of Operation, test cases 1, 2 and 4 */
static void published_vectors_come_out(void **state)
{
	static const struct {
		const char *key, *iv, *plain, *aad, *sealed;
	} cases[] = {
		{ "00000000000000000000000000000000", "000000000000000000000000", "", "",
		  "58e2fccefa7e3061367f1d57a4e7455a" },
		{ "00000000000000000000000000000000", "000000000000000000000000",
		  "00000000000000000000000000000000", "",
		  "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf" },
		{ "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
		  "5bc94fbc3221a5db94fae95ae7121a47" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t key[16], iv[12], plain[64], aad[32], want[80], mem[80], back[80];
		int plain_len = hex_parse(cases[i].plain, plain, sizeof(plain));
		int aad_len = hex_parse(cases[i].aad, aad, sizeof(aad));
		int want_len = hex_parse(cases[i].sealed, want, sizeof(want));
		struct buf out = BUF_ON(mem), opened = BUF_ON(back);

		assert_int_equal(hex_parse(cases[i].key, key, 16), 16);
		assert_int_equal(hex_parse(cases[i].iv, iv, 12), 12);
		assert_int_equal(gcm_seal(&out, key, iv, BYTES(plain, (size_t)plain_len),
					  BYTES(aad, (size_t)aad_len)),
				 0);
		assert_int_equal(out.len, want_len);
		assert_memory_equal(mem, want, out.len);
		assert_int_equal(gcm_open(&opened, key, iv, buf_bytes(&out),
					  BYTES(aad, (size_t)aad_len)),
				 0);
		assert_int_equal(opened.len, plain_len);
		for (size_t k = 0; k < out.len; k++) {
			mem[k] ^= 1;
			buf_clear(&opened);
			assert_int_equal(gcm_open(&opened, key, iv, buf_bytes(&out),
						  BYTES(aad, (size_t)aad_len)),
					 ERR_AUTH);
			assert_int_equal(opened.len, 0);
			mem[k] ^= 1;
		}
	}
}

static void what_is_sealed_for_one_opens_for_nobody_else(void **state)
{
	const struct bytes text = BYTES((const uint8_t *)"for your eyes", 13);
	const struct bytes aad = BYTES((const uint8_t *)"key 7", 5);
	EVP_PKEY *me = NULL, *other = NULL;
	uint8_t pk[65], mem[200], back[200];
	struct buf sealed = BUF_ON(mem), opened = BUF_ON(back);
	OSSL_LIB_CTX *lib;

	(void)state;
	assert_int_equal(crypto_seeded_new(&lib, 3, NULL), 0);
	assert_int_equal(ec_generate(&me, lib), 0);
	assert_int_equal(ec_generate(&other, lib), 0);
	assert_int_equal(ec_point(pk, me), 0);
	assert_int_equal(ecies_seal(&sealed, lib, pk, text, aad), 0);
	assert_int_equal(sealed.len, 65 + 13 + GCM_TAG_LEN);
	assert_null(memmem(mem, sealed.len, "your", 4));
	assert_int_equal(ecies_open(&opened, lib, me, buf_bytes(&sealed), aad), 0);
	assert_true(bytes_equal(buf_bytes(&opened), text));
	buf_clear(&opened);
	assert_int_equal(ecies_open(&opened, lib, other, buf_bytes(&sealed), aad),
			 ERR_AUTH);
	assert_int_equal(ecies_open(&opened, lib, me, buf_bytes(&sealed), text),
			 ERR_AUTH);
	for (size_t i = 0; i < sealed.len; i++) {
		mem[i] ^= 0x40;
		assert_int_equal(ecies_open(&opened, lib, me, buf_bytes(&sealed), aad),
				 ERR_AUTH);
		mem[i] ^= 0x40;
		assert_int_equal(ecies_open(&opened, lib, me, BYTES(mem, i), aad),
				 ERR_AUTH);
	}
	assert_int_equal(opened.len, 0);
	pk[64] ^= 1;
	assert_int_equal(ecies_seal(&sealed, lib, pk, text, aad), ERR_FORMAT);
	EVP_PKEY_free(me);
	EVP_PKEY_free(other);
	crypto_seeded_free(lib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_come_out),
		cmocka_unit_test(what_is_sealed_for_one_opens_for_nobody_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
