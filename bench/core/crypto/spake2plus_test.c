/* Both sides against the published vectors, and against what a hostile other side may send. */
#include "bench/core/crypto/spake2plus.h"

#include "bench/core/crypto/ec.h"
#include "bench/core/crypto/kat.h"
#include "bench/core/crypto/random.h"
#include "bench/core/err.h"

#include <openssl/crypto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

static json_t *load(const char *name)
{
	char path[200];
	json_t *root = NULL;
	struct err err = { 0 };

	snprintf(path, sizeof(path), "fixtures/vectors/%s.json", name);
	if (kat_load(&root, path, &err))
		fail_msg("%s", err.text);
	return root;
}

static void get(const json_t *v, const char *key, uint8_t *out, size_t len)
{
	if (kat_hex(v, key, out, len).len != len)
		fail_msg("%s: not %zu bytes", key, len);
}

static void same(const json_t *v, const char *key, const uint8_t *got, size_t len)
{
	uint8_t want[SPAKE2PLUS_TT_MAX];

	get(v, key, want, len);
	if (memcmp(got, want, len) != 0)
		fail_msg("%s differs", key);
}

/* One run of both sides from the secrets in a vector. */
struct sides {
	uint8_t w0[32], w1[32], l[65], x[32], y[32];
	struct spake2plus_run run;
};

static void run_both(struct sides *s, const json_t *v, const char *key_x,
		     const char *key_y)
{
	struct spake2plus_points vehicle;

	get(v, "w0", s->w0, 32);
	get(v, "w1", s->w1, 32);
	get(v, "x", s->x, 32);
	get(v, "y", s->y, 32);
	assert_int_equal(ec_public_of(s->l, s->w1), 0);
	same(v, "L", s->l, 65);
	assert_int_equal(spake2plus_share(s->run.x, SPAKE2PLUS_DEVICE, s->x, s->w0), 0);
	same(v, key_x, s->run.x, 65);
	assert_int_equal(spake2plus_share(s->run.y, SPAKE2PLUS_VEHICLE, s->y, s->w0), 0);
	same(v, key_y, s->run.y, 65);
	assert_int_equal(spake2plus_device(&s->run.points, s->x, s->w0, s->w1, s->run.y),
			 0);
	assert_int_equal(spake2plus_vehicle(&vehicle, s->y, s->w0, s->l, s->run.x), 0);
	assert_memory_equal(&vehicle, &s->run.points, sizeof(vehicle));
	same(v, "Z", vehicle.z, 65);
	same(v, "V", vehicle.v, 65);
	memcpy(s->run.w0, s->w0, 32);
}

static void the_digital_key_form_gives_every_value_of_its_vectors(void **state)
{
	json_t *root = load("dk_spake2plus"), *v;
	size_t i;

	(void)state;
	same(root, "M", spake2plus_mask(SPAKE2PLUS_DEVICE), 65);
	same(root, "N", spake2plus_mask(SPAKE2PLUS_VEHICLE), 65);
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 2);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		uint8_t mem[SPAKE2PLUS_TT_MAX], info[64], z[80], w0[32], w1[32];
		struct buf tt = BUF_ON(mem);
		struct spake2plus_keys k;
		struct sides s;
		struct bytes b;

		get(v, "z", z, sizeof(z));
		assert_int_equal(spake2plus_secrets(w0, w1, z), 0);
		same(v, "w0", w0, 32);
		same(v, "w1", w1, 32);
		run_both(&s, v, "X", "Y");
		spake2plus_transcript(&tt, &s.run);
		same(v, "TT", tt.data, tt.len);
		b = kat_hex(v, "confirm_info", info, sizeof(info));
		assert_memory_equal(info, "ConfirmationKeys", 16);
		assert_int_equal(
			spake2plus_keys(&k, &s.run, BYTES(info + 16, b.len - 16)), 0);
		same(v, "CK", k.ck, 16);
		same(v, "SK", k.sk, 16);
		same(v, "K1", k.k1, 16);
		same(v, "K2", k.k2, 16);
		same(v, "M1_vehicle", k.m1, 16);
		same(v, "M2_device", k.m2, 16);
		same(v, "Kenc", k.enc, 16);
		same(v, "Kmac", k.mac, 16);
		same(v, "Krmac", k.rmac, 16);
		same(v, "LTSS", k.ltss, 16);
		same(v, "Kble_intro", k.radio_intro, 16);
		same(v, "Kble_oob_master", k.radio_master, 16);
	}
	json_decref(root);
}

static struct bytes text(const json_t *v, const char *key)
{
	const char *t = json_string_value(json_object_get(v, key));

	assert_non_null(t);
	return BYTES((const uint8_t *)t, strlen(t));
}

