#include "suites/steps/steps.h"

#include "bench/core/crypto/random.h"
#include "drivers/nfc/sim_card.h"
#include "drivers/wrap/fault.h"
#include "drivers/relay/sim.h"
#include "fixtures/device/phone.h"
#include "fixtures/vehicle/vehicle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * The steps in arrangement B: a simulated card on a virtual clock, the reference vehicle in front of it.
 */
struct bench {
	struct asker asker; /* first: the card hands it back */
	struct clock_virtual clock;
	OSSL_LIB_CTX *lib;
	struct profile *profile;
	struct pairing pairing;
	struct vehicle *vehicle;
	struct device *device;
	struct card *card;
	struct relay *relay;
	struct phone *phone;
	struct rng delays;
	struct step_env env;
	struct attempt attempt;
	enum vehicle_kind asks;
	int asked;    /* commands of this session */
	int quiet_at; /* says nothing instead of this one, from 1; 0: never */
	int leave_at; /* lets go instead of this one */
};

static void begin(struct asker *a)
{
	struct bench *b = (struct bench *)a;

	b->asked = 0;
	vehicle_begin(b->vehicle, b->asks, VEHICLE_UNLOCK);
}

static int ask(struct asker *a, struct buf *command, int64_t *think_ns)
{
	struct bench *b = (struct bench *)a;
	const char *name;

	*think_ns = 3 * NS_PER_MS;
	b->asked++;
	if (b->asked == b->quiet_at)
		return ERR_TIMEOUT;
	if (b->asked == b->leave_at)
		return ASKER_LETS_GO;
	return vehicle_next(b->vehicle, command, &name) == VEHICLE_SEND ? 0
									: ASKER_LETS_GO;
}

static void answered(struct asker *a, struct bytes answer)
{
	vehicle_answer(((struct bench *)a)->vehicle, answer);
}

static int sleep_until(struct step_env *env, int64_t until_ns, struct err *err)
{
	(void)err;
	env->clock->sleep_until(env->clock, until_ns);
	return 0;
}

static void set_up(struct bench *b, const struct device_faults *faults)
{
	struct err err = { 0 };
	int rc;

	memset(b, 0, sizeof(*b));
	b->asker = (struct asker){ begin, ask, answered };
	clock_virtual_init(&b->clock);
	rng_init(&b->delays, 1, "phone.delay");
	rc = crypto_seeded_new(&b->lib, 7, &err);
	if (!rc)
		rc = profile_load(&b->profile,
				  "fixtures/profiles/protocol/dk-ccc-1.0.yaml", &err);
	if (!rc)
		rc = pairing_load(&b->pairing, "fixtures/pairings/bench.yaml", &err);
	if (!rc)
		rc = device_new(&b->device, b->profile, &b->pairing, faults, b->lib,
				&err);
	if (!rc)
		rc = vehicle_new(&b->vehicle, b->profile, &b->pairing, b->lib, &err);
	if (!rc)
		rc = sim_card_open(&b->card, NULL, &b->asker, &b->clock.base, &err);
	if (!rc)
		rc = phone_load(&b->phone, "fixtures/profiles/phone/example.yaml", &err);
	if (rc)
		fail_msg("%s", err.text);
	b->env = (struct step_env){
		.clock = &b->clock.base,
		.card = b->card,
		.device = b->device,
		.profile = b->profile,
		.delays = &b->delays,
		.attempt = &b->attempt,
		.exchange_timeout_ns = NS_PER_S,
		.sleep_until = sleep_until,
	};
}

static void tidy(struct bench *b)
{
	relay_close(b->relay);
	card_close(b->card);
	vehicle_free(b->vehicle);
	device_free(b->device);
	phone_free(b->phone);
	pairing_wipe(&b->pairing);
	profile_free(b->profile);
	crypto_seeded_free(b->lib);
}

enum {
	FORBIDDEN,
	ALLOWED
};

/* prepare, select, transact, tear down; @return what the last step said */
static int tap(struct bench *b, int kind, int fallback)
{
	const struct {
		int64_t within_ns;
		int ecp;
	} select = { .within_ns = NS_PER_S };
	struct err err = { 0 };
	uint8_t params[4096] = { 0 };
	int rc;

	assert_true(step_transact.params_size <= sizeof(params));
	memcpy(params, (int[]){ kind, 0, fallback }, 3 * sizeof(int));
	attempt_init(&b->attempt);
	assert_int_equal(step_transact.prepare(params, &b->env, NULL), 0);
	rc = step_select.run(&select, &b->env, NULL);
	if (!rc)
		rc = step_transact.run(params, &b->env, &err);
	if (rc < 0)
		fail_msg("%s", err.text);
	assert_int_equal(step_tear_down(&b->env, NULL), 0);
	assert_false(b->env.activated);
	return rc;
}

