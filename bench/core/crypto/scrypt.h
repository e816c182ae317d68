#ifndef BENCH_CORE_CRYPTO_SCRYPT_H
#define BENCH_CORE_CRYPTO_SCRYPT_H

#include "bench/core/bytes.h"

/*
 * scrypt, the slow hash of a password. Its cost comes from the other side of the air, so it is bounded before
 * any memory is taken.
 */
struct scrypt_cost {
	uint32_t n; /* a power of two, at least 2 */
	uint16_t r, p;
};

#define SCRYPT_MAX_BLOCKS (1u << 19) /* n * r: 64 MiB */
#define SCRYPT_MAX_WORK \
	(1u << 20) /* n * r * p: four times what the widest public vector costs */

/**
 * May this cost be paid?
 * @return 0, or ERR_RANGE: n is no power of two or below 2, r or p is 0, or more than the bounds above
 */
int scrypt_check(const struct scrypt_cost *cost);

/**
 * @param len       bytes of output, 1 .. 1024
 * @param password  may be empty, as may @salt
 * @return 0, ERR_RANGE (as scrypt_check; len), or ERR_NOMEM. Takes 128 * n * r bytes while it runs.
 * Source: RFC 7914
 */
int scrypt(uint8_t *out, size_t len, struct bytes password, struct bytes salt,
	   const struct scrypt_cost *cost);

#endif
