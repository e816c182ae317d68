#include "suites/steps/steps.h"

#include "bench/core/crypto/random.h"
#include "drivers/nfc/sim.h"
#include "drivers/reader.h"
#include "fixtures/device/handset.h"
#include "fixtures/pki/pair_kit.h"
#include "fixtures/vehicle/vehicle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * The step over a simulated reader on a virtual clock, the whole phone behind it.
 */
struct bench {
	struct peer peer; /* first: the reader hands it back */
	struct clock_virtual clock;
	OSSL_LIB_CTX *lib;
	struct profile *profile;
	struct pairing pairing;
	struct device *device;
	struct pair_kit *kit, *vehicles;
	struct framework *framework;
	struct handset handset;
	struct reader *reader;
	int count;
	struct attempt_counter counter;
	struct step_env env;
	struct attempt attempt;
	int silent_at; /* this command is not answered; -1: all are */
	int heard;
	bool gone; /* the phone does not come back to the second field */
};

static void peer_reset(struct peer *p)
{
	handset_reset(&((struct bench *)p)->handset);
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	struct bench *b = (struct bench *)p;

	handset_answer(&b->handset, command, answer);
	*think_ns = 10 * NS_PER_MS;
	return b->heard++ == b->silent_at ? -1 : 0;
}

static int sleep_until(struct step_env *env, int64_t until_ns, struct err *err)
{
	struct bench *b = env->ctx;

	(void)err;
	env->clock->sleep_until(env->clock, until_ns);
	if (b->gone)
		sim_reader_place(b->reader, false, clock_now(env->clock));
	return 0;
}

static int read_count(void *ctx, int *count)
{
	*count = *(int *)ctx;
	return 0;
}

static int raise_count(void *ctx)
{
	++*(int *)ctx;
	return 0;
}

static int clear_count(void *ctx)
{
	*(int *)ctx = 0;
	return 0;
}

