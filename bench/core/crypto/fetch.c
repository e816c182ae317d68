#include "bench/core/crypto/fetch.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static EVP_MD *sha256_md, *sha1_md;
static EVP_CIPHER *cbc_cipher, *ecb_cipher;
static EVP_KDF *hkdf_kdf, *x963_kdf;
static EVP_MAC_CTX *cmac_ctx;
static EC_GROUP *p256_group;

/* Per library context. */
struct home {
	OSSL_LIB_CTX *lib;
	EVP_PKEY_CTX *keygen;
	EVP_PKEY *params;
	struct home *next;
};
static struct home *homes;

void fetch_forget(OSSL_LIB_CTX *lib)
{
	struct home **at = &homes, *h;

	while (*at && (*at)->lib != lib)
		at = &(*at)->next;
	h = *at;
	if (!h)
		return;
	*at = h->next;
	EVP_PKEY_CTX_free(h->keygen);
	EVP_PKEY_free(h->params);
	free(h);
}

static void release(void)
{
	while (homes)
		fetch_forget(homes->lib);
	EVP_MD_free(sha256_md);
	EVP_MD_free(sha1_md);
	EVP_CIPHER_free(cbc_cipher);
	EVP_CIPHER_free(ecb_cipher);
	EVP_KDF_free(hkdf_kdf);
	EVP_KDF_free(x963_kdf);
	EVP_MAC_CTX_free(cmac_ctx);
	EC_GROUP_free(p256_group);
}

/* So that the library's own tear-down at exit does not find our references left over. */
static void release_at_exit(void)
{
	static bool asked;

	if (!asked)
		asked = OPENSSL_atexit(release) == 1;
}

bool fetch_ready(void)
{
	if (!OSSL_LIB_CTX_get0_global_default())
		return false;
	release_at_exit();
	return true;
}

static const EVP_MD *fetch_md(EVP_MD **md, const char *name)
{
	if (!*md && fetch_ready())
		*md = EVP_MD_fetch(NULL, name, NULL);
	return *md;
}

const EVP_MD *fetch_sha256(void)
{
	return fetch_md(&sha256_md, "SHA256");
}

const EVP_MD *fetch_sha1(void)
{
	return fetch_md(&sha1_md, "SHA1");
}

const EVP_CIPHER *fetch_aes128_cbc(void)
{
	if (!cbc_cipher && fetch_ready())
		cbc_cipher = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	return cbc_cipher;
}

const EVP_CIPHER *fetch_aes128_ecb(void)
{
	if (!ecb_cipher && fetch_ready())
		ecb_cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	return ecb_cipher;
}

EVP_KDF *fetch_hkdf(void)
{
	if (!hkdf_kdf && fetch_ready())
		hkdf_kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	return hkdf_kdf;
}

EVP_KDF *fetch_x963kdf(void)
{
	if (!x963_kdf && fetch_ready())
		x963_kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	return x963_kdf;
}

const EVP_MAC_CTX *fetch_cmac(void)
{
	static const unsigned char zero_key[16];
	char cipher[] = "AES-128-CBC";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;

	if (cmac_ctx || !fetch_ready())
		return cmac_ctx;
	mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac); /* the context holds its own reference */
	/* Without any key it cannot be duplicated. */
	if (ctx && EVP_MAC_init(ctx, zero_key, sizeof(zero_key), params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	cmac_ctx = ctx;
	return cmac_ctx;
}

const EC_GROUP *fetch_p256(void)
{
	if (!p256_group && fetch_ready())
		p256_group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	return p256_group;
}

/* What there is no memory for now stays NULL, and is asked for again the next time. */
static void furnish(struct home *h)
{
	EVP_PKEY_CTX *params =
		h->params ? NULL : EVP_PKEY_CTX_new_from_name(h->lib, "EC", NULL);

	if (params && EVP_PKEY_paramgen_init(params) == 1 &&
	    EVP_PKEY_CTX_set_group_name(params, "P-256") == 1)
		EVP_PKEY_generate(params, &h->params);
	EVP_PKEY_CTX_free(params);
	if (h->keygen)
		return;
	h->keygen = EVP_PKEY_CTX_new_from_name(h->lib, "EC", NULL);
	if (h->keygen && (EVP_PKEY_keygen_init(h->keygen) != 1 ||
			  EVP_PKEY_CTX_set_group_name(h->keygen, "P-256") != 1)) {
		EVP_PKEY_CTX_free(h->keygen);
		h->keygen = NULL;
	}
}

static const struct home *home_of(OSSL_LIB_CTX *lib)
{
	static const struct home none;
	struct home *h;

	for (h = homes; h && h->lib != lib; h = h->next)
		;
	if (h && (!h->params || !h->keygen))
		furnish(h);
	if (h)
		return h;
	h = fetch_ready() ? calloc(1, sizeof(*h)) : NULL;
	if (!h)
		return &none;
	h->lib = lib;
	furnish(h);
	h->next = homes;
	homes = h;
	return h;
}

EVP_PKEY_CTX *fetch_p256_keygen(OSSL_LIB_CTX *lib)
{
	return home_of(lib)->keygen;
}

const EVP_PKEY *fetch_p256_params(OSSL_LIB_CTX *lib)
{
	return home_of(lib)->params;
}

/* HKDF looks it up by itself, each time. */
static bool has_hmac(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	EVP_MAC_free(mac);
	return mac != NULL;
}

const char *fetch_missing(OSSL_LIB_CTX *lib)
{
	return !fetch_sha256()           ? "SHA-256"
	       : !fetch_aes128_cbc()     ? "AES-128-CBC"
	       : !fetch_aes128_ecb()     ? "AES-128-ECB"
	       : !fetch_hkdf()           ? "HKDF"
	       : !fetch_x963kdf()        ? "X963KDF"
	       : !fetch_cmac()           ? "CMAC"
	       : !has_hmac()             ? "HMAC"
	       : !fetch_p256()           ? "P-256"
	       : !fetch_p256_params(lib) ? "EC parameters"
	       : !fetch_p256_keygen(lib) ? "EC key pairs"
					 : NULL;
}
