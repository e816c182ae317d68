#ifndef BENCH_CORE_CRYPTO_SHA1_H
#define BENCH_CORE_CRYPTO_SHA1_H

#include "bench/core/bytes.h"

/**
 * SHA-1 of @message: for names of keys, which need no strength; never for signatures.
 * @return 0, or ERR_NOMEM
 * Source: FIPS 180-4
 */
int sha1(uint8_t digest[20], struct bytes message);

#endif
