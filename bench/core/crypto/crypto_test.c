/* The published vectors against every function of this folder; run from the root of the tree. */
#include "bench/core/crypto/cbc.h"
#include "bench/core/crypto/cmac.h"
#include "bench/core/crypto/ec.h"
#include "bench/core/crypto/hkdf.h"
#include "bench/core/crypto/kat.h"
#include "bench/core/crypto/random.h"
#include "bench/core/crypto/sha1.h"
#include "bench/core/crypto/sha256.h"
#include "bench/core/crypto/x963kdf.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

static json_t *load(const char *name)
{
	char path[200];
	json_t *root = NULL;
	struct err err = { 0 };

	snprintf(path, sizeof(path), "fixtures/vectors/%s.json", name);
	if (kat_load(&root, path, &err))
		fail_msg("%s", err.text);
	return root;
}

static struct bytes get(const json_t *o, const char *key, uint8_t *mem, size_t max)
{
	struct bytes b = kat_hex(o, key, mem, max);

	if (!b.data)
		fail_msg("no %s in the vector", key);
	return b;
}

static void assert_bytes(const uint8_t *got, struct bytes want)
{
	assert_memory_equal(got, want.data, want.len);
}

static void cmac_gives_the_macs_of_rfc_4493(void **state)
{
	json_t *root = load("rfc4493_aes_cmac"), *v;
	uint8_t key[16], msg[64], want[16], got[16], zero[16] = { 0 };
	size_t i;

	(void)state;
	get(root, "key", key, sizeof(key));
	assert_int_equal(aes_block(got, key, zero), 0);
	assert_bytes(got, get(root, "subkey_L", want, sizeof(want)));
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 4);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		struct bytes m = get(v, "msg", msg, sizeof(msg));
		struct bytes halves[] = { BYTES(m.data, m.len / 3),
					  BYTES(m.data + m.len / 3, m.len - m.len / 3) };

		get(v, "mac", want, sizeof(want));
		assert_int_equal(cmac(got, key, m), 0);
		assert_memory_equal(got, want, 16);
		assert_int_equal(cmac_parts(got, key, halves, 2), 0);
		assert_memory_equal(got, want, 16);
	}
	json_decref(root);
}

static void hkdf_gives_the_keys_of_rfc_5869(void **state)
{
	json_t *root = load("rfc5869_hkdf_sha256"), *v;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 3);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		uint8_t ikm[80], salt[80], info[80], want[82], got[82];
		struct bytes okm = get(v, "okm", want, sizeof(want));

		assert_int_equal(okm.len, json_integer_value(json_object_get(v, "L")));
		assert_int_equal(hkdf_sha256(got, okm.len,
					     get(v, "ikm", ikm, sizeof(ikm)),
					     get(v, "salt", salt, sizeof(salt)),
					     get(v, "info", info, sizeof(info))),
				 0);
		assert_bytes(got, okm);
	}
	json_decref(root);
}

static void hkdf_refuses_more_than_255_blocks(void **state)
{
	static uint8_t out[255 * 32 + 1];
	const uint8_t ikm[1] = { 1 };

	(void)state;
	assert_int_equal(
		hkdf_sha256(out, 255 * 32, BYTES_OF(ikm), BYTES(NULL, 0), BYTES(NULL, 0)),
		0);
	assert_int_equal(hkdf_sha256(out, sizeof(out), BYTES_OF(ikm), BYTES(NULL, 0),
				     BYTES(NULL, 0)),
			 ERR_RANGE);
	assert_int_equal(
		hkdf_sha256(out, 0, BYTES_OF(ikm), BYTES(NULL, 0), BYTES(NULL, 0)),
		ERR_RANGE);
	assert_int_equal(
		hkdf_sha256(out, 16, BYTES(NULL, 0), BYTES(NULL, 0), BYTES(NULL, 0)),
		ERR_RANGE);
}

static void the_x963_kdf_gives_the_keys_of_nist(void **state)
{
	json_t *root = load("nist_x963_kdf_sha256"), *v;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 2);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		uint8_t z[32], info[32], want[128], got[128];
		struct bytes out = get(v, "out", want, sizeof(want));

		assert_int_equal(out.len, json_integer_value(json_object_get(v, "L")));
		assert_int_equal(x963kdf_sha256(got, out.len, get(v, "Z", z, sizeof(z)),
						get(v, "sharedinfo", info, sizeof(info))),
				 0);
		assert_bytes(got, out);
	}
	json_decref(root);
}

