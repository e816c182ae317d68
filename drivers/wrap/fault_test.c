#include "drivers/wrap/fault.h"

#include "drivers/can/sim.h"
#include "drivers/nfc/sim.h"
#include "drivers/nfc/sim_card.h"
#include "drivers/positioner/sim.h"
#include "drivers/relay/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/card_contract.h"
#include "drivers/positioner_contract.h"
#include "drivers/sensor_contract.h"
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

/* The contract's card answers this with six bytes. */
static const uint8_t select_apdu[] = { 0, 0xa4, 4, 0 };

static struct reader *activated(const struct fault_plan *plan)
{
	struct reader_activation a = { .timeout_ns = NS_PER_S };
	struct reader *bare, *r;

	clock_virtual_init(&now);
	fault_init(&fault, plan);
	assert_int_equal(sim_reader_open(&bare, NULL, &contract_card, &now.base, NULL),
			 0);
	assert_int_equal(fault_reader_open(&r, bare, &fault, NULL), 0);
	assert_int_equal(reader_set_field(r, true, NULL), 0);
	assert_int_equal(reader_activate(r, &a, NULL), 0);
	assert_int_equal(a.result, READER_OK);
	return r;
}

static int ask(struct reader *r, struct buf *answer, enum reader_result *result,
	       struct err *err)
{
	struct reader_exchange x = { .command = BYTES_OF(select_apdu),
				     .answer = answer,
				     .timeout_ns = NS_PER_S };
	int rc = reader_exchange(r, &x, err);

	*result = x.result;
	return rc;
}

/* What is bent of one answer, @bent, beside the answer as it is. */
static enum reader_result bend(enum fault_kind kind, struct buf *bent, struct buf *good)
{
	struct reader *r = activated(&(struct fault_plan){
		.kind = kind, .call = "exchange", .nth = 1, .seed = 5 });
	enum reader_result result, after;

	assert_int_equal(ask(r, bent, &result, NULL), 0);
	assert_int_equal(fault.failed, 1);
	assert_string_equal(fault.strikes[0].call, "exchange");
	assert_int_equal(ask(r, good, &after, NULL), 0);
	assert_int_equal(good->len, 6);
	reader_close(r);
	return result;
}

static void what_the_air_does_to_an_answer_is_data(void **state)
{
	uint8_t mem[2][300];
	struct buf bent = BUF_ON(mem[0]), good = BUF_ON(mem[1]);
	int bits = 0;

	(void)state;
	assert_int_equal(bend(FAULT_LOSS, &bent, &good), READER_NO_ANSWER);
	assert_int_equal(bent.len, 0);
	buf_clear(&good);
	assert_int_equal(bend(FAULT_SHORT, &bent, &good), READER_OK);
	assert_int_equal(bent.len, 3);
	buf_clear(&bent);
	buf_clear(&good);
	assert_int_equal(bend(FAULT_CORRUPT, &bent, &good), READER_OK);
	assert_int_equal(bent.len, 6);
	for (int i = 0; i < 6; i++)
		bits += __builtin_popcount((unsigned)(bent.data[i] ^ good.data[i]));
	assert_int_equal(bits, 1);
	buf_clear(&bent);
	buf_clear(&good);
	assert_int_equal(bend(FAULT_DUPLICATE, &bent, &good), READER_OK);
	assert_int_equal(bent.len, 6);
}

static void a_hang_ends_when_its_time_is_over(void **state)
{
	struct reader *r = activated(&(struct fault_plan){ .kind = FAULT_HANG,
							   .call = "exchange",
							   .nth = 1,
							   .by_ns = 3 * NS_PER_S });
	uint8_t mem[300];
	struct buf answer = BUF_ON(mem);
	int64_t from = clock_now(&now.base);
	enum reader_result result;

	(void)state;
	assert_int_equal(ask(r, &answer, &result, NULL), ERR_TIMEOUT);
	assert_true(clock_now(&now.base) - from >= 3 * NS_PER_S);
	assert_int_equal(ask(r, &answer, &result, NULL), 0);
	reader_close(r);
}