static int64_t at(const struct bench *b, const char *point)
{
	const struct attempt_point *p = attempt_find(&b->attempt, point);

	if (!p)
		fail_msg("no point %s", point);
	return p->at_ns;
}

static void every_tap_leaves_its_points_in_order(void **state)
{
	static const char *const points[] = {
		"activated",
		"select.received",
		"select.answered",
		"auth0.received",
		"auth0.answered",
		"auth1.received",
		"auth1.answered",
		"control_flow.received",
		"control_flow.answered",
		"decided",
		"released",
	};
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	b.asks = VEHICLE_STANDARD;
	assert_int_equal(tap(&b, VEHICLE_STANDARD, FORBIDDEN), 0);
	assert_int_equal(b.attempt.outcome, OUTCOME_DONE);
	assert_string_equal(b.attempt.kind, "standard");
	assert_string_equal(b.attempt.complaint, "");
	for (size_t i = 1; i < sizeof(points) / sizeof(points[0]); i++)
		assert_true(at(&b, points[i - 1]) <= at(&b, points[i]));
	assert_null(attempt_find(&b.attempt, "field_on"));
	assert_true(vehicle_result(b.vehicle)->opened);
	tidy(&b);
}

static void a_fast_tap_has_no_auth1(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), 0);
	assert_string_equal(b.attempt.kind, "fast");
	assert_null(attempt_find(&b.attempt, "auth1.received"));
	tidy(&b);
}

static void we_think_as_long_as_the_phone_we_are(void **state)
{
	struct bench b;
	int64_t device = 0;

	(void)state;
	set_up(&b, NULL);
	b.env.phone = b.phone;
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), 0);
	assert_int_equal(b.attempt.value_count, 1);
	assert_string_equal(b.attempt.values[0].name, "device");
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "select", "auth0", "control_flow" };
		char received[40], done[40];

		snprintf(received, sizeof(received), "%s.received", names[i]);
		snprintf(done, sizeof(done), "%s.answered", names[i]);
		device += at(&b, done) - at(&b, received);
	}
	assert_int_equal(b.attempt.values[0].ns, device);
	assert_true(device > 50 * NS_PER_MS); /* 92 ms in the middle */
	tidy(&b);
}

static void a_vehicle_that_asks_for_the_other_kind_is_complained_about(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	b.asks = VEHICLE_STANDARD;
	assert_int_equal(tap(&b, VEHICLE_FAST, ALLOWED), 0);
	assert_int_equal(b.attempt.outcome, OUTCOME_DONE);
	assert_string_equal(b.attempt.complaint,
			    "the vehicle asked for standard, not for fast");
	tidy(&b);
}

static void a_fallback_is_a_complaint_unless_it_is_allowed(void **state)
{
	const struct device_faults replay = { .replay_cryptogram = true };
	struct bench b;

	(void)state;
	set_up(&b, &replay);
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), 0);
	assert_string_equal(b.attempt.complaint, "");
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), 0);
	assert_string_equal(b.attempt.kind, "standard");
	assert_non_null(strstr(b.attempt.complaint, "fell back"));
	assert_non_null(attempt_find(&b.attempt, "fallback"));
	assert_int_equal(tap(&b, VEHICLE_FAST, ALLOWED), 0);
	assert_string_equal(b.attempt.complaint, "");
	tidy(&b);
}

static void a_vehicle_that_says_no_has_refused(void **state)
{
	const struct device_faults wrong = { .wrong_signature = true };
	struct bench b;

	(void)state;
	set_up(&b, &wrong);
	b.asks = VEHICLE_STANDARD;
	assert_int_equal(tap(&b, VEHICLE_STANDARD, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_REFUSED);
	assert_non_null(strstr(b.attempt.detail, "CONTROL FLOW"));
	assert_non_null(attempt_find(&b.attempt, "control_flow.answered"));
	tidy(&b);
}

static void a_vehicle_that_falls_silent_or_lets_go_is_the_airs_fault(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	b.quiet_at = 3;
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_RF_ERROR);
	assert_non_null(strstr(b.attempt.detail, "after auth0"));
	b.quiet_at = 0;
	b.leave_at = 1;
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_RF_ERROR);
	assert_non_null(strstr(b.attempt.detail, "let go before any command"));
	tidy(&b);
}

static void a_vehicle_that_never_comes_is_no_tap(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	sim_card_place(b.card, false, 0);
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_NO_TAP);
	assert_null(attempt_find(&b.attempt, "activated"));
	tidy(&b);
}

