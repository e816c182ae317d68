#include "bench/core/crypto/scrypt.h"

#include "bench/core/crypto/fetch.h"
#include "bench/core/err.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#define MAX_OUTPUT 1024

int scrypt_check(const struct scrypt_cost *cost)
{
	const uint64_t blocks = (uint64_t)cost->n * cost->r;

	if (cost->n < 2 || cost->n & (cost->n - 1) || !cost->r || !cost->p)
		return ERR_RANGE;
	if (blocks > SCRYPT_MAX_BLOCKS || blocks * cost->p > SCRYPT_MAX_WORK)
		return ERR_RANGE;
	return 0;
}

int scrypt(uint8_t *out, size_t len, struct bytes password, struct bytes salt,
	   const struct scrypt_cost *cost)
{
	/* the table, p blocks, and two of working room; the library counts each of them */
	const uint64_t memory =
		128 * (uint64_t)cost->r * ((uint64_t)cost->n + cost->p + 2) + 4096;
	static const uint8_t nothing[1];

	if (scrypt_check(cost) || len < 1 || len > MAX_OUTPUT)
		return ERR_RANGE;
	if (!fetch_ready())
		return ERR_NOMEM;
	if (EVP_PBE_scrypt((const char *)(password.len ? password.data : nothing),
			   password.len, salt.len ? salt.data : nothing, salt.len,
			   cost->n, cost->r, cost->p, memory, out, len) != 1) {
		ERR_clear_error();
		return ERR_NOMEM;
	}
	return 0;
}