static void must(int rc, const struct err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

/* The vehicle's engine, with the certificates as they are now. */
static void give_vehicle(struct bench *b)
{
	struct pki *pki = pair_kit_pki(b->vehicles);
	struct owner_vehicle with = pair_kit_vehicle(b->vehicles, &b->counter);
	struct password_verifier v;
	struct err err = { 0 };

	with.objects.vehicle_cert = pki_der(pki, PKI_VEHICLE);
	with.objects.intermediate = pki_der(pki, PKI_INTERMEDIATE);
	owner_pairing_free(b->env.owner);
	must(owner_pairing_new(&b->env.owner, b->profile, &with, &b->clock.base, b->lib,
			       &err),
	     &err);
	must(password_verifier_make(&v, b->profile, b->pairing.password, b->pairing.salt),
	     &err);
	must(owner_pairing_set_verifier(b->env.owner, &v), &err);
}

static void give_sides(struct bench *b)
{
	struct key_host host = pair_kit_host(b->kit);
	struct err err = { 0 };

	must(framework_new(&b->framework, b->profile, &host, &b->clock.base, b->lib,
			   &err),
	     &err);
	must(handset_init(&b->handset, b->device, b->framework, b->pairing.password),
	     &err);
	must(vehicle_new(&b->env.vehicle, b->profile, &b->pairing, b->lib, &err), &err);
	give_vehicle(b);
}

static void set_up(struct bench *b)
{
	struct err err = { 0 };

	memset(b, 0, sizeof(*b));
	b->silent_at = -1;
	b->peer = (struct peer){ .reset = peer_reset, .answer = peer_answer };
	b->counter = (struct attempt_counter){ read_count, raise_count, clear_count,
					       &b->count };
	clock_virtual_init(&b->clock);
	must(crypto_seeded_new(&b->lib, 7, &err), &err);
	must(profile_load(&b->profile, "fixtures/profiles/protocol/dk-ccc-1.0.yaml",
			  &err),
	     &err);
	must(pairing_load(&b->pairing, "fixtures/pairings/bench.yaml", &err), &err);
	must(device_new(&b->device, b->profile, &b->pairing, NULL, b->lib, &err), &err);
	must(pair_kit_new(&b->kit, b->profile, &b->pairing, &err), &err);
	must(pair_kit_new(&b->vehicles, b->profile, &b->pairing, &err), &err);
	must(sim_reader_open(&b->reader, NULL, &b->peer, &b->clock.base, &err), &err);
	b->env = (struct step_env){
		.clock = &b->clock.base,
		.reader = b->reader,
		.reader_fsd = 256,
		.attempt = &b->attempt,
		.exchange_timeout_ns = NS_PER_S,
		.sleep_until = sleep_until,
		.ctx = b,
	};
	give_sides(b);
}

static void tidy(struct bench *b)
{
	reader_close(b->reader);
	owner_pairing_free(b->env.owner);
	vehicle_free(b->env.vehicle);
	framework_free(b->framework);
	device_free(b->device);
	pair_kit_free(b->kit);
	pair_kit_free(b->vehicles);
	pairing_wipe(&b->pairing);
	profile_free(b->profile);
	crypto_seeded_free(b->lib);
}

struct pair_params {
	int64_t away_ns, within_ns;
};

/* select, pair. @return what pair returned */
static int pair_after(struct bench *b, int64_t away_ns, struct err *err)
{
	const struct pair_params params = { away_ns, NS_PER_S };
	const struct {
		int64_t within_ns;
		int ecp;
	} select = { .within_ns = NS_PER_S };

	attempt_init(&b->attempt);
	b->heard = 0;
	b->env.failed = 0;
	if (b->env.field_on)
		must(reader_set_field(b->reader, false, err), err);
	b->env.field_on = false;
	assert_int_equal(step_select.run(&select, &b->env, err), 0);
	return step_pair.run(&params, &b->env, err);
}

static int64_t at(const struct bench *b, const char *point)
{
	const struct attempt_point *p = attempt_find(&b->attempt, point);

	if (!p)
		fail_msg("no point %s", point);
	return p->at_ns;
}

static void every_command_and_phase_has_its_points(void **state)
{
	static const char *const names[] = {
		"pair_select",  "pair_request",   "pair_verify",   "pair_write_1",
		"pair_write_2", "pair_continue",  "pair_select_2", "pair_read_1",
		"pair_read_6",  "pair_confirm_1", "pair_end"
	};
	struct err err = { 0 };
	struct bench b;
	int64_t last = 0;
	char point[40];

	(void)state;
	set_up(&b);
	assert_int_equal(pair_after(&b, 50 * NS_PER_MS, &err), 0);
	assert_int_equal(b.attempt.outcome, OUTCOME_DONE);
	assert_false(b.attempt.overflow);
	assert_string_equal(b.attempt.kind, "pairing");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(point, sizeof(point), "%s.sent", names[i]);
		assert_true(at(&b, point) >= last);
		snprintf(point, sizeof(point), "%s.answered", names[i]);
		assert_true(at(&b, point) > last);
		last = at(&b, point);
	}
	assert_int_equal(at(&b, "pair_2a.sent"), at(&b, "pair_select.sent"));
	assert_int_equal(at(&b, "pair_2a.answered"), at(&b, "pair_continue.answered"));
	assert_int_equal(at(&b, "pair_2b.sent"), at(&b, "pair_select_2.sent"));
	assert_int_equal(at(&b, "pair_2b.answered"), at(&b, "pair_end.answered"));
	assert_true(at(&b, "pair_back") - at(&b, "pair_2a.answered") >= 50 * NS_PER_MS);
	assert_int_equal(attempt_value_of(&b.attempt, "pairing"),
			 at(&b, "pair_2a.answered") - at(&b, "pair_2a.sent") +
				 at(&b, "pair_2b.answered") - at(&b, "pair_2b.sent"));
	assert_true(attempt_value_of(&b.attempt, "pair_floor") > 200 * NS_PER_MS);
	assert_int_equal(pair_kit_kept(b.kit), 1);
	tidy(&b);
}

static void a_phone_is_paired_again_and_again(void **state)
{
	struct err err = { 0 };
	struct bench b;

	(void)state;
	set_up(&b);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(pair_after(&b, NS_PER_MS, &err), 0);
		assert_int_equal(pair_kit_kept(b.kit), i);
	}
	assert_int_equal(pair_kit_dropped(b.kit), 0);
	tidy(&b);
}

static void a_command_without_an_answer_ends_it_and_leaves_no_key(void **state)
{
	struct err err = { 0 };
	struct bench b;
	int all;

	(void)state;
	set_up(&b);
	assert_int_equal(pair_after(&b, NS_PER_MS, &err), 0);
	all = b.heard;
	assert_true(all >= 16);
	for (b.silent_at = 0; b.silent_at < all; b.silent_at++) {
		b.count = 0;
		handset_reset(&b.handset);
		b.clock.at_ns += 61 * NS_PER_S; /* it holds no session any more */
		assert_int_equal(pair_after(&b, NS_PER_MS, &err), STEP_STOP);
		assert_int_equal(b.attempt.outcome, OUTCOME_RF_ERROR);
		assert_false(b.env.activated);
	}
	/* but where the last word was said, and only its answer is lost */
	assert_int_equal(pair_kit_kept(b.kit), 2);
	tidy(&b);
}