static void the_rfcs_own_form_gives_every_value_of_its_vectors(void **state)
{
	json_t *root = load("rfc9383_spake2plus_p256"), *v;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 2);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		const enum rfc9383_mac mac =
			i ? RFC9383_CMAC_AES128 : RFC9383_HMAC_SHA256;
		const struct rfc9383_names names = { text(v, "context_ascii"),
						     text(v, "idProver_ascii"),
						     text(v, "idVerifier_ascii") };
		uint8_t mem[SPAKE2PLUS_TT_MAX];
		struct buf tt = BUF_ON(mem);
		struct rfc9383_keys k;
		struct sides s;

		run_both(&s, v, "shareP", "shareV");
		rfc9383_transcript(&tt, &names, &s.run);
		same(v, "TT", tt.data, tt.len);
		assert_int_equal(rfc9383_keys(&k, mac, &names, &s.run), 0);
		same(v, "K_main", k.main, 32);
		same(v, "K_shared", k.shared, 32);
		same(v, "K_confirmP", k.confirm_prover, k.mac_len);
		same(v, "K_confirmV", k.confirm_verifier, k.mac_len);
		same(v, "confirmP", k.prover, k.mac_len);
		same(v, "confirmV", k.verifier, k.mac_len);
	}
	json_decref(root);
}

static void the_secrets_of_a_password_are_never_zero(void **state)
{
	/* order - 1, and twice that: both leave no rest */
	uint8_t z[80] = { 0 }, w0[32], w1[32], one[32] = { 0 };
	static const char edge[] =
		"0000000000000000ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9"
		"cac2fc632550"
		"0000000000000001fffffffe00000001ffffffffffffffff79cdf55b4e2f3d09e773"
		"9585f8c64aa0";

	(void)state;
	one[31] = 1;
	assert_int_equal(spake2plus_secrets(w0, w1, z), 0);
	assert_memory_equal(w0, one, 32);
	assert_memory_equal(w1, one, 32);
	assert_int_equal(hex_parse(edge, z, sizeof(z)), 80);
	assert_int_equal(spake2plus_secrets(w0, w1, z), 0);
	assert_memory_equal(w0, one, 32);
	assert_memory_equal(w1, one, 32);
	z[39]--; /* order - 2: the largest rest */
	assert_int_equal(spake2plus_secrets(w0, w1, z), 0);
	assert_memory_equal(w0, z + 8, 31);
	assert_int_equal(w0[31], z[39] + 1);
}

static void sides_of_different_passwords_disagree(void **state)
{
	json_t *root = load("dk_spake2plus");
	const json_t *v = json_array_get(json_object_get(root, "vectors"), 1);
	struct spake2plus_points other;
	struct sides s;

	(void)state;
	run_both(&s, v, "X", "Y");
	s.w1[31] ^= 1;
	assert_int_equal(spake2plus_device(&other, s.x, s.w0, s.w1, s.run.y), 0);
	assert_memory_equal(other.z, s.run.points.z, 65);
	assert_memory_not_equal(other.v, s.run.points.v, 65);
	s.w0[31] ^= 1;
	assert_int_equal(spake2plus_vehicle(&other, s.y, s.w0, s.l, s.run.x), 0);
	assert_memory_not_equal(other.z, s.run.points.z, 65);
	json_decref(root);
}

static void other_versions_give_other_evidence_and_the_same_channel(void **state)
{
	static const uint8_t high[] = { 0x5B, 2, 2, 0, 0x5C, 2, 1, 0 };
	static const uint8_t low[] = { 0x5B, 2, 1, 0, 0x5C, 2, 1, 0 };
	uint8_t long_list[201] = { 0 };
	json_t *root = load("dk_spake2plus");
	struct spake2plus_keys a, b;
	struct sides s;

	(void)state;
	run_both(&s, json_array_get(json_object_get(root, "vectors"), 1), "X", "Y");
	assert_int_equal(spake2plus_keys(&a, &s.run, BYTES_OF(high)), 0);
	assert_int_equal(spake2plus_keys(&b, &s.run, BYTES_OF(low)), 0);
	assert_memory_not_equal(a.m1, b.m1, 16);
	assert_memory_not_equal(a.m2, b.m2, 16);
	assert_memory_equal(a.enc, b.enc, 16);
	assert_int_equal(spake2plus_keys(&a, &s.run, BYTES_OF(long_list)), ERR_RANGE);
	json_decref(root);
}

