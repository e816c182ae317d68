#include "bench/core/crypto/random.h"

#include "bench/core/bytes.h"
#include "bench/core/crypto/cbc.h"
#include "bench/core/crypto/fetch.h"
#include "bench/core/crypto/sha256.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>

/* TEST-RAND plays back a tape of fixed length and then fails: a new one is put in before the old
 * one can end. No single operation of this folder takes more than OPERATION bytes (an ECDSA nonce
 * takes 64 to 128 and is drawn again with probability 2^-32). */
#define OPERATION 1024

struct seeded {
	OSSL_LIB_CTX *lib;
	uint64_t seed, tapes;
	size_t used;
	struct seeded *next;
};

static struct seeded *all;

static struct seeded *find(OSSL_LIB_CTX *lib)
{
	struct seeded *s = all;

	while (s && s->lib != lib)
		s = s->next;
	return s;
}

static void put64(uint8_t out[8], uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		out[i] = (uint8_t)v;
}

/*
 * Put a tape into one generator: zeros encrypted under SHA-256(seed, which, number of the tape). One hash a
 * tape: at one per 32 bytes the tapes would take longer than the transactions that are made of them.
 */
static int insert_tape(const struct seeded *s, EVP_RAND_CTX *rand, uint8_t which)
{
	static const uint8_t zeros[SEEDED_TAPE];
	static uint8_t tape[SEEDED_TAPE];
	uint8_t in[17], key[32];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY, tape,
						  sizeof(tape)),
		OSSL_PARAM_construct_end(),
	};

	put64(in, s->seed);
	in[8] = which;
	put64(in + 9, s->tapes);
	if (sha256(key, BYTES_OF(in)) ||
	    cbc_encrypt(tape, key, key + 16, BYTES_OF(zeros)))
		return ERR_IO;
	if (!rand || EVP_RAND_CTX_set_params(rand, params) != 1)
		return ERR_IO;
	return 0;
}

static int insert_tapes(struct seeded *s)
{
	if (insert_tape(s, RAND_get0_public(s->lib), 0) ||
	    insert_tape(s, RAND_get0_private(s->lib), 1))
		return ERR_IO;
	s->tapes++;
	s->used = 0;
	return 0;
}

int crypto_seeded_refill(OSSL_LIB_CTX *lib)
{
	struct seeded *s = lib ? find(lib) : NULL;

	if (!s)
		return 0;
	if (s->used + OPERATION > SEEDED_TAPE && insert_tapes(s))
		return ERR_IO;
	s->used += OPERATION;
	return 0;
}

int crypto_seeded_new(OSSL_LIB_CTX **out, uint64_t seed, struct err *err)
{
	struct seeded *s = fetch_ready() ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return err_set(err, ERR_NOMEM, "seeded library context");
	s->seed = seed;
	s->lib = OSSL_LIB_CTX_new();
	s->next = all;
	all = s;
	if (!s->lib || RAND_set_DRBG_type(s->lib, "TEST-RAND", NULL, NULL, NULL) != 1 ||
	    insert_tapes(s)) {
		all = s->next;
		OSSL_LIB_CTX_free(s->lib);
		free(s);
		return err_set(err, ERR_NOMEM,
			       "seeded library context: no TEST-RAND generator");
	}
	*out = s->lib;
	return 0;
}

void crypto_seeded_free(OSSL_LIB_CTX *lib)
{
	struct seeded **at = &all;

	while (*at && (*at)->lib != lib)
		at = &(*at)->next;
	if (lib && *at) {
		struct seeded *s = *at;

		*at = s->next;
		free(s);
		fetch_forget(lib);
		OSSL_LIB_CTX_free(lib);
	}
}

int crypto_random(OSSL_LIB_CTX *lib, uint8_t *out, size_t len)
{
	size_t part;

	if (!fetch_ready())
		return ERR_IO;
	for (; len; out += part, len -= part) {
		part = len < OPERATION ? len : OPERATION;
		if (crypto_seeded_refill(lib) || RAND_bytes_ex(lib, out, part, 0) != 1)
			return ERR_IO;
	}
	return 0;
}
