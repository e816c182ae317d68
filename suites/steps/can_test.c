#include "bench/core/wire/dbc.h"
#include "drivers/can/sim.h"
#include "drivers/wrap/fault.h"
#include "suites/steps/steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * The steps over a simulated bus on a virtual clock; the test itself is the other node.
 */
struct bench {
	struct clock_virtual clock;
	struct bus *bus;
	struct dbc *dbc;
	int other;
	struct step_env env;
	struct attempt attempt;
	/* an answer of the other node: when it hears 0x110 (WakeUp), it sends this so much later */
	struct canframe answer;
	int64_t answer_after_ns;
	struct canframe heard;
};

static int sleep_until(struct step_env *env, int64_t until_ns, struct err *err)
{
	(void)err;
	env->clock->sleep_until(env->clock, until_ns);
	return 0;
}

static void hear(void *ctx, const struct canbus_heard *h)
{
	struct bench *b = ctx;

	if (h->own)
		return;
	b->heard = h->frame;
	if (h->frame.id == 0x110 && b->answer.id)
		canbus_send(sim_bus_model(b->bus), b->other, &b->answer,
			    h->end_ns + b->answer_after_ns);
}

static int begin(void **state)
{
	static const struct sim_bus_options options = { .bitrate = 500000 };
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	clock_virtual_init(&b->clock);
	b->clock.at_ns = NS_PER_S;
	assert_int_equal(
		sim_bus_driver.open(&b->bus, &options, NULL, &b->clock.base, NULL), 0);
	b->other = canbus_attach(sim_bus_model(b->bus), hear, b);
	assert_int_equal(dbc_read(&b->dbc, "fixtures/dbc/door.dbc", NULL), 0);
	b->env = (struct step_env){ .clock = &b->clock.base,
				    .bus = b->bus,
				    .dbc = b->dbc,
				    .attempt = &b->attempt,
				    .sleep_until = sleep_until };
	attempt_init(&b->attempt);
	assert_int_equal(step_begin(&b->env, NULL), 0);
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	step_env_release(&b->env);
	bus_close(b->bus);
	dbc_free(b->dbc);
	free(b);
	return 0;
}

/* A step as a suite writes it: bound, checked, run. @return what run said, or check's error */
static int step(struct bench *b, const char *name, const char *params, struct err *err)
{
	const struct step_kind *kind = step_find(name);
	void *bound = calloc(1, kind->params_size);
	struct conf *conf;
	struct step_rig rig = { .dbc = b->env.dbc };
	int rc;

	assert_int_equal(conf_parse(&conf, "suite.yaml",
				    BYTES((const uint8_t *)params, strlen(params)), err),
			 0);
	rc = conf_bind(conf_root(conf), kind->params, bound, err);
	if (!rc)
		rc = kind->check(bound, &rig, conf_root(conf), err);
	if (!rc)
		rc = kind->run(bound, &b->env, err);
	free(bound);
	conf_free(conf);
	return rc;
}

static void works(struct bench *b, const char *name, const char *params)
{
	struct err err = { 0 };

	if (step(b, name, params, &err))
		fail_msg("%s %s: %s %s", name, params, err.text, b->attempt.complaint);
}

static void other_sends(struct bench *b, const char *text, int64_t at_ns)
{
	struct canframe f;

	assert_int_equal(canframe_parse(&f, BYTES((const uint8_t *)text, strlen(text))),
			 0);
	assert_int_equal(canbus_send(sim_bus_model(b->bus), b->other, &f, at_ns), 0);
}

/* From now on the bus stands behind a fault; the model below it is the same. */
static void plant(struct bench *b, struct fault *f, const struct fault_plan *plan)
{
	fault_init(f, plan);
	assert_int_equal(fault_bus_open(&b->bus, b->bus, f, NULL), 0);
	b->env.bus = b->bus;
}