static void a_delay_leaves_the_stamps_alone(void **state)
{
	struct reader *r = activated(&(struct fault_plan){
		.kind = FAULT_DELAY, .call = "exchange", .nth = 1, .by_ns = NS_PER_S });
	uint8_t mem[300];
	struct buf answer = BUF_ON(mem);
	struct reader_exchange x = { .command = BYTES_OF(select_apdu),
				     .answer = &answer,
				     .timeout_ns = NS_PER_S };

	(void)state;
	assert_int_equal(reader_exchange(r, &x, NULL), 0);
	assert_true(clock_now(&now.base) - x.answered_ns == NS_PER_S);
	reader_close(r);
}

static void what_is_gone_comes_back_when_it_is_reopened(void **state)
{
	struct fault_plan plan = { .kind = FAULT_DISCONNECT,
				   .call = "exchange",
				   .nth = 1 };
	struct reader *r = activated(&plan);
	uint8_t mem[300];
	struct buf answer = BUF_ON(mem);
	struct reader_identity id;
	enum reader_result result;

	(void)state;
	assert_int_equal(ask(r, &answer, &result, NULL), ERR_GONE);
	assert_int_equal(reader_identity(r, &id, NULL), ERR_GONE);
	assert_int_equal(reader_reopen(r, NULL), 0);
	assert_int_equal(reader_identity(r, &id, NULL), 0);
	assert_string_equal(id.model, "simulated reader");
	reader_close(r);
	plan.stays = true;
	r = activated(&plan);
	assert_int_equal(ask(r, &answer, &result, NULL), ERR_GONE);
	assert_int_equal(reader_reopen(r, NULL), ERR_GONE);
	reader_close(r);
	plan.stays = false;
	plan.kind = FAULT_OTHER_NAME;
	r = activated(&plan);
	assert_int_equal(ask(r, &answer, &result, NULL), ERR_GONE);
	assert_int_equal(reader_reopen(r, NULL), 0);
	assert_int_equal(reader_identity(r, &id, NULL), 0);
	assert_string_equal(id.model, "another device");
	reader_close(r);
}

static void stamps_of_another_clock_are_an_error(void **state)
{
	static const int64_t steps[] = { 40 * NS_PER_MS, -40 * NS_PER_MS };
	uint8_t mem[300];
	struct buf answer = BUF_ON(mem);
	struct err err = { 0 };
	enum reader_result result;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct reader *r =
			activated(&(struct fault_plan){ .kind = FAULT_CLOCK_STEP,
							.call = "exchange",
							.nth = 1,
							.by_ns = steps[i] });
		struct reader_activation a = { .timeout_ns = NS_PER_S };

		assert_int_equal(ask(r, &answer, &result, &err), ERR_RANGE);
		assert_int_equal(answer.len, 0);
		assert_int_equal(reader_activate(r, &a, &err), ERR_RANGE);
		assert_non_null(strstr(err.text, "outside of its call"));
		reader_close(r);
	}
}

/* Nobody asks; who looks for a card in vain is not told so late. */
static void a_cards_stamps_are_checked_likewise(void **state)
{
	struct card_listen l = { .timeout_ns = NS_PER_S };
	struct card *bare, *c;

	(void)state;
	clock_virtual_init(&now);
	fault_init(&fault, &(struct fault_plan){ .kind = FAULT_CLOCK_STEP,
						 .call = "listen",
						 .nth = 2,
						 .by_ns = NS_PER_S });
	assert_int_equal(sim_card_open(&bare, NULL, &contract_asker, &now.base, NULL), 0);
	assert_int_equal(fault_card_open(&c, bare, &fault, NULL), 0);
	assert_int_equal(card_listen(c, &l, NULL), 0);
	assert_int_equal(l.result, CARD_OK);
	assert_int_equal(card_listen(c, &l, NULL), ERR_RANGE);
	card_close(c);
}

static void another_channel_is_switched_than_was_meant(void **state)
{
	struct relay *r =
		faulty_relay(&(struct fault_plan){ .kind = FAULT_CORRUPT, .nth = 1 });
	uint32_t on;

	(void)state;
	assert_int_equal(relay_set(r, 1, true, NULL), 0);
	assert_int_equal(relay_read(r, &on, NULL), 0);
	assert_int_equal(on, 2);
	relay_close(r);
}

#define TRAVEL_NS (40 * NS_PER_MS)
static enum position sent_to;

static void sent(void *ctx, enum position to, int64_t settled_ns)
{
	(void)ctx;
	(void)settled_ns;
	sent_to = to;
}

