#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/clock.h"
#include "bench/core/err.h"
#include "drivers/positioner/grbl_model.h"

static void a_move_is_a_line_in_the_machines_coordinates(void **state)
{
	const int64_t to[] = { -5000, 250, -30001 };
	char out[GRBL_COMMAND_MAX];

	(void)state;
	assert_int_equal(grbl_build_move(out, to, 3000), 38);
	assert_string_equal(out, "G21G90G53G1X-5.000Y0.250Z-30.001F3000\n");
}

static void lengths_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int64_t um;
	} good[] = { { "0", 0 },
		     { "-1.25", -1250 },
		     { "+3", 3000 },
		     { ".5", 500 },
		     { "12.3456", 12345 },
		     { "-0.001", -1 },
		     { "99999.", 99999000 } };
	static const char *const bad[] = { "",  "-",      ".",
					   "x", "100001", "99999999999999999999" };
	int64_t um = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_non_null(grbl_read_mm(good[i].text, &um));
		assert_int_equal(um, good[i].um);
	}
	um = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(grbl_read_mm(bad[i], &um));
	assert_int_equal(um, 77);
}

static struct grbl_report parsed(const char *line)
{
	struct grbl_report r;

	if (grbl_parse(line, &r))
		fail_msg("%s", line);
	return r;
}

static void what_it_says_is_understood(void **state)
{
	struct grbl_report r =
		parsed("<Hold:1|WPos:1.000,-2.500,0.000|FS:500,0|WCO:-1.0,2.5,"
		       "3.0|Pn:XP|Ov:100,100,100>");

	(void)state;
	assert_int_equal(r.kind, GRBL_STATUS);
	assert_int_equal(r.state, GRBL_HOLDING);
	assert_int_equal(r.substate, 1);
	assert_true(r.has_work && r.has_offset && !r.has_machine && r.probe);
	assert_int_equal(r.work_um[1], -2500);
	assert_int_equal(r.offset_um[2], 3000);
	r = parsed("<Idle|MPos:-1.000,0.000,-10.000|Bf:15,128|FS:0,0>");
	assert_int_equal(r.state, GRBL_IDLE);
	assert_int_equal(r.substate, -1);
	assert_int_equal(r.machine_um[2], -10000);
	assert_false(r.probe);
	r = parsed("<Run|MPos:1,2,3,4>"); /* a fourth axis */
	assert_int_equal(r.machine_um[2], 3000);
	assert_int_equal(parsed("ok").kind, GRBL_OK);
	r = parsed("error:15");
	assert_int_equal(r.kind, GRBL_ERROR);
	assert_int_equal(r.number, 15);
	r = parsed("ALARM:2");
	assert_int_equal(r.kind, GRBL_ALARM);
	assert_int_equal(r.number, 2);
	r = parsed("$132=60.000");
	assert_int_equal(r.kind, GRBL_SETTING);
	assert_int_equal(r.number, 132);
	assert_int_equal(r.value_m, 60000);
	assert_int_equal(parsed("Grbl 1.1h ['$' for help]").kind, GRBL_BANNER);
	assert_int_equal(parsed("[MSG:Caution: Unlocked]").kind, GRBL_OTHER);
	assert_int_equal(parsed("$N0=").kind, GRBL_OTHER);
	assert_int_equal(parsed("").kind, GRBL_OTHER);
}

static void what_only_begins_like_it_is_not(void **state)
{
	static const char *const bad[] = { "<Idle|MPos:1,2,3", "<Idel|MPos:1,2,3>",
					   "<Idle|MPos:1,2>",  "<Idle|MPos:1,2,x>",
					   "<Idle|WCO:1;2;3>", "error:",
					   "error:x",          "ALARM:2b",
					   "$20=yes",          "<" };
	struct grbl_report r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (grbl_parse(bad[i], &r) != ERR_FORMAT)
			fail_msg("taken: %s", bad[i]);
}

/* The model, on a time of its own. */
static struct grbl_model axis;
static uint8_t room[GRBL_MODEL_REPLY];
static struct buf reply;
static int64_t now;