static void what_never_was_on_the_bus_is_the_benchs_fault(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_LOSS, FAULT_CORRUPT };
	struct bench *b = *state;
	struct err err = { 0 };
	struct fault f[2]; /* one around the other */

	works(b, "can_send", "{frame: 123#0102}");
	assert_int_equal(can_confirm(&b->env, &err), 0);
	for (int i = 0; i < 2; i++) {
		plant(b, &f[i],
		      &(struct fault_plan){
			      .kind = kinds[i], .call = "send", .nth = 2, .seed = 3 });
		works(b, "can_send", "{frame: 123#0102}");
		works(b, "can_send", "{frame: 123#0102}");
		assert_int_equal(step_tear_down(&b->env, &err), ERR_IO);
		assert_non_null(strstr(err.text, "never was on the bus"));
		assert_int_equal(b->env.failed, NEED_BUS);
		assert_int_equal(step_begin(&b->env, NULL), 0);
	}
}

static void a_bus_whose_clock_is_not_ours_is_not_believed(void **state)
{
	static const int64_t steps[] = { NS_PER_S, -2 * NS_PER_S };
	struct bench *b = *state;
	struct fault f[2];

	for (int i = 0; i < 2; i++) {
		struct err err = { 0 };

		assert_int_equal(step_begin(&b->env, NULL), 0);
		works(b, "can_send", "{frame: 123#0102}");
		assert_int_equal(can_confirm(&b->env, &err), 0);
		plant(b, &f[i],
		      &(struct fault_plan){ .kind = FAULT_CLOCK_STEP,
					    .call = "receive",
					    .nth = 1,
					    .by_ns = steps[i] });
		works(b, "can_send", "{frame: 123#0102}");
		assert_int_equal(can_confirm(&b->env, &err), ERR_RANGE);
		assert_non_null(strstr(err.text, "clock of the bus"));
		f[i].step_ns = 0; /* set right again */
	}
}

static void a_message_goes_out_by_its_names(void **state)
{
	struct bench *b = *state;
	char text[CANFRAME_TEXT_MAX];

	works(b, "can_send",
	      "{message: WakeUp, signals: {Reason: DoorHandle, Stay: 2.5}}");
	canbus_run(sim_bus_model(b->bus), 2 * NS_PER_S);
	canframe_text(&b->heard, text);
	assert_string_equal(text, "110#0219");
	works(b, "can_send", "{frame: 12345678#R}");
	canbus_run(sim_bus_model(b->bus), 3 * NS_PER_S);
	canframe_text(&b->heard, text);
	assert_string_equal(text, "12345678#R");
}

static void an_announcement_after_the_tap_is_its_point(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);
	const struct attempt_point *bus;
	struct canframe f = { .id = 0x210, .len = 4, .data = { 2 } };

	attempt_point(&b->attempt, "activated", now, 0);
	other_sends(b, "210#01000000", now + 5 * NS_PER_MS);
	other_sends(b, "210#02000000", now + 80 * NS_PER_MS);
	other_sends(b, "210#02000000", now + 90 * NS_PER_MS);
	works(b, "can_expect",
	      "{message: DoorStatus, signal: Lock, equals: Unlocked, within: 500 ms}");
	assert_string_equal(b->attempt.complaint, "");
	bus = attempt_find(&b->attempt, "bus");
	assert_non_null(bus);
	assert_true(bus->at_ns ==
		    now + 80 * NS_PER_MS +
			    canframe_time_ns(canframe_bits(&f) - CANFRAME_INTERFRAME_BITS,
					     500000));
}

static void what_came_while_other_steps_ran_counts_too(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);

	attempt_point(&b->attempt, "activated", now, 0);
	other_sends(b, "210#02000000", now + NS_PER_MS);
	sleep_until(&b->env, now + NS_PER_S, NULL);
	works(b, "can_expect", "{message: DoorStatus, within: 1 ms}");
	works(b, "can_expect", "{message: DoorStatus, signal: Lock, equals: 2}");
	assert_true(attempt_find(&b->attempt, "bus")->at_ns < now + 2 * NS_PER_MS);
}

static void an_announcement_before_the_tap_is_held_against_the_target(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);

	other_sends(b, "210#02000000", now);
	other_sends(b, "210#02000000", now + 200 * NS_PER_MS);
	attempt_point(&b->attempt, "activated", now + 100 * NS_PER_MS, NS_PER_MS);
	sleep_until(&b->env, now + 150 * NS_PER_MS, NULL);
	works(b, "can_expect", "{message: DoorStatus, signal: Lock, equals: Unlocked}");
	assert_non_null(strstr(b->attempt.complaint, "before the phone was activated"));
	/* the point is that of the one that counts */
	assert_true(attempt_find(&b->attempt, "bus")->at_ns > now + 200 * NS_PER_MS);
}

