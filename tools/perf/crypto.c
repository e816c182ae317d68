#include "tools/perf/perf.h"

#include "bench/core/data.h"
#include "fixtures/device/device.h"
#include "fixtures/vehicle/vehicle.h"

#include <math.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <time.h>

/*
 * Processor time of whole transactions, both engines in this process, against the
 * operations of OpenSSL that they cannot do without, called as directly as its API
 * allows. In turns; the fastest round of each counts, for what else the machine does only
 * adds.
 */
#define ROUNDS 15
#define FAST 400 /* a round */
#define STANDARD 150

struct engines {
	struct profile *profile;
	struct pairing pairing;
	struct vehicle *vehicle;
	struct device *device;
};

/*
 * What the bare side has ready: nothing is looked up, set up or parsed while it is timed.
 */
struct bare {
	EVP_PKEY_CTX *keygen, *sign, *verify;
	EVP_PKEY *params, *own;
	EVP_MD *sha256;
	EVP_KDF_CTX *hkdf, *x963;
	EVP_MAC_CTX *cmac;
	EVP_CIPHER *cbc;
	EVP_CIPHER_CTX *cipher;
	uint8_t sig[80];
	size_t sig_len;
	bool failed;
};

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int set_up(struct engines *e, struct err *err)
{
	char path[DATA_PATH_MAX];
	int rc = data_find(path, "dk-ccc-1.0", "fixtures/profiles/protocol", NULL, err);

	if (!rc)
		rc = profile_load(&e->profile, path, err);
	if (!rc)
		rc = data_find(path, "bench", "fixtures/pairings", NULL, err);
	if (!rc)
		rc = pairing_load(&e->pairing, path, err);
	if (!rc)
		rc = device_new(&e->device, e->profile, &e->pairing, NULL, NULL, err);
	if (!rc)
		rc = vehicle_new(&e->vehicle, e->profile, &e->pairing, NULL, err);
	return rc;
}

static void tidy(struct engines *e)
{
	vehicle_free(e->vehicle);
	device_free(e->device);
	pairing_wipe(&e->pairing);
	profile_free(e->profile);
}

/* Both sides, with nothing between them. */
static int transact(struct engines *e, enum vehicle_kind kind, struct err *err)
{
	uint8_t command_mem[300], answer_mem[300];
	struct buf command = BUF_ON(command_mem), answer = BUF_ON(answer_mem);
	const struct vehicle_result *r;
	const char *name;

	device_reset(e->device);
	vehicle_begin(e->vehicle, kind, VEHICLE_UNLOCK);
	while (vehicle_next(e->vehicle, &command, &name) == VEHICLE_SEND) {
		buf_clear(&answer);
		device_answer(e->device, buf_bytes(&command), &answer);
		vehicle_answer(e->vehicle, buf_bytes(&answer));
	}
	r = vehicle_result(e->vehicle);
	if (!r->opened || r->kind != kind)
		return err_set(err, ERR_IO, "a transaction did not open: %s", r->why);
	return 0;
}

static void need(struct bare *b, bool good)
{
	b->failed = b->failed || !good;
}

static void set_up_keys(struct bare *b)
{
	static const uint8_t digest[32] = { 1 };
	EVP_PKEY_CTX *params = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	need(b, params && EVP_PKEY_paramgen_init(params) == 1 &&
			EVP_PKEY_CTX_set_group_name(params, "P-256") == 1 &&
			EVP_PKEY_generate(params, &b->params) == 1);
	EVP_PKEY_CTX_free(params);
	b->keygen = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	need(b, b->keygen && EVP_PKEY_keygen_init(b->keygen) == 1 &&
			EVP_PKEY_CTX_set_group_name(b->keygen, "P-256") == 1 &&
			EVP_PKEY_generate(b->keygen, &b->own) == 1);
	b->sign = EVP_PKEY_CTX_new_from_pkey(NULL, b->own, NULL);
	b->verify = EVP_PKEY_CTX_new_from_pkey(NULL, b->own, NULL);
	b->sig_len = sizeof(b->sig);
	need(b, EVP_PKEY_sign_init(b->sign) == 1 &&
			EVP_PKEY_verify_init(b->verify) == 1 &&
			EVP_PKEY_sign(b->sign, b->sig, &b->sig_len, digest, 32) == 1);
}

