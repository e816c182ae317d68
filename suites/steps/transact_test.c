#include "suites/steps/steps.h"

#include "bench/core/crypto/random.h"
#include "drivers/nfc/sim.h"
#include "drivers/positioner/sim.h"
#include "drivers/wrap/fault.h"
#include "fixtures/device/device.h"
#include "fixtures/vehicle/vehicle.h"
#include "suites/suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * The steps over a simulated reader on a virtual clock, the reference device behind it.
 */
struct bench {
	struct peer peer; /* first: the reader hands it back */
	struct clock_virtual clock;
	OSSL_LIB_CTX *lib;
	struct profile *profile;
	struct pairing pairing;
	struct device *device;
	struct reader *reader, *bare;
	struct positioner *positioner;
	struct step_env env;
	struct attempt attempt;
	int lose;   /* the answer to this command is lost; DEVICE_COMMAND_COUNT: none */
	bool empty; /* … or comes back without a byte */
};

static void peer_reset(struct peer *p)
{
	device_reset(((struct bench *)p)->device);
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	struct bench *b = (struct bench *)p;
	enum device_command c = device_answer(b->device, command, answer);

	*think_ns = 10 * NS_PER_MS;
	if ((int)c != b->lose)
		return 0;
	b->lose = DEVICE_COMMAND_COUNT;
	buf_clear(answer);
	return b->empty ? 0 : -1;
}

static int sleep_until(struct step_env *env, int64_t until_ns, struct err *err)
{
	(void)err;
	env->clock->sleep_until(env->clock, until_ns);
	return 0;
}

static void moved(void *ctx, enum position to, int64_t settled_ns)
{
	sim_reader_place(((struct bench *)ctx)->bare, to == POSITION_TAP, settled_ns);
}

static void set_up(struct bench *b, const struct device_faults *faults)
{
	static const struct sim_positioner_options travel = { 70 * NS_PER_MS };
	struct err err = { 0 };
	int rc;

	memset(b, 0, sizeof(*b));
	b->peer = (struct peer){ .reset = peer_reset, .answer = peer_answer };
	b->lose = DEVICE_COMMAND_COUNT;
	clock_virtual_init(&b->clock);
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
		rc = sim_reader_open(&b->reader, NULL, &b->peer, &b->clock.base, &err);
	if (!rc)
		rc = sim_positioner_open(&b->positioner, &travel, moved, b,
					 &b->clock.base, &err);
	if (rc)
		fail_msg("%s", err.text);
	b->bare = b->reader;
	sim_reader_place(b->bare, false, 0);
	b->env = (struct step_env){
		.clock = &b->clock.base,
		.reader = b->reader,
		.positioner = b->positioner,
		.reader_fsd = 64,
		.attempt = &b->attempt,
		.exchange_timeout_ns = NS_PER_S,
		.sleep_until = sleep_until,
	};
	assert_int_equal(
		vehicle_new(&b->env.vehicle, b->profile, &b->pairing, b->lib, NULL), 0);
}

static void tidy(struct bench *b)
{
	positioner_close(b->positioner);
	reader_close(b->reader);
	vehicle_free(b->env.vehicle);
	step_env_release(&b->env);
	device_free(b->device);
	pairing_wipe(&b->pairing);
	profile_free(b->profile);
	crypto_seeded_free(b->lib);
}

/* A suite of one case with one step: transact with these parameters. */
static int read_step(struct suite **out, const char *params, struct err *err)
{
	static char text[4000];

	snprintf(text, sizeof(text),
		 "suite: t\ncases:\n  - id: c\n    steps:\n      - transact: {%s}\n",
		 params);
	return suite_parse(out, "t.yaml", BYTES((uint8_t *)text, strlen(text)),
			   (struct node){ 0 }, err);
}