static void one_before_the_key_could_prove_itself_is_too(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);

	attempt_point(&b->attempt, "activated", now, 0);
	attempt_point(&b->attempt, "auth0.received", now + 20 * NS_PER_MS, NS_PER_MS);
	other_sends(b, "210#02000000", now + 25 * NS_PER_MS);
	works(b, "can_expect", "{message: DoorStatus, signal: Lock, equals: Unlocked}");
	assert_string_equal(b->attempt.complaint, "");
	/* a standard transaction is decided by AUTH1, and AUTH0 proves nothing */
	attempt_point(&b->attempt, "auth1.received", now + 60 * NS_PER_MS, NS_PER_MS);
	other_sends(b, "210#02000000", now + 80 * NS_PER_MS);
	works(b, "can_expect", "{message: DoorStatus, signal: Lock, equals: Unlocked}");
	assert_non_null(
		strstr(b->attempt.complaint, "before the key could prove itself"));
}

/* What is said of the target does not depend on how late its activation was stamped. */
static void it_is_so_too_where_the_activation_was_stamped_late(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);

	other_sends(b, "210#02000000", now);
	attempt_point(&b->attempt, "activated", now + 30 * NS_PER_MS, NS_PER_MS);
	attempt_point(&b->attempt, "auth0.received", now + 70 * NS_PER_MS, NS_PER_MS);
	other_sends(b, "210#02000000", now + 80 * NS_PER_MS);
	sleep_until(&b->env, now + 90 * NS_PER_MS, NULL);
	works(b, "can_expect", "{message: DoorStatus, signal: Lock, equals: Unlocked}");
	assert_non_null(
		strstr(b->attempt.complaint, "before the key could prove itself"));
}

static void what_came_before_the_attempt_is_forgotten(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);

	other_sends(b, "210#02000000", now);
	sleep_until(&b->env, now + NS_PER_S, NULL);
	assert_int_equal(step_begin(&b->env, NULL), 0);
	attempt_point(&b->attempt, "activated", now + NS_PER_S, 0);
	assert_int_equal(
		step(b, "can_expect", "{message: DoorStatus, within: 10 ms}", NULL),
		STEP_STOP);
	assert_non_null(strstr(b->attempt.complaint, "nothing of it was heard"));
}

static void silence_is_a_complaint_that_tells_what_was_said_last(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);

	attempt_point(&b->attempt, "activated", now, 0);
	other_sends(b, "210#01000000", now);
	assert_int_equal(step(b, "can_expect",
			      "{message: DoorStatus, signal: Lock, equals: Unlocked, "
			      "within: 300 ms}",
			      NULL),
			 STEP_STOP);
	assert_string_equal(b->attempt.complaint,
			    "no DoorStatus with Lock = Unlocked within 300 ms; the last "
			    "one said Locked (1)");
	assert_int_equal(b->attempt.outcome, OUTCOME_DONE);
	assert_null(attempt_find(&b->attempt, "bus"));
	assert_true(clock_now(b->env.clock) == now + 300 * NS_PER_MS);
}

static void without_a_tap_the_last_frame_sent_is_answered(void **state)
{
	struct bench *b = *state;

	/* awake before it was woken: no answer */
	other_sends(b, "510#0001", clock_now(b->env.clock));
	sleep_until(&b->env, clock_now(b->env.clock) + 10 * NS_PER_MS, NULL);
	b->answer = (struct canframe){ .id = 0x510, .len = 2, .data = { 0, 1 } };
	b->answer_after_ns = 30 * NS_PER_MS;
	works(b, "can_send", "{message: WakeUp, signals: {Reason: Timer}}");
	works(b, "can_expect", "{message: ModuleState, signal: Awake, equals: Awake}");
	assert_true(attempt_find(&b->attempt, "bus")->at_ns > b->env.stimulus_ns);
	assert_string_equal(b->attempt.complaint, "");
}