static struct positioner *faulty_positioner(const struct fault_plan *plan)
{
	static const struct sim_positioner_options travel = { TRAVEL_NS };
	struct positioner *inner, *p;

	clock_virtual_init(&now);
	fault_init(&fault, plan);
	sent_to = POSITION_AWAY;
	assert_int_equal(
		sim_positioner_open(&inner, &travel, sent, NULL, &now.base, NULL), 0);
	assert_int_equal(fault_positioner_open(&p, inner, &fault, NULL), 0);
	return p;
}

static enum position truth(const struct positioner_case *c)
{
	(void)c;
	return sent_to;
}

static int faultless_positioner(void **state)
{
	static struct positioner_case c;

	c = (struct positioner_case){ .positioner = faulty_positioner(&never),
				      .truth = truth,
				      .travel_ns = TRAVEL_NS };
	*state = &c;
	return 0;
}

static int closed_positioner(void **state)
{
	positioner_close(((struct positioner_case *)*state)->positioner);
	return 0;
}

static void a_lost_move_says_at_once_that_it_is_there(void **state)
{
	struct positioner *p = faulty_positioner(
		&(struct fault_plan){ .kind = FAULT_LOSS, .call = "move", .nth = 1 });
	struct positioner_move move = { .to = POSITION_TAP };

	(void)state;
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	assert_int_equal(positioner_settle(p, &move, NULL), 0);
	assert_int_equal(positioner_state(p), POSITIONER_AWAY);
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	assert_int_equal(positioner_settle(p, &move, NULL), POSITIONER_NOT_YET);
	assert_int_equal(positioner_state(p), POSITIONER_APPROACHING);
	positioner_close(p);
}

static void a_move_that_goes_astray_is_settled_where_it_went(void **state)
{
	struct positioner *p = faulty_positioner(
		&(struct fault_plan){ .kind = FAULT_CORRUPT, .call = "move", .nth = 1 });
	struct positioner_move move = { .to = POSITION_TAP };

	(void)state;
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	assert_int_equal(move.to, POSITION_TAP);
	now.base.sleep_until(&now.base, move.settled_ns);
	assert_int_equal(positioner_settle(p, &move, NULL), 0);
	assert_int_equal(positioner_state(p), POSITIONER_AWAY);
	positioner_close(p);
}

static void a_question_whether_it_is_there_can_fail_or_lie(void **state)
{
	struct fault_plan plan = { .call = "settle", .nth = 1, .code = ERR_TIMEOUT };
	struct positioner_move move = { .to = POSITION_TAP };
	struct positioner *p = faulty_positioner(&plan);

	(void)state;
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	assert_int_equal(positioner_settle(p, &move, NULL), ERR_TIMEOUT);
	assert_int_equal(positioner_settle(p, &move, NULL), POSITIONER_NOT_YET);
	positioner_close(p);
	plan.kind = FAULT_LOSS;
	p = faulty_positioner(&plan);
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	assert_int_equal(positioner_settle(p, &move, NULL), 0);
	assert_int_equal(positioner_settle(p, &move, NULL), POSITIONER_NOT_YET);
	positioner_close(p);
	plan.kind = FAULT_DISCONNECT;
	p = faulty_positioner(&plan);
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	assert_int_equal(positioner_settle(p, &move, NULL), ERR_GONE);
	assert_int_equal(positioner_state(p), POSITIONER_FAULT);
	positioner_close(p);
}

/* The stamps go out with one step, however often they are asked for. */
static void a_settled_move_is_as_far_off_as_the_clock(void **state)
{
	struct positioner *p = faulty_positioner(&(struct fault_plan){
		.kind = FAULT_CLOCK_STEP, .call = "move", .nth = 1, .by_ns = NS_PER_S });
	struct positioner_move move = { .to = POSITION_TAP };

	(void)state;
	assert_int_equal(positioner_move(p, &move, NULL), 0);
	assert_true(move.commanded_ns == NS_PER_S);
	assert_int_equal(positioner_settle(p, &move, NULL), POSITIONER_NOT_YET);
	assert_int_equal(positioner_settle(p, &move, NULL), POSITIONER_NOT_YET);
	assert_true(move.commanded_ns == NS_PER_S);
	assert_true(move.settled_ns == NS_PER_S + TRAVEL_NS);
	positioner_close(p);
}