static int power_on(void **state)
{
	(void)state;
	now = NS_PER_S;
	reply = BUF_ON(room);
	axis = (struct grbl_model){ .travel_um = { 100000, 100000, 50000 },
				    .homing_ns = 2 * NS_PER_S,
				    .soft_limits = true,
				    .homing = true,
				    .locked_at_start = true };
	grbl_model_start(&axis, now, &reply);
	return 0;
}

/* Say it; what is answered at once. */
static const char *say(const char *text)
{
	buf_clear(&reply);
	for (; *text; text++)
		grbl_model_hear(&axis, (uint8_t)*text, now, &reply);
	return buf_str(&reply);
}

static const char *later(int64_t ns)
{
	buf_clear(&reply);
	now += ns;
	grbl_model_run(&axis, now, &reply);
	return buf_str(&reply);
}

static void home(void)
{
	assert_string_equal(say("$H\n"), "");
	assert_string_equal(later(2 * NS_PER_S), "ok\r\n");
}

static void locked_until_it_is_homed(void **state)
{
	(void)state;
	assert_non_null(strstr(buf_str(&reply), "Grbl 1.1"));
	assert_string_equal(say("G1X-5F100\n"), "error:9\r\n");
	assert_string_equal(say("$H\n?"), ""); /* deaf meanwhile */
	assert_string_equal(later(NS_PER_S), "");
	assert_string_equal(later(NS_PER_S), "ok\r\n");
	assert_string_equal(say("?"), "<Idle|MPos:-1.000,-1.000,-1.000|FS:0,0>\r\n");
}

static void it_moves_at_its_feed_and_answers_before_it_is_there(void **state)
{
	int64_t um[GRBL_AXES];

	(void)state;
	home();
	assert_string_equal(say("G53 G1 Z-11 F600\n"), "ok\r\n"); /* 10 mm/s: 1 s */
	later(NS_PER_S / 2);
	grbl_model_place(&axis, now, um);
	assert_int_equal(um[2], -6000);
	assert_non_null(strstr(say("?"), "<Run|"));
	later(NS_PER_S / 2);
	assert_non_null(strstr(say("?"), "<Idle|MPos:-1.000,-1.000,-11.000|"));
}

static void a_dwell_is_answered_when_the_moves_are_done(void **state)
{
	(void)state;
	home();
	assert_string_equal(say("G1Z-11F600\nG4P0.01\n"), "ok\r\n");
	assert_string_equal(later(NS_PER_S), "");
	assert_string_equal(later(10 * NS_PER_MS), "ok\r\n");
}

static void lines_behind_a_dwell_wait(void **state)
{
	(void)state;
	home();
	say("G4P0.5\nG1X-9F60000\n$X\n");
	assert_string_equal(buf_str(&reply), "");
	assert_string_equal(later(NS_PER_S), "ok\r\nok\r\nok\r\n");
}

static void a_hold_keeps_its_place_and_a_reset_forgets_the_rest(void **state)
{
	int64_t um[GRBL_AXES];

	(void)state;
	home();
	say("G1Z-11F600\nG1Z-21\n");
	later(NS_PER_S / 2);
	say("!");
	later(10 * NS_PER_S);
	assert_non_null(strstr(say("?"), "<Hold:0|MPos:-1.000,-1.000,-6.000|"));
	say("~");
	later(NS_PER_S / 4);
	grbl_model_place(&axis, now, um);
	assert_int_equal(um[2], -8500);
	say("!");
	assert_non_null(strstr(say("\x18"), "Grbl 1.1"));
	assert_null(strstr(buf_str(&reply), "ALARM"));
	assert_non_null(strstr(say("?"), "<Idle|MPos:-1.000,-1.000,-8.500|"));
	assert_true(axis.homed);
}

