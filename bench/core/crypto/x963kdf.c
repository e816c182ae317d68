#include "bench/core/crypto/x963kdf.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/err.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

int x963kdf_sha256(uint8_t *out, size_t len, struct bytes z, struct bytes info)
{
	EVP_KDF *kdf = fetch_x963kdf();
	EVP_KDF_CTX *ctx;
	OSSL_PARAM p[4], *end = p;
	char digest[] = "SHA256";
	int rc = 0;

	if (len < 1 || z.len == 0)
		return ERR_RANGE;
	ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	if (!ctx)
		return ERR_NOMEM;
	*end++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	*end++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)z.data,
						   z.len);
	if (info.len)
		*end++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
							   (void *)info.data, info.len);
	*end = OSSL_PARAM_construct_end();
	if (EVP_KDF_derive(ctx, out, len, p) != 1)
		rc = ERR_NOMEM;
	EVP_KDF_CTX_free(ctx);
	return rc;
}