/* approach, select, transact with these parameters, tear down; @return what transact returned */
static int tap_with(struct bench *b, const char *params)
{
	const struct {
		int64_t within_ns;
		int ecp;
	} select = { .within_ns = NS_PER_S };
	struct suite *suite = NULL;
	struct err err = { 0 };
	int rc = read_step(&suite, params, &err);

	if (rc)
		fail_msg("%s\n%s", err.text, err.excerpt);
	attempt_init(&b->attempt);
	assert_int_equal(step_approach.run(NULL, &b->env, NULL), 0);
	rc = step_select.run(&select, &b->env, NULL);
	if (!rc)
		rc = step_transact.run(suite->cases[0].steps[0].params, &b->env, &err);
	if (rc < 0)
		fail_msg("%s", err.text);
	assert_int_equal(step_tear_down(&b->env, NULL), 0);
	assert_non_null(attempt_find(&b->attempt, "retreat"));
	suite_free(suite);
	return rc;
}

static int tap(struct bench *b, int kind, int fallback)
{
	char params[80];

	snprintf(params, sizeof(params), "kind: %s, fallback: %s",
		 kind ? "standard" : "fast", fallback ? "allowed" : "forbidden");
	return tap_with(b, params);
}

enum {
	FAST,
	STANDARD
};
enum {
	FORBIDDEN,
	ALLOWED
};

static void every_tap_leaves_its_points(void **state)
{
	static const char *const points[] = {
		"approach",       "field_on",   "activated",
		"select.sent",    "auth0.sent", "auth0.answered",
		"auth1.answered", "decided",    "control_flow.answered",
	};
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(tap(&b, STANDARD, FORBIDDEN), 0);
	assert_int_equal(b.attempt.outcome, OUTCOME_DONE);
	assert_string_equal(b.attempt.kind, "standard");
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		assert_non_null(attempt_find(&b.attempt, points[i]));
	/* four answers of 10 ms each, and whatever the air takes */
	assert_true(attempt_find(&b.attempt, "control_flow.answered")->at_ns -
			    attempt_find(&b.attempt, "select.sent")->at_ns >=
		    40 * NS_PER_MS);
	assert_int_equal(b.attempt.value_count, 2);
	tidy(&b);
}

static void a_fast_tap_needs_no_signature(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(tap(&b, FAST, FORBIDDEN), 0);
	assert_string_equal(b.attempt.kind, "fast");
	assert_string_equal(b.attempt.complaint, "");
	assert_null(attempt_find(&b.attempt, "auth1.sent"));
	tidy(&b);
}

static void a_fallback_is_a_complaint_unless_it_is_allowed(void **state)
{
	const struct device_faults replay = { .replay_cryptogram = true };
	struct bench b;

	(void)state;
	set_up(&b, &replay);
	assert_int_equal(tap(&b, FAST, FORBIDDEN), 0);
	assert_string_equal(b.attempt.complaint, "");
	assert_int_equal(tap(&b, FAST, FORBIDDEN), 0);
	assert_int_equal(b.attempt.outcome, OUTCOME_DONE);
	assert_string_equal(b.attempt.kind, "standard");
	assert_non_null(strstr(b.attempt.complaint, "fell back to standard"));
	assert_non_null(attempt_find(&b.attempt, "fallback"));
	assert_int_equal(tap(&b, FAST, ALLOWED), 0);
	assert_string_equal(b.attempt.complaint, "");
	assert_non_null(attempt_find(&b.attempt, "fallback"));
	tidy(&b);
}

