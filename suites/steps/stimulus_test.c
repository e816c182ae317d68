#include "bench/core/crypto/random.h"
#include "drivers/nfc/sim.h"
#include "drivers/peer.h"
#include "fixtures/device/device.h"
#include "suites/steps/steps.h"
#include "suites/steps/stimulus.h"
#include "suites/suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The steps apdu and attack over the simulated reader and the reference device. */
struct bench {
	struct peer peer;
	struct device *device;
	struct clock_virtual clock;
	struct profile *profile;
	struct pairing pairing;
	OSSL_LIB_CTX *lib;
	struct attempt attempt;
	struct step_env env;
	const char *force; /* the answer to everything, in hex; NULL: the device's */
};

static void peer_reset(struct peer *p)
{
	device_reset(((struct bench *)p)->device);
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	struct bench *b = (struct bench *)p;
	uint8_t mem[64];
	int len;

	*think_ns = NS_PER_MS;
	if (!b->force) {
		device_answer(b->device, command, answer);
		return 0;
	}
	len = hex_parse(b->force, mem, sizeof(mem));
	assert_true(len >= 0);
	buf_add(answer, BYTES(mem, (size_t)len));
	return 0;
}

static int sleep_until(struct step_env *env, int64_t until_ns, struct err *err)
{
	(void)err;
	env->clock->sleep_until(env->clock, until_ns);
	return 0;
}

static int set_up(void **state)
{
	static struct bench it;
	struct bench *b = &it;
	struct err err = { 0 };
	int rc;

	memset(b, 0, sizeof(*b));
	b->peer = (struct peer){ .reset = peer_reset, .answer = peer_answer };
	clock_virtual_init(&b->clock);
	rc = crypto_seeded_new(&b->lib, 7, &err);
	if (!rc)
		rc = profile_load(&b->profile,
				  "fixtures/profiles/protocol/dk-ccc-1.0.yaml", &err);
	if (!rc)
		rc = pairing_load(&b->pairing, "fixtures/pairings/bench.yaml", &err);
	if (!rc)
		rc = device_new(&b->device, b->profile, &b->pairing, NULL, b->lib, &err);
	b->env = (struct step_env){
		.clock = &b->clock.base,
		.reader_fsd = 64,
		.attempt = &b->attempt,
		.profile = b->profile,
		.exchange_timeout_ns = NS_PER_S,
		.sleep_until = sleep_until,
	};
	if (!rc)
		rc = sim_reader_open(&b->env.reader, NULL, &b->peer, &b->clock.base,
				     &err);
	if (!rc)
		rc = vehicle_new(&b->env.vehicle, b->profile, &b->pairing, b->lib, &err);
	if (rc)
		fail_msg("%s", err.text);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	step_env_release(&b->env);
	reader_close(b->env.reader);
	vehicle_free(b->env.vehicle);
	device_free(b->device);
	pairing_wipe(&b->pairing);
	profile_free(b->profile);
	crypto_seeded_free(b->lib);
	return 0;
}

static int read_suite(struct suite **out, const char *steps, struct err *err)
{
	char text[2000];

	snprintf(text, sizeof(text),
		 "suite: t\ncases:\n  - id: c\n    steps:\n      - select\n      - %s\n",
		 steps);
	return suite_parse(out, "t.yaml", BYTES((uint8_t *)text, strlen(text)),
			   (struct node){ 0 }, err);
}

/* One attempt of these steps. @return what the last one that ran said */
static int attempt(struct bench *b, const char *steps, struct err *err)
{
	struct suite *suite = NULL;
	int rc = read_suite(&suite, steps, err);

	if (rc)
		fail_msg("%s\n%s", err->text, err->excerpt);
	attempt_init(&b->attempt);
	for (int i = 0; !rc && i < suite->cases[0].step_count; i++)
		rc = suite->cases[0].steps[i].kind->run(suite->cases[0].steps[i].params,
							&b->env, err);
	assert_int_equal(step_tear_down(&b->env, NULL), 0);
	suite_free(suite);
	return rc;
}

static void must_pass(struct bench *b, const char *steps)
{
	struct err err = { 0 };
	int rc = attempt(b, steps, &err);

	if (rc || b->attempt.complaint[0])
		fail_msg("%s: %d, %s %s", steps, rc, b->attempt.complaint, err.text);
}

