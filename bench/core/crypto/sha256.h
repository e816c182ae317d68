#ifndef BENCH_CORE_CRYPTO_SHA256_H
#define BENCH_CORE_CRYPTO_SHA256_H

#include "bench/core/bytes.h"

/**
 * SHA-256 of @message.
 * @return 0, or ERR_NOMEM
 * Source: FIPS 180-4
 */
int sha256(uint8_t digest[32], struct bytes message);

#endif
