#include "bench/core/crypto/sha256.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/err.h"

#include <openssl/evp.h>

int sha256(uint8_t digest[32], struct bytes message)
{
	const EVP_MD *md = fetch_sha256();

	if (!md || EVP_Digest(message.data, message.len, digest, NULL, md, NULL) != 1)
		return ERR_NOMEM;
	return 0;
}