static void must_complain(struct bench *b, const char *steps, const char *of)
{
	struct err err = { 0 };
	int rc = attempt(b, steps, &err);

	if (rc != STEP_STOP || !strstr(b->attempt.complaint, of))
		fail_msg("%s: %d, '%s' %s", steps, rc, b->attempt.complaint, err.text);
}

#define SELECT "apdu: {command: select, answer: ok}\n      - "
#define AUTH0(what) SELECT "apdu: {command: auth0, " what "}"

static void what_is_asked_is_held_against_the_answer(void **state)
{
	struct bench *b = *state;

	must_pass(b, AUTH0("answer: ok, data: 86 41 04 ??*64"));
	must_pass(b, AUTH0("answer: [security, ok]"));
	must_pass(b, AUTH0("answer: 9xx0"));
	must_pass(b, AUTH0("alter: [{p1: FF}]"));
	must_complain(b, AUTH0("answer: security"), "answered 9000, security");
	must_complain(b, AUTH0("answer: [\"6982\", more]"), "6982 or more was expected");
	must_complain(b, AUTH0("data: 86 41 04 ??*63"), "67 bytes");
	must_complain(b, AUTH0("data: 86 41 05 ??*64"), "'86 41 05 ??*64' was expected");
}

static void what_no_device_may_answer_is_a_complaint_unasked(void **state)
{
	struct bench *b = *state;

	b->force = "69 82 00";
	must_complain(b, "apdu: {send: 80 81 00 00 00}", "refused with 8200");
	b->force = "00 69 82";
	must_complain(b, "apdu: {send: 80 81 00 00 00}", "and yet 1 bytes");
	b->force = "69";
	must_complain(b, "apdu: {send: 80 81 00 00 00}", "no status word");
	b->force = "69 82";
	must_pass(b, "apdu: {send: 80 81 00 00 00}");
}

static void a_value_that_comes_back_is_not_fresh(void **state)
{
	struct bench *b = *state;

	must_pass(b, AUTH0("fresh: yes") "\n      - apdu: {command: auth0, fresh: yes}");
	b->force = "4C 09 01 02 03 04 05 06 07 08 09 90 00";
	must_complain(
		b, "apdu: {command: auth0}\n      - apdu: {command: auth0, fresh: yes}",
		"came back");
}

static void every_alteration_makes_a_command_that_is_refused(void **state)
{
	static const char *const alterations[] = {
		"{cla: \"90\"}",
		"{ins: \"7F\"}",
		"{p1: \"7F\"}",
		"{p2: \"7F\"}",
		"{lc: \"01\"}",
		"{lc: 00 00 10}",
		"{flip: 5}",
		"{cut: 1}",
		"{cut: 99}",
		"{lose: 3}",
		"{extend: \"87\"}",
		"{drop: \"5C\"}",
		"{twice: 4C}",
		"{value: \"\", of: 4D}",
		"{length: 83 00 00 10, of: 4C}",
		"{point: off-curve, of: \"87\"}",
		"{point: infinity, of: \"87\"}",
		"{point: zeros, of: \"87\"}",
		"{point: odd-prefix, of: \"87\"}",
		"{point: even-prefix, of: \"87\"}",
		"{point: hybrid, of: \"87\"}",
		"{point: compressed, of: \"87\"}",
		"{point: bare, of: \"87\"}",
		"{point: over-field, of: \"87\"}",
	};
	struct bench *b = *state;
	char steps[300];

	for (size_t i = 0; i < sizeof(alterations) / sizeof(alterations[0]); i++) {
		snprintf(steps, sizeof(steps), AUTH0("alter: [%s], answer: 6xxx"),
			 alterations[i]);
		must_pass(b, steps);
	}
	must_pass(b, AUTH0("alter: [{reverse: yes}], answer: ok"));
	must_pass(b, AUTH0("alter: [{reverse: no}, {le: \"\"}], answer: ok"));
}

