#ifndef BENCH_CORE_CRYPTO_SPAKE2PLUS_H
#define BENCH_CORE_CRYPTO_SPAKE2PLUS_H

#include "bench/core/buf.h"

#include <openssl/types.h>

/*
 * SPAKE2+ on P-256: two sides find out whether one knows a password of which the other holds a verifier, and
 * leave with keys. The prover is the device (it knows w0 and w1), the verifier the vehicle (w0 and L = w1·G).
 *
 * The points are those of RFC 9383. What is made of them is not: the digital key takes its secrets modulo the
 * order less one, plus one; leaves context, names, M and N out of the transcript; cuts the hash into CK and
 * SK; binds the versions into the confirmation keys; and gives the first of those to the vehicle, over the
 * device's point. The RFC's own form stands below for its vectors.
 *
 * Points are 65 bytes, 04 || X || Y; scalars 32. Multiplications with secrets take constant time.
 * Errors everywhere: ERR_NOMEM also stands for trouble inside the library that no input can cause.
 * Source: RFC 9383; the digital key's form by three independent public implementations of one vector
 */
#define SPAKE2PLUS_Z_LEN 80 /* scrypt's output */
#define SPAKE2PLUS_TT_MAX 700

enum spake2plus_side {
	SPAKE2PLUS_DEVICE, /* masks with M */
	SPAKE2PLUS_VEHICLE /* masks with N */
};

/** M or N of the curve, 65 bytes. */
const uint8_t *spake2plus_mask(enum spake2plus_side side);

/** The two secrets of a password: each half of @z modulo (order - 1), plus 1. */
int spake2plus_secrets(uint8_t w0[32], uint8_t w1[32], const uint8_t z[SPAKE2PLUS_Z_LEN]);
/** A fresh scalar, 1 .. order-1. @return 0, ERR_IO (no randomness), ERR_NOMEM */
int spake2plus_scalar(uint8_t out[32], OSSL_LIB_CTX *lib);
/**
 * What a side sends: X = x·G + w0·M, or Y = y·G + w0·N.
 * @return 0, ERR_RANGE (a scalar is 0 or not below the order, or the sum is the point at infinity), ERR_NOMEM
 */
int spake2plus_share(uint8_t share[65], enum spake2plus_side side, const uint8_t own[32],
		     const uint8_t w0[32]);

struct spake2plus_points {
	uint8_t z[65], v[65];
};
/**
 * The device's: Z = x·(Y - w0·N), V = w1·(Y - w0·N).
 * @return 0; ERR_FORMAT: the received @y is no point of the curve; ERR_RANGE: Z or V is the point at infinity,
 *         or a scalar is out of range; ERR_NOMEM
 */
int spake2plus_device(struct spake2plus_points *out, const uint8_t x[32],
		      const uint8_t w0[32], const uint8_t w1[32], const uint8_t y[65]);
/** The vehicle's: Z = y·(X - w0·M), V = y·L. Errors as above, of @x and @l. */
int spake2plus_vehicle(struct spake2plus_points *out, const uint8_t y[32],
		       const uint8_t w0[32], const uint8_t l[65], const uint8_t x[65]);

/** What both sides know once the points are exchanged. */
struct spake2plus_run {
	uint8_t x[65], y[65]; /* as sent */
	struct spake2plus_points points;
	uint8_t w0[32];
};

/** X, Y, Z, V, w0, each behind its length as eight bytes, the least significant first. */
void spake2plus_transcript(struct buf *out, const struct spake2plus_run *run);

struct spake2plus_keys {
	uint8_t ck[16], sk[16]; /* the halves of the transcript's hash */
	uint8_t k1[16], k2[16];
	uint8_t m1[16];                     /* the vehicle's evidence, CMAC(K1, X) */
	uint8_t m2[16];                     /* the device's, CMAC(K2, Y) */
	uint8_t enc[16], mac[16], rmac[16]; /* of the pairing channel */
	uint8_t ltss[16];                   /* long-term shared secret */
	uint8_t radio_intro[16], radio_master[16]; /* release 3 with a radio only */
};
/**
 * All keys of a run.
 * @param versions  the TLVs 5B and 5C exactly as they stood in the REQUEST: they are bound into K1 and K2
 * @return 0, ERR_RANGE (@versions over 200 bytes) or ERR_NOMEM. Wipe @out.
 */
int spake2plus_keys(struct spake2plus_keys *out, const struct spake2plus_run *run,
		    struct bytes versions);

/* RFC 9383 as it stands, in its two suites of P-256 with SHA-256. The first confirmation key is the prover's. */
enum rfc9383_mac {
	RFC9383_HMAC_SHA256,
	RFC9383_CMAC_AES128
};
struct rfc9383_names {
	struct bytes context, prover, verifier;
};
void rfc9383_transcript(struct buf *out, const struct rfc9383_names *names,
			const struct spake2plus_run *run);
struct rfc9383_keys {
	uint8_t main[32], shared[32];
	size_t mac_len; /* 32 or 16: what of the following is used */
	uint8_t confirm_prover[32], confirm_verifier[32]; /* keys */
	uint8_t prover[32], verifier[32]; /* MACs over the other's share */
};
/** @return 0, ERR_RANGE (names too long) or ERR_NOMEM. Wipe @out. */
int rfc9383_keys(struct rfc9383_keys *out, enum rfc9383_mac mac,
		 const struct rfc9383_names *names, const struct spake2plus_run *run);

#endif
