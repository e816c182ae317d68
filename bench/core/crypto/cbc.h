#ifndef BENCH_CORE_CRYPTO_CBC_H
#define BENCH_CORE_CRYPTO_CBC_H

#include "bench/core/bytes.h"

/**
 * AES-128-CBC without padding.
 *
 * @param out  in.len bytes; may be the input itself
 * @param in   a multiple of 16 bytes
 * @return 0, ERR_RANGE (length), or ERR_NOMEM
 * Source: NIST SP 800-38A
 */
int cbc_encrypt(uint8_t *out, const uint8_t key[16], const uint8_t iv[16],
		struct bytes in);
int cbc_decrypt(uint8_t *out, const uint8_t key[16], const uint8_t iv[16],
		struct bytes in);
/** One block of AES-128 (ECB). @return 0, or ERR_NOMEM */
int aes_block(uint8_t out[16], const uint8_t key[16], const uint8_t in[16]);

#endif
