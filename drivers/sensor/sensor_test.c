#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/positioner.h"
#include "drivers/positioner/sim.h"
#include "drivers/relay/board_contract.h"
#include "drivers/sensor/modem.h"
#include "drivers/sensor_contract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct clock_virtual virtual_clock;

static struct sensor_sample sample(int64_t asked, int64_t answered, bool on)
{
	return (struct sensor_sample){ on, asked, answered };
}

static void an_arrival_lies_between_two_answers(void **state)
{
	struct sensor_edge e = { 0 };
	struct sensor_sample s[] = { sample(100, 103, false), sample(110, 113, false),
				     sample(120, 124, true), sample(130, 133, false),
				     sample(140, 143, true) };

	(void)state;
	assert_false(sensor_edge_feed(&e, &s[0]));
	assert_false(sensor_edge_feed(&e, &s[1]));
	assert_true(sensor_edge_feed(&e, &s[2]));
	assert_int_equal(e.at_ns, 124);
	assert_int_equal(e.slack_ns,
			 124 - 110); /* it may have come right behind the question */
	/* a bounce is no second arrival */
	assert_false(sensor_edge_feed(&e, &s[3]));
	assert_false(sensor_edge_feed(&e, &s[4]));
	assert_int_equal(e.at_ns, 124);
}

static void what_was_there_from_the_start_did_not_arrive(void **state)
{
	struct sensor_edge e = { 0 };
	struct sensor_sample s[] = { sample(100, 103, true), sample(110, 113, true) };

	(void)state;
	assert_false(sensor_edge_feed(&e, &s[0]));
	assert_false(sensor_edge_feed(&e, &s[1]));
	assert_false(e.seen);
}

static int lines_now, lines_errno;

static int fake_lines(int fd, int *lines)
{
	(void)fd;
	errno = lines_errno;
	*lines = lines_now;
	return lines_errno ? -1 : 0;
}

static int open_modem(struct sensor **out, enum modem_line line, bool inverted,
		      struct err *err)
{
	struct modem_options o = { "/dev/ttyX", (int)line, inverted };

	return modem_open_fd(out, open("/dev/null", O_RDWR | O_CLOEXEC), fake_lines, &o,
			     &virtual_clock.base, err);
}

static bool looks(struct sensor *s)
{
	struct sensor_sample x;
	struct err err = { 0 };

	if (sensor_look(s, &x, &err))
		fail_msg("%s", err.text);
	return x.on;
}

static void a_modem_line_is_one_of_four(void **state)
{
	static const int bits[] = { TIOCM_CTS, TIOCM_DSR, TIOCM_CD, TIOCM_RI };

	(void)state;
	clock_virtual_init(&virtual_clock);
	lines_errno = 0;
	for (int i = 0; i < 4; i++)
		for (int inverted = 0; inverted < 2; inverted++) {
			struct sensor *s;
			struct sensor_identity id;

			assert_int_equal(
				open_modem(&s, (enum modem_line)i, inverted, NULL), 0);
			lines_now = ~bits[i];
			assert_int_equal(looks(s), inverted);
			lines_now = bits[i];
			assert_int_equal(looks(s), !inverted);
			assert_int_equal(sensor_identity(s, &id, NULL), 0);
			assert_non_null(strstr(id.model, "/dev/ttyX"));
			sensor_close(s);
		}
}

static void a_port_without_lines_or_gone_is_said(void **state)
{
	struct sensor_sample x;
	struct sensor *s = NULL;
	struct err err = { 0 };

	(void)state;
	lines_errno = ENOTTY;
	assert_int_equal(open_modem(&s, MODEM_CTS, false, &err), ERR_IO);
	assert_null(s);
	lines_errno = 0;
	assert_int_equal(open_modem(&s, MODEM_CTS, false, &err), 0);
	lines_errno = EIO;
	assert_int_equal(sensor_look(s, &x, &err), ERR_GONE);
	sensor_close(s);
}

static void a_pseudo_terminal_has_no_lines(void **state)
{
	const struct sensor_driver *modem = sensor_driver_find("modem");
	struct modem_options o = { .line = MODEM_CTS };
	struct sensor *s = NULL;
	struct board board;

	(void)state;
	board_start(&board, BOARD_LCUS, false);
	o.device = board.path;
	assert_int_not_equal(modem->open(&s, &o, NULL, clock_real(), NULL), 0);
	assert_null(s);
	board_stop(&board);
}

/* The options of a driver, as a rig would say them. */
static void *bind(const struct sensor_driver *d, const char *text)
{
	void *options = calloc(1, d->options_size);
	struct conf *conf;

	assert_int_equal(conf_parse(&conf, "rig",
				    BYTES((const uint8_t *)text, strlen(text)), NULL),
			 0);
	assert_int_equal(conf_bind(conf_root(conf), d->items, options, NULL), 0);
	conf_free(conf);
	return options;
}

