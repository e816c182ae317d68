#include "drivers/can/uds.h"
#include "drivers/can/sim.h"
#include "drivers/can/uds_server.h"
#include "drivers/wrap/fault.h"
#include "suites/steps/steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * The steps over a simulated bus on a virtual clock. The other side is the emulated module, or a script: answers,
 * frame by frame, to whatever is asked.
 */
struct bench {
	struct clock_virtual clock;
	struct bus *bus;
	struct cyclic *cyclic;
	struct uds_node *module;
	int other;
	struct uds_target target;
	struct step_env env;
	struct attempt attempt;
	const char *script; /* "+20 7E8#037F2278, 7E8#...": +ms before a frame */
	int present;        /* testers heard */
	char heard[CANFRAME_TEXT_MAX];
};

static int sleep_until(struct step_env *env, int64_t until_ns, struct err *err)
{
	(void)err;
	env->clock->sleep_until(env->clock, until_ns);
	return 0;
}

static void play(struct bench *b, int64_t at_ns)
{
	const char *p = b->script;

	b->script = NULL;
	while (p && *p) {
		struct canframe f;
		size_t len;

		p += strspn(p, " ,");
		if (!*p)
			return;
		if (*p == '+')
			at_ns += strtol(p + 1, (char **)&p, 10) * NS_PER_MS;
		p += strspn(p, " ");
		len = strcspn(p, ",");
		assert_int_equal(canframe_parse(&f, BYTES((const uint8_t *)p, len)), 0);
		assert_int_equal(canbus_send(sim_bus_model(b->bus), b->other, &f, at_ns),
				 0);
		p += len;
	}
}

static void hear(void *ctx, const struct canbus_heard *h)
{
	struct bench *b = ctx;

	if (h->own || h->frame.id != 0x7e0)
		return;
	canframe_text(&h->frame, b->heard);
	b->present += strncmp(b->heard, "7E0#023E80", 10) == 0;
	if (h->frame.data[0] >> 4 < 3)
		play(b, h->end_ns);
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
	assert_int_equal(sim_bus_cyclic(&b->cyclic, b->bus, NULL), 0);
	b->other = canbus_attach(sim_bus_model(b->bus), hear, b);
	assert_int_equal(uds_pair("7E0:7E8", &b->target.tp), 0);
	b->target.p2_ns = 50 * NS_PER_MS;
	b->target.p2_star_ns = 5 * NS_PER_S;
	b->env = (struct step_env){ .clock = &b->clock.base,
				    .bus = b->bus,
				    .cyclic = b->cyclic,
				    .uds = &b->target,
				    .attempt = &b->attempt,
				    .sleep_until = sleep_until };
	attempt_init(&b->attempt);
	assert_int_equal(step_begin(&b->env, NULL), 0);
	*state = b;
	return 0;
}

/* The emulated module is on the bus. */
static void with_module(struct bench *b, uint8_t block, uint8_t separation)
{
	struct tp_options o = uds_other_side(&b->target.tp);

	o.block = block;
	o.separation = separation;
	assert_int_equal(
		uds_node_new(&b->module, sim_bus_model(b->bus), &o, NULL, NULL, NULL), 0);
}

static int end(void **state)
{
	struct bench *b = *state;

	uds_node_free(b->module);
	step_env_release(&b->env);
	cyclic_end(b->cyclic);
	bus_close(b->bus);
	free(b);
	return 0;
}

