#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/card_contract.h"
#include "drivers/exec/exec_program.h"
#include "drivers/positioner_contract.h"
#include "drivers/reader_contract.h"
#include "drivers/relay_contract.h"
#include "drivers/sensor_contract.h"
#include "drivers/wrap/worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Programs as devices: the example in Python keeps every contract, and programs that do what they should not are
 * found out. Those are lines of sh; $n is the number of the request they have read.
 */
static struct conf *conf;
static _Alignas(max_align_t) uint8_t options[256]; /* of any role's driver */
static struct pump *pump;
static char state_file[64];

static void bind_items(const struct conf_item *items, const char *text)
{
	struct err err = { 0 };

	conf_free(conf);
	conf = NULL;
	memset(options, 0, sizeof(options));
	if (conf_parse(&conf, "rig.yaml", BYTES((const uint8_t *)text, strlen(text)),
		       &err) ||
	    conf_bind(conf_root(conf), items, options, &err))
		fail_msg("%s: %s", text, err.text);
}

static const struct conf_item exec_items[] = { EXEC_ITEMS, { 0 } };

static void bind_options(const char *text)
{
	bind_items(exec_items, text);
}

/* The example in Python with @more arguments, and keys behind its command. */
static void example_of(const struct conf_item *items, const char *more, const char *keys)
{
	char text[300];
	int fd;

	strcpy(state_file, "/tmp/keybench-exec-XXXXXX");
	fd = mkstemp(state_file);
	assert_true(fd >= 0);
	close(fd);
	snprintf(text, sizeof(text),
		 "{command: [python3, fixtures/exec/device.py, --state, %s%s]%s}",
		 state_file, more, keys);
	bind_items(items, text);
}

static void example(const char *more)
{
	example_of(exec_items, more, "");
}

/* A program that says hello as it should, and then does @rest. */
static void shell_program(const char *rest)
{
	char text[1000];

	snprintf(text, sizeof(text),
		 "command: [sh, -c, 'read n l; echo \"$n ok protocol=1 simulated=yes : "
		 "shell\"; %s']\n",
		 rest);
	bind_options(text);
}

static void wanted(int rc, const struct err *err)
{
	if (rc)
		fail_msg("%s", err_text(err));
}

static int forget(void **state)
{
	(void)state;
	if (state_file[0])
		unlink(state_file);
	state_file[0] = '\0';
	conf_free(conf);
	conf = NULL;
	pump_free(pump);
	pump = NULL;
	return 0;
}

static struct reader_case reader_case;

static int reader_with(void **state, const char *more, bool in_worker)
{
	const struct reader_driver *d = reader_driver_find("exec");
	struct err err = { 0 };

	*state = &reader_case;
	example(more);
	if (in_worker) {
		wanted(pump_new(&pump, &err), &err);
		wanted(worker_open_reader(&reader_case.reader, d, options, pump,
					  clock_real(), &err),
		       &err);
	} else {
		wanted(d->open(&reader_case.reader, options, clock_real(), &err), &err);
	}
	return 0;
}

static int reader(void **state)
{
	return reader_with(state, "", false);
}

static int reader_with_stamps(void **state)
{
	return reader_with(state, ", --stamps", false);
}

static int reader_in_worker(void **state)
{
	return reader_with(state, ", --stamps", true);
}

static int close_reader(void **state)
{
	reader_close(reader_case.reader);
	return forget(state);
}

static struct card_case card_case;

static int card(void **state)
{
	struct err err = { 0 };

	*state = &card_case;
	example(", --stamps");
	wanted(card_driver_find("exec")->open(&card_case.card, options, clock_real(),
					      &err),
	       &err);
	return 0;
}

static int card_without_stamps(void **state)
{
	struct err err = { 0 };

	*state = &card_case;
	example("");
	wanted(card_driver_find("exec")->open(&card_case.card, options, clock_real(),
					      &err),
	       &err);
	return 0;
}

