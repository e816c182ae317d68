#include "bench/core/crypto/spake2plus.h"

#include "bench/core/crypto/cmac.h"
#include "bench/core/crypto/ec.h"
#include "bench/core/crypto/fetch.h"
#include "bench/core/crypto/hkdf.h"
#include "bench/core/crypto/random.h"
#include "bench/core/crypto/sha256.h"
#include "bench/core/err.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

/* Source: RFC 9383, section 4; uncompressed here */
static const uint8_t masks[2][65] = {
	{ 0x04, 0x88, 0x6e, 0x2f, 0x97, 0xac, 0xe4, 0x6e, 0x55, 0xba, 0x9d, 0xd7, 0x24,
	  0x25, 0x79, 0xf2, 0x99, 0x3b, 0x64, 0xe1, 0x6e, 0xf3, 0xdc, 0xab, 0x95, 0xaf,
	  0xd4, 0x97, 0x33, 0x3d, 0x8f, 0xa1, 0x2f, 0x5f, 0xf3, 0x55, 0x16, 0x3e, 0x43,
	  0xce, 0x22, 0x4e, 0x0b, 0x0e, 0x65, 0xff, 0x02, 0xac, 0x8e, 0x5c, 0x7b, 0xe0,
	  0x94, 0x19, 0xc7, 0x85, 0xe0, 0xca, 0x54, 0x7d, 0x55, 0xa1, 0x2e, 0x2d, 0x20 },
	{ 0x04, 0xd8, 0xbb, 0xd6, 0xc6, 0x39, 0xc6, 0x29, 0x37, 0xb0, 0x4d, 0x99, 0x7f,
	  0x38, 0xc3, 0x77, 0x07, 0x19, 0xc6, 0x29, 0xd7, 0x01, 0x4d, 0x49, 0xa2, 0x4b,
	  0x4f, 0x98, 0xba, 0xa1, 0x29, 0x2b, 0x49, 0x07, 0xd6, 0x0a, 0xa6, 0xbf, 0xad,
	  0xe4, 0x50, 0x08, 0xa6, 0x36, 0x33, 0x7f, 0x51, 0x68, 0xc6, 0x4d, 0x9b, 0xd3,
	  0x60, 0x34, 0x80, 0x8c, 0xd5, 0x64, 0x49, 0x0b, 0x1e, 0x65, 0x6e, 0xdb, 0xe7 },
};

const uint8_t *spake2plus_mask(enum spake2plus_side side)
{
	return masks[side];
}

/* One computation: its group, its scratch, four points and two secrets. */
struct work {
	const EC_GROUP *group;
	BN_CTX *bn;
	EC_POINT *point[4];
	BIGNUM *secret[2];
};

static void work_release(struct work *w)
{
	for (size_t i = 0; i < 4; i++)
		EC_POINT_clear_free(w->point[i]);
	for (size_t i = 0; i < 2; i++)
		BN_clear_free(w->secret[i]);
	BN_CTX_free(w->bn);
	ERR_clear_error();
}

static int work_init(struct work *w)
{
	*w = (struct work){ .group = fetch_p256() };
	if (!w->group)
		return ERR_NOMEM;
	w->bn = BN_CTX_secure_new();
	for (size_t i = 0; i < 4; i++)
		w->point[i] = EC_POINT_new(w->group);
	for (size_t i = 0; i < 2; i++)
		w->secret[i] = BN_secure_new();
	if (w->bn && w->point[0] && w->point[1] && w->point[2] && w->point[3] &&
	    w->secret[0] && w->secret[1])
		return 0;
	work_release(w);
	return ERR_NOMEM;
}

/* @return 0, ERR_RANGE: 0 or not below the order */
static int read_scalar(BIGNUM *out, const uint8_t in[32])
{
	if (!BN_bin2bn(in, 32, out))
		return ERR_NOMEM;
	BN_set_flags(out, BN_FLG_CONSTTIME);
	if (BN_is_zero(out) || BN_cmp(out, EC_GROUP_get0_order(fetch_p256())) >= 0)
		return ERR_RANGE;
	return 0;
}