static void a_wrong_signature_is_refused_and_complained_about(void **state)
{
	const struct device_faults wrong = { .wrong_signature = true };
	struct bench b;

	(void)state;
	set_up(&b, &wrong);
	assert_int_equal(tap(&b, STANDARD, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_REFUSED);
	assert_non_null(strstr(b.attempt.complaint, "signature"));
	tidy(&b);
}

static void a_lost_answer_is_the_airs_fault_and_the_next_fallback_nobodys(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	b.lose = DEVICE_AUTH1;
	assert_int_equal(tap(&b, STANDARD, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_RF_ERROR);
	assert_string_equal(b.attempt.complaint, "");
	/* the device has a new Kpersistent, the vehicle never saw the answer */
	assert_int_equal(tap(&b, FAST, FORBIDDEN), 0);
	assert_string_equal(b.attempt.kind, "standard");
	assert_string_equal(b.attempt.complaint, "");
	assert_int_equal(tap(&b, FAST, FORBIDDEN), 0);
	assert_string_equal(b.attempt.kind, "fast");
	tidy(&b);
}

static void an_answer_without_a_byte_is_refused_and_not_asked_for_again(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	b.lose = DEVICE_SELECT;
	b.empty = true;
	assert_int_equal(tap(&b, STANDARD, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_REFUSED);
	assert_non_null(strstr(b.attempt.detail, "status word"));
	tidy(&b);
}

static void an_empty_field_is_no_tap(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	positioner_close(b.positioner); /* its replacement moves nothing */
	assert_int_equal(sim_positioner_open(&b.positioner,
					     &(struct sim_positioner_options){ 0 }, NULL,
					     NULL, &b.clock.base, NULL),
			 0);
	b.env.positioner = b.positioner;
	assert_int_equal(tap(&b, FAST, FORBIDDEN), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_NO_TAP);
	assert_null(attempt_find(&b.attempt, "activated"));
	tidy(&b);
}

/* approach and select, with faults in positioner and reader. @return what select said */
static int approach_and_select(struct bench *b, const struct fault_plan *moves,
			       const struct fault_plan *polls, struct err *err)
{
	const struct {
		int64_t within_ns;
		int ecp;
	} select = { .within_ns = NS_PER_S };
	struct fault move, poll;
	int rc;

	fault_init(&move, moves);
	fault_init(&poll, polls);
	assert_int_equal(
		fault_positioner_open(&b->env.positioner, b->positioner, &move, NULL), 0);
	assert_int_equal(fault_reader_open(&b->env.reader, b->reader, &poll, NULL), 0);
	b->positioner = b->env.positioner;
	attempt_init(&b->attempt);
	assert_int_equal(step_approach.run(NULL, &b->env, NULL), 0);
	rc = step_select.run(&select, &b->env, err);
	b->reader = b->env.reader;
	step_tear_down(&b->env, NULL);
	return rc;
}

static const struct fault_plan nothing = { .code = ERR_IO };

static void a_tap_that_was_never_made_is_the_benchs_fault(void **state)
{
	const struct fault_plan lost = { .kind = FAULT_LOSS, .call = "move", .nth = 1 };
	struct err err = { 0 };
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(approach_and_select(&b, &lost, &nothing, &err), ERR_IO);
	assert_non_null(strstr(err.text, "only after the positioner was told"));
	assert_int_equal(b.env.failed, NEED_POSITIONER);
	tidy(&b);
}

static void a_reader_that_misses_the_phone_has_missed_it(void **state)
{
	const struct fault_plan missed = { .kind = FAULT_LOSS,
					   .call = "activate",
					   .nth = 1 };
	struct err err = { 0 };
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(approach_and_select(&b, &nothing, &missed, &err), STEP_STOP);
	assert_int_equal(b.attempt.outcome, OUTCOME_NO_TAP);
	assert_int_equal(b.env.failed, 0);
	tidy(&b);
}

static void what_the_mailboxes_hold_is_asked_and_judged(void **state)
{
	static const struct {
		const char *ops, *complaint;
	} cases[] = {
		{ "{write: private, offset: 16, data: 0A 0B 0C},"
		  "{read: private, offset: 15, length: 5, expect: 00 0A 0B 0C 00}",
		  "" },
		{ "{read: private, offset: 16, length: 3}", "" },
		{ "{read: private, offset: 16, length: 3, expect: 0A 0B 0D}",
		  "exchange[0]: 0c from byte 2 on, 0d was expected" },
		{ "{read: private, offset: 1024, length: 1}",
		  "exchange[0]: status 0001, done was expected" },
		{ "{read: private, offset: 1024, length: 1, answer: range}", "" },
		{ "{read: private, offset: 1024, length: 1, answer: any}", "" },
		{ "{read: private, offset: 1024, length: 0}", "" },
		{ "{set: private, offset: 0, length: 1, value: FF},"
		  "{set: private, offset: 1000, length: 25, value: FF, apart: yes}",
		  "exchange[1]: status 0001, done was expected" },
		{ "{set: private, offset: 1, length: 1, value: FF},"
		  "{read: private, offset: 0, length: 1, answer: malformed}",
		  "exchange[1]: status 0000, malformed was expected" },
		{ "{set: confidential, offset: 0, length: 256, value: 77},"
		  "{read: confidential, offset: 255, length: 1, expect: 77}",
		  "" },
		{ "{host: C0 01 05}", "" },
		{ "{read: private, offset: 0, length: 1024}", "" },
	};
	struct bench b;

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		set_up(&b, NULL);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			char params[600];

			snprintf(params, sizeof(params), "kind: %s, exchange: [%s]",
				 kind ? "standard" : "fast", cases[i].ops);
			if (tap_with(&b, params))
				fail_msg("%s: %s", params, b.attempt.detail);
			assert_int_equal(b.attempt.outcome, OUTCOME_DONE);
			assert_string_equal(b.attempt.complaint, cases[i].complaint);
			assert_non_null(attempt_find(&b.attempt, "exchange.sent"));
			assert_non_null(attempt_find(&b.attempt, "exchange.answered"));
		}
		assert_non_null(attempt_find(&b.attempt, "get_response.answered"));
		tidy(&b);
	}
}

static void an_atomic_list_takes_effect_or_does_not(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, NULL);
	assert_int_equal(
		tap_with(&b,
			 "kind: fast, atomic: yes, exchange: ["
			 "{set: private, offset: 0, length: 1, value: 11},"
			 "{set: private, offset: 1024, length: 1, value: 11, apart: yes,"
			 " answer: range}]"),
		0);
	assert_string_equal(b.attempt.complaint, "");
	assert_int_equal(tap_with(&b,
				  "kind: fast, exchange: ["
				  "{read: private, offset: 0, length: 1, expect: 00}]"),
			 0);
	assert_string_equal(b.attempt.complaint, "");
	tidy(&b);
}

