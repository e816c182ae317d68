#include "bench/rig_fault.h"

#include "bench/rig_bind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * The key 'faults' of a rig file: what it takes, and that it stands around what the rig opens.
 */
static char path[] = "/tmp/keybench-rig-fault.XXXXXX";

static int load(struct rig **rig, const char *faults, struct err *err)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f,
		"rig: r\nprotocol: dk-ccc-1.0\nphone: example\npairing: bench\n"
		"uncertainty: 0\nreader: {driver: sim}\npositioner: {driver: sim}\n"
		"faults:\n  - %s\n",
		faults);
	assert_int_equal(fclose(f), 0);
	return rig_load(rig, path, err);
}

static void a_mistake_names_its_place(void **state)
{
	static const char *const mistakes[][2] = {
		{ "{role: reader, do: hang, at: 1}", "needs 'by'" },
		{ "{role: reader, do: abort, at: 1}", "lives in keybench itself" },
		{ "{role: reader, do: loss}", "'at' or 'share' is needed" },
		{ "{role: bus, do: loss, at: 1}", "this rig has no bus" },
		{ "{role: positioner, do: short, at: 1}", "nothing that a positioner" },
		{ "{role: reader, do: nonsense, at: 1}", "nonsense" },
		{ "{role: reader, do: loss, at: 1, on: 3}", "unknown key 'on'" },
		{ "{role: reader, do: loss, at: 1}\n  - {role: reader, do: delay, by: 1 "
		  "s, "
		  "at: 2}",
		  "one fault for the reader" },
		{ "loss", "a map is needed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct err err = { 0 };
		struct rig *rig;

		assert_int_equal(load(&rig, mistakes[i][0], &err), ERR_FORMAT);
		if (!strstr(err.text, mistakes[i][1]) || strncmp(err.text, path, 20) != 0)
			fail_msg("%s: %s", mistakes[i][0], err.text);
	}
}

static void the_fault_strikes_and_the_run_is_marked(void **state)
{
	struct err err = { 0 };
	struct pump *pump;
	struct rig *rig;
	char text[200];

	(void)state;
	assert_int_equal(pump_new(&pump, &err), 0);
	if (load(&rig, "{role: reader, do: other-name, call: set_field, at: 1}", &err))
		fail_msg("%s", err.text);
	if (rig_open(rig, pump, 1, NULL, &err))
		fail_msg("%s", err.text);
	assert_true(rig->simulated);
	assert_string_equal(rig_faults_text(rig, text), "reader: other-name");
	assert_int_equal(reader_set_field(rig->reader, true, &err), ERR_GONE);
	rig_free(rig);
	pump_free(pump);
}

static void what_answers_later_must_be_what_answered_first(void **state)
{
	struct err err = { 0 };
	struct rig rig = { 0 };

	(void)state;
	assert_int_equal(rig_know(&rig, RIG_RELAY, "board", &err), 0);
	assert_int_equal(rig_know(&rig, RIG_READER, "reader", &err), 0);
	assert_int_equal(rig_know(&rig, RIG_RELAY, "board", &err), 0);
	assert_int_equal(rig_know(&rig, RIG_RELAY, "reader", &err), ERR_UNSUPPORTED);
	assert_string_equal(err.text, "reader answers where there was board: it is "
				      "another device");
}

static int set_up(void **state)
{
	(void)state;
	return close(mkstemp(path));
}

static int tidy(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_names_its_place),
		cmocka_unit_test(the_fault_strikes_and_the_run_is_marked),
		cmocka_unit_test(what_answers_later_must_be_what_answered_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tidy);
}