/* A received point, or one of ours: checked either way. */
static int read_point(struct work *w, EC_POINT *out, const uint8_t in[65])
{
	int rc = ec_check_point(in);

	if (!rc && EC_POINT_oct2point(w->group, out, in, 65, w->bn) != 1)
		rc = ERR_NOMEM;
	return rc;
}

static int write_point(struct work *w, uint8_t out[65], const EC_POINT *in)
{
	if (EC_POINT_is_at_infinity(w->group, in))
		return ERR_RANGE;
	if (EC_POINT_point2oct(w->group, in, POINT_CONVERSION_UNCOMPRESSED, out, 65,
			       w->bn) != 65)
		return ERR_NOMEM;
	return 0;
}

/* @out = secret · @point (NULL: the generator). One at a time: that is the library's constant-time path. */
static int multiply(struct work *w, EC_POINT *out, const BIGNUM *secret,
		    const EC_POINT *point)
{
	int done = point ? EC_POINT_mul(w->group, out, NULL, point, secret, w->bn)
			 : EC_POINT_mul(w->group, out, secret, NULL, NULL, w->bn);

	return done == 1 ? 0 : ERR_NOMEM;
}

/* point[0] = w0 · mask of @side; uses point[1] and secret[1]. */
static int mask_of(struct work *w, enum spake2plus_side side, const uint8_t w0[32])
{
	int rc = read_scalar(w->secret[1], w0);

	if (!rc && EC_POINT_oct2point(w->group, w->point[1], masks[side], 65, w->bn) != 1)
		rc = ERR_NOMEM;
	return rc ? rc : multiply(w, w->point[0], w->secret[1], w->point[1]);
}

/* point[2] = @share without the mask of @side. */
static int unmask(struct work *w, enum spake2plus_side side, const uint8_t w0[32],
		  const uint8_t share[65])
{
	int rc = read_point(w, w->point[2], share);

	if (!rc)
		rc = mask_of(w, side, w0);
	if (!rc &&
	    (EC_POINT_invert(w->group, w->point[0], w->bn) != 1 ||
	     EC_POINT_add(w->group, w->point[2], w->point[2], w->point[0], w->bn) != 1))
		rc = ERR_NOMEM;
	return rc;
}

/* @out = secret · @point, as bytes. */
static int multiplied(struct work *w, uint8_t out[65], const uint8_t secret[32],
		      const EC_POINT *point)
{
	int rc = read_scalar(w->secret[0], secret);

	if (!rc)
		rc = multiply(w, w->point[3], w->secret[0], point);
	return rc ? rc : write_point(w, out, w->point[3]);
}

/* @out = (@in mod (order - 1)) + 1 */
static int reduce(BN_CTX *bn, uint8_t out[32], const uint8_t in[40])
{
	BIGNUM *value = BN_secure_new(), *rest = BN_secure_new();
	BIGNUM *modulus = BN_dup(EC_GROUP_get0_order(fetch_p256()));
	int rc = ERR_NOMEM;

	if (!value || !rest || !modulus || !BN_bin2bn(in, 40, value))
		goto out;
	BN_set_flags(value, BN_FLG_CONSTTIME);
	if (BN_sub_word(modulus, 1) && BN_mod(rest, value, modulus, bn) &&
	    BN_add_word(rest, 1) && BN_bn2binpad(rest, out, 32) == 32)
		rc = 0;
out:
	BN_clear_free(value);
	BN_clear_free(rest);
	BN_free(modulus);
	return rc;
}

int spake2plus_secrets(uint8_t w0[32], uint8_t w1[32], const uint8_t z[SPAKE2PLUS_Z_LEN])
{
	BN_CTX *bn = fetch_p256() ? BN_CTX_secure_new() : NULL;
	int rc = bn ? reduce(bn, w0, z) : ERR_NOMEM;

	if (!rc)
		rc = reduce(bn, w1, z + SPAKE2PLUS_Z_LEN / 2);
	BN_CTX_free(bn);
	return rc;
}