static int close_card(void **state)
{
	card_close(card_case.card);
	return forget(state);
}

static void read_state(char out[64])
{
	FILE *f = fopen(state_file, "r");

	out[0] = '\0';
	if (f && fgets(out, 64, f))
		out[strcspn(out, "\n")] = '\0';
	if (f)
		fclose(f);
}

static struct relay_case relay_case;

static uint32_t coils(const struct relay_case *c)
{
	char text[64], *at = text + 3;
	uint32_t on = 0;

	(void)c;
	read_state(text);
	if (strncmp(text, "on ", 3) != 0)
		return ~0u; /* being written */
	for (; *at >= '1' && *at <= '9'; at += at[1] ? 2 : 1)
		on |= UINT32_C(1) << (*at - '1');
	return on;
}

static bool coils_become(uint32_t on)
{
	int64_t deadline = clock_now(clock_real()) + 10 * NS_PER_S;

	while (coils(NULL) != on && clock_now(clock_real()) < deadline)
		usleep(2000);
	return coils(NULL) == on;
}

static int relay(void **state)
{
	struct err err = { 0 };

	*state = &relay_case;
	example("");
	relay_case.truth = coils;
	wanted(relay_driver_find("exec")->open(&relay_case.relay, options, clock_real(),
					       &err),
	       &err);
	return 0;
}

static int relay_in_worker(void **state)
{
	struct err err = { 0 };

	*state = &relay_case;
	example("");
	relay_case.truth = coils;
	wanted(pump_new(&pump, &err), &err);
	wanted(worker_open_relay(&relay_case.relay, relay_driver_find("exec"), options,
				 pump, clock_real(), &err),
	       &err);
	return 0;
}

static int close_relay(void **state)
{
	relay_close(relay_case.relay);
	relay_case.relay = NULL;
	return forget(state);
}

static struct positioner_case positioner_case;

static enum position place(const struct positioner_case *c)
{
	char text[64];

	(void)c;
	read_state(text);
	return strncmp(text, "tap", 3) == 0 ? POSITION_TAP : POSITION_AWAY;
}

static int positioner_with(void **state, const char *more, const char *keys)
{
	const struct positioner_driver *d = positioner_driver_find("exec");
	struct positioner_parts parts = { 0 };
	struct err err = { 0 };

	*state = &positioner_case;
	example_of(d->items, more, keys);
	positioner_case.truth = place;
	positioner_case.travel_ns = 40 * NS_PER_MS;
	wanted(pump_new(&pump, &err), &err);
	parts.pump = pump;
	wanted(d->open(&positioner_case.positioner, options, &parts, clock_real(), &err),
	       &err);
	return 0;
}

static void turn_until(struct positioner_case *c, int64_t until_ns)
{
	(void)c;
	pump_sleep_until(pump, until_ns, NULL);
}

static int positioner_in_worker(void **state)
{
	const struct positioner_driver *d = positioner_driver_find("exec");
	struct err err = { 0 };

	*state = &positioner_case;
	example_of(d->items, "", "");
	positioner_case.truth = place;
	positioner_case.travel_ns = 40 * NS_PER_MS;
	positioner_case.sleep_until = turn_until;
	wanted(pump_new(&pump, &err), &err);
	wanted(worker_open_positioner(&positioner_case.positioner, d, options, pump,
				      clock_real(), &err),
	       &err);
	return 0;
}

static bool phone_gets_away(void)
{
	int64_t deadline = clock_now(clock_real()) + 20 * NS_PER_S;

	while (place(NULL) != POSITION_AWAY && clock_now(clock_real()) < deadline)
		usleep(2000);
	return place(NULL) == POSITION_AWAY;
}

static int positioner(void **state)
{
	return positioner_with(state, "", "");
}

static int positioner_with_places(void **state)
{
	return positioner_with(state, ", --places", ", reach: 10 mm, height: 5 mm");
}

