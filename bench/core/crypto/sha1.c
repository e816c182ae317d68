#include "bench/core/crypto/sha1.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/err.h"

#include <openssl/evp.h>

int sha1(uint8_t digest[20], struct bytes message)
{
	const EVP_MD *md = fetch_sha1();

	if (!md || EVP_Digest(message.data, message.len, digest, NULL, md, NULL) != 1)
		return ERR_NOMEM;
	return 0;
}