static void a_raw_frame_is_expected_by_its_masked_bytes(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);

	other_sends(b, "321#F200", now);
	other_sends(b, "321#F177", now);
	assert_int_equal(step(b, "can_expect", "{frame: 321#02, within: 5 ms}", NULL),
			 STEP_STOP);
	works(b, "can_expect", "{frame: 321#01, mask: 0F, within: 5 ms}");
	works(b, "can_expect", "{frame: 321#F177}");
}

static void our_own_frames_are_no_answer(void **state)
{
	struct bench *b = *state;

	works(b, "can_send", "{message: DoorStatus, signals: {Lock: Unlocked}}");
	assert_int_equal(
		step(b, "can_expect", "{message: DoorStatus, within: 10 ms}", NULL),
		STEP_STOP);
}

static void lost_frames_are_our_fault_and_never_the_targets(void **state)
{
	struct bench *b = *state;
	struct canframe f = { .id = 1 };
	struct err err = { 0 };
	int64_t now = clock_now(b->env.clock);

	for (int i = 0; i < BUS_KEEPS + 100; i++) {
		canbus_send(sim_bus_model(b->bus), b->other, &f, now);
		b->clock.at_ns += 200 * NS_PER_US;
		canbus_run(sim_bus_model(b->bus), b->clock.at_ns);
	}
	assert_int_equal(
		step(b, "can_expect", "{message: DoorStatus, within: 10 ms}", &err),
		ERR_RANGE);
	assert_string_equal(err.text, "100 frames were lost on their way from the bus");
	assert_string_equal(b->attempt.complaint, "");
}