static void a_probe_can_say_the_opposite(void **state)
{
	struct positioner *p = faulty_positioner(
		&(struct fault_plan){ .kind = FAULT_CORRUPT, .call = "probe", .nth = 1 });
	bool on;

	(void)state;
	assert_int_equal(positioner_probe(p, &on, NULL), 0);
	assert_true(on);
	assert_int_equal(positioner_probe(p, &on, NULL), 0);
	assert_false(on);
	positioner_close(p);
}

/* A board with one input that is active. */
static int active(struct relay *r, int input, bool *on, struct err *err)
{
	(void)r;
	(void)err;
	*on = input == 1;
	return 0;
}

static void nothing_to_close(struct relay *r)
{
	(void)r;
}

static void an_input_can_say_the_opposite_or_fail(void **state)
{
	static const struct relay_ops ops = { .input = active,
					      .close = nothing_to_close };
	struct fault_plan plan = { .kind = FAULT_CORRUPT, .call = "input", .nth = 1 };
	struct relay bare = { &ops, &now.base }, *r;
	bool on = true;

	(void)state;
	clock_virtual_init(&now);
	fault_init(&fault, &plan);
	assert_int_equal(fault_relay_open(&r, &bare, &fault, NULL), 0);
	assert_int_equal(relay_input(r, 1, &on, NULL), 0);
	assert_false(on);
	assert_int_equal(relay_input(r, 1, &on, NULL), 0);
	assert_true(on);
	relay_close(r);
	plan.kind = FAULT_ERROR;
	fault_init(&fault, &plan);
	assert_int_equal(fault_relay_open(&r, &bare, &fault, NULL), 0);
	assert_int_equal(relay_input(r, 1, &on, NULL), ERR_IO);
	assert_int_equal(relay_input(r, 1, &on, NULL), 0);
	relay_close(r);
}

static struct bus *faulty_bus(const struct fault_plan *plan)
{
	static const struct sim_bus_options options = { .bitrate = 500000 };
	struct bus *bare, *b;

	clock_virtual_init(&now);
	fault_init(&fault, plan);
	assert_int_equal(sim_bus_driver.open(&bare, &options, NULL, &now.base, NULL), 0);
	assert_int_equal(fault_bus_open(&b, bare, &fault, NULL), 0);
	return b;
}

/* Two frames are sent; @return how many of them come back, and how many are told to be lost. */
static int echoes(const struct fault_plan *plan, uint32_t *lost)
{
	const struct canframe f = { .id = 0x123, .len = 2, .data = { 1, 2 } };
	struct bus *b = faulty_bus(plan);
	enum bus_result result;
	struct bus_frame got;
	int n = 0;

	*lost = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(bus_send(b, &f, 0, &result, NULL), 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(bus_receive(b, &got, NS_PER_S, &result, NULL), 0);
		*lost += got.lost;
		n += result == BUS_OK && !memcmp(got.frame.data, f.data, 2);
	}
	bus_close(b);
	return n;
}

static void frames_are_lost_and_doubled(void **state)
{
	struct fault_plan plan = { .kind = FAULT_LOSS, .call = "send", .nth = 1 };
	uint32_t lost;

	(void)state;
	assert_int_equal(echoes(&plan, &lost), 1);
	assert_int_equal(lost, 0); /* it never was on the bus */
	plan.call = "receive";
	assert_int_equal(echoes(&plan, &lost), 1);
	assert_int_equal(lost, 1);
	plan.kind = FAULT_DUPLICATE;
	assert_int_equal(echoes(&plan, &lost), 3);
	plan.call = "send";
	assert_int_equal(echoes(&plan, &lost), 3);
	plan.kind = FAULT_CORRUPT;
	assert_int_equal(echoes(&plan, &lost), 1);
}

/* Sees what a flag says. */
static bool seen;

static int flag_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	(void)s;
	(void)err;
	sample->on = seen;
	return 0;
}

static int flag_identity(struct sensor *s, struct sensor_identity *id, struct err *err)
{
	(void)s;
	(void)err;
	*id = (struct sensor_identity){ "flag", true };
	return 0;
}

static void flag_close(struct sensor *s)
{
	(void)s;
}

static const struct sensor_ops flag_ops = { flag_look, flag_identity, flag_close };
static struct sensor flag = { &flag_ops, &now.base };

static struct sensor *faulty_sensor(const struct fault_plan *plan)
{
	struct sensor *s;

