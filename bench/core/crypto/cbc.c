#include "bench/core/crypto/cbc.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/err.h"

#include <limits.h>
#include <openssl/evp.h>

static int run(uint8_t *out, const EVP_CIPHER *cipher, const uint8_t *key,
	       const uint8_t *iv, struct bytes in, int encrypt)
{
	EVP_CIPHER_CTX *ctx;
	int len = 0, rest = 0, rc = ERR_NOMEM;

	if (in.len % 16 || in.len > INT_MAX)
		return ERR_RANGE;
	ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (ctx && EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	    EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len) == 1 &&
	    EVP_CipherFinal_ex(ctx, out + len, &rest) == 1 &&
	    (size_t)(len + rest) == in.len)
		rc = 0;
	EVP_CIPHER_CTX_free(ctx); /* wipes the key schedule */
	return rc;
}

int cbc_encrypt(uint8_t *out, const uint8_t key[16], const uint8_t iv[16],
		struct bytes in)
{
	return run(out, fetch_aes128_cbc(), key, iv, in, 1);
}

int cbc_decrypt(uint8_t *out, const uint8_t key[16], const uint8_t iv[16],
		struct bytes in)
{
	return run(out, fetch_aes128_cbc(), key, iv, in, 0);
}

int aes_block(uint8_t out[16], const uint8_t key[16], const uint8_t in[16])
{
	return run(out, fetch_aes128_ecb(), key, NULL, BYTES(in, 16), 1);
}