/* A step as a suite writes it: bound, checked, run. */
static int step(struct bench *b, const char *name, const char *params, struct err *err)
{
	const struct step_kind *kind = step_find(name);
	void *bound = calloc(1, kind->params_size);
	struct conf *conf;
	int rc;

	assert_int_equal(conf_parse(&conf, "suite.yaml",
				    BYTES((const uint8_t *)params, strlen(params)), err),
			 0);
	rc = conf_bind(conf_root(conf), kind->params, bound, err);
	if (!rc && kind->check)
		rc = kind->check(bound, &(struct step_rig){ 0 }, conf_root(conf), err);
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

/* The target is blamed, with these words. */
static void complains(struct bench *b, const char *name, const char *params,
		      const char *words)
{
	struct err err = { 0 };
	int rc;

	attempt_init(&b->attempt);
	rc = step(b, name, params, &err);
	if (rc != STEP_STOP || !strstr(b->attempt.complaint, words))
		fail_msg("%s %s: %d %s %s", name, params, rc, err.text,
			 b->attempt.complaint);
}

static int64_t took(const struct bench *b)
{
	return attempt_find(&b->attempt, "uds.answered")->at_ns -
	       attempt_find(&b->attempt, "uds.sent")->at_ns;
}

static void a_value_is_compared_and_goes_on_record(void **state)
{
	struct bench *b = *state;

	with_module(b, 0, 0);
	works(b, "uds_read", "{id: F18C, equals: EMU-0001, matches: '^EMU-[0-9]+$'}");
	assert_int_equal(b->attempt.note_count, 1);
	assert_string_equal(b->attempt.notes[0].name, "uds F18C");
	assert_string_equal(b->attempt.notes[0].text, "EMU-0001");
	works(b, "uds_read", "{id: F186, equals: '01'}"); /* no text: hex */
	complains(b, "uds_read", "{id: F18C, equals: EMU-0002}",
		  "F18C is 'EMU-0001', not 'EMU-0002'");
	complains(b, "uds_read", "{id: F18C, matches: '^X'}", "not as in '^X'");
	complains(b, "uds_read", "{id: F195}",
		  "22f195: refused with 31 requestOutOfRange");
}

static void long_messages_go_both_ways_under_flow_control(void **state)
{
	struct bench *b = *state;
	char params[200] = "{request: '22";

	with_module(b, 2, 3); /* it wants blocks of two, 3 ms apart */
	b->target.tp.padding = 0x55;
	for (int i = 0; i < 30; i++)
		strcat(params, " F1");
	strcat(params, "', refused: 13}");
	works(b, "uds_request", params);
	assert_true(took(b) < NS_PER_MS);
	/* a first frame of 6, then 25 bytes in 4 frames: two gaps */
	assert_true(attempt_find(&b->attempt, "uds.sent")->at_ns >
		    b->env.stimulus_ns + 6 * NS_PER_MS);
	works(b, "uds_read", "{id: F191, equals: emulated vehicle module}");
}

static void a_module_that_takes_longer_is_waited_for(void **state)
{
	struct bench *b = *state;

	with_module(b, 0, 0);
	works(b, "uds_session", "{kind: extended}");
	works(b, "uds_request", "{request: 31 01 02 03, answer: 71 01 02 03 00}");
	assert_true(took(b) > UDS_ROUTINE_NS && took(b) < UDS_ROUTINE_NS + NS_PER_MS);
	b->target.p2_star_ns = 150 * NS_PER_MS;
	complains(b, "uds_request", "{request: 31 01 02 03}", "P2* is 150 ms");
}

static void a_session_is_kept_and_ended(void **state)
{
	struct bench *b = *state;
	struct err err = { 0 };

	with_module(b, 0, 0);
	works(b, "uds_session", "{kind: extended}");
	sleep_until(&b->env, clock_now(b->env.clock) + 9 * NS_PER_S, NULL);
	works(b, "uds_read", "{id: F186, equals: '03'}");
	assert_int_equal(b->present, 4);
	assert_int_equal(step_tear_down(&b->env, &err), 0);
	assert_false(b->env.in_session);
	assert_string_equal(b->heard, "7E0#021001");
	works(b, "uds_read", "{id: F186, equals: '01'}");
	works(b, "uds_session", "{kind: extended, keep: no}");
	sleep_until(&b->env, clock_now(b->env.clock) + 9 * NS_PER_S, NULL);
	assert_int_equal(b->present, 4);
	works(b, "uds_read", "{id: F186, equals: '01'}");
	complains(b, "uds_session", "{kind: safety}", "refused with 12");
}

static void silence_is_an_answer_where_it_is_asked_for(void **state)
{
	struct bench *b = *state;

	with_module(b, 0, 0);
	works(b, "uds_request", "{request: 3E 80, silent: yes}");
	assert_null(attempt_find(&b->attempt, "uds.sent"));
	complains(b, "uds_request", "{request: 3E 00, silent: yes}", "7e00, not silence");
	complains(b, "uds_request", "{request: 3E 00, refused: 12}", "7e00, not refused");
	complains(b, "uds_request", "{request: 3E 80}", "no answer within 50 ms (P2)");
	complains(b, "uds_request", "{request: 3E 00, answer: 7E 01}", "7e00, not 7e01");
}

static void what_a_module_does_wrong_is_said_as_it_is(void **state)
{
	static const struct {
		const char *script, *words;
	} wrong[] = {
		{ NULL, "22f18c: no answer within 50 ms (P2)" },
		{ "+60 7E8#0462F18C41", "answered after 60.2 ms; P2 is 50 ms" },
		{ "+10 7E8#037F2278", "no answer within 5000 ms (P2*)" },
		{ "7E8#037F2233", "refused with 33 securityAccessDenied" },
		{ "7E8#037F2299", "refused with 99 " },
		/* other services' answers, and what is none at all, are no answers */
		{ "7E8#037F1078, 7E8#025001, 7E8#017F, 7E8#0162, 7E8#00, 7E8#2101, 7E8#",
		  NULL },
		{ "7E8#0462F19041", "answer is to another identifier" },
		/* it breaks off; it skips a frame; it announces four gigabytes */
		{ "7E8#100A62F18C414243", "a message broke off" },
		{ "7E8#100A62F18C414243, +1 7E8#2244454647", "a frame missing" },
		{ "7E8#1000FFFFFFFF0000", "more than 4095 bytes" },
		/* an answer on another identifier, and on the same one of 29 bits */
		{ "7E9#0462F18C41, 000007E8#0462F18C41", "no answer within" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		b->script = wrong[i].script;
		if (wrong[i].words)
			complains(b, "uds_read", "{id: F18C}", wrong[i].words);
		if (wrong[i].words)
			assert_int_equal(b->attempt.timed,
					 !strstr(wrong[i].words, "refused") &&
						 !strstr(wrong[i].words, "another"));
		sleep_until(&b->env, clock_now(b->env.clock) + 7 * NS_PER_S, NULL);
		assert_int_equal(step_begin(&b->env, NULL), 0);
	}
	/* and then it is well again */
	b->script = "+20 7E8#037F2278, +900 7E8#0462F18C41";
	works(b, "uds_read", "{id: F18C, equals: A}");
	complains(b, "uds_request", "{request: 22 F1 8C F1 8C F1 8C F1 8C}",
		  "not taken as a whole: no flow control came");
	b->script = "7E8#320000";
	complains(b, "uds_request", "{request: 22 F1 8C F1 8C F1 8C F1 8C}",
		  "its flow control refused the message");
}

static void one_that_puts_us_off_for_ever_is_not_waited_for_for_ever(void **state)
{
	char script[120 * 20] = "";
	struct bench *b = *state;

	for (int i = 0; i < 110; i++)
		strcat(script, "+2 7E8#037F2278,");
	b->script = script;
	complains(b, "uds_read", "{id: F18C}", "again and again");
}

static void what_never_was_on_the_bus_is_the_benchs_fault(void **state)
{
	static const struct fault_plan plan = { .kind = FAULT_LOSS,
						.call = "send",
						.nth = 1 };
	struct bench *b = *state;
	struct err err = { 0 };
	struct fault f;

	with_module(b, 0, 0);
	fault_init(&f, &plan);
	assert_int_equal(fault_bus_open(&b->bus, b->bus, &f, NULL), 0);
	b->env.bus = b->bus;
	assert_int_equal(step(b, "uds_read", "{id: F18C}", &err), ERR_IO);
	assert_non_null(strstr(err.text, "was not seen on the bus"));
	assert_int_equal(b->env.failed, NEED_BUS);
	assert_string_equal(b->attempt.complaint, "");
	works(b, "uds_read", "{id: F18C}");
}

static void mistakes_of_a_suite_are_found_before(void **state)
{
	static const char *const wrong[][2] = {
		{ "uds_read", "{id: F1}" },
		{ "uds_read", "{equals: x}" },
		{ "uds_read", "{id: F18C, matches: '('}" },
		{ "uds_read", "{id: F18C, matches: 'a{9999}'}" },
		{ "uds_read", "{id: F18C, matches: '(a)\\1'}" },
		{ "uds_request", "{request: ''}" },
		{ "uds_request", "{request: 22 F1 8}" },
		{ "uds_request", "{request: 62 F1 8C}" },
		{ "uds_request", "{request: 22 F1 8C, answer: 50}" },
		{ "uds_request", "{request: 22 F1 8C, refused: 78}" },
		{ "uds_request", "{request: 22 F1 8C, refused: 31, silent: yes}" },
		{ "uds_session", "{kind: nightly}" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct err err = { 0 };
		int rc = step(b, wrong[i][0], wrong[i][1], &err);

		if (rc != ERR_FORMAT && rc != ERR_RANGE)
			fail_msg("%s %s: %d", wrong[i][0], wrong[i][1], rc);
	}
	b->env.uds = NULL;
	assert_int_equal(step(b, "uds_read", "{id: F18C}", NULL), ERR_UNSUPPORTED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_value_is_compared_and_goes_on_record),
		T(long_messages_go_both_ways_under_flow_control),
		T(a_module_that_takes_longer_is_waited_for),
		T(a_session_is_kept_and_ended),
		T(silence_is_an_answer_where_it_is_asked_for),
		T(what_a_module_does_wrong_is_said_as_it_is),
		T(one_that_puts_us_off_for_ever_is_not_waited_for_for_ever),
		T(what_never_was_on_the_bus_is_the_benchs_fault),
		T(mistakes_of_a_suite_are_found_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
