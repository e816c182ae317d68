#include "bench/core/crypto/ec.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/crypto/random.h"
#include "bench/core/crypto/sha256.h"
#include "bench/core/err.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecerr.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define MAX_DER 72 /* SEQUENCE of two INTEGERs of at most 33 bytes */

int ec_generate(EVP_PKEY **out, OSSL_LIB_CTX *lib)
{
	EVP_PKEY_CTX *keygen = fetch_p256_keygen(lib);
	EVP_PKEY *key = NULL;

	if (!keygen)
		return ERR_NOMEM;
	if (crypto_seeded_refill(lib) || EVP_PKEY_generate(keygen, &key) != 1)
		return ERR_IO;
	*out = key;
	return 0;
}

/* Did OpenSSL look and refuse the point, or was it in trouble itself? Empties its error queue. */
static bool point_is_bad(void)
{
	unsigned long e;
	bool bad = false, trouble = false;

	/* without memory the check of the curve cannot be made, and that too is reported as a point off the curve */
	while ((e = ERR_get_error()))
		switch (ERR_GET_REASON(e)) {
		case ERR_R_MALLOC_FAILURE:
			trouble = true;
			break;
		case EC_R_POINT_IS_NOT_ON_CURVE:
		case EC_R_INVALID_ENCODING:
		case EC_R_COORDINATES_OUT_OF_RANGE:
		case EC_R_POINT_AT_INFINITY:
			bad = true;
		}
	return bad && !trouble;
}

int ec_public_key(EVP_PKEY **out, OSSL_LIB_CTX *lib, const uint8_t pk[65])
{
	const EVP_PKEY *params = fetch_p256_params(lib);
	EVP_PKEY *key;

	if (pk[0] != 4) /* the library would take the hybrid forms 06 and 07 */
		return ERR_FORMAT;
	key = params ? EVP_PKEY_new() : NULL;
	if (!key || EVP_PKEY_copy_parameters(key, params) != 1) {
		EVP_PKEY_free(key);
		return ERR_NOMEM;
	}
	/* Checks coordinates and curve. */
	ERR_clear_error();
	if (EVP_PKEY_set1_encoded_public_key(key, pk, 65) != 1) {
		EVP_PKEY_free(key);
		return point_is_bad() ? ERR_FORMAT : ERR_NOMEM;
	}
	*out = key;
	return 0;
}

int ec_check_point(const uint8_t pk[65])
{
	EVP_PKEY *key = NULL;
	int rc = ec_public_key(&key, NULL, pk);

	EVP_PKEY_free(key);
	return rc;
}

/* 0 when 0 < secret < order. */
static int check_secret(const BIGNUM *secret)
{
	if (BN_is_zero(secret) || BN_cmp(secret, EC_GROUP_get0_order(fetch_p256())) >= 0)
		return ERR_RANGE;
	return 0;
}

int ec_public_of(uint8_t pk[65], const uint8_t sk[32])
{
	const EC_GROUP *group = fetch_p256();
	BN_CTX *bn = BN_CTX_secure_new();
	BIGNUM *secret = BN_secure_new();
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	int rc = ERR_NOMEM;

	if (!bn || !secret || !point || !BN_bin2bn(sk, 32, secret))
		goto out;
	BN_set_flags(secret, BN_FLG_CONSTTIME);
	rc = check_secret(secret);
	if (rc)
		goto out;
	if (EC_POINT_mul(group, point, secret, NULL, NULL, bn) != 1 ||
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pk, 65, bn) !=
		    65)
		rc = ERR_NOMEM;
out:
	EC_POINT_free(point);
	BN_clear_free(secret);
	BN_CTX_free(bn);
	return rc;
}

/* fromdata; @native is the secret in the machine's byte order. */
static int import_pair(EVP_PKEY **out, OSSL_LIB_CTX *lib, uint8_t native[32],
		       uint8_t point[65])
{
	char group[] = "P-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 65),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, 32),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, "EC", NULL);
	EVP_PKEY *key = NULL;
	int rc = 0;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1)
		rc = ERR_NOMEM;
	else if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		rc = ERR_FORMAT;
	EVP_PKEY_CTX_free(ctx);
	if (rc)
		ERR_clear_error();
	else
		*out = key;
	return rc;
}

