#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/wire/airtime.h"
#include "drivers/nfc/sim.h"
#include "drivers/reader_contract.h"

static struct clock_virtual virtual_clock;
static struct reader_case under_test;

static int sim(void **state)
{
	clock_virtual_init(&virtual_clock);
	assert_int_equal(sim_reader_open(&under_test.reader, NULL, &contract_card,
					 &virtual_clock.base, NULL),
			 0);
	*state = &under_test;
	return 0;
}

static int close_sim(void **state)
{
	reader_close(((struct reader_case *)*state)->reader);
	return 0;
}

static void activate_at_once(struct reader *r)
{
	struct reader_activation a = { .timeout_ns = NS_PER_S };

	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(reader_activate(r, &a, NULL), 0);
	assert_int_equal(a.result, READER_OK);
}

static void an_exchange_takes_its_time_on_the_air_and_the_cards_thinking(void **state)
{
	static const uint8_t command[] = { 1, 2, 3, 4, 5 };
	struct reader *r = under_test.reader;
	uint8_t room[16];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = NS_PER_S };
	int64_t before;

	(void)state;
	activate_at_once(r);
	before = virtual_clock.at_ns;
	assert_int_equal(reader_exchange(r, &x, NULL), 0);
	assert_int_equal(x.sent_ns, before);
	assert_int_equal(x.answered_ns - x.sent_ns,
			 airtime_sfgt_ns(1) + CARD_THINK_NS +
				 airtime_apdu_floor_ns(5, 7, 256, 64, 0));
	assert_int_equal(virtual_clock.at_ns, x.answered_ns);
}

static void a_host_link_and_a_guard_time_come_on_top(void **state)
{
	/* T0: TA and TB follow, FSCI 5; SFGI 2 */
	static const uint8_t ats[] = { 0x35, 0x00, 0x82 }, command[] = { 1, 2 };
	struct sim_options o = sim_options_default;
	uint8_t room[16];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = NS_PER_S };
	struct reader *r;
	int64_t before;

	(void)state;
	clock_virtual_init(&virtual_clock);
	o.ats = BYTES_OF(ats);
	o.link_byte_ns = 1000;
	assert_int_equal(
		sim_reader_open(&r, &o, &contract_card, &virtual_clock.base, NULL), 0);
	activate_at_once(r);
	before = virtual_clock.at_ns;
	assert_int_equal(reader_exchange(r, &x, NULL), 0);
	assert_int_equal(x.sent_ns, before + 2000);
	assert_int_equal(x.answered_ns - before,
			 airtime_sfgt_ns(2) + CARD_THINK_NS + 1000 * (int64_t)answer.len +
				 airtime_apdu_floor_ns(2, answer.len, 256, 64, 0));
	reader_close(r);
}

static void an_answer_after_the_timeout_is_no_answer(void **state)
{
	static const uint8_t command[] = { 1 };
	struct reader *r = under_test.reader;
	uint8_t room[16];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = CARD_THINK_NS };
	int64_t before;

	(void)state;
	activate_at_once(r);
	before = virtual_clock.at_ns;
	assert_int_equal(reader_exchange(r, &x, NULL), 0);
	assert_int_equal(x.result, READER_NO_ANSWER);
	assert_int_equal(answer.len, 0);
	assert_int_equal(virtual_clock.at_ns - before, CARD_THINK_NS);
}

static void a_card_that_comes_later_is_found_when_it_comes(void **state)
{
	struct reader *r = under_test.reader;
	struct reader_activation a = { .timeout_ns = NS_PER_S };

	(void)state;
	sim_reader_place(r, false, 0);
	sim_reader_place(r, true, 300 * NS_PER_MS);
	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(reader_activate(r, &a, NULL), 0);
	assert_int_equal(a.result, READER_OK);
	assert_int_equal(a.started_ns, 300 * NS_PER_MS);
}

static void a_card_that_comes_too_late_is_no_card(void **state)
{
	struct reader *r = under_test.reader;
	struct reader_activation a = { .timeout_ns = 100 * NS_PER_MS };

	(void)state;
	sim_reader_place(r, false, 0);
	sim_reader_place(r, true, 300 * NS_PER_MS);
	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(reader_activate(r, &a, NULL), 0);
	assert_int_equal(a.result, READER_NO_CARD);
}

static void a_card_that_left_is_released(void **state)
{
	static const uint8_t command[] = { 1 };
	struct reader *r = under_test.reader;
	uint8_t room[16];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = NS_PER_S };

	(void)state;
	activate_at_once(r);
	sim_reader_place(r, false, virtual_clock.at_ns);
	assert_int_equal(reader_exchange(r, &x, NULL), 0);
	assert_int_equal(x.result, READER_RELEASED);
	assert_int_equal(reader_exchange(r, &x, NULL), ERR_USAGE);
}

static void without_a_peer_the_field_stays_empty(void **state)
{
	struct reader_activation a = { .timeout_ns = NS_PER_S };
	struct reader *r;

	(void)state;
	assert_int_equal(sim_reader_driver.open(&r, &sim_options_default,
						&virtual_clock.base, NULL),
			 0);
	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(reader_activate(r, &a, NULL), 0);
	assert_int_equal(a.result, READER_NO_CARD);
	reader_close(r);
}

static void a_uid_of_five_bytes_is_refused(void **state)
{
	static const uint8_t five[5];
	struct sim_options o = sim_options_default;
	struct reader *r;

	(void)state;
	o.uid = BYTES_OF(five);
	assert_int_equal(sim_reader_open(&r, &o, NULL, &virtual_clock.base, NULL),
			 ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		READER_CONTRACT(sim, close_sim),
		cmocka_unit_test_setup_teardown(
			an_exchange_takes_its_time_on_the_air_and_the_cards_thinking, sim,
			close_sim),
		cmocka_unit_test(a_host_link_and_a_guard_time_come_on_top),
		cmocka_unit_test_setup_teardown(an_answer_after_the_timeout_is_no_answer,
						sim, close_sim),
		cmocka_unit_test_setup_teardown(
			a_card_that_comes_later_is_found_when_it_comes, sim, close_sim),
		cmocka_unit_test_setup_teardown(a_card_that_comes_too_late_is_no_card,
						sim, close_sim),
		cmocka_unit_test_setup_teardown(a_card_that_left_is_released, sim,
						close_sim),
		cmocka_unit_test_setup_teardown(without_a_peer_the_field_stays_empty, sim,
						close_sim),
		cmocka_unit_test(a_uid_of_five_bytes_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