static void mistakes_are_found_before_anything_moves(void **state)
{
	static const struct {
		const char *step, *params, *why;
	} bad[] = {
		{ "can_send", "{}", "either 'message' or 'frame'" },
		{ "can_send", "{message: A, frame: 1#}", "either 'message' or 'frame'" },
		{ "can_send", "{message: Nothing}", "no message 'Nothing'" },
		{ "can_send", "{message: WakeUp, signals: {Reazon: 1}}",
		  "suite.yaml:1:29: WakeUp has no signal 'Reazon'" },
		{ "can_send", "{message: WakeUp, signals: {Reason: Boredom}}",
		  "suite.yaml:1:37: Reason: 'Boredom'" },
		{ "can_send", "{message: WakeUp, signals: {Stay: 26}}", "0 to 25.5" },
		{ "can_send", "{message: WakeUp, signals: [1]}", "a map is needed" },
		{ "can_send", "{frame: 123#1, signals: {A: 1}}", "need a 'message'" },
		{ "can_send", "{frame: 1234}", "is no frame" },
		{ "can_send", "{message: ModuleState, signals: {Page: 0, Taps: 3}}",
		  "only when Page selects it" },
		{ "can_cyclic", "{message: WakeUp}", "every" },
		{ "can_load", "{share: 50 %, frame: 123##0, fd: yes}", "itself" },
		{ "can_send", "{frame: 123#000102030405060708}", "no frame" },
		{ "can_send", "{frame: 123#000102030405060708, fd: yes}", "no frame" },
		{ "can_send", "{frame: 123#R, fd: yes}", "no frame" },
		{ "can_expect", "{message: DoorStatus, signal: Lock}", "go together" },
		{ "can_expect", "{message: DoorStatus, signal: Lock, equals: Ajar}",
		  "Ajar" },
		{ "can_expect", "{message: DoorStatus, signal: Bolt, equals: 1}",
		  "no signal 'Bolt'" },
		{ "can_expect", "{frame: 123#11, mask: FFFF}", "2 bytes for the 1" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = { 0 };
		int rc = step(b, bad[i].step, bad[i].params, &err);

		if (rc >= 0 || !strstr(err.text, bad[i].why))
			fail_msg("%s %s: '%s' does not say '%s'", bad[i].step,
				 bad[i].params, err.text, bad[i].why);
	}
	b->env.dbc = NULL;
	{
		struct err err = { 0 };

		assert_true(step(b, "can_send", "{message: WakeUp}", &err) < 0);
		assert_non_null(strstr(err.text, "names no dbc"));
	}
}

static void a_bus_that_cannot_send_by_itself_says_so(void **state)
{
	struct err err = { 0 };

	assert_int_equal(
		step(*state, "can_cyclic", "{message: WakeUp, every: 10 ms}", &err),
		ERR_UNSUPPORTED);
	assert_int_equal(step(*state, "can_load", "{share: 50 %}", &err),
			 ERR_UNSUPPORTED);
}

static void cyclic_frames_and_load_last_until_tear_down(void **state)
{
	struct bench *b = *state;
	int64_t now = clock_now(b->env.clock);
	int before;

	assert_int_equal(sim_bus_cyclic(&b->env.cyclic, b->bus, NULL), 0);
	works(b, "can_cyclic",
	      "{message: VehicleState, signals: {Ignition: \"On\"}, every: 10 ms}");
	works(b, "can_load", "{share: 50 %, frame: 001#0000000000000000}");
	assert_true(b->env.sending);
	sleep_until(&b->env, now + 995 * NS_PER_MS, NULL);
	canbus_run(sim_bus_model(b->bus), clock_now(b->env.clock));
	/* half of the bus' time, and a little for the cyclic frames */
	assert_in_range(canbus_stats(sim_bus_model(b->bus)).busy_ns, 497 * NS_PER_MS,
			530 * NS_PER_MS);
	before = (int)canbus_stats(sim_bus_model(b->bus)).frames;
	assert_true(before > 1000);
	assert_int_equal(step_tear_down(&b->env, NULL), 0);
	assert_false(b->env.sending);
	sleep_until(&b->env, now + 2 * NS_PER_S, NULL);
	canbus_run(sim_bus_model(b->bus), clock_now(b->env.clock));
	/* what was on the wire ended, and nothing else came */
	assert_true(canbus_stats(sim_bus_model(b->bus)).frames <= (uint64_t)before + 1);
	cyclic_end(b->env.cyclic);
}

/* From activated to bus, the module announcing 20 ms after the tap, at the given load. */
static int64_t announced_after(struct bench *b, const char *load)
{
	int64_t now = clock_now(b->env.clock);
	const struct attempt_point *bus;

	attempt_init(&b->attempt);
	assert_int_equal(step_begin(&b->env, NULL), 0);
	if (load)
		works(b, "can_load", load);
	attempt_point(&b->attempt, "activated", now, 0);
	other_sends(b, "210#02000000", now + 20 * NS_PER_MS);
	(void)step(
		b, "can_expect",
		"{message: DoorStatus, signal: Lock, equals: Unlocked, within: 200 ms}",
		NULL);
	bus = attempt_find(&b->attempt, "bus");
	assert_int_equal(step_tear_down(&b->env, NULL), 0);
	sleep_until(&b->env, clock_now(b->env.clock) + NS_PER_S, NULL);
	return bus ? bus->at_ns - now : INT64_MAX;
}

/* Frames of up to 64 bytes, on a bus that has a data bit rate. */
static void fd_frames_go_out_and_are_expected(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };

	assert_int_equal(step(b, "can_send", "{frame: 123##1AA}", &err), ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "classic frames only"));
	canbus_set_data_bitrate(sim_bus_model(b->bus), 2000000);
	works(b, "can_send", "{frame: 123#000102030405060708090A0B, fd: yes}");
	works(b, "can_send", "{frame: 123#000102030405060708090A0B, brs: yes}");
	works(b, "can_send", "{frame: 124##1AA}");
	assert_int_equal(can_confirm(&b->env, &err), 0);
	assert_true(b->heard.fd && b->heard.brs && b->heard.id == 0x124);
	other_sends(b, "321#0001", clock_now(b->env.clock) + NS_PER_MS);
	assert_int_equal(
		step(b, "can_expect", "{frame: 321#00, fd: yes, within: 10 ms}", &err),
		STEP_STOP);
	attempt_init(&b->attempt);
	other_sends(b, "321##000010203040506070809FF0B",
		    clock_now(b->env.clock) + NS_PER_MS);
	works(b, "can_expect",
	      "{frame: 321#000102030405060708090A0B, mask: "
	      "FFFFFFFFFFFFFFFFFFFF00FF, fd: yes, within: 10 ms}");
}