static void cbc_gives_the_text_of_sp_800_38a_both_ways(void **state)
{
	json_t *root = load("sp800_38a_aes128_cbc");
	uint8_t key[16], iv[16], plain[64], cipher[64], got[64];
	struct bytes p = get(root, "plaintext", plain, sizeof(plain));
	struct bytes c = get(root, "ciphertext", cipher, sizeof(cipher));

	(void)state;
	get(root, "key", key, sizeof(key));
	get(root, "iv", iv, sizeof(iv));
	assert_int_equal(cbc_encrypt(got, key, iv, p), 0);
	assert_memory_equal(got, cipher, 64);
	assert_int_equal(cbc_decrypt(got, key, iv, c), 0);
	assert_memory_equal(got, plain, 64);
	assert_int_equal(cbc_encrypt(got, key, iv, BYTES(plain, 15)), ERR_RANGE);
	json_decref(root);
}

static void sha1_gives_the_digest_of_abc(void **state)
{
	uint8_t got[20];
	char hex[41];

	(void)state;
	assert_int_equal(sha1(got, BYTES((const uint8_t *)"abc", 3)), 0);
	assert_string_equal(hex_of(BYTES_OF(got), hex, sizeof(hex)),
			    "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void sha256_gives_the_digest_of_abc(void **state)
{
	uint8_t got[32], want[32];

	(void)state;
	hex_parse("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		  want, 32);
	assert_int_equal(sha256(got, BYTES((const uint8_t *)"abc", 3)), 0);
	assert_memory_equal(got, want, 32);
}

static void ecdh_gives_the_secret_of_rfc_5903_from_both_sides(void **state)
{
	json_t *root = load("rfc5903_ecdh_p256");
	json_t *v = json_array_get(json_object_get(root, "vectors"), 0);
	uint8_t i[32], r[32], gi[65], gr[65], want[32], z[32], pk[65];
	EVP_PKEY *own = NULL, *peer = NULL;

	(void)state;
	get(v, "i", i, sizeof(i));
	get(v, "r", r, sizeof(r));
	get(v, "gi", gi, sizeof(gi));
	get(v, "gr", gr, sizeof(gr));
	get(v, "z_x", want, sizeof(want));
	assert_int_equal(ec_public_of(pk, i), 0);
	assert_memory_equal(pk, gi, 65);
	assert_int_equal(ec_secret_key(&own, NULL, i, NULL), 0);
	assert_int_equal(ec_public_key(&peer, NULL, gr), 0);
	assert_int_equal(ecdh(z, NULL, own, peer), 0);
	assert_memory_equal(z, want, 32);
	assert_int_equal(ec_point(pk, own), 0);
	assert_memory_equal(pk, gi, 65);
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	own = peer = NULL;
	assert_int_equal(ec_secret_key(&own, NULL, r, gr), 0);
	assert_int_equal(ec_public_key(&peer, NULL, gi), 0);
	assert_int_equal(ecdh(z, NULL, own, peer), 0);
	assert_memory_equal(z, want, 32);
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	json_decref(root);
}

static void the_signatures_of_rfc_6979_verify_and_altered_ones_do_not(void **state)
{
	json_t *root = load("rfc6979_ecdsa_p256_sha256"), *v;
	uint8_t pk[65], sk[32], of[65], sig[64];
	EVP_PKEY *key = NULL;
	size_t i;

	(void)state;
	get(root, "private_key", sk, sizeof(sk));
	get(root, "public_key", pk, sizeof(pk));
	assert_int_equal(ec_public_of(of, sk), 0);
	assert_memory_equal(of, pk, 65);
	assert_int_equal(ec_public_key(&key, NULL, pk), 0);
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 2);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		const char *text = json_string_value(json_object_get(v, "msg_ascii"));
		struct bytes msg = BYTES((const uint8_t *)text, strlen(text));

		get(v, "r", sig, 32);
		get(v, "s", sig + 32, 32);
		assert_int_equal(ecdsa_verify(NULL, key, msg, sig), 0);
		for (int bit = 0; bit < 512; bit += 37) {
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(ecdsa_verify(NULL, key, msg, sig), ERR_AUTH);
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(
			ecdsa_verify(NULL, key, BYTES(msg.data, msg.len - 1), sig),
			ERR_AUTH);
	}
	EVP_PKEY_free(key);
	json_decref(root);
}

static const char order[] =
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/* n - s, big-endian */
static void negate(uint8_t s[32])
{
	uint8_t n[32];
	int borrow = 0;

	hex_parse(order, n, 32);
	for (int i = 31; i >= 0; i--) {
		int d = n[i] - s[i] - borrow;

		borrow = d < 0;
		s[i] = (uint8_t)d;
	}
}

static void both_s_of_a_signature_verify_and_r_or_s_out_of_range_do_not(void **state)
{
	const struct bytes msg = BYTES((const uint8_t *)"sample", 6);
	uint8_t sig[64], bad[64], n[32];
	EVP_PKEY *key = NULL;

	(void)state;
	hex_parse(order, n, 32);
	assert_int_equal(ec_generate(&key, NULL), 0);
	assert_int_equal(ecdsa_sign(sig, NULL, key, msg), 0);
	assert_int_equal(ecdsa_verify(NULL, key, msg, sig), 0);
	negate(sig + 32);
	assert_int_equal(ecdsa_verify(NULL, key, msg, sig), 0);
	for (int half = 0; half < 64; half += 32) {
		memcpy(bad, sig, 64);
		memset(bad + half, 0, 32);
		assert_int_equal(ecdsa_verify(NULL, key, msg, bad), ERR_AUTH);
		memcpy(bad + half, n, 32);
		assert_int_equal(ecdsa_verify(NULL, key, msg, bad), ERR_AUTH);
		memset(bad + half, 0xff, 32);
		assert_int_equal(ecdsa_verify(NULL, key, msg, bad), ERR_AUTH);
	}
	EVP_PKEY_free(key);
}

static void a_signature_keeps_its_leading_zeros(void **state)
{
	OSSL_LIB_CTX *lib = NULL;
	EVP_PKEY *key = NULL;
	uint8_t sig[64];
	bool seen = false;

	(void)state;
	assert_int_equal(crypto_seeded_new(&lib, 1, NULL), 0);
	assert_int_equal(ec_generate(&key, lib), 0);
	for (int i = 0; i < 3000 && !seen; i++) {
		assert_int_equal(ecdsa_sign(sig, lib, key, BYTES(sig, 0)), 0);
		seen = sig[0] == 0 || sig[32] == 0;
	}
	assert_true(seen); /* 1 of 128 has one */
	assert_int_equal(ecdsa_verify(lib, key, BYTES(sig, 0), sig), 0);
	EVP_PKEY_free(key);
	crypto_seeded_free(lib);
}

static void a_point_that_is_none_is_refused(void **state)
{
	uint8_t good[65], bad[65];
	EVP_PKEY *key = NULL;

	(void)state;
	assert_int_equal(ec_generate(&key, NULL), 0);
	assert_int_equal(ec_point(good, key), 0);
	EVP_PKEY_free(key);
	assert_int_equal(ec_check_point(good), 0);

	memcpy(bad, good, 65);
	bad[64] ^= 1; /* off the curve */
	assert_int_equal(ec_check_point(bad), ERR_FORMAT);
	for (int prefix = 0; prefix < 256;
	     prefix++) { /* hybrid and compressed forms too */
		memcpy(bad, good, 65);
		bad[0] = (uint8_t)prefix;
		assert_int_equal(ec_check_point(bad), prefix == 4 ? 0 : ERR_FORMAT);
	}
	memset(bad, 0, 65); /* what one may take for infinity */
	assert_int_equal(ec_check_point(bad), ERR_FORMAT);
	bad[0] = 4;
	assert_int_equal(ec_check_point(bad), ERR_FORMAT);
}

/* (0, sqrt(b)) is on the curve; x + p is the same point by arithmetic, but no coordinate. */
static void a_coordinate_above_the_prime_is_refused(void **state)
{
	uint8_t pk[65] = { 4 };

	(void)state;
	hex_parse("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
		  pk + 33, 32);
	assert_int_equal(ec_check_point(pk), 0);
	hex_parse("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		  pk + 1, 32);
	assert_int_equal(ec_check_point(pk), ERR_FORMAT);
}

static void a_secret_outside_the_order_is_refused(void **state)
{
	uint8_t sk[32] = { 0 }, pk[65];
	EVP_PKEY *key = NULL;

	(void)state;
	assert_int_equal(ec_public_of(pk, sk), ERR_RANGE);
	assert_int_equal(ec_secret_key(&key, NULL, sk, NULL), ERR_RANGE);
	hex_parse(order, sk, 32);
	assert_int_equal(ec_public_of(pk, sk), ERR_RANGE);
	sk[31]--;
	assert_int_equal(ec_public_of(pk, sk), 0);
	sk[31]++;
	assert_int_equal(ec_secret_key(&key, NULL, sk, pk), ERR_RANGE);
	sk[31]--;
	assert_int_equal(ec_secret_key(&key, NULL, sk, pk), 0);
	EVP_PKEY_free(key);
}

/* Enough operations to need several tapes. */
static void draw(uint64_t seed, uint8_t digest[32])
{
	static uint8_t all[100 * (65 + 64 + 16) + 5000];
	OSSL_LIB_CTX *lib = NULL;
	uint8_t *at = all;

	assert_int_equal(crypto_seeded_new(&lib, seed, NULL), 0);
	for (int i = 0; i < 100; i++) {
		EVP_PKEY *key = NULL;

		assert_int_equal(ec_generate(&key, lib), 0);
		assert_int_equal(ec_point(at, key), 0);
		assert_int_equal(ecdsa_sign(at + 65, lib, key, BYTES(at, 65)), 0);
		assert_int_equal(crypto_random(lib, at + 129, 16), 0);
		at += 145;
		EVP_PKEY_free(key);
	}
	assert_int_equal(crypto_random(lib, at, 5000), 0);
	crypto_seeded_free(lib);
	assert_int_equal(sha256(digest, BYTES_OF(all)), 0);
}

static void a_seeded_context_repeats_itself_and_another_seed_does_not(void **state)
{
	uint8_t a[32], b[32], c[32];

	(void)state;
	draw(7, a);
	draw(7, b);
	draw(8, c);
	assert_memory_equal(a, b, 32);
	assert_memory_not_equal(a, c, 32);
}

static void keys_of_a_seeded_context_are_all_different(void **state)
{
	OSSL_LIB_CTX *lib = NULL;
	uint8_t pk[64][65];

	(void)state;
	assert_int_equal(crypto_seeded_new(&lib, 7, NULL), 0);
	for (int i = 0; i < 64; i++) {
		EVP_PKEY *key = NULL;

		assert_int_equal(ec_generate(&key, lib), 0);
		assert_int_equal(ec_point(pk[i], key), 0);
		EVP_PKEY_free(key);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(pk[i], pk[j], 65);
	}
	crypto_seeded_free(lib);
}

static void the_machines_own_randomness_does_not_repeat(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	assert_int_equal(crypto_random(NULL, a, 32), 0);
	assert_int_equal(crypto_random(NULL, b, 32), 0);
	assert_memory_not_equal(a, b, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cmac_gives_the_macs_of_rfc_4493),
		cmocka_unit_test(hkdf_gives_the_keys_of_rfc_5869),
		cmocka_unit_test(hkdf_refuses_more_than_255_blocks),
		cmocka_unit_test(the_x963_kdf_gives_the_keys_of_nist),
		cmocka_unit_test(cbc_gives_the_text_of_sp_800_38a_both_ways),
		cmocka_unit_test(sha1_gives_the_digest_of_abc),
		cmocka_unit_test(sha256_gives_the_digest_of_abc),
		cmocka_unit_test(ecdh_gives_the_secret_of_rfc_5903_from_both_sides),
		cmocka_unit_test(
			the_signatures_of_rfc_6979_verify_and_altered_ones_do_not),
		cmocka_unit_test(
			both_s_of_a_signature_verify_and_r_or_s_out_of_range_do_not),
		cmocka_unit_test(a_signature_keeps_its_leading_zeros),
		cmocka_unit_test(a_point_that_is_none_is_refused),
		cmocka_unit_test(a_coordinate_above_the_prime_is_refused),
		cmocka_unit_test(a_secret_outside_the_order_is_refused),
		cmocka_unit_test(
			a_seeded_context_repeats_itself_and_another_seed_does_not),
		cmocka_unit_test(keys_of_a_seeded_context_are_all_different),
		cmocka_unit_test(the_machines_own_randomness_does_not_repeat),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