static int close_positioner(void **state)
{
	positioner_close(positioner_case.positioner);
	memset(&positioner_case, 0, sizeof(positioner_case));
	return forget(state);
}

static void a_place_is_told_in_micrometres(void **state)
{
	struct positioner_move aside = { .to = POSITION_TAP,
					 .offset = { 3000, -2000, 1000 } };
	char text[64];

	(void)state;
	assert_int_equal(positioner_move(positioner_case.positioner, &aside, NULL), 0);
	read_state(text);
	assert_string_equal(text, "tap 3000,-2000,1000");
	aside.offset.x_um =
		10001; /* what lies beyond the rig's reach is not even asked */
	assert_int_equal(positioner_move(positioner_case.positioner, &aside, NULL),
			 ERR_RANGE);
	read_state(text);
	assert_string_equal(text, "tap 3000,-2000,1000");
}

static void a_reach_that_the_program_does_not_have_is_refused(void **state)
{
	const struct positioner_driver *d = positioner_driver_find("exec");
	struct positioner *p = NULL;
	struct err err = { 0 };

	(void)state;
	example_of(d->items, "", ", reach: 10 mm");
	assert_int_equal(d->open(&p, options, NULL, clock_real(), &err), ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "two places"));
	assert_null(p);
}

static struct sensor_case sensor_case;