	clock_virtual_init(&now);
	now.at_ns = 100 * NS_PER_S;
	seen = false;
	fault_init(&fault, plan);
	assert_int_equal(fault_sensor_open(&s, &flag, &fault, NULL), 0);
	return s;
}

static void wave(struct sensor_case *c, bool there)
{
	(void)c;
	seen = there;
}

static int faultless_sensor(void **state)
{
	static struct sensor_case c;

	c = (struct sensor_case){ .sensor = faulty_sensor(&never), .phone = wave };
	*state = &c;
	return 0;
}

static int closed_sensor(void **state)
{
	sensor_close(((struct sensor_case *)*state)->sensor);
	return 0;
}

static void a_sensor_sees_nobody_or_the_opposite(void **state)
{
	struct fault_plan plan = { .kind = FAULT_CORRUPT, .nth = 2 };
	struct sensor_sample x;
	struct sensor *s = faulty_sensor(&plan);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(sensor_look(s, &x, NULL), 0);
		assert_int_equal(x.on, i == 2);
	}
	sensor_close(s);
	plan.kind = FAULT_LOSS;
	s = faulty_sensor(&plan);
	seen = true;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(sensor_look(s, &x, NULL), 0);
		assert_int_equal(x.on, i != 2);
	}
	sensor_close(s);
}

static void a_sensor_of_another_clock_is_an_error(void **state)
{
	struct fault_plan plan = { .kind = FAULT_CLOCK_STEP, .nth = 2 };
	struct sensor_sample x;
	struct err err = { 0 };

	(void)state;
	for (int i = -1; i < 2; i += 2) {
		struct sensor *s;

		plan.by_ns = i * NS_PER_S;
		s = faulty_sensor(&plan);
		assert_int_equal(sensor_look(s, &x, NULL), 0);
		assert_int_equal(sensor_look(s, &x, &err), ERR_RANGE);
		assert_non_null(strstr(err.text, "1000.0 ms outside of the question"));
		sensor_close(s);
	}
}

static void a_sensor_that_is_slow_says_so(void **state)
{
	struct fault_plan plan = { .kind = FAULT_DELAY,
				   .nth = 1,
				   .by_ns = 30 * NS_PER_MS };
	struct sensor *s = faulty_sensor(&plan);
	struct sensor_sample x;

	(void)state;
	assert_int_equal(sensor_look(s, &x, NULL), 0);
	assert_int_equal(clock_now(&now.base) - x.answered_ns, 30 * NS_PER_MS);
	plan.kind = FAULT_DISCONNECT;
	sensor_close(s);
	s = faulty_sensor(&plan);
	assert_int_equal(sensor_look(s, &x, NULL), ERR_GONE);
	assert_int_equal(sensor_look(s, &x, NULL), ERR_GONE);
	sensor_close(s);
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
		cmocka_unit_test(what_the_air_does_to_an_answer_is_data),
		cmocka_unit_test(a_hang_ends_when_its_time_is_over),
		cmocka_unit_test(a_delay_leaves_the_stamps_alone),
		cmocka_unit_test(what_is_gone_comes_back_when_it_is_reopened),
		cmocka_unit_test(stamps_of_another_clock_are_an_error),
		cmocka_unit_test(a_cards_stamps_are_checked_likewise),
		cmocka_unit_test(another_channel_is_switched_than_was_meant),
		POSITIONER_CONTRACT(faultless_positioner, closed_positioner),
		cmocka_unit_test(a_lost_move_says_at_once_that_it_is_there),
		cmocka_unit_test(a_move_that_goes_astray_is_settled_where_it_went),
		cmocka_unit_test(a_question_whether_it_is_there_can_fail_or_lie),
		cmocka_unit_test(a_settled_move_is_as_far_off_as_the_clock),
		cmocka_unit_test(a_probe_can_say_the_opposite),
		cmocka_unit_test(an_input_can_say_the_opposite_or_fail),
		cmocka_unit_test(frames_are_lost_and_doubled),
		SENSOR_CONTRACT(faultless_sensor, closed_sensor),
		cmocka_unit_test(a_sensor_sees_nobody_or_the_opposite),
		cmocka_unit_test(a_sensor_of_another_clock_is_an_error),
		cmocka_unit_test(a_sensor_that_is_slow_says_so),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