int spake2plus_scalar(uint8_t out[32], OSSL_LIB_CTX *lib)
{
	BIGNUM *scalar = fetch_p256() ? BN_secure_new() : NULL;
	int rc = scalar ? ERR_RANGE : ERR_NOMEM;

	while (rc == ERR_RANGE) { /* one of 2^32 */
		rc = crypto_random(lib, out, 32);
		if (!rc)
			rc = read_scalar(scalar, out);
	}
	BN_clear_free(scalar);
	return rc;
}

int spake2plus_share(uint8_t share[65], enum spake2plus_side side, const uint8_t own[32],
		     const uint8_t w0[32])
{
	struct work w;
	int rc = work_init(&w);

	if (rc)
		return rc;
	rc = mask_of(&w, side, w0);
	if (!rc)
		rc = read_scalar(w.secret[0], own);
	if (!rc)
		rc = multiply(&w, w.point[2], w.secret[0], NULL);
	if (!rc && EC_POINT_add(w.group, w.point[2], w.point[2], w.point[0], w.bn) != 1)
		rc = ERR_NOMEM;
	if (!rc)
		rc = write_point(&w, share, w.point[2]);
	work_release(&w);
	return rc;
}

int spake2plus_device(struct spake2plus_points *out, const uint8_t x[32],
		      const uint8_t w0[32], const uint8_t w1[32], const uint8_t y[65])
{
	struct work w;
	int rc = work_init(&w);

	if (rc)
		return rc;
	rc = unmask(&w, SPAKE2PLUS_VEHICLE, w0, y);
	if (!rc)
		rc = multiplied(&w, out->z, x, w.point[2]);
	if (!rc)
		rc = multiplied(&w, out->v, w1, w.point[2]);
	work_release(&w);
	return rc;
}

int spake2plus_vehicle(struct spake2plus_points *out, const uint8_t y[32],
		       const uint8_t w0[32], const uint8_t l[65], const uint8_t x[65])
{
	struct work w;
	int rc = work_init(&w);

	if (rc)
		return rc;
	rc = unmask(&w, SPAKE2PLUS_DEVICE, w0, x);
	if (!rc)
		rc = multiplied(&w, out->z, y, w.point[2]);
	if (!rc)
		rc = read_point(&w, w.point[1], l);
	if (!rc)
		rc = multiplied(&w, out->v, y, w.point[1]);
	work_release(&w);
	return rc;
}

static void add_counted(struct buf *out, struct bytes b)
{
	for (int shift = 0; shift < 64; shift += 8)
		buf_u8(out, (uint8_t)((uint64_t)b.len >> shift));
	buf_add(out, b);
}

void spake2plus_transcript(struct buf *out, const struct spake2plus_run *run)
{
	add_counted(out, BYTES_OF(run->x));
	add_counted(out, BYTES_OF(run->y));
	add_counted(out, BYTES_OF(run->points.z));
	add_counted(out, BYTES_OF(run->points.v));
	add_counted(out, BYTES_OF(run->w0));
}

/* The hash of a transcript, and the transcript wiped. */
static int hash_of(uint8_t hash[32], struct buf *tt)
{
	int rc = tt->failed ? ERR_RANGE : sha256(hash, buf_bytes(tt));

	secret_wipe(tt->data, tt->len);
	return rc;
}

static struct bytes text(const char *t)
{
	return BYTES((const uint8_t *)t, strlen(t));
}

/* K1, K2 of CK and the versions. */
static int confirmation_keys(struct spake2plus_keys *out, struct bytes versions)
{
	uint8_t mem[16 + 200], keys[32];
	struct buf info = BUF_ON(mem);
	int rc;

	buf_text(&info, "ConfirmationKeys");
	buf_add(&info, versions);
	if (info.failed)
		return ERR_RANGE;
	rc = hkdf_sha256(keys, sizeof(keys), BYTES_OF(out->ck), BYTES(NULL, 0),
			 buf_bytes(&info));
	memcpy(out->k1, keys, 16);
	memcpy(out->k2, keys + 16, 16);
	secret_wipe(keys, sizeof(keys));
	return rc;
}