static void a_place_that_a_command_does_not_have_is_the_benchs_fault(void **state)
{
	static const char *const wrong[] = {
		AUTH0("alter: [{flip: 250}]"),
		AUTH0("alter: [{flip: -200}]"),
		AUTH0("alter: [{cut: 200}]"),
		AUTH0("alter: [{lose: 255}]"),
		AUTH0("alter: [{drop: 9E}]"),
		AUTH0("alter: [{twice: \"87\"}, {twice: \"87\"}, {twice: \"87\"}]"),
		"apdu: {send: \"80\", alter: [{p1: \"01\"}]}",
		"apdu: {replay: auth1}",
		"attack: {kind: fast, with: [{before: auth0, plain: \"87\"}]}",
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = { 0 };

		/* a case of its own, as far as what was sent before goes */
		step_env_release(&b->env);
		if (attempt(b, wrong[i], &err) >= 0)
			fail_msg("%s was sent", wrong[i]);
		assert_string_not_equal(err.text, "");
	}
}

#define ATTACK(with) "attack: {kind: standard, with: [{" with "}]}"
#define READS(with) \
	"attack: {kind: standard, exchange: [{read: private, offset: 0, length: 1}], " \
	"with: [{" with "}]}"

static void a_session_goes_on_or_is_gone_as_the_suite_says(void **state)
{
	struct bench *b = *state;

	must_pass(b, ATTACK("on: auth1, answer: ok"));
	assert_string_equal(b->attempt.kind, "standard");
	must_pass(b, ATTACK("before: auth1, send: 80 7F 00 00, answer: wrong_ins"));
	must_pass(b, ATTACK("on: auth1, alter: [{flip: 9}], answer: security, "
			    "session: dies"));
	assert_string_equal(b->attempt.kind, "");
	must_pass(b, READS("before: exchange, command: select, session: dies"));
	must_pass(b, READS("before: control_flow, replay: exchange, answer: security, "
			   "session: dies"));
	must_pass(b, ATTACK("on: control_flow, alter: [{p1: \"7F\"}], session: over"));
	must_pass(b, ATTACK("before: auth1, break: deselect, session: dies"));
	must_pass(b, ATTACK("before: control_flow, break: field, session: dies"));
	must_complain(b, ATTACK("before: control_flow, break: field"), "6985");
	must_complain(b, ATTACK("before: auth1, send: 80 7F 00 00, session: dies"),
		      "lives on after the attack");
	must_complain(b, ATTACK("on: auth1, alter: [{flip: 9}]"), "6985");
	must_complain(b, ATTACK("on: exchange, answer: ok"), "did not come to that");
}

static void how_it_ends_and_why_is_asked(void **state)
{
	struct bench *b = *state;

	must_pass(b,
		  "attack: {kind: standard, ends: refused, why: MAC, with: [{on: auth0, "
		  "alter: [{p2: \"02\"}], session: fed}]}");
	must_complain(b,
		      "attack: {kind: standard, ends: refused, why: moon, with: [{on: "
		      "auth0, alter: [{p2: \"02\"}], session: fed}]}",
		      "not of 'moon'");
	must_complain(b, "attack: {kind: standard, ends: refused, with: [{on: auth0}]}",
		      "opened, refused was expected");
	must_pass(b, "attack: {kind: fast, action: start, ends: fallback, with: [{on: "
		     "auth1}]}");
}

static void what_is_said_under_the_channel_is_read_in_clear(void **state)
{
	struct bench *b = *state;

	must_pass(b, ATTACK("before: control_flow, plain: 87 04 00 00 00 02, answer: ok, "
			    "data: 00 02 00 00 00 02 00 00"));
	must_complain(b,
		      ATTACK("before: control_flow, plain: 87 04 00 00 00 02, data: 00"),
		      "was expected");
	must_pass(b, ATTACK("before: control_flow, plain: 87 04 00 00 00 02, skip: 1, "
			    "answer: security, session: dies"));
	must_pass(b, ATTACK("before: control_flow, plain: 87 04 00 00 00 02, times: 20"));
}

