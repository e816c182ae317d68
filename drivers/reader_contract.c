#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/reader_contract.h"

static void card_reset(struct peer *p)
{
	(void)p;
}

static int card_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	(void)p;
	if (command.data[0] == CARD_SILENT)
		return ERR_TIMEOUT;
	*think_ns = CARD_THINK_NS;
	buf_add(answer, command);
	buf_be16(answer, 0x9000);
	return 0;
}

struct peer contract_card = { .reset = card_reset, .answer = card_answer };

static struct reader *reader_in(void **state)
{
	return ((struct reader_case *)*state)->reader;
}

static int64_t now(const struct reader *r)
{
	return clock_now(r->clock);
}

static void field_on(struct reader *r)
{
	struct err err = { 0 };

	if (reader_set_field(r, true, &err))
		fail_msg("field on: %s", err.text);
}

static enum reader_result activate(struct reader *r, struct reader_activation *a)
{
	struct err err = { 0 };

	if (reader_activate(r, a, &err))
		fail_msg("activate: %s", err.text);
	return a->result;
}

static void activate_card(struct reader *r)
{
	struct reader_activation a = { .timeout_ns = 2 * NS_PER_S };

	field_on(r);
	assert_int_equal(activate(r, &a), READER_OK);
}

static void exchange(struct reader *r, struct reader_exchange *x)
{
	struct err err = { 0 };

	if (reader_exchange(r, x, &err))
		fail_msg("exchange: %s", err.text);
}

void reader_says_who_it_is(void **state)
{
	struct reader_identity id;

	memset(&id, 0xff, sizeof(id));
	assert_int_equal(reader_identity(reader_in(state), &id, NULL), 0);
	assert_true(strnlen(id.model, sizeof(id.model)) > 0);
	assert_true(strnlen(id.model, sizeof(id.model)) < sizeof(id.model));
	assert_true(strnlen(id.link, sizeof(id.link)) < sizeof(id.link));
	assert_true(strnlen(id.software, sizeof(id.software)) < sizeof(id.software));
	assert_true(id.simulated);
}

void reader_finds_no_card_without_its_field(void **state)
{
	struct reader_activation a = { .timeout_ns = 20 * NS_PER_MS,
				       .result = READER_OK };

	assert_int_equal(activate(reader_in(state), &a), READER_NO_CARD);
}

void reader_activates_the_card_in_its_field(void **state)
{
	struct reader *r = reader_in(state);
	struct reader_activation a = { .timeout_ns = 2 * NS_PER_S };
	int64_t before, after;

	field_on(r);
	before = now(r);
	assert_int_equal(activate(r, &a), READER_OK);
	after = now(r);
	assert_true(before <= a.started_ns && a.started_ns < a.activated_ns);
	assert_true(a.activated_ns <= after);
	assert_true(a.slack_ns >= 0);
	assert_int_equal(a.card.uid_len, 4);
	assert_int_equal(a.card.uid[0], 0x08);
	assert_true(a.card.sak & 0x20);
	assert_true(a.card.ats_len > 0);
}

void reader_brings_the_answer_with_both_stamps(void **state)
{
	static const uint8_t command[] = { 0x00, 0xa4, 0x04, 0x00 };
	static const uint8_t wanted[] = { 0xee, 0x00, 0xa4, 0x04, 0x00, 0x90, 0x00 };
	struct reader *r = reader_in(state);
	uint8_t room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = 2 * NS_PER_S };
	int64_t before;

	activate_card(r);
	buf_u8(&answer, 0xee); /* an answer is appended */
	before = now(r);
	exchange(r, &x);
	assert_int_equal(x.result, READER_OK);
	assert_true(bytes_equal(buf_bytes(&answer), BYTES_OF(wanted)));
	assert_true(before <= x.sent_ns);
	assert_true(x.answered_ns <= now(r));
	assert_true(x.slack_ns >= 0);
	assert_true(x.answered_ns - x.sent_ns + 2 * x.slack_ns >= CARD_THINK_NS);
	assert_string_equal(x.note, "");
}

void reader_carries_the_longest_command(void **state)
{
	struct reader *r = reader_in(state);
	uint8_t command[READER_MAX_COMMAND], room[300];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = 5 * NS_PER_S };

	for (size_t i = 0; i < sizeof(command); i++)
		command[i] = (uint8_t)i;
	activate_card(r);
	exchange(r, &x);
	assert_int_equal(x.result, READER_OK);
	assert_int_equal(answer.len, sizeof(command) + 2);
	assert_memory_equal(answer.data, command, sizeof(command));
}

void reader_tells_a_silent_card_from_its_own_failure(void **state)
{
	static const uint8_t command[] = { CARD_SILENT, 0 };
	struct reader *r = reader_in(state);
	uint8_t room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = 300 * NS_PER_MS };

	activate_card(r);
	exchange(r, &x);
	assert_true(x.result == READER_NO_ANSWER || x.result == READER_RF_ERROR);
	assert_int_equal(answer.len, 0);
	assert_true(x.note[0]);
}

static int exchange_code(struct reader *r)
{
	static const uint8_t command[] = { 0x00, 0xa4 };
	uint8_t room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES_OF(command),
				     .answer = &answer,
				     .timeout_ns = 2 * NS_PER_S };
	struct err err = { 0 };
	int rc = reader_exchange(r, &x, &err);

	assert_true(rc == 0 || err.text[0]);
	return rc;
}

void reader_refuses_an_exchange_without_a_card(void **state)
{
	struct reader *r = reader_in(state);

	field_on(r);
	assert_int_equal(exchange_code(r), ERR_USAGE);
	activate_card(r);
	assert_int_equal(exchange_code(r), 0);
}

void reader_forgets_a_card_with_its_field(void **state)
{
	struct reader *r = reader_in(state);

	activate_card(r);
	assert_int_equal(reader_set_field(r, false, NULL), 0);
	assert_int_equal(exchange_code(r), ERR_USAGE);
	activate_card(r);
	assert_int_equal(exchange_code(r), 0);
}

void reader_deselects_twice_without_complaint(void **state)
{
	struct reader *r = reader_in(state);

	activate_card(r);
	assert_int_equal(reader_deselect(r, NULL), 0);
	assert_int_equal(reader_deselect(r, NULL), 0);
	assert_int_equal(exchange_code(r), ERR_USAGE);
}

void reader_comes_back_with_its_field_off(void **state)
{
	struct reader *r = reader_in(state);
	struct reader_activation a = { .timeout_ns = 20 * NS_PER_MS };

	activate_card(r);
	assert_int_equal(reader_reopen(r, NULL), 0);
	assert_int_equal(exchange_code(r), ERR_USAGE);
	assert_int_equal(activate(r, &a), READER_NO_CARD);
	activate_card(r);
	assert_int_equal(exchange_code(r), 0);
}
