/* The ladder over a relay board in a worker of its own: what it does is said in memory that worker and test share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/recover.h"
#include "bench/rig_fault.h"
#include "results/record.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world {
	volatile int opens, gone_for; /* so many opens to come find nothing */
	volatile int refused_for;     /* and then so many are refused */
	volatile int stuck;           /* a coil that does not drop */
	volatile int other;           /* it is another board */
	volatile uint32_t state;
} * world;

static struct {
	struct rig rig;
	struct journal *journal;
	struct recovery recovery;
	char dir[40], path[80];
	char said[400]; /* what the journal says: "reopen+ drain-" */
} bench;

static const struct relay_ops board_ops;

static int board_set(struct relay *r, int channel, bool on, struct err *err)
{
	uint32_t bit = UINT32_C(1) << (channel - 1);

	(void)r;
	(void)err;
	world->state = on ? world->state | bit : world->state & ~bit;
	return 0;
}

static int board_off(struct relay *r, struct err *err)
{
	(void)r;
	(void)err;
	world->state = world->stuck ? 1 : 0;
	return 0;
}

static int board_read(struct relay *r, uint32_t *state, struct err *err)
{
	(void)r;
	(void)err;
	*state = world->state;
	return 0;
}

static int board_identity(struct relay *r, struct relay_identity *id, struct err *err)
{
	(void)r;
	(void)err;
	*id = (struct relay_identity){ .channels = 2, .reads_back = true };
	strcpy(id->model, world->other ? "a kettle" : "a board");
	return 0;
}

static void board_close(struct relay *r)
{
	free(r);
}

static const struct relay_ops board_ops = {
	.set = board_set,
	.all_off = board_off,
	.read = board_read,
	.identity = board_identity,
	.close = board_close,
};

static int board_open(struct relay **out, const void *options, struct clock *clock,
		      struct err *err)
{
	struct relay *r;