#define REFUSED_DATA "expect: A0, answer: range"
static void a_mistake_in_an_exchange_names_its_place(void **state)
{
	static const char *const wrong[] = {
		"exchange: private",
		"exchange: {read: private, offset: 0, length: 1}",
		"exchange: [read]",
		"exchange: [{}]",
		"exchange: [{offset: 0, length: 1}]",
		"exchange: [{read: public, offset: 0, length: 1}]",
		"exchange: [{read: private, length: 1}]",
		"exchange: [{read: private, offset: 0}]",
		"exchange: [{read: private, offset: 0, length: 65536}]",
		"exchange: [{read: private, offset: -1, length: 1}]",
		"exchange: [{read: private, offset: 0, length: 1, data: 00}]",
		"exchange: [{read: private, offset: 0, length: 1, write: private}]",
		"exchange: [{read: private, offset: 0, length: 1, expect: 00 00}]",
		"exchange: [{read: private, offset: 0, length: 1, expect: 0}]",
		"exchange: [{read: private, offset: 0, length: 1, " REFUSED_DATA "}]",
		"exchange: [{read: private, offset: 0, length: 1, answer: good}]",
		"exchange: [{read: private, offset: 0, length: 9000}]",
		"exchange: [{write: private, offset: 0}]",
		"exchange: [{set: private, offset: 0, length: 1, value: 0000}]",
		"exchange: [{host: \"\"}]",
		"atomic: maybe",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct suite *suite = NULL;
		struct err err = { 0 };
		char params[200];

		snprintf(params, sizeof(params), "kind: fast, %s", wrong[i]);
		if (read_step(&suite, params, &err) == 0)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(strncmp(err.text, "t.yaml:5:", 9), 0);
		assert_string_not_equal(err.excerpt, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tap_leaves_its_points),
		cmocka_unit_test(a_fast_tap_needs_no_signature),
		cmocka_unit_test(a_fallback_is_a_complaint_unless_it_is_allowed),
		cmocka_unit_test(a_wrong_signature_is_refused_and_complained_about),
		cmocka_unit_test(
			a_lost_answer_is_the_airs_fault_and_the_next_fallback_nobodys),
		cmocka_unit_test(
			an_answer_without_a_byte_is_refused_and_not_asked_for_again),
		cmocka_unit_test(an_empty_field_is_no_tap),
		cmocka_unit_test(a_tap_that_was_never_made_is_the_benchs_fault),
		cmocka_unit_test(a_reader_that_misses_the_phone_has_missed_it),
		cmocka_unit_test(what_the_mailboxes_hold_is_asked_and_judged),
		cmocka_unit_test(an_atomic_list_takes_effect_or_does_not),
		cmocka_unit_test(a_mistake_in_an_exchange_names_its_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
