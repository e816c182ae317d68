#ifndef BENCH_CORE_CRYPTO_HKDF_H
#define BENCH_CORE_CRYPTO_HKDF_H

#include "bench/core/bytes.h"

/**
 * HKDF with SHA-256, extract and expand.
 *
 * @param len   bytes of output, 1 .. 8160
 * @param ikm   the secret, at least one byte
 * @param salt  empty: 32 zero bytes
 * @return 0, ERR_RANGE (len, empty ikm), or ERR_NOMEM
 * Source: RFC 5869
 */
int hkdf_sha256(uint8_t *out, size_t len, struct bytes ikm, struct bytes salt,
		struct bytes info);

#endif
