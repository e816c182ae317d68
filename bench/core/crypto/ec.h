#ifndef BENCH_CORE_CRYPTO_EC_H
#define BENCH_CORE_CRYPTO_EC_H

#include "bench/core/bytes.h"

#include <openssl/types.h>

/*
 * The curve P-256. Points are 65 bytes, 04 || X || Y; secrets and coordinates 32, leading zeros kept.
 *
 * @lib is the OpenSSL library context that keys live in and nonces come from: NULL for the default, or
 * one of crypto_seeded_new. Keys that are used again are kept as EVP_PKEY, freed with EVP_PKEY_free.
 * "ERR_NOMEM" below also stands for any failure inside the library that no input can cause.
 */

/** A fresh key pair. @return 0, ERR_IO (no randomness) or ERR_NOMEM */
int ec_generate(EVP_PKEY **out, OSSL_LIB_CTX *lib);
/**
 * A key pair from its secret.
 * @param pk  its point when known (it is not compared, see ec_public_of), NULL to have it computed
 * @return 0, ERR_RANGE (the secret is 0 or not below the order), ERR_FORMAT (pk is no point), ERR_NOMEM
 */
int ec_secret_key(EVP_PKEY **out, OSSL_LIB_CTX *lib, const uint8_t sk[32],
		  const uint8_t pk[65]);
/**
 * A public key from a received point. Checked: first byte 04, both coordinates below the field prime, on
 * the curve (the point at infinity has no such form; the cofactor is 1: no more to check).
 * @return 0, ERR_FORMAT (no such point) or ERR_NOMEM
 */
int ec_public_key(EVP_PKEY **out, OSSL_LIB_CTX *lib, const uint8_t pk[65]);
/** The check of ec_public_key alone. @return 0, ERR_FORMAT or ERR_NOMEM */
int ec_check_point(const uint8_t pk[65]);
/** The point that belongs to a secret. @return 0, ERR_RANGE (0 or not below the order), ERR_NOMEM */
int ec_public_of(uint8_t pk[65], const uint8_t sk[32]);
/** The point of a key. @return 0 or ERR_NOMEM */
int ec_point(uint8_t pk[65], const EVP_PKEY *key);

/**
 * ECDH: the X coordinate of own secret times peer's point.
 * @return 0 or ERR_NOMEM. Source: SEC 1 v2, 3.3.1; vectors RFC 5903, 8.1
 */
int ecdh(uint8_t z[32], OSSL_LIB_CTX *lib, EVP_PKEY *own, EVP_PKEY *peer);

/**
 * ECDSA with SHA-256 as raw r || s. Either s of the two is made and accepted.
 * @return 0, ERR_IO (no randomness) or ERR_NOMEM. Source: FIPS 186-4, 6; vectors RFC 6979, A.2.5
 */
int ecdsa_sign(uint8_t sig[64], OSSL_LIB_CTX *lib, EVP_PKEY *key, struct bytes message);
/** @return 0; ERR_AUTH: does not verify, r or s is 0 or not below the order; ERR_NOMEM */
int ecdsa_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, struct bytes message,
		 const uint8_t sig[64]);

#endif