static void an_input_of_the_board_is_a_sensor(void **state)
{
	const struct sensor_driver *input = sensor_driver_find("input");
	void *options = bind(input, "{input: 2}");
	struct sensor_parts parts = { 0 };
	struct sensor_identity id;
	struct board board;
	struct sensor *s = NULL;

	(void)state;
	assert_int_equal(input->open(&s, options, &parts, clock_real(), NULL), ERR_USAGE);
	board_start(&board, BOARD_NUMATO, true);
	assert_int_equal(
		board.driver->open(&parts.relay, board.options, clock_real(), NULL), 0);
	assert_int_equal(input->open(&s, options, &parts, clock_real(), NULL), 0);
	assert_false(looks(s));
	board.truth->inputs = 2;
	assert_true(looks(s));
	assert_int_equal(sensor_identity(s, &id, NULL), 0);
	assert_true(id.simulated);
	sensor_close(s);
	relay_close(parts.relay);
	board_stop(&board);
	/* a board that has none is found when it is opened */
	board_start(&board, BOARD_LCUS, true);
	assert_int_equal(
		board.driver->open(&parts.relay, board.options, clock_real(), NULL), 0);
	s = NULL;
	assert_int_equal(input->open(&s, options, &parts, clock_real(), NULL),
			 ERR_UNSUPPORTED);
	assert_null(s); /* who opened it has nothing to close */
	relay_close(parts.relay);
	board_stop(&board);
	free(options);
}

static void the_probe_of_a_positioner_is_a_sensor(void **state)
{
	static const struct sim_positioner_options how = { .travel_ns = 25 * NS_PER_MS };
	const struct sensor_driver *probe = sensor_driver_find("probe");
	void *options = bind(probe, "{inverted: no}");
	struct positioner_move tap = { .to = POSITION_TAP };
	struct sensor_parts parts = { 0 };
	struct sensor *s = NULL;

	(void)state;
	clock_virtual_init(&virtual_clock);
	assert_int_equal(sim_positioner_open(&parts.positioner, &how, NULL, NULL,
					     &virtual_clock.base, NULL),
			 0);
	assert_int_equal(probe->open(&s, options, &parts, &virtual_clock.base, NULL), 0);
	assert_false(looks(s));
	assert_int_equal(positioner_move(parts.positioner, &tap, NULL), 0);
	assert_false(looks(s));
	virtual_clock.at_ns += 25 * NS_PER_MS;
	assert_true(looks(s));
	sensor_close(s);
	positioner_close(parts.positioner);
	free(options);
}

static struct sensor_case wired_case;
static struct sensor_parts wired_parts;
static struct board wired_board;
static void *wired_options;

static void press(struct sensor_case *c, bool there)
{
	(void)c;
	wired_board.truth->inputs = there ? 2 : 0;
}

static int input(void **state)
{
	const struct sensor_driver *d = sensor_driver_find("input");

	*state = &wired_case;
	wired_case.phone = press;
	wired_options = bind(d, "{input: 2}");
	board_start(&wired_board, BOARD_NUMATO, true);
	assert_int_equal(wired_board.driver->open(&wired_parts.relay, wired_board.options,
						  clock_real(), NULL),
			 0);
	assert_int_equal(d->open(&wired_case.sensor, wired_options, &wired_parts,
				 clock_real(), NULL),
			 0);
	return 0;
}

static int close_input(void **state)
{
	(void)state;
	sensor_close(wired_case.sensor);
	relay_close(wired_parts.relay);
	board_stop(&wired_board);
	free(wired_options);
	return 0;
}

static void carry(struct sensor_case *c, bool there)
{
	struct positioner_move m = { .to = there ? POSITION_TAP : POSITION_AWAY };

	(void)c;
	assert_int_equal(positioner_move(wired_parts.positioner, &m, NULL), 0);
	virtual_clock.at_ns = m.settled_ns;
}

static int probe(void **state)
{
	static const struct sim_positioner_options at_once;
	const struct sensor_driver *d = sensor_driver_find("probe");

	*state = &wired_case;
	wired_case.phone = carry;
	wired_options = bind(d, "{inverted: no}");
	clock_virtual_init(&virtual_clock);
	virtual_clock.at_ns = NS_PER_S;
	assert_int_equal(sim_positioner_open(&wired_parts.positioner, &at_once, NULL,
					     NULL, &virtual_clock.base, NULL),
			 0);
	assert_int_equal(d->open(&wired_case.sensor, wired_options, &wired_parts,
				 &virtual_clock.base, NULL),
			 0);
	return 0;
}

static int close_probe(void **state)
{
	(void)state;
	sensor_close(wired_case.sensor);
	positioner_close(wired_parts.positioner);
	free(wired_options);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arrival_lies_between_two_answers),
		cmocka_unit_test(what_was_there_from_the_start_did_not_arrive),
		cmocka_unit_test(a_modem_line_is_one_of_four),
		cmocka_unit_test(a_port_without_lines_or_gone_is_said),
		cmocka_unit_test(a_pseudo_terminal_has_no_lines),
		cmocka_unit_test(an_input_of_the_board_is_a_sensor),
		cmocka_unit_test(the_probe_of_a_positioner_is_a_sensor),
		SENSOR_CONTRACT(input, close_input),
		SENSOR_CONTRACT(probe, close_probe),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
