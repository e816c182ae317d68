#ifndef BENCH_CORE_CRYPTO_X963KDF_H
#define BENCH_CORE_CRYPTO_X963KDF_H

#include "bench/core/bytes.h"

/**
 * The key derivation of ANSI X9.63 with SHA-256: SHA-256(Z || counter32 || info), counter = 1, 2 …
 *
 * @param len  bytes of output, at least 1
 * @param z    the shared secret, at least one byte
 * @return 0, ERR_RANGE (len, empty z), or ERR_NOMEM
 * Source: SEC 1 v2, 3.6.1
 */
int x963kdf_sha256(uint8_t *out, size_t len, struct bytes z, struct bytes info);

#endif