int ec_secret_key(EVP_PKEY **out, OSSL_LIB_CTX *lib, const uint8_t sk[32],
		  const uint8_t pk[65])
{
	uint8_t point[65], native[32];
	BIGNUM *secret;
	int rc;

	if (pk && pk[0] != 4)
		return ERR_FORMAT;
	if (pk) {
		memcpy(point, pk, sizeof(point));
	} else {
		rc = ec_public_of(point, sk);
		if (rc)
			return rc;
	}
	secret = BN_secure_new();
	if (!secret || !BN_bin2bn(sk, 32, secret) || !fetch_p256()) {
		rc = ERR_NOMEM;
		goto out;
	}
	rc = check_secret(secret);
	if (!rc && BN_bn2nativepad(secret, native, sizeof(native)) != sizeof(native))
		rc = ERR_NOMEM;
	if (!rc)
		rc = import_pair(out, lib, native, point);
	secret_wipe(native, sizeof(native));
out:
	BN_clear_free(secret);
	return rc;
}

int ec_point(uint8_t pk[65], const EVP_PKEY *key)
{
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, pk, 65, &len) !=
		    1 ||
	    len != 65 || pk[0] != 4)
		return ERR_NOMEM;
	return 0;
}

int ecdh(uint8_t z[32], OSSL_LIB_CTX *lib, EVP_PKEY *own, EVP_PKEY *peer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, own, NULL);
	size_t len = 32;
	int rc = ERR_NOMEM;

	/* 0: the peer's point was checked when it came in; a second check costs a multiplication. */
	if (ctx && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
	    EVP_PKEY_derive(ctx, z, &len) == 1 && len == 32)
		rc = 0;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

int ecdsa_sign(uint8_t sig[64], OSSL_LIB_CTX *lib, EVP_PKEY *key, struct bytes message)
{
	EVP_PKEY_CTX *ctx;
	ECDSA_SIG *parsed = NULL;
	uint8_t digest[32], der[MAX_DER];
	const uint8_t *at = der;
	size_t len = sizeof(der);
	int rc = ERR_NOMEM;

	if (crypto_seeded_refill(lib))
		return ERR_IO;
	ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
	if (!ctx || sha256(digest, message) || EVP_PKEY_sign_init(ctx) != 1)
		goto out;
	if (EVP_PKEY_sign(ctx, der, &len, digest, sizeof(digest)) != 1) {
		rc = ERR_IO;
		goto out;
	}
	parsed = d2i_ECDSA_SIG(NULL, &at, (long)len);
	if (parsed && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig, 32) == 32 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig + 32, 32) == 32)
		rc = 0;
out:
	ECDSA_SIG_free(parsed);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

/* Raw to DER. @return its length, 0 on failure */
static size_t signature_der(uint8_t der[MAX_DER], const uint8_t sig[64])
{
	ECDSA_SIG *made = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig, 32, NULL), *s = BN_bin2bn(sig + 32, 32, NULL);
	uint8_t *at = der;
	int len = 0;

	if (made && r && s && ECDSA_SIG_set0(made, r, s) == 1) {
		r = s = NULL; /* now its own */
		len = i2d_ECDSA_SIG(made, &at);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(made);
	return len > 0 ? (size_t)len : 0;
}

/*
 * Did OpenSSL look and say no? A wrong signature leaves no error, r or s out of range leaves that one;
 * anything else is its own trouble and must not be held against who signed.
 */
static bool is_verdict(int res)
{
	unsigned long first = ERR_peek_error();

	return res >= 0 && (first == 0 || ERR_GET_REASON(first) == EC_R_BAD_SIGNATURE);
}

int ecdsa_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, struct bytes message,
		 const uint8_t sig[64])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
	uint8_t digest[32], der[MAX_DER];
	size_t len = signature_der(der, sig);
	int rc = ERR_NOMEM, res;

	if (!ctx || !len || sha256(digest, message) || EVP_PKEY_verify_init(ctx) != 1)
		goto out;
	ERR_clear_error();
	res = EVP_PKEY_verify(ctx, der, len, digest, sizeof(digest));
	rc = res == 1 ? 0 : is_verdict(res) ? ERR_AUTH : ERR_NOMEM;
	ERR_clear_error();
out:
	EVP_PKEY_CTX_free(ctx);
	return rc;
}
