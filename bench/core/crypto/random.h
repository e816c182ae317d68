#ifndef BENCH_CORE_CRYPTO_RANDOM_H
#define BENCH_CORE_CRYPTO_RANDOM_H

#include "bench/core/err.h"

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Randomness for keys and nonces, from an OpenSSL library context: NULL is the machine's own,
 * a seeded one repeats itself.
 */

/** Fill @out. @return 0, or ERR_IO when the generator has nothing to give. */
int crypto_random(OSSL_LIB_CTX *lib, uint8_t *out, size_t len);

/**
 * A private library context in which key pairs, ECDSA nonces and crypto_random repeat: the same
 * seed and the same calls give the same bytes. For simulations; keys made in it are worth nothing.
 *
 * One thread. Only the calls of this folder draw from it without end; other users of the
 * context find at most SEEDED_TAPE bytes at a time.
 * @return 0, or ERR_NOMEM. Free with crypto_seeded_free, after everything made in it.
 * Source: OpenSSL's TEST-RAND generator, EVP_RAND-TEST-RAND(7)
 */
int crypto_seeded_new(OSSL_LIB_CTX **out, uint64_t seed, struct err *err);
void crypto_seeded_free(OSSL_LIB_CTX *lib);
#define SEEDED_TAPE 8192

/**
 * Make sure a seeded context can serve the next operation; called by whatever draws from a context.
 * Does nothing for any other context. @return 0, or ERR_IO
 */
int crypto_seeded_refill(OSSL_LIB_CTX *lib);

#endif
