#ifndef BENCH_CORE_CRYPTO_FETCH_H
#define BENCH_CORE_CRYPTO_FETCH_H

#include <openssl/ec.h>
#include <openssl/types.h>
#include <stdbool.h>

/*
 * Has the library come up? To be asked before the first call of it that looks anything up: when its default
 * context found no memory, OpenSSL 3.0 locks a lock that is not there (a crash in CRYPTO_THREAD_read_lock under
 * EVP_MD_fetch, RAND_bytes, ...) instead of failing. What is here asks by itself.
 * Source: 3.0.22 with its n-th allocation failing, n = 1 ... 53, EVP_MD_fetch or RAND_bytes the only call
 */
bool fetch_ready(void);
/**
 * Is all there that transactions in @lib need? Asked before one begins: what a library that ran out of memory once has
 * dropped, it does not find again, and that must not come up in the middle, as a refusal.
 * @return NULL, or what is missing, for a person
 */
const char *fetch_missing(OSSL_LIB_CTX *lib);

/*
 * The algorithms that need neither randomness nor a key store, looked up once per process and
 * kept until OpenSSL is torn down: a lookup by name costs as much as the work on a short message.
 *
 * Not for threads. Each returns NULL when the library lacks it (a build without the default
 * provider); borrowed.
 */
const EVP_MD *fetch_sha256(void);
const EVP_MD *fetch_sha1(void);
const EVP_CIPHER *fetch_aes128_cbc(void);
const EVP_CIPHER *fetch_aes128_ecb(void);
EVP_KDF *fetch_hkdf(void);
EVP_KDF *fetch_x963kdf(void);
/** A CMAC over AES-128 under an all-zero key: to be duplicated and given its own. */
const EVP_MAC_CTX *fetch_cmac(void);
/** The curve P-256. */
const EC_GROUP *fetch_p256(void);

/*
 * What making keys in a library context (NULL, or one of crypto_seeded_new) wants again and again: the curve
 * alone costs more to set up than a key pair to draw.
 */

/** A generator of P-256 key pairs, for EVP_PKEY_generate. */
EVP_PKEY_CTX *fetch_p256_keygen(OSSL_LIB_CTX *lib);
/** A P-256 key without any key: to copy the parameters of. */
const EVP_PKEY *fetch_p256_params(OSSL_LIB_CTX *lib);
/** Before @lib is freed. */
void fetch_forget(OSSL_LIB_CTX *lib);

#endif