static void what_is_no_point_is_refused_by_either_side(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} damage[] = { { 0, 0x00 }, { 0, 0x02 },  { 0, 0x03 }, { 0, 0x06 },
		       { 0, 0x07 }, { 64, 0xff }, { 1, 0xff }, { 40, 0x5a } };
	json_t *root = load("dk_spake2plus");
	struct spake2plus_points p;
	struct sides s;
	uint8_t bad[65];

	(void)state;
	run_both(&s, json_array_get(json_object_get(root, "vectors"), 1), "X", "Y");
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		memcpy(bad, s.run.x, 65);
		bad[damage[i].at] = damage[i].value;
		assert_int_equal(spake2plus_vehicle(&p, s.y, s.w0, s.l, bad), ERR_FORMAT);
		memcpy(bad, s.run.y, 65);
		bad[damage[i].at] = damage[i].value;
		assert_int_equal(spake2plus_device(&p, s.x, s.w0, s.w1, bad), ERR_FORMAT);
	}
	memset(bad, 0, sizeof(bad)); /* infinity has no such form; nor has (0, 0) */
	bad[0] = 4;
	assert_int_equal(spake2plus_vehicle(&p, s.y, s.w0, s.l, bad), ERR_FORMAT);
	memset(bad + 1, 0xff, 64); /* coordinates above the field's prime */
	assert_int_equal(spake2plus_vehicle(&p, s.y, s.w0, s.l, bad), ERR_FORMAT);
	assert_int_equal(spake2plus_device(&p, s.x, s.w0, s.w1, bad), ERR_FORMAT);
	json_decref(root);
}

/* X = w0 · M: what is left without its mask is the point at infinity. With w0 = 1 it is M itself. */
static void a_bare_mask_leads_to_infinity_and_is_refused(void **state)
{
	json_t *root = load("dk_spake2plus");
	uint8_t one[32] = { 0 }, order_less_one[32], masked[2][65];
	struct spake2plus_points p;
	struct sides s;

	(void)state;
	run_both(&s, json_array_get(json_object_get(root, "vectors"), 1), "X", "Y");
	one[31] = 1;
	assert_int_equal(hex_parse("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9"
				   "cac2fc632550",
				   order_less_one, 32),
			 32);
	memcpy(masked[0], spake2plus_mask(SPAKE2PLUS_DEVICE), 65);
	memcpy(masked[1], spake2plus_mask(SPAKE2PLUS_VEHICLE), 65);
	assert_int_equal(spake2plus_vehicle(&p, s.y, one, s.l, masked[0]), ERR_RANGE);
	assert_int_equal(spake2plus_device(&p, s.x, one, s.w1, masked[1]), ERR_RANGE);
	/* -M is another point, and no trouble */
	assert_int_equal(spake2plus_vehicle(&p, s.y, order_less_one, s.l, masked[0]), 0);
	json_decref(root);
}

static void scalars_out_of_range_are_refused(void **state)
{
	json_t *root = load("dk_spake2plus");
	uint8_t zero[32] = { 0 }, order[32], share[65];
	struct spake2plus_points p;
	struct sides s;

	(void)state;
	run_both(&s, json_array_get(json_object_get(root, "vectors"), 1), "X", "Y");
	assert_int_equal(hex_parse("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9"
				   "cac2fc632551",
				   order, 32),
			 32);
	assert_int_equal(spake2plus_share(share, SPAKE2PLUS_DEVICE, zero, s.w0),
			 ERR_RANGE);
	assert_int_equal(spake2plus_share(share, SPAKE2PLUS_DEVICE, s.x, zero),
			 ERR_RANGE);
	assert_int_equal(spake2plus_share(share, SPAKE2PLUS_DEVICE, order, s.w0),
			 ERR_RANGE);
	assert_int_equal(spake2plus_device(&p, s.x, s.w0, order, s.run.y), ERR_RANGE);
	assert_int_equal(spake2plus_vehicle(&p, zero, s.w0, s.l, s.run.x), ERR_RANGE);
	json_decref(root);
}

static void a_thousand_scalars_are_all_different(void **state)
{
	static uint8_t drawn[1000][32];
	OSSL_LIB_CTX *lib = NULL;

	(void)state;
	assert_int_equal(crypto_seeded_new(&lib, 5, NULL), 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(spake2plus_scalar(drawn[i], i % 2 ? lib : NULL), 0);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(drawn[i], drawn[j], 32);
	}
	crypto_seeded_free(lib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_digital_key_form_gives_every_value_of_its_vectors),
		cmocka_unit_test(the_rfcs_own_form_gives_every_value_of_its_vectors),
		cmocka_unit_test(the_secrets_of_a_password_are_never_zero),
		cmocka_unit_test(sides_of_different_passwords_disagree),
		cmocka_unit_test(other_versions_give_other_evidence_and_the_same_channel),
		cmocka_unit_test(what_is_no_point_is_refused_by_either_side),
		cmocka_unit_test(a_bare_mask_leads_to_infinity_and_is_refused),
		cmocka_unit_test(scalars_out_of_range_are_refused),
		cmocka_unit_test(a_thousand_scalars_are_all_different),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