static void write_state(struct sensor_case *c, bool there)
{
	FILE *f = fopen(state_file, "w");

	(void)c;
	assert_non_null(f);
	assert_true(fputs(there ? "tap\n" : "away\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int sensor_with(void **state, const char *more)
{
	const struct sensor_driver *d = sensor_driver_find("exec");
	struct sensor_parts parts = { 0 };
	struct err err = { 0 };

	*state = &sensor_case;
	example_of(d->items, more, "");
	sensor_case.phone = write_state;
	wanted(pump_new(&pump, &err), &err);
	parts.pump = pump;
	wanted(d->open(&sensor_case.sensor, options, &parts, clock_real(), &err), &err);
	return 0;
}

static int sensor(void **state)
{
	return sensor_with(state, "");
}

static int sensor_with_stamps(void **state)
{
	return sensor_with(state, ", --stamps");
}

static int close_sensor(void **state)
{
	sensor_close(sensor_case.sensor);
	sensor_case.sensor = NULL;
	return forget(state);
}

static void a_sensor_may_be_inverted(void **state)
{
	const struct sensor_driver *d = sensor_driver_find("exec");
	struct sensor_sample sample;
	struct sensor *s = NULL;
	struct err err = { 0 };

	(void)state;
	example_of(d->items, "", ", inverted: yes");
	wanted(d->open(&s, options, NULL, clock_real(), &err), &err);
	assert_int_equal(sensor_look(s, &sample, NULL), 0);
	assert_true(sample.on);
	write_state(NULL, true);
	assert_int_equal(sensor_look(s, &sample, NULL), 0);
	assert_false(sample.on);
	sensor_close(s);
}

static void a_sensor_that_says_nonsense_is_gone(void **state)
{
	const struct sensor_driver *d = sensor_driver_find("exec");
	struct sensor_sample sample;
	struct sensor *s = NULL;
	struct err err = { 0 };

	(void)state;
	bind_items(d->items, "command: [sh, -c, 'read n l; echo $n ok protocol=1 : eye; "
			     "read n l; echo $n ok on=maybe; sleep 9']\n");
	wanted(d->open(&s, options, NULL, clock_real(), &err), &err);
	assert_int_equal(sensor_look(s, &sample, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "neither yes nor no"));
	sensor_close(s);
}

static void an_input_of_the_board_is_asked(void **state)
{
	struct err err = { 0 };
	bool on = true;

	(void)state;
	assert_int_equal(relay_input(relay_case.relay, 1, &on, &err), 0);
	assert_false(on);
	assert_int_equal(relay_set(relay_case.relay, 2, true, NULL), 0);
	assert_int_equal(relay_input(relay_case.relay, 2, &on, &err), 0);
	assert_true(on);
	assert_int_equal(relay_input(relay_case.relay, 3, &on, &err), ERR_RANGE);
	assert_int_equal(relay_input(relay_case.relay, 1, &on, &err), 0);
}

static void closing_drops_the_board(void **state)
{
	(void)state;
	assert_int_equal(relay_set(relay_case.relay, 2, true, NULL), 0);
	assert_true(coils_become(2));
	relay_close(relay_case.relay);
	relay_case.relay = NULL;
	assert_true(coils_become(0));
	relay(state); /* for the tear-down */
}

static pid_t program_of_board(void)
{
	char line[64] = "";
	FILE *f = popen("pgrep -f \"device.py --state $STATE\" | head -n 1", "r");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		pclose(f);
	return (pid_t)atoi(line);
}

static void a_board_whose_worker_is_killed_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(relay_set(relay_case.relay, 3, true, NULL), 0);
	assert_true(coils_become(4));
	kill(worker_relay_pid(relay_case.relay), SIGKILL);
	assert_true(coils_become(0));
}

static void a_board_whose_program_is_killed_is_dropped_by_another(void **state)
{
	struct err err = { 0 };
	pid_t pid;

	(void)state;
	setenv("STATE", state_file, 1);
	pid = program_of_board();
	if (pid <= 0)
		skip(); /* no pgrep */
	assert_int_equal(relay_set(relay_case.relay, 3, true, NULL), 0);
	assert_true(coils_become(4));
	kill(pid, SIGKILL);
	assert_int_equal(relay_set(relay_case.relay, 1, true, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGKILL"));
	assert_int_equal(coils(NULL), 4); /* nobody was there to drop it */
	relay_close(relay_case.relay);
	assert_int_equal(coils(NULL), 0);
	relay_case.relay = NULL;
}

static void a_phone_goes_away_with_its_positioner(void **state)
{
	struct positioner_move there = { .to = POSITION_TAP };

	(void)state;
	assert_int_equal(positioner_move(positioner_case.positioner, &there, NULL), 0);
	assert_int_equal(place(NULL), POSITION_TAP);
	positioner_close(positioner_case.positioner);
	positioner_case.positioner = NULL;
	assert_int_equal(place(NULL), POSITION_AWAY);
}

static void tap(void)
{
	struct positioner_move there = { .to = POSITION_TAP };
	struct err err = { 0 };

	wanted(positioner_move(positioner_case.positioner, &there, &err), &err);
	assert_int_equal(place(NULL), POSITION_TAP);
}

static void a_controller_that_is_stopped_loses_the_phone_and_is_told(void **state)
{
	struct positioner_move there = { .to = POSITION_TAP };
	struct err err = { 0 };

	(void)state;
	assert_true(positioner_driver_find("exec")->needs_worker);
	tap();
	assert_true(phone_gets_away()); /* nobody turns the pump */
	assert_int_equal(positioner_move(positioner_case.positioner, &there, &err),
			 ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "dropped itself"));
	tap();
}

static void a_phone_goes_away_when_the_worker_is_killed(void **state)
{
	(void)state;
	tap();
	kill(worker_positioner_pid(positioner_case.positioner), SIGKILL);
	assert_true(phone_gets_away());
}

static bool ends(pid_t pid)
{
	int64_t deadline = clock_now(clock_real()) + 20 * NS_PER_S;

	while (kill(pid, 0) == 0 && clock_now(clock_real()) < deadline)
		usleep(2000);
	return kill(pid, 0) != 0;
}

/* A controller that has such a program at the tap, and is killed. */
static void a_program_that_hangs_at_the_end_is_killed_after_its_controller(void **state)
{
	char script[400];
	pid_t controller, program = -1;
	FILE *f = NULL;

	(void)state;
	strcpy(state_file, "/tmp/keybench-exec-XXXXXX");
	close(mkstemp(state_file));
	snprintf(script, sizeof(script),
		 "trap \"\" TERM; read n l; echo \"$n ok travel=0\"; echo $$ >%s.pid; "
		 "mv %s.pid %s; while :; do sleep 600; done",
		 state_file, state_file, state_file);
	shell_program(script);
	controller = fork();
	if (controller == 0) {
		struct positioner_move there = { .to = POSITION_TAP };
		struct positioner *p;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pump_new(&pump, NULL) ||
		    worker_open_positioner(&p, positioner_driver_find("exec"), options,
					   pump, clock_real(), NULL) ||
		    positioner_move(p, &there, NULL))
			_exit(1);
		pump_sleep_until(pump, clock_now(clock_real()) + 600 * NS_PER_S, NULL);
		_exit(1);
	}
	for (int i = 0; i < 10000 && program <= 0; i++) {
		usleep(2000);
		f = fopen(state_file, "r");
		if (f && fscanf(f, "%d", &program) != 1)
			program = -1;
		if (f)
			fclose(f);
	}
	assert_true(program > 0);
	kill(controller, SIGKILL);
	waitpid(controller, NULL, 0);
	assert_true(ends(program));
}

static void a_missing_unit_of_python_is_told(void **state)
{
	struct reader *r = NULL;
	struct err err = { 0 };

	(void)state;
	bind_options("{command: [python3, -c, 'import no_such_module_at_all']}");
	assert_int_equal(
		reader_driver_find("exec")->open(&r, options, clock_real(), &err),
		ERR_GONE);
	assert_non_null(strstr(err.text, "no_such_module_at_all"));
}

/* An exchange with a program that has a card activated from the start, and then does @rest. */
static int exchange_with(const char *rest, struct err *err)
{
	static const uint8_t command[] = { 0x00, 0xa4 };
	const struct reader_driver *d = reader_driver_find("exec");
	struct reader_activation act = { .timeout_ns = NS_PER_S };
	struct reader_identity id;
	uint8_t room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = 50 * NS_PER_MS };
	char script[900];
	struct reader *r = NULL;
	int rc;

	snprintf(script, sizeof(script),
		 "read n l; echo $n ok; "
		 "read n l; echo $n ok uid=08112233 atqa=0004 sak=20; %s",
		 rest);
	shell_program(script);
	wanted(d->open(&r, options, clock_real(), err), err);
	wanted(reader_set_field(r, true, err), err);
	wanted(reader_activate(r, &act, err), err);
	rc = reader_exchange(r, &x, err);
	assert_int_equal(answer.len, 0);
	/* whatever it was, it cannot come back as the answer to something else */
	assert_int_equal(reader_identity(r, &id, NULL), ERR_GONE);
	reader_close(r);
	return rc;
}

static void nonsense_ends_a_program(void **state)
{
	static const struct {
		const char *rest;
		int code;
		const char *why;
	} wrong[] = {
		{ "read n l; echo hello", ERR_GONE, "does not begin with a number" },
		{ "read n l; echo 99 ok data=9000; sleep 9", ERR_GONE,
		  "answered request 99" },
		{ "read n l; echo $n ok data=zz", ERR_GONE, "hex" },
		{ "read n l; echo $n ok dada=9000", ERR_GONE, "no key" },
		{ "read n l; echo $n ok data=9000 sent=1 answered=2 slack=1", ERR_GONE,
		  "outside of its request" },
		{ "read n l; head -c 5000 /dev/zero | tr \"\\\\0\" x", ERR_GONE,
		  "more than 2048 bytes" },
		{ "read n l; head -c 50 /dev/zero; echo", ERR_GONE, "the byte 00" },
		{ "read n l; printf \"$n ok da\"", ERR_GONE, "in the middle of a line" },
		{ "read n l; echo lost my card >&2; exit 3", ERR_GONE,
		  "ended with status 3: lost my card" },
		{ "read n l; kill -SEGV $$", ERR_GONE, "died of SIGSEGV" },
		{ "exec sleep 60", ERR_TIMEOUT, "did not answer within" },
		{ "read n l; while :; do echo \"# busy\"; done", ERR_TIMEOUT,
		  "did not answer within" },
		{ "read n l; while :; do echo busy >&2; done", ERR_TIMEOUT,
		  "did not answer within" },
		{ "exec >&-; sleep 60", ERR_GONE, "closed its standard output" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = { 0 };
		int rc = exchange_with(wrong[i].rest, &err);

		if (rc != wrong[i].code || !strstr(err.text, wrong[i].why))
			fail_msg("%s: %d, %s", wrong[i].rest, rc, err.text);
	}
}

static void comments_pass_and_an_error_is_only_an_error(void **state)
{
	struct reader_identity id;
	struct reader *r = NULL;
	struct err err = { 0 };

	(void)state;
	shell_program("read n l; echo \"# thinking\"; echo; "
		      "echo \"$n error io : the antenna is cold\"; "
		      "echo \"# warming up\"; read n l; echo $n ok; read n l");
	wanted(reader_driver_find("exec")->open(&r, options, clock_real(), &err), &err);
	assert_int_equal(reader_set_field(r, true, &err), ERR_IO);
	assert_string_equal(err.text, "the antenna is cold");
	assert_int_equal(reader_set_field(r, true, &err), 0);
	assert_int_equal(reader_identity(r, &id, NULL), 0);
	assert_true(id.simulated);
	assert_string_equal(id.model, "shell");
	reader_close(r);
}

static void what_nobody_asked_for_is_no_answer(void **state)
{
	struct reader *r = NULL;
	struct err err = { 0 };

	(void)state;
	shell_program("read n l; echo $n ok; echo \"$((n + 1)) ok\"; "
		      "touch $STATE; read n l");
	strcpy(state_file, "/tmp/keybench-exec-XXXXXX");
	close(mkstemp(state_file));
	unlink(state_file);
	setenv("STATE", state_file, 1);
	wanted(reader_driver_find("exec")->open(&r, options, clock_real(), &err), &err);
	assert_int_equal(reader_set_field(r, true, &err), 0);
	while (access(state_file, F_OK))
		usleep(2000);
	assert_int_equal(reader_set_field(r, true, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "nobody had asked"));
	reader_close(r);
}

static void what_cannot_be_started_is_told(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *why;
	} wrong[] = {
		{ "{command: /no/such/program}", ERR_GONE, "No such file" },
		{ "{command: [sh, -c, 'exit 7']}", ERR_GONE, "status 7" },
		{ "{command: [sh, -c, 'read n l; echo \"$n ok protocol=9 : x\"']}",
		  ERR_UNSUPPORTED, "speaks protocol 9" },
		{ "{command: [sh, -c, 'read n l; echo \"$n error io : no antenna\"']}",
		  ERR_IO, "no antenna" },
		{ "{command: sh, device: a b}", ERR_USAGE, "blanks" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct card *c = NULL;
		struct err err = { 0 };
		int rc;

		bind_options(wrong[i].text);
		rc = card_driver_find("exec")->open(&c, options, clock_real(), &err);
		if (rc != wrong[i].code || !strstr(err.text, wrong[i].why))
			fail_msg("%s: %d, %s", wrong[i].text, rc, err.text);
		assert_null(c);
	}
}

static void a_worker_is_not_held_up_by_its_program(void **state)
{
	const struct reader_driver *d = reader_driver_find("exec");
	struct reader_activation act = { .timeout_ns = 50 * NS_PER_MS };
	struct reader *r = NULL;
	struct err err = { 0 };
	pid_t worker;

	(void)state;
	wanted(pump_new(&pump, &err), &err);
	shell_program("read n l; echo $n ok; exec sleep 60");
	wanted(worker_open_reader(&r, d, options, pump, clock_real(), &err), &err);
	worker = worker_reader_pid(r);
	assert_int_equal(reader_set_field(r, true, &err), 0);
	assert_int_equal(reader_activate(r, &act, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "killed"));
	/* the next rung starts the program again, in the same worker */
	assert_int_equal(reader_reopen(r, &err), 0);
	assert_int_equal(reader_set_field(r, true, &err), 0);
	assert_int_equal(worker_reader_pid(r), worker);
	reader_close(r);
}

#define WITH(f, setup, teardown) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int run_contracts(void)
{
	const struct CMUnitTest tests[] = {
		READER_CONTRACT(reader, close_reader),
		READER_CONTRACT(reader_with_stamps, close_reader),
		READER_CONTRACT(reader_in_worker, close_reader),
		CARD_CONTRACT(card, close_card),
		CARD_CONTRACT(card_without_stamps, close_card),
		RELAY_CONTRACT(relay, close_relay),
		RELAY_CONTRACT(relay_in_worker, close_relay),
		POSITIONER_CONTRACT(positioner, close_positioner),
		POSITIONER_CONTRACT(positioner_in_worker, close_positioner),
		POSITIONER_CONTRACT(positioner_with_places, close_positioner),
		SENSOR_CONTRACT(sensor, close_sensor),
		SENSOR_CONTRACT(sensor_with_stamps, close_sensor),
		WITH(a_place_is_told_in_micrometres, positioner_with_places,
		     close_positioner),
		WITH(a_reach_that_the_program_does_not_have_is_refused, NULL, forget),
		WITH(a_sensor_may_be_inverted, NULL, forget),
		WITH(an_input_of_the_board_is_asked, relay, close_relay),
		WITH(an_input_of_the_board_is_asked, relay_in_worker, close_relay),
		WITH(closing_drops_the_board, relay, close_relay),
		WITH(a_board_whose_worker_is_killed_is_dropped, relay_in_worker,
		     close_relay),
		WITH(a_board_whose_program_is_killed_is_dropped_by_another, relay,
		     close_relay),
		WITH(a_phone_goes_away_with_its_positioner, positioner, close_positioner),
		WITH(a_controller_that_is_stopped_loses_the_phone_and_is_told,
		     positioner_in_worker, close_positioner),
		WITH(a_phone_goes_away_when_the_worker_is_killed, positioner_in_worker,
		     close_positioner),
		WITH(a_program_that_hangs_at_the_end_is_killed_after_its_controller, NULL,
		     forget),
		WITH(a_missing_unit_of_python_is_told, NULL, forget),
		WITH(nonsense_ends_a_program, NULL, forget),
		WITH(comments_pass_and_an_error_is_only_an_error, NULL, forget),
		WITH(what_nobody_asked_for_is_no_answer, NULL, forget),
		WITH(what_cannot_be_started_is_told, NULL, forget),
		WITH(a_sensor_that_says_nonsense_is_gone, NULL, forget),
		WITH(a_worker_is_not_held_up_by_its_program, NULL, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int run_without_python(void)
{
	const struct CMUnitTest tests[] = {
		WITH(nonsense_ends_a_program, NULL, forget),
		WITH(comments_pass_and_an_error_is_only_an_error, NULL, forget),
		WITH(what_nobody_asked_for_is_no_answer, NULL, forget),
		WITH(what_cannot_be_started_is_told, NULL, forget),
		WITH(a_sensor_that_says_nonsense_is_gone, NULL, forget),
		WITH(a_worker_is_not_held_up_by_its_program, NULL, forget),
	};

	puts("# no python3: the example is not tried");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN); /* as the controller and every worker have it */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return system("command -v python3 >/dev/null") == 0 ? run_contracts()
							    : run_without_python();
}