static void an_fd_load_is_reckoned_with_both_rates(void **state)
{
	struct canframe f = { .id = 1, .fd = true, .brs = true, .len = 24 };
	struct bench *b = *state;
	struct canbus_stats before, after;
	double share;

	canbus_set_data_bitrate(sim_bus_model(b->bus), 2000000);
	assert_int_equal(sim_bus_cyclic(&b->env.cyclic, b->bus, NULL), 0);
	works(b, "can_load",
	      "{share: 40 %, brs: yes, frame: "
	      "001#000000000000000000000000000000000000000000000000}");
	before = canbus_stats(sim_bus_model(b->bus));
	sleep_until(&b->env, clock_now(b->env.clock) + NS_PER_S, NULL);
	canbus_run(sim_bus_model(b->bus), clock_now(b->env.clock));
	after = canbus_stats(sim_bus_model(b->bus));
	share = (double)(after.busy_ns - before.busy_ns) / 1e9;
	assert_true(share > .399 && share < .401);
	assert_int_equal((after.busy_ns - before.busy_ns) /
				 (int64_t)(after.frames - before.frames),
			 canframe_wire_ns(&f, 500000, 2000000));
	assert_int_equal(can_stop(&b->env, NULL), 0);
	cyclic_end(b->env.cyclic);
	b->env.cyclic = NULL;
}

static void load_is_seen_in_the_latency_and_a_flooded_bus_has_none(void **state)
{
	struct bench *b = *state;
	int64_t alone, loaded = 0;

	assert_int_equal(sim_bus_cyclic(&b->env.cyclic, b->bus, NULL), 0);
	alone = announced_after(b, NULL);
	for (int i = 0; i < 10; i++) {
		int64_t took;

		sleep_until(&b->env, clock_now(b->env.clock) + 12345 * i, NULL);
		took = announced_after(b, "{share: 90 %, frame: 001#0011223344556677}");
		loaded = took > loaded ? took : loaded;
	}
	assert_in_range(alone, 20 * NS_PER_MS, 21 * NS_PER_MS);
	assert_true(loaded > alone + 100 * NS_PER_US);
	/* a load that loses against the announcement delays it by one frame at most */
	assert_true(announced_after(b, "{share: 100 %, frame: 7FF#0011223344556677}") <
		    alone + 280 * NS_PER_US);
	assert_true(announced_after(b, "{share: 100 %, frame: 001#0011223344556677}") ==
		    INT64_MAX);
	assert_non_null(strstr(b->attempt.complaint, "nothing of it was heard"));
	cyclic_end(b->env.cyclic);
}

#define STEP_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
static void a_log_is_replayed_at_its_times(void **state)
{
	struct bench *b = *state;
	int64_t start = clock_now(&b->clock.base);
	const struct canframe wanted[] = { { .id = 0x200, .len = 2 },
					   { .id = 0x7df, .len = 1 },
					   { .id = 0x200, .len = 2 } };
	static const int64_t after_ms[] = { 0, 3, 250 };

	assert_int_equal(sim_bus_cyclic(&b->env.cyclic, b->bus, NULL), 0);
	works(b, "can_replay", "{log: ./suites/steps/can_test.log, interface: can0}");
	assert_int_equal(can_collect(&b->env, start + NS_PER_S, NULL), 0);
	for (int i = 0; b->env.heard_count < 3 && i < 10; i++)
		assert_int_equal(can_collect(&b->env, start + NS_PER_S, NULL), 0);
	assert_int_equal(b->env.heard_count, 3);
	assert_int_equal(b->attempt.note_count, 0); /* all of it was sent */
	for (int i = 0; i < 3; i++) {
		const struct bus_frame *f = &b->env.heard[i];
		int64_t takes = canframe_time_ns(
			canframe_bits(&f->frame) - CANFRAME_INTERFRAME_BITS, 500000);

		assert_int_equal(f->frame.id, wanted[i].id);
		assert_int_equal(f->frame.len, wanted[i].len);
		assert_int_equal(f->at_ns, start + after_ms[i] * NS_PER_MS + takes);
	}
	assert_int_equal(can_stop(&b->env, NULL), 0);
	cyclic_end(b->env.cyclic);
	b->env.cyclic = NULL;
}