static void a_pattern_matches_what_it_says(void **state)
{
	static const uint8_t three[] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(shape_match("01 02 03", BYTES_OF(three)), 1);
	assert_int_equal(shape_match("01??03", BYTES_OF(three)), 1);
	assert_int_equal(shape_match("??*3", BYTES_OF(three)), 1);
	assert_int_equal(shape_match("01 ??*2", BYTES_OF(three)), 1);
	assert_int_equal(shape_match("", BYTES(NULL, 0)), 1);
	assert_int_equal(shape_match("01 02", BYTES_OF(three)), 0);
	assert_int_equal(shape_match("01 02 03 ??", BYTES_OF(three)), 0);
	assert_int_equal(shape_match("01 02 04", BYTES_OF(three)), 0);
	assert_int_equal(shape_match("0", BYTES_OF(three)), -1);
	assert_int_equal(shape_match("??*", BYTES_OF(three)), -1);
	assert_int_equal(shape_match("01 *3", BYTES_OF(three)), -1);
	assert_int_equal(shape_match("01*99999999999999999999", BYTES_OF(three)), -1);
	assert_int_equal(shape_match("01*-3", BYTES_OF(three)), -1);
}

static void a_mistake_names_its_place(void **state)
{
	static const char *const wrong[] = {
		"apdu",
		"apdu: {command: select, replay: select}",
		"apdu: {command: pin}",
		"apdu: {send: 8}",
		"apdu: {command: select, answer: good}",
		"apdu: {command: select, answer: 90}",
		"apdu: {command: select, answer: [ok, ok, ok, ok, ok]}",
		"apdu: {command: select, answer: {a: b}}",
		"apdu: {command: select, data: zz}",
		"apdu: {command: select, alter: flip}",
		"apdu: {command: select, alter: [flip]}",
		"apdu: {command: select, alter: [{}]}",
		"apdu: {command: select, alter: [{flip: 255}]}",
		"apdu: {command: select, alter: [{flip: 1, bit: 8}]}",
		"apdu: {command: select, alter: [{p1: 01 02}]}",
		"apdu: {command: select, alter: [{value: 01}]}",
		"apdu: {command: select, alter: [{point: round, of: \"87\"}]}",
		"apdu: {command: select, alter: [{drop: 7F 50 01}]}",
		"apdu: {command: select, plain: 87}",
		"attack: {kind: fast}",
		"attack: {kind: fast, with: []}",
		"attack: {kind: fast, with: [{answer: ok}]}",
		"attack: {kind: fast, with: [{on: auth0, before: auth1}]}",
		"attack: {kind: fast, with: [{on: auth0, session: fine}]}",
		"attack: {kind: fast, with: [{before: auth0, session: fed}]}",
		"attack: {kind: fast, with: [{on: auth0, send: \"80\", replay: auth0}]}",
		"attack: {kind: fast, with: [{on: auth0, times: 301}]}",
		"attack: {kind: fast, with: [{on: auth0, nth: 0}]}",
		"attack: {kind: fast, with: [{on: auth0, break: field}]}",
		"attack: {kind: fast, with: [{before: auth0, break: field, answer: ok}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct suite *suite = NULL;
		struct err err = { 0 };

		if (read_suite(&suite, wrong[i], &err) == 0)
			fail_msg("taken: %s", wrong[i]);
		if (strncmp(err.text, "t.yaml:6:", 9) != 0 || !err.excerpt[0])
			fail_msg("%s: %s", wrong[i], err.text);
	}
}

static void neither_stands_where_no_phone_is(void **state)
{
	struct attempt a;

	(void)state;
	attempt_init(&a);
	assert_non_null(step_ask.rehearse(NULL, &a));
	assert_non_null(step_attack.rehearse(NULL, &a));
	attempt_point(&a, "activated", 0, 0);
	assert_null(step_ask.rehearse(NULL, &a));
	assert_null(step_attack.rehearse(NULL, &a));
	assert_non_null(step_attack.rehearse(NULL, &a)); /* one an attempt */
	assert_null(step_ask.rehearse(NULL, &a));
	attempt_point(&a, "retreat", 0, 0);
	assert_non_null(step_ask.rehearse(NULL, &a));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_asked_is_held_against_the_answer),
		TEST(what_no_device_may_answer_is_a_complaint_unasked),
		TEST(a_value_that_comes_back_is_not_fresh),
		TEST(every_alteration_makes_a_command_that_is_refused),
		TEST(a_place_that_a_command_does_not_have_is_the_benchs_fault),
		TEST(a_session_goes_on_or_is_gone_as_the_suite_says),
		TEST(how_it_ends_and_why_is_asked),
		TEST(what_is_said_under_the_channel_is_read_in_clear),
		TEST(a_pattern_matches_what_it_says),
		TEST(a_mistake_names_its_place),
		TEST(neither_stands_where_no_phone_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
