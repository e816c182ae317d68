#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/card_contract.h"

static struct clock_virtual virtual_clock;
static struct card_case under_test;

static int sim(void **state)
{
	clock_virtual_init(&virtual_clock);
	assert_int_equal(sim_card_open(&under_test.card, NULL, &contract_asker,
				       &virtual_clock.base, NULL),
			 0);
	*state = &under_test;
	return 0;
}

static int close_sim(void **state)
{
	card_close(((struct card_case *)*state)->card);
	return 0;
}

static void a_command_takes_its_bytes_and_the_readers_thinking(void **state)
{
	struct card *c = under_test.card;
	uint8_t room[16];
	struct buf command = BUF_ON(room);
	struct card_listen l = { .timeout_ns = NS_PER_S };
	struct card_receive x = { .command = &command, .timeout_ns = NS_PER_S };

	(void)state;
	assert_int_equal(card_listen(c, &l, NULL), 0);
	assert_int_equal(l.activated_ns, 5600 * NS_PER_US);
	assert_int_equal(card_receive(c, &x, NULL), 0);
	assert_int_equal(x.received_ns - l.activated_ns, ASKER_THINK_NS + 4 * 84956);
}

static void nobody_is_heard_far_from_the_reader(void **state)
{
	struct card *c = under_test.card;
	struct card_listen l = { .timeout_ns = 50 * NS_PER_MS };

	(void)state;
	sim_card_place(c, false, 0);
	assert_int_equal(card_listen(c, &l, NULL), 0);
	assert_int_equal(l.result, CARD_NO_READER);
	assert_int_equal(virtual_clock.at_ns, 50 * NS_PER_MS);
	sim_card_place(c, true, 70 * NS_PER_MS);
	assert_int_equal(card_listen(c, &l, NULL), 0);
	assert_int_equal(l.result, CARD_OK);
	assert_int_equal(l.activated_ns, 75600 * NS_PER_US);
}

static void a_card_taken_away_is_released(void **state)
{
	struct card *c = under_test.card;
	uint8_t room[16];
	struct buf command = BUF_ON(room);
	struct card_listen l = { .timeout_ns = NS_PER_S };
	struct card_receive x = { .command = &command, .timeout_ns = NS_PER_S };

	(void)state;
	assert_int_equal(card_listen(c, &l, NULL), 0);
	sim_card_place(c, false, virtual_clock.at_ns + NS_PER_MS);
	assert_int_equal(card_receive(c, &x, NULL), 0);
	assert_int_equal(x.result, CARD_RELEASED);
	assert_int_equal(card_receive(c, &x, NULL), ERR_USAGE);
}

static void without_an_asker_nobody_ever_comes(void **state)
{
	struct card_listen l = { .timeout_ns = NS_PER_S };
	struct card *c;

	(void)state;
	assert_int_equal(sim_card_driver.open(&c, &sim_card_options_default,
					      &virtual_clock.base, NULL),
			 0);
	assert_int_equal(card_listen(c, &l, NULL), 0);
	assert_int_equal(l.result, CARD_NO_READER);
	card_close(c);
}

#define WITH_SIM(f) cmocka_unit_test_setup_teardown(f, sim, close_sim)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_CONTRACT(sim, close_sim),
		WITH_SIM(a_command_takes_its_bytes_and_the_readers_thinking),
		WITH_SIM(nobody_is_heard_far_from_the_reader),
		WITH_SIM(a_card_taken_away_is_released),
		WITH_SIM(without_an_asker_nobody_ever_comes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
