#include "bench/core/crypto/cmac.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/err.h"

#include <openssl/evp.h>

int cmac_parts(uint8_t mac[16], const uint8_t key[16], const struct bytes *parts,
	       size_t count)
{
	const EVP_MAC_CTX *blank = fetch_cmac();
	EVP_MAC_CTX *ctx = blank ? EVP_MAC_CTX_dup(blank) : NULL;
	size_t len = 0;
	int rc = ERR_NOMEM;

	if (!ctx || EVP_MAC_init(ctx, key, 16, NULL) != 1)
		goto out;
	for (size_t i = 0; i < count; i++)
		if (parts[i].len && EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1)
			goto out;
	if (EVP_MAC_final(ctx, mac, &len, 16) == 1 && len == 16)
		rc = 0;
out:
	EVP_MAC_CTX_free(ctx);
	return rc;
}

int cmac(uint8_t mac[16], const uint8_t key[16], struct bytes message)
{
	return cmac_parts(mac, key, &message, 1);
}
