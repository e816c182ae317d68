#include "bench/core/crypto/hkdf.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/err.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

int hkdf_sha256(uint8_t *out, size_t len, struct bytes ikm, struct bytes salt,
		struct bytes info)
{
	static const uint8_t zeros[32];
	EVP_KDF *kdf = fetch_hkdf();
	EVP_KDF_CTX *ctx;
	OSSL_PARAM p[5], *end = p;
	char digest[] = "SHA256";
	int rc = 0;

	if (len < 1 || len > (size_t)255 * 32 || ikm.len == 0)
		return ERR_RANGE;
	if (salt.len == 0)
		salt = BYTES_OF(zeros);
	ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	if (!ctx)
		return ERR_NOMEM;
	*end++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	*end++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)ikm.data,
						   ikm.len);
	*end++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt.data,
						   salt.len);
	if (info.len)
		*end++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
							   (void *)info.data, info.len);
	*end = OSSL_PARAM_construct_end();
	if (EVP_KDF_derive(ctx, out, len, p) != 1)
		rc = ERR_NOMEM;
	EVP_KDF_CTX_free(ctx); /* wipes the key it was given */
	return rc;
}
