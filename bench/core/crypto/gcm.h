#ifndef BENCH_CORE_CRYPTO_GCM_H
#define BENCH_CORE_CRYPTO_GCM_H

#include "bench/core/buf.h"

#include <openssl/types.h>

/*
 * AES-128-GCM, and ECIES over P-256 with it: what only one reader may open.
 */
#define GCM_TAG_LEN 16

/** Append ciphertext || tag. A key and an IV are used together once. @return 0, ERR_RANGE (too long) or ERR_NOMEM */
int gcm_seal(struct buf *out, const uint8_t key[16], const uint8_t iv[12],
	     struct bytes plain, struct bytes aad);
/** Append the plain text. @return 0; ERR_AUTH: tag wrong or missing, nothing appended; ERR_NOMEM */
int gcm_open(struct buf *out, const uint8_t key[16], const uint8_t iv[12],
	     struct bytes sealed, struct bytes aad);

/**
 * Append ephemeral point || ciphertext || tag: Z = ECDH, K = X9.63-KDF(Z, ephemeral point || recipient's point, 28), of
 * which 16 bytes are the key and 12 the IV.
 * @param pk  the recipient's  @param lib  where the ephemeral key comes from
 * @return 0; ERR_FORMAT: pk is no point; ERR_RANGE, ERR_IO, ERR_NOMEM
 * Source: SEC 1 v2, 5.1, with GCM in place of its cipher and MAC: our choice
 */
int ecies_seal(struct buf *out, OSSL_LIB_CTX *lib, const uint8_t pk[65],
	       struct bytes plain, struct bytes aad);
/** @return 0; ERR_AUTH: not sealed for this key, or changed; ERR_NOMEM */
int ecies_open(struct buf *out, OSSL_LIB_CTX *lib, EVP_PKEY *own, struct bytes sealed,
	       struct bytes aad);

#endif