static void the_vehicles_input_says_which_kind_is_wanted(void **state)
{
	static const struct sim_relay_options two = { 2 };
	struct bench b;
	uint32_t coils = 0;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(sim_relay_driver.open(&b.relay, &two, &b.clock.base, NULL), 0);
	b.env.relay = b.relay;
	b.env.standard_channel = 2;
	b.asks = VEHICLE_STANDARD;
	assert_int_equal(tap(&b, VEHICLE_STANDARD, FORBIDDEN), 0);
	assert_int_equal(relay_read(b.relay, &coils, NULL), 0);
	assert_int_equal(coils, 2);
	b.asks = VEHICLE_FAST;
	assert_int_equal(tap(&b, VEHICLE_FAST, FORBIDDEN), 0);
	assert_int_equal(relay_read(b.relay, &coils, NULL), 0);
	assert_int_equal(coils, 0);
	tidy(&b);
}

/* A tap whose input line was switched by a board that does something else. @return what went wrong, if anything */
static int tap_by_faulty_board(struct bench *b, const struct fault_plan *plan,
			       const struct fault_plan *read, struct err *err)
{
	static const struct sim_relay_options two = { 2 };
	const struct {
		int64_t within_ns;
		int ecp;
	} select = { .within_ns = NS_PER_S };
	uint8_t params[4096] = { 0 };
	struct fault set, tells;
	struct relay *bare;
	int rc;

	fault_init(&set, plan);
	fault_init(&tells, read);
	assert_int_equal(sim_relay_driver.open(&bare, &two, &b->clock.base, NULL), 0);
	assert_int_equal(fault_relay_open(&bare, bare, &tells, NULL), 0);
	assert_int_equal(fault_relay_open(&b->relay, bare, &set, NULL), 0);
	b->env.relay = b->relay;
	b->env.standard_channel = 2;
	memcpy(params, (int[]){ VEHICLE_STANDARD, 0, FORBIDDEN }, 3 * sizeof(int));
	attempt_init(&b->attempt);
	rc = step_transact.prepare(params, &b->env, err);
	if (!rc)
		rc = step_select.run(&select, &b->env, err);
	if (!rc)
		rc = step_transact.run(params, &b->env, err);
	step_tear_down(&b->env, NULL);
	return rc;
}

static void an_input_that_was_not_switched_is_not_the_vehicles_fault(void **state)
{
	const struct fault_plan lost = { .kind = FAULT_LOSS, .call = "set", .nth = 1 },
				all_lost = { .kind = FAULT_LOSS,
					     .call = "set",
					     .share = 1 },
				good = { .code = ERR_IO },
				mute = { .call = "read",
					 .share = 1,
					 .code = ERR_UNSUPPORTED };
	struct err err = { 0 };
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(tap_by_faulty_board(&b, &lost, &good, &err), ERR_IO);
	assert_non_null(strstr(err.text, "channel 2 of the board is off"));
	assert_int_equal(b.env.failed, NEED_POSITIONER);
	tidy(&b);
	/* one that cannot tell is told twice … */
	set_up(&b, NULL);
	b.asks = VEHICLE_STANDARD;
	assert_int_equal(tap_by_faulty_board(&b, &lost, &mute, &err), 0);
	assert_string_equal(b.attempt.complaint, "");
	tidy(&b);
	/* … and when the vehicle asks for something else all the same, nobody knows why */
	set_up(&b, NULL);
	b.asks = VEHICLE_FAST;
	assert_int_equal(tap_by_faulty_board(&b, &all_lost, &mute, &err), ERR_IO);
	assert_non_null(strstr(err.text, "cannot tell whether it was told to"));
	assert_string_equal(b.attempt.complaint, "");
	tidy(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tap_leaves_its_points_in_order),
		cmocka_unit_test(a_fast_tap_has_no_auth1),
		cmocka_unit_test(we_think_as_long_as_the_phone_we_are),
		cmocka_unit_test(
			a_vehicle_that_asks_for_the_other_kind_is_complained_about),
		cmocka_unit_test(a_fallback_is_a_complaint_unless_it_is_allowed),
		cmocka_unit_test(a_vehicle_that_says_no_has_refused),
		cmocka_unit_test(
			a_vehicle_that_falls_silent_or_lets_go_is_the_airs_fault),
		cmocka_unit_test(a_vehicle_that_never_comes_is_no_tap),
		cmocka_unit_test(the_vehicles_input_says_which_kind_is_wanted),
		cmocka_unit_test(
			an_input_that_was_not_switched_is_not_the_vehicles_fault),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
