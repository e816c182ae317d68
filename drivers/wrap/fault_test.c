#include "drivers/wrap/fault.h"

#include "drivers/nfc/sim.h"
#include "drivers/positioner/sim.h"
#include "drivers/relay/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/positioner_contract.h"
#include "drivers/reader_contract.h"
#include "drivers/relay_contract.h"

static struct clock_virtual now;
static struct fault fault;
static const struct fault_plan never = { .code = ERR_IO };

/* With a plan that fails nothing, it is the reader that it stands around. */
static int faultless(void **state)
{
	static struct reader_case c;
	struct reader *inner;

	clock_virtual_init(&now);
	fault_init(&fault, &never);
	if (sim_reader_open(&inner, NULL, &contract_card, &now.base, NULL))
		return -1;
	*state = &c;
	return fault_reader_open(&c.reader, inner, &fault, NULL);
}

static int closed(void **state)
{
	reader_close(((struct reader_case *)*state)->reader);
	return 0;
}

static struct relay *faulty_relay(const struct fault_plan *plan)
{
	static const struct sim_relay_options options = { 4 };
	struct relay *inner, *r;

	clock_virtual_init(&now);
	fault_init(&fault, plan);
	assert_int_equal(sim_relay_driver.open(&inner, &options, &now.base, NULL), 0);
	assert_int_equal(fault_relay_open(&r, inner, &fault, NULL), 0);
	return r;
}

static void the_nth_call_fails_and_is_not_made(void **state)
{
	struct relay *r =
		faulty_relay(&(struct fault_plan){ .nth = 2, .code = ERR_GONE });
	struct err err = { 0 };
	uint32_t on;

	(void)state;
	assert_int_equal(relay_set(r, 1, true, &err), 0);
	assert_int_equal(relay_set(r, 2, true, &err), ERR_GONE);
	assert_string_equal(err.text, "injected fault: set, call 2");
	assert_int_equal(relay_read(r, &on, &err), 0);
	assert_int_equal(on, 1);
	assert_int_equal(fault.calls, 3);
	assert_int_equal(fault.failed, 1);
	relay_close(r);
}

static void an_answer_can_be_lost_after_the_call_was_made(void **state)
{
	struct relay *r = faulty_relay(&(struct fault_plan){
		.nth = 1, .times = 2, .code = ERR_TIMEOUT, .too_late = true });
	uint32_t on;

	(void)state;
	assert_int_equal(relay_set(r, 1, true, NULL), ERR_TIMEOUT);
	assert_int_equal(relay_set(r, 2, true, NULL), ERR_TIMEOUT);
	assert_int_equal(relay_read(r, &on, NULL), 0);
	assert_int_equal(on, 3);
	relay_close(r);
}

static void a_share_of_the_calls_fails_and_the_same_ones_again(void **state)
{
	uint64_t first = 0, again = 0;
	int failed = 0;

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct relay *r = faulty_relay(
			&(struct fault_plan){ .share = 0.25, .seed = 9, .code = ERR_IO });

		for (int i = 0; i < 64; i++) {
			uint64_t bit = relay_all_off(r, NULL) == ERR_IO;

			*(run ? &again : &first) |= bit << i;
			failed += (int)bit;
		}
		relay_close(r);
	}
	assert_true(first == again);
	assert_in_range(failed, 2 * 4, 2 * 32);
}

/* Reader and positioner count as one: the n-th call of a run. */
static void roles_share_a_count(void **state)
{
	static const struct sim_positioner_options travel = { NS_PER_MS };
	struct positioner_move move = { .to = POSITION_TAP };
	struct positioner *inner, *p;
	struct reader *bare, *r;

	(void)state;
	clock_virtual_init(&now);
	fault_init(&fault, &(struct fault_plan){ .nth = 2, .code = ERR_IO });
	assert_int_equal(sim_reader_open(&bare, NULL, &contract_card, &now.base, NULL),
			 0);
	assert_int_equal(fault_reader_open(&r, bare, &fault, NULL), 0);
	assert_int_equal(
		sim_positioner_open(&inner, &travel, NULL, NULL, &now.base, NULL), 0);
	assert_int_equal(fault_positioner_open(&p, inner, &fault, NULL), 0);
	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(positioner_move(p, &move, NULL), ERR_IO);
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	positioner_close(p);
	reader_close(r);
}

static void a_lost_answer_leaves_nothing_behind(void **state)
{
	static const uint8_t command[] = { 0, 0xa4, 4, 0 };
	uint8_t mem[300];
	struct buf answer = BUF_ON(mem);
	struct reader_activation a = { .timeout_ns = NS_PER_S };
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = NS_PER_S };
	struct reader *bare, *r;

	(void)state;
	clock_virtual_init(&now);
	fault_init(&fault, &(struct fault_plan){
				   .nth = 3, .code = ERR_TIMEOUT, .too_late = true });
	assert_int_equal(sim_reader_open(&bare, NULL, &contract_card, &now.base, NULL),
			 0);
	assert_int_equal(fault_reader_open(&r, bare, &fault, NULL), 0);
	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(reader_activate(r, &a, NULL), 0);
	assert_int_equal(reader_exchange(r, &x, NULL), ERR_TIMEOUT);
	assert_int_equal(answer.len, 0);
	assert_int_equal(reader_exchange(r, &x, NULL), 0);
	assert_int_equal(answer.len, 6);
	reader_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		READER_CONTRACT(faultless, closed),
		cmocka_unit_test(the_nth_call_fails_and_is_not_made),
		cmocka_unit_test(an_answer_can_be_lost_after_the_call_was_made),
		cmocka_unit_test(a_share_of_the_calls_fails_and_the_same_ones_again),
		cmocka_unit_test(roles_share_a_count),
		cmocka_unit_test(a_lost_answer_leaves_nothing_behind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