static void set_up_rest(struct bare *b)
{
	EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF *x963 = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	EVP_MAC *cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	char cipher[] = "AES-128-CBC";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
		OSSL_PARAM_construct_end(),
	};

	b->hkdf = EVP_KDF_CTX_new(hkdf);
	b->x963 = EVP_KDF_CTX_new(x963);
	b->cmac = EVP_MAC_CTX_new(cmac);
	b->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	b->cbc = EVP_CIPHER_fetch(NULL, cipher, NULL);
	b->cipher = EVP_CIPHER_CTX_new();
	need(b, b->hkdf && b->x963 && b->sha256 && b->cbc && b->cipher && b->cmac &&
			EVP_MAC_init(b->cmac, b->sig, 16, params) == 1);
	EVP_KDF_free(hkdf);
	EVP_KDF_free(x963);
	EVP_MAC_free(cmac);
}

static void tear_down(struct bare *b)
{
	EVP_PKEY_CTX_free(b->keygen);
	EVP_PKEY_CTX_free(b->sign);
	EVP_PKEY_CTX_free(b->verify);
	EVP_PKEY_free(b->params);
	EVP_PKEY_free(b->own);
	EVP_MD_free(b->sha256);
	EVP_KDF_CTX_free(b->hkdf);
	EVP_KDF_CTX_free(b->x963);
	EVP_MAC_CTX_free(b->cmac);
	EVP_CIPHER_free(b->cbc);
	EVP_CIPHER_CTX_free(b->cipher);
}

static EVP_PKEY *bare_keygen(struct bare *b, uint8_t point[65])
{
	EVP_PKEY *key = NULL;
	size_t len;

	need(b, EVP_PKEY_generate(b->keygen, &key) == 1 &&
			EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
							point, 65, &len) == 1);
	return key;
}

static EVP_PKEY *bare_import(struct bare *b, const uint8_t point[65])
{
	EVP_PKEY *key = EVP_PKEY_new();

	need(b, EVP_PKEY_copy_parameters(key, b->params) == 1 &&
			EVP_PKEY_set1_encoded_public_key(key, point, 65) == 1);
	return key;
}

static void bare_ecdh(struct bare *b, EVP_PKEY *own, EVP_PKEY *peer, uint8_t z[32])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t len = 32;

	need(b, EVP_PKEY_derive_init(ctx) == 1 &&
			EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
			EVP_PKEY_derive(ctx, z, &len) == 1);
	EVP_PKEY_CTX_free(ctx);
}

/* @len bytes from a key of 32 and a text of 100. */
static void bare_kdf(struct bare *b, EVP_KDF_CTX *ctx, uint8_t key[32], size_t len)
{
	uint8_t text[100] = { 0 }, out[64];
	char digest[] = "SHA256";
	OSSL_PARAM p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, text, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, text, 100),
		OSSL_PARAM_construct_end(),
	};

	EVP_KDF_CTX_reset(ctx);
	need(b, EVP_KDF_derive(ctx, out, len, p) == 1);
}

static void bare_sign(struct bare *b)
{
	uint8_t text[110] = { 0 }, digest[32], sig[80];
	size_t len = sizeof(sig);

	need(b, EVP_Digest(text, sizeof(text), digest, NULL, b->sha256, NULL) == 1 &&
			EVP_PKEY_sign(b->sign, sig, &len, digest, 32) == 1);
}

static void bare_verify(struct bare *b)
{
	static const uint8_t signed_digest[32] = { 1 };
	uint8_t text[110] = { 0 }, digest[32];

	need(b, EVP_Digest(text, sizeof(text), digest, NULL, b->sha256, NULL) == 1 &&
			EVP_PKEY_verify(b->verify, b->sig, b->sig_len, signed_digest,
					32) == 1);
}