static void a_phone_that_does_not_come_back_is_told_of(void **state)
{
	struct err err = { 0 };
	struct bench b;

	(void)state;
	set_up(&b);
	b.gone = true;
	assert_int_equal(pair_after(&b, NS_PER_MS, &err), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_RF_ERROR);
	assert_non_null(strstr(b.attempt.detail, "come back"));
	tidy(&b);
}

static void a_field_that_is_off_too_long_is_a_refusal(void **state)
{
	struct err err = { 0 };
	struct bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(pair_after(&b, 61 * NS_PER_S, &err), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_REFUSED);
	assert_string_equal(b.attempt.complaint, ""); /* the phone said no */
	assert_int_equal(pair_kit_dropped(b.kit), 1);
	tidy(&b);
}

static void a_wrong_password_is_a_refusal(void **state)
{
	struct err err = { 0 };
	struct bench b;

	(void)state;
	set_up(&b);
	b.handset.password = "27182818";
	handset_reset(&b.handset);
	assert_int_equal(pair_after(&b, NS_PER_MS, &err), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_REFUSED);
	assert_non_null(strstr(b.attempt.detail, "6A88"));
	assert_int_equal(b.count, 1);
	b.count = 7;
	assert_int_equal(pair_after(&b, NS_PER_MS, &err), STEP_STOP);
	assert_non_null(strstr(b.attempt.detail, "told: attempts"));
	assert_string_not_equal(b.attempt.complaint, "");
	tidy(&b);
}

/* Each certificate that the other side must refuse; the finding says why. */
static void a_wrong_certificate_is_found_out(void **state)
{
	static const struct {
		enum pki_item item;
		bool device_finds; /* else the vehicle */
		const char *why;
	} cases[] = {
		{ PKI_VEHICLE, true, "vehicle" },
		{ PKI_INTERMEDIATE, true, "intermediate" },
		{ PKI_ENDPOINT, false, "endpoint" },
		{ PKI_INSTANCE_CA, false, "instance" },
		{ PKI_EXTERNAL_CA, false, "external" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		struct cert_order order;
		struct bench b;
		struct pki *pki;

		set_up(&b);
		pki = pair_kit_pki(cases[i].device_finds ? b.vehicles : b.kit);
		order = pki_order(pki, cases[i].item);
		order.flaws = FLAW_OID_WRONG;
		assert_int_equal(pki_replace(pki, cases[i].item, &order), 0);
		give_vehicle(&b);
		assert_int_equal(pair_after(&b, NS_PER_MS, &err), STEP_STOP);
		assert_int_equal(b.attempt.outcome, OUTCOME_REFUSED);
		if (!strstr(pair_kit_finding(cases[i].device_finds ? b.kit : b.vehicles),
			    cases[i].why))
			fail_msg("%zu: %s", i,
				 pair_kit_finding(cases[i].device_finds ? b.kit
									: b.vehicles));
		if (!cases[i].device_finds)
			assert_non_null(strstr(b.attempt.detail, "told: chain"));
		assert_int_equal(pair_kit_kept(b.kit), 0);
		tidy(&b);
	}
}

static void a_rig_that_cannot_pair_says_so(void **state)
{
	struct err err = { 0 };
	struct step_env env = { .owner = NULL };
	const struct pair_params params = { 1, 1 };

	(void)state;
	assert_int_equal(step_pair.run(&params, &env, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "'owner'"));
}

static void a_pairing_stands_where_it_can_work(void **state)
{
	const struct pair_params params = { 1, 1 };
	struct attempt a;

	(void)state;
	attempt_init(&a);
	assert_non_null(step_pair.rehearse(&params, &a));
	attempt_point(&a, "activated", 0, 0);
	assert_null(step_pair.rehearse(&params, &a));
	assert_non_null(strstr(step_pair.rehearse(&params, &a), "one 'pair'"));
	attempt_init(&a);
	attempt_point(&a, "activated", 0, 0);
	attempt_point(&a, "decided", 0, 0);
	assert_non_null(strstr(step_pair.rehearse(&params, &a), "before 'transact'"));
	attempt_point(&a, "retreat", 0, 0);
	assert_non_null(strstr(step_pair.rehearse(&params, &a), "away"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_and_phase_has_its_points),
		cmocka_unit_test(a_phone_is_paired_again_and_again),
		cmocka_unit_test(a_command_without_an_answer_ends_it_and_leaves_no_key),
		cmocka_unit_test(a_phone_that_does_not_come_back_is_told_of),
		cmocka_unit_test(a_field_that_is_off_too_long_is_a_refusal),
		cmocka_unit_test(a_wrong_password_is_a_refusal),
		cmocka_unit_test(a_wrong_certificate_is_found_out),
		cmocka_unit_test(a_rig_that_cannot_pair_says_so),
		cmocka_unit_test(a_pairing_stands_where_it_can_work),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