static int system_keys(struct spake2plus_keys *out)
{
	uint8_t *const to[] = { out->enc,  out->mac,         out->rmac,
				out->ltss, out->radio_intro, out->radio_master };
	uint8_t keys[96];
	int rc = hkdf_sha256(keys, sizeof(keys), BYTES_OF(out->sk), BYTES(NULL, 0),
			     text("SystemKeys"));

	for (size_t i = 0; i < 6; i++)
		memcpy(to[i], keys + 16 * i, 16);
	secret_wipe(keys, sizeof(keys));
	return rc;
}

int spake2plus_keys(struct spake2plus_keys *out, const struct spake2plus_run *run,
		    struct bytes versions)
{
	uint8_t mem[SPAKE2PLUS_TT_MAX], hash[32] = { 0 };
	struct buf tt = BUF_ON(mem);
	int rc;

	spake2plus_transcript(&tt, run);
	rc = hash_of(hash, &tt);
	memcpy(out->ck, hash, 16);
	memcpy(out->sk, hash + 16, 16);
	secret_wipe(hash, sizeof(hash));
	if (!rc)
		rc = confirmation_keys(out, versions);
	if (!rc)
		rc = cmac(out->m1, out->k1, BYTES_OF(run->x));
	if (!rc)
		rc = cmac(out->m2, out->k2, BYTES_OF(run->y));
	if (!rc)
		rc = system_keys(out);
	if (rc)
		secret_wipe(out, sizeof(*out));
	return rc;
}

void rfc9383_transcript(struct buf *out, const struct rfc9383_names *names,
			const struct spake2plus_run *run)
{
	add_counted(out, names->context);
	add_counted(out, names->prover);
	add_counted(out, names->verifier);
	add_counted(out, BYTES_OF(masks[SPAKE2PLUS_DEVICE]));
	add_counted(out, BYTES_OF(masks[SPAKE2PLUS_VEHICLE]));
	spake2plus_transcript(out, run);
}

static int hmac_sha256(uint8_t out[32], const uint8_t key[32], struct bytes message)
{
	size_t len = 0;

	if (!fetch_ready() ||
	    !EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, 32, message.data,
		       message.len, out, 32, &len) ||
	    len != 32)
		return ERR_NOMEM;
	return 0;
}

static int rfc_macs(struct rfc9383_keys *out, enum rfc9383_mac mac,
		    const struct spake2plus_run *run)
{
	int rc;

	if (mac == RFC9383_CMAC_AES128) {
		rc = cmac(out->prover, out->confirm_prover, BYTES_OF(run->y));
		return rc ? rc
			  : cmac(out->verifier, out->confirm_verifier, BYTES_OF(run->x));
	}
	rc = hmac_sha256(out->prover, out->confirm_prover, BYTES_OF(run->y));
	return rc ? rc
		  : hmac_sha256(out->verifier, out->confirm_verifier, BYTES_OF(run->x));
}

int rfc9383_keys(struct rfc9383_keys *out, enum rfc9383_mac mac,
		 const struct rfc9383_names *names, const struct spake2plus_run *run)
{
	uint8_t mem[SPAKE2PLUS_TT_MAX], keys[64];
	struct buf tt = BUF_ON(mem);
	int rc;

	memset(out, 0, sizeof(*out));
	out->mac_len = mac == RFC9383_CMAC_AES128 ? 16 : 32;
	rfc9383_transcript(&tt, names, run);
	rc = hash_of(out->main, &tt);
	if (!rc)
		rc = hkdf_sha256(keys, 2 * out->mac_len, BYTES_OF(out->main),
				 BYTES(NULL, 0), text("ConfirmationKeys"));
	if (!rc) {
		memcpy(out->confirm_prover, keys, out->mac_len);
		memcpy(out->confirm_verifier, keys + out->mac_len, out->mac_len);
		rc = rfc_macs(out, mac, run);
	}
	if (!rc)
		rc = hkdf_sha256(out->shared, sizeof(out->shared), BYTES_OF(out->main),
				 BYTES(NULL, 0), text("SharedKey"));
	secret_wipe(keys, sizeof(keys));
	if (rc)
		secret_wipe(out, sizeof(*out));
	return rc;
}