/* One message of the channel, one side: its IV, its content, its MAC. */
static void bare_channel(struct bare *b)
{
	uint8_t text[96] = { 0 }, out[112];
	size_t mac_len;
	int len;

	for (int i = 0; i < 2; i++)
		need(b, EVP_EncryptInit_ex2(b->cipher, b->cbc, b->sig, text, NULL) == 1 &&
				EVP_EncryptUpdate(b->cipher, out, &len, text,
						  i ? 96 : 16) == 1);
	need(b, EVP_MAC_init(b->cmac, b->sig, 16, NULL) == 1 &&
			EVP_MAC_update(b->cmac, text, sizeof(text)) == 1 &&
			EVP_MAC_final(b->cmac, out, &mac_len, sizeof(out)) == 1);
}

/* AUTH0 of both sides, and what a standard transaction does after it. */
static void bare_transaction(struct bare *b, enum vehicle_kind kind)
{
	uint8_t points[2][65], tid[16], z[32] = { 0 };
	EVP_PKEY *own[2], *peer[2];

	need(b, RAND_bytes(tid, sizeof(tid)) == 1);
	for (int i = 0; i < 2; i++)
		own[i] = bare_keygen(b, points[i]);
	for (int i = 0; i < 2; i++)
		peer[i] = bare_import(b, points[!i]);
	for (int i = 0; i < 2 && kind == VEHICLE_FAST; i++)
		bare_kdf(b, b->hkdf, z, 64);
	for (int i = 0; i < 2 && kind == VEHICLE_STANDARD; i++) {
		bare_sign(b);
		bare_verify(b);
		bare_ecdh(b, own[i], peer[i], z);
		bare_kdf(b, b->x963, z, 32);
		bare_kdf(b, b->hkdf, z, 48);
		bare_kdf(b, b->hkdf, z, 32);
		bare_channel(b);
	}
	for (int i = 0; i < 2; i++) {
		EVP_PKEY_free(own[i]);
		EVP_PKEY_free(peer[i]);
	}
}

static int compare(struct perf *p, struct engines *e, struct bare *b,
		   enum vehicle_kind kind, int count, struct err *err)
{
	double ours = HUGE_VAL, bare = HUGE_VAL, from;
	char time[24];
	struct row *r;
	int rc = 0;

	for (int round = 0; round < ROUNDS; round++) {
		from = cpu_ns();
		for (int i = 0; !rc && i < count; i++)
			rc = transact(e, kind, err);
		ours = fmin(ours, (cpu_ns() - from) / count);
		from = cpu_ns();
		for (int i = 0; i < count; i++)
			bare_transaction(b, kind);
		bare = fmin(bare, (cpu_ns() - from) / count);
		if (rc)
			return rc;
	}
	if (b->failed)
		return err_set(err, ERR_IO, "OpenSSL refused one of the bare operations");
	r = table_row(p->table, "%s transaction, both engines, processor time",
		      kind == VEHICLE_FAST ? "fast" : "standard");
	row_time(r->measured, sizeof(r->measured), ours);
	row_time(time, sizeof(time), bare);
	snprintf(r->reference, sizeof(r->reference), "%s bare OpenSSL", time);
	row_ratio(r, ours / bare, 1.25);
	return 0;
}

int perf_crypto(struct perf *p, struct err *err)
{
	struct engines e = { 0 };
	struct bare b = { 0 };
	int rc = set_up(&e, err);

	set_up_keys(&b);
	set_up_rest(&b);
	if (!rc && b.failed)
		rc = err_set(err, ERR_IO, "OpenSSL cannot be set up");
	if (!rc) /* the first leaves what a fast one needs */
		rc = transact(&e, VEHICLE_STANDARD, err);
	if (!rc)
		rc = compare(p, &e, &b, VEHICLE_FAST, perf_count(p, FAST), err);
	if (!rc)
		rc = compare(p, &e, &b, VEHICLE_STANDARD, perf_count(p, STANDARD), err);
	tear_down(&b);
	tidy(&e);
	return rc;
}