static void a_line_in_a_hold_waits(void **state)
{
	(void)state;
	home();
	say("G1Z-11F600\n");
	later(NS_PER_S / 2);
	assert_string_equal(say("!$H\n"), "");
	assert_string_equal(later(10 * NS_PER_S), "");
	assert_non_null(strstr(say("?"), "<Hold:0|"));
	say("\x18"); /* and is forgotten with the rest */
	assert_string_equal(later(10 * NS_PER_S), "");
	assert_non_null(strstr(say("?"), "<Idle|"));
}

static void an_axis_that_finds_no_switch_starts_over_locked(void **state)
{
	(void)state;
	axis.blocked = true;
	assert_string_equal(say("$H\n"), "");
	assert_non_null(strstr(later(2 * NS_PER_S), "ALARM:9"));
	assert_non_null(strstr(buf_str(&reply), "Grbl 1.1"));
	assert_string_equal(say("G1X-5F100\n"), "error:9\r\n");
}

static void a_reset_in_motion_loses_its_place(void **state)
{
	(void)state;
	home();
	say("G1Z-11F600\n");
	later(NS_PER_S / 2);
	assert_non_null(strstr(say("\x18"), "ALARM:3"));
	assert_false(axis.homed);
	assert_string_equal(say("G1Z-1F100\n"), "error:9\r\n");
}

static void soft_limits_are_an_alarm_for_a_move_and_an_error_for_a_jog(void **state)
{
	(void)state;
	home();
	assert_string_equal(say("$J=G91Z5F100\n"), "error:15\r\n");
	assert_string_equal(say("G1Z-50.001F100\n"),
			    "ALARM:2\r\n[MSG:Reset to continue]\r\n");
	assert_string_equal(say("?$X\n$H\n!~"), ""); /* nothing but a reset */
	assert_string_equal(later(10 * NS_PER_S), "");
	assert_non_null(strstr(say("\x18"), "'$H'|'$X' to unlock"));
	assert_string_equal(say("$X\n"), "[MSG:Caution: Unlocked]\r\nok\r\n");
	assert_string_equal(say("G1Z-50F100\n"), "ok\r\n");
}

static void what_it_does_not_know_is_an_error(void **state)
{
	char too_long[GRBL_COMMAND_MAX + 20];

	(void)state;
	home();
	assert_string_equal(say("G2X1\n"), "error:20\r\n");
	assert_string_equal(say("Q1\n"), "error:20\r\n");
	assert_string_equal(say("X\n"), "error:2\r\n");
	assert_string_equal(say("G1X-2\n"), "error:22\r\n"); /* no feed yet */
	assert_string_equal(say("$Z\n"), "error:3\r\n");
	assert_string_equal(say("\n"), "ok\r\n");
	memset(too_long, 'X', sizeof(too_long));
	too_long[sizeof(too_long) - 2] = '\n';
	too_long[sizeof(too_long) - 1] = '\0';
	assert_string_equal(say(too_long), "error:11\r\n");
	assert_string_equal(say("$X\n"), "ok\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_is_a_line_in_the_machines_coordinates),
		cmocka_unit_test(lengths_are_read_exactly),
		cmocka_unit_test(what_it_says_is_understood),
		cmocka_unit_test(what_only_begins_like_it_is_not),
		cmocka_unit_test_setup(locked_until_it_is_homed, power_on),
		cmocka_unit_test_setup(
			it_moves_at_its_feed_and_answers_before_it_is_there, power_on),
		cmocka_unit_test_setup(a_dwell_is_answered_when_the_moves_are_done,
				       power_on),
		cmocka_unit_test_setup(lines_behind_a_dwell_wait, power_on),
		cmocka_unit_test_setup(
			a_hold_keeps_its_place_and_a_reset_forgets_the_rest, power_on),
		cmocka_unit_test_setup(a_line_in_a_hold_waits, power_on),
		cmocka_unit_test_setup(an_axis_that_finds_no_switch_starts_over_locked,
				       power_on),
		cmocka_unit_test_setup(a_reset_in_motion_loses_its_place, power_on),
		cmocka_unit_test_setup(
			soft_limits_are_an_alarm_for_a_move_and_an_error_for_a_jog,
			power_on),
		cmocka_unit_test_setup(what_it_does_not_know_is_an_error, power_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