static void a_replay_ends_with_the_attempt(void **state)
{
	struct bench *b = *state;
	int64_t start = clock_now(&b->clock.base);

	assert_int_equal(sim_bus_cyclic(&b->env.cyclic, b->bus, NULL), 0);
	works(b, "can_replay", "{log: ./suites/steps/can_test.log, interface: can0}");
	assert_int_equal(can_collect(&b->env, start + 100 * NS_PER_MS, NULL), 0);
	assert_int_equal(can_collect(&b->env, start + 100 * NS_PER_MS, NULL), 0);
	assert_int_equal(can_stop(&b->env, NULL), 0);
	assert_int_equal(can_collect(&b->env, start + NS_PER_S, NULL), 0);
	assert_int_equal(b->env.heard_count, 2);
	/* and what of it was not sent is on record */
	assert_int_equal(b->attempt.note_count, 1);
	assert_string_equal(b->attempt.notes[0].name, STEP_NOTE_UNSENT);
	assert_non_null(strstr(b->attempt.notes[0].text, "1 frames of the log were not"));
	b->attempt.note_count = 0;
	assert_int_equal(can_stop(&b->env, NULL), 0); /* once */
	assert_int_equal(b->attempt.note_count, 0);
	cyclic_end(b->env.cyclic);
	b->env.cyclic = NULL;
}

static void a_log_that_cannot_be_replayed_is_a_mistake_of_the_suite(void **state)
{
	static const struct {
		const char *params, *says;
	} wrong[] = {
		{ "{log: ./suites/steps/nothing.log}", "no such file" },
		{ "{log: no-such-trace}", "no no-such-trace.log below" },
		{ "{log: ./suites/steps/can_test.log, interface: can7}",
		  "no frame to replay" },
		{ "{log: ./suites/steps/can_test.c}", "no frame to replay" },
		{ "{log: ./suites/steps}", "suites/steps" },
		{ "{log: ./suites/steps/can_back.log}",
		  "can_back.log:3: its time lies before" },
		{ "{log: [1]}", "name of a candump log" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct err err = { 0 };

		assert_int_equal(step(b, "can_replay", wrong[i].params, &err),
				 ERR_FORMAT);
		if (!strstr(err.text, wrong[i].says) ||
		    !strstr(err.text, "suite.yaml:1:"))
			fail_msg("%s: %s", wrong[i].params, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STEP_TEST(what_never_was_on_the_bus_is_the_benchs_fault),
		STEP_TEST(a_bus_whose_clock_is_not_ours_is_not_believed),
		STEP_TEST(a_message_goes_out_by_its_names),
		STEP_TEST(an_announcement_after_the_tap_is_its_point),
		STEP_TEST(what_came_while_other_steps_ran_counts_too),
		STEP_TEST(an_announcement_before_the_tap_is_held_against_the_target),
		STEP_TEST(one_before_the_key_could_prove_itself_is_too),
		STEP_TEST(it_is_so_too_where_the_activation_was_stamped_late),
		STEP_TEST(what_came_before_the_attempt_is_forgotten),
		STEP_TEST(silence_is_a_complaint_that_tells_what_was_said_last),
		STEP_TEST(without_a_tap_the_last_frame_sent_is_answered),
		STEP_TEST(a_raw_frame_is_expected_by_its_masked_bytes),
		STEP_TEST(our_own_frames_are_no_answer),
		STEP_TEST(lost_frames_are_our_fault_and_never_the_targets),
		STEP_TEST(mistakes_are_found_before_anything_moves),
		STEP_TEST(a_bus_that_cannot_send_by_itself_says_so),
		STEP_TEST(cyclic_frames_and_load_last_until_tear_down),
		STEP_TEST(fd_frames_go_out_and_are_expected),
		STEP_TEST(an_fd_load_is_reckoned_with_both_rates),
		STEP_TEST(load_is_seen_in_the_latency_and_a_flooded_bus_has_none),
		cmocka_unit_test_setup_teardown(a_log_is_replayed_at_its_times, begin,
						end),
		cmocka_unit_test_setup_teardown(a_replay_ends_with_the_attempt, begin,
						end),
		cmocka_unit_test_setup_teardown(
			a_log_that_cannot_be_replayed_is_a_mistake_of_the_suite, begin,
			end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
