#ifndef BENCH_CORE_CRYPTO_CMAC_H
#define BENCH_CORE_CRYPTO_CMAC_H

#include "bench/core/bytes.h"

/**
 * AES-128-CMAC over the parts, one after the other.
 * @return 0, or ERR_NOMEM
 * Source: RFC 4493
 */
int cmac_parts(uint8_t mac[16], const uint8_t key[16], const struct bytes *parts,
	       size_t count);
/** The same over one message. */
int cmac(uint8_t mac[16], const uint8_t key[16], struct bytes message);

#endif
