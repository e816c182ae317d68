#include "bench/core/crypto/gcm.h"

#include "bench/core/crypto/ec.h"
#include "bench/core/crypto/fetch.h"
#include "bench/core/crypto/x963kdf.h"
#include "bench/core/err.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static EVP_CIPHER_CTX *start(const uint8_t *key, const uint8_t *iv, struct bytes aad,
			     int encrypt)
{
	EVP_CIPHER_CTX *ctx = fetch_ready() ? EVP_CIPHER_CTX_new() : NULL;
	int len = 0;

	if (ctx &&
	    EVP_CipherInit_ex2(ctx, EVP_aes_128_gcm(), key, iv, encrypt, NULL) == 1 &&
	    (!aad.len || EVP_CipherUpdate(ctx, NULL, &len, aad.data, (int)aad.len) == 1))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

int gcm_seal(struct buf *out, const uint8_t key[16], const uint8_t iv[12],
	     struct bytes plain, struct bytes aad)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t *mem, tag[GCM_TAG_LEN];
	int len = 0, rest = 0, rc = ERR_NOMEM;

	if (plain.len > INT_MAX || aad.len > INT_MAX)
		return ERR_RANGE;
	ctx = start(key, iv, aad, 1);
	mem = malloc(plain.len + 16);
	if (ctx && mem &&
	    (!plain.len ||
	     EVP_CipherUpdate(ctx, mem, &len, plain.data, (int)plain.len) == 1) &&
	    EVP_CipherFinal_ex(ctx, mem + len, &rest) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_LEN, tag) == 1) {
		buf_add(out, BYTES(mem, plain.len));
		buf_add(out, BYTES_OF(tag));
		rc = out->failed ? ERR_NOMEM : 0;
	}
	free(mem);
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

int gcm_open(struct buf *out, const uint8_t key[16], const uint8_t iv[12],
	     struct bytes sealed, struct bytes aad)
{
	const size_t text = sealed.len - GCM_TAG_LEN;
	EVP_CIPHER_CTX *ctx;
	uint8_t *mem, tag[GCM_TAG_LEN];
	int len = 0, rest = 0, rc = ERR_NOMEM;

	if (sealed.len < GCM_TAG_LEN || sealed.len > INT_MAX || aad.len > INT_MAX)
		return ERR_AUTH;
	memcpy(tag, sealed.data + text, GCM_TAG_LEN);
	ctx = start(key, iv, aad, 0);
	mem = malloc(text + 16);
	if (ctx && mem &&
	    (!text || EVP_CipherUpdate(ctx, mem, &len, sealed.data, (int)text) == 1) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_LEN, tag) == 1)
		rc = EVP_CipherFinal_ex(ctx, mem + len, &rest) == 1 ? 0 : ERR_AUTH;
	if (!rc)
		buf_add(out, BYTES(mem, text));
	if (mem)
		secret_wipe(mem, text);
	free(mem);
	EVP_CIPHER_CTX_free(ctx);
	return !rc && out->failed ? ERR_NOMEM : rc;
}

/* Key and IV of both sides. */
static int derive(uint8_t out[28], OSSL_LIB_CTX *lib, EVP_PKEY *own, EVP_PKEY *peer,
		  const uint8_t ephemeral[65], const uint8_t recipient[65])
{
	uint8_t z[32], info[130];
	int rc = ecdh(z, lib, own, peer);

	memcpy(info, ephemeral, 65);
	memcpy(info + 65, recipient, 65);
	if (!rc)
		rc = x963kdf_sha256(out, 28, BYTES_OF(z), BYTES_OF(info));
	secret_wipe(z, sizeof(z));
	return rc;
}

int ecies_seal(struct buf *out, OSSL_LIB_CTX *lib, const uint8_t pk[65],
	       struct bytes plain, struct bytes aad)
{
	EVP_PKEY *peer = NULL, *own = NULL;
	uint8_t point[65], k[28];
	int rc = ec_public_key(&peer, lib, pk);

	if (!rc)
		rc = ec_generate(&own, lib);
	if (!rc)
		rc = ec_point(point, own);
	if (!rc)
		rc = derive(k, lib, own, peer, point, pk);
	if (!rc) {
		buf_add(out, BYTES_OF(point));
		rc = gcm_seal(out, k, k + 16, plain, aad);
	}
	secret_wipe(k, sizeof(k));
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return rc;
}

int ecies_open(struct buf *out, OSSL_LIB_CTX *lib, EVP_PKEY *own, struct bytes sealed,
	       struct bytes aad)
{
	EVP_PKEY *peer = NULL;
	uint8_t mine[65], k[28];
	int rc;

	if (sealed.len < 65 + GCM_TAG_LEN)
		return ERR_AUTH;
	rc = ec_public_key(&peer, lib, sealed.data);
	if (rc == ERR_FORMAT)
		return ERR_AUTH;
	if (!rc)
		rc = ec_point(mine, own);
	if (!rc)
		rc = derive(k, lib, own, peer, sealed.data, mine);
	if (!rc)
		rc = gcm_open(out, k, k + 16, BYTES(sealed.data + 65, sealed.len - 65),
			      aad);
	secret_wipe(k, sizeof(k));
	EVP_PKEY_free(peer);
	return rc;
}