	(void)options;
	world->opens++;
	if (world->gone_for > 0) {
		world->gone_for--;
		return err_set(err, ERR_GONE, "nothing is plugged in");
	}
	if (world->refused_for > 0) {
		world->refused_for--;
		return err_set(err, ERR_IO, "no permission yet");
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return ERR_NOMEM;
	*r = (struct relay){ &board_ops, clock };
	*out = r;
	return 0;
}

static const struct relay_driver board = { .name = "board",
					   .needs_worker = true,
					   .open = board_open };

static int set_up(void **state)
{
	struct err err = { 0 };

	(void)state;
	alarm(120); /* what waits for what never comes must end all the same */
	memset(&bench, 0, sizeof(bench));
	memset(world, 0, sizeof(*world));
	strcpy(bench.dir, "/tmp/keybench-recover-XXXXXX");
	assert_non_null(mkdtemp(bench.dir));
	snprintf(bench.path, sizeof(bench.path), "%s/journal.jsonl", bench.dir);
	bench.rig.clock = clock_real();
	bench.rig.relay_driver = &board;
	bench.rig.recovery.wait_ns = 60 * NS_PER_S;
	assert_int_equal(pump_new(&bench.rig.pump, NULL), 0);
	if (journal_create(&bench.journal, bench.path, &err) ||
	    rig_restart_positioner(&bench.rig, &err))
		fail_msg("%s", err.text);
	bench.recovery = (struct recovery){ &bench.rig, bench.journal, 0 };
	return 0;
}

static int tear_down(void **state)
{
	char command[80];

	(void)state;
	relay_close(bench.rig.relay);
	pump_free(bench.rig.pump);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	snprintf(command, sizeof(command), "rm -rf %s", bench.dir);
	return system(command);
}

static int take_line(void *ctx, json_t *line, int line_no, struct err *err)
{
	size_t len = strlen(bench.said);
	struct record_recovery r;
	int rc = record_recovery_parse(&r, line, err);

	(void)ctx;
	(void)line_no;
	if (!rc)
		snprintf(bench.said + len, sizeof(bench.said) - len, "%s%s%c",
			 len ? " " : "", r.rung, r.proved ? '+' : '-');
	return rc;
}

/* @return what recovery says; its rungs are in .said */
static int recover(struct err *err)
{
	const struct err cause = { .code = ERR_GONE, .text = "it was unplugged" };
	int rc = recover_positioner(&bench.recovery, &cause, err);

	journal_close(bench.journal);
	bench.journal = NULL;
	assert_int_equal(journal_read(bench.path, take_line, NULL, NULL, NULL), 0);
	return rc;
}

static void a_board_that_is_gone_is_waited_for_and_made_safe(void **state)
{
	struct err err = { 0 };

	(void)state;
	world->gone_for = 3;
	world->state = 3;
	if (recover(&err))
		fail_msg("%s", err.text);
	assert_string_equal(bench.said, "reopen+");
	assert_int_equal(world->opens, 1 + 4);
	assert_int_equal(world->state, 0);
	assert_non_null(bench.rig.relay);
}

static void one_that_is_back_may_refuse_at_first(void **state)
{
	(void)state;
	world->gone_for = 1;
	world->refused_for = 2;
	assert_int_equal(recover(NULL), 0);
	assert_string_equal(bench.said, "reopen+");
	assert_int_equal(world->opens, 1 + 4);
}

static void one_that_was_never_gone_is_not_waited_for(void **state)
{
	struct err err = { 0 };

	(void)state;
	world->refused_for = 100;
	assert_int_equal(recover(&err), ERR_IO);
	assert_string_equal(bench.said, "reopen- drain-");
	assert_int_equal(world->opens, 1 + 1);
	assert_non_null(strstr(err.text, "no permission yet"));
}

static void one_that_stays_away_is_given_up_when_the_rig_says(void **state)
{
	struct err err = { 0 };

	(void)state;
	bench.rig.recovery.wait_ns = 300 * NS_PER_MS;
	world->gone_for = 1000000;
	assert_int_equal(recover(&err), ERR_GONE);
	assert_string_equal(bench.said, "reopen- drain-");
	assert_true(world->opens >= 1 + 2);
	assert_non_null(strstr(err.text, "nothing is plugged in"));
}

static void another_board_in_its_place_is_not_it(void **state)
{
	struct err err = { 0 };

	(void)state;
	world->gone_for = 1;
	world->other = 1;
	assert_int_equal(recover(&err), ERR_UNSUPPORTED);
	assert_string_equal(bench.said, "reopen- drain-");
	assert_int_equal(world->opens, 1 + 2); /* and nothing more is tried on it */
	assert_non_null(strstr(err.text, "a kettle answers where there was a board"));
}

static void a_board_that_keeps_a_coil_is_no_proof(void **state)
{
	struct err err = { 0 };

	(void)state;
	world->stuck = 1;
	assert_int_equal(recover(&err), ERR_IO);
	assert_string_equal(bench.said, "reopen- drain-");
	assert_non_null(strstr(err.text, "still on"));
}

static void rungs_on_usb_are_for_devices_whose_port_is_known(void **state)
{
	(void)state;
	bench.rig.recovery.reenumerate = bench.rig.recovery.port_power = true;
	bench.rig.recovery.wait_ns = 0;
	world->gone_for = 1000000;
	assert_int_equal(recover(NULL), ERR_GONE);
	assert_string_equal(bench.said, "reopen- drain-");
}

static void each_rung_that_is_allowed_is_tried_and_written_down(void **state)
{
	(void)state;
	bench.rig.recovery = (struct rig_recovery){ .reenumerate = true,
						    .port_power = true,
						    .power_off_ns = NS_PER_MS };
	/* no machine has that many buses */
	strcpy(bench.rig.homes[RIG_RELAY].name, "usb-255-1.2");
	world->gone_for = 1000000;
	assert_true(recover(NULL) < 0);
	assert_string_equal(bench.said, "reopen- re-enumerate- port-power- drain-");
}

static void whoever_asks_to_stop_is_not_kept_waiting(void **state)
{
	(void)state;
	world->gone_for = 1000000;
	pump_request_stop(bench.rig.pump);
	assert_int_equal(recover(NULL), ERR_INTERRUPTED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_board_that_is_gone_is_waited_for_and_made_safe),
		TEST(one_that_is_back_may_refuse_at_first),
		TEST(one_that_was_never_gone_is_not_waited_for),
		TEST(one_that_stays_away_is_given_up_when_the_rig_says),
		TEST(another_board_in_its_place_is_not_it),
		TEST(a_board_that_keeps_a_coil_is_no_proof),
		TEST(rungs_on_usb_are_for_devices_whose_port_is_known),
		TEST(each_rung_that_is_allowed_is_tried_and_written_down),
		TEST(whoever_asks_to_stop_is_not_kept_waiting),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return world == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
