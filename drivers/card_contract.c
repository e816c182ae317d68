#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/card_contract.h"

static struct {
	int asked;
	uint8_t said[CARD_MAX_ANSWER];
	size_t said_len;
} session;

static void begin(struct asker *a)
{
	(void)a;
	session.asked = 0;
}

static int ask(struct asker *a, struct buf *command, int64_t *think_ns)
{
	static const uint8_t select[] = { 0x00, 0xa4, 0x04, 0x00 };

	(void)a;
	*think_ns = ASKER_THINK_NS;
	switch (session.asked++) {
	case 0:
		buf_add(command, BYTES_OF(select));
		return 0;
	case 1:
		if (session.said[0] == ASKER_SILENT)
			return ERR_TIMEOUT;
		buf_add(command, BYTES(session.said, session.said_len));
		return 0;
	default:
		return session.said[0] == ASKER_SILENT ? ERR_TIMEOUT : ASKER_LETS_GO;
	}
}

static void answered(struct asker *a, struct bytes answer)
{
	(void)a;
	session.said_len = answer.len;
	memcpy(session.said, answer.data, answer.len);
}

struct asker contract_asker = { begin, ask, answered };

static struct card *card_in(void **state)
{
	return ((struct card_case *)*state)->card;
}

static void be_activated(struct card *c)
{
	struct card_listen l = { .timeout_ns = 2 * NS_PER_S };
	struct err err = { 0 };

	if (card_listen(c, &l, &err))
		fail_msg("listen: %s", err.text);
	assert_int_equal(l.result, CARD_OK);
}

static enum card_result receive(struct card *c, struct buf *command,
				struct card_receive *x)
{
	struct err err = { 0 };

	x->command = command;
	if (!x->timeout_ns)
		x->timeout_ns = 2 * NS_PER_S;
	if (card_receive(c, x, &err))
		fail_msg("receive: %s", err.text);
	return x->result;
}

static void answer(struct card *c, struct bytes data, struct card_answer *x)
{
	struct err err = { 0 };

	x->answer = data;
	x->timeout_ns = 2 * NS_PER_S;
	if (card_answer(c, x, &err))
		fail_msg("answer: %s", err.text);
	assert_int_equal(x->result, CARD_OK);
}

/* A first command, and our answer to it. */
static void exchange(struct card *c, struct bytes data)
{
	uint8_t room[300];
	struct buf command = BUF_ON(room);
	struct card_receive r = { 0 };
	struct card_answer a = { 0 };

	assert_int_equal(receive(c, &command, &r), CARD_OK);
	answer(c, data, &a);
}

static int receive_code(struct card *c)
{
	uint8_t room[300];
	struct buf command = BUF_ON(room);
	struct card_receive x = { .command = &command, .timeout_ns = 2 * NS_PER_S };
	struct err err = { 0 };
	int rc = card_receive(c, &x, &err);

	assert_true(rc == 0 || err.text[0]);
	return rc;
}

static int answer_code(struct card *c)
{
	static const uint8_t ok[] = { 0x90, 0x00 };
	struct card_answer x = { .answer = BYTES_OF(ok), .timeout_ns = 2 * NS_PER_S };

	return card_answer(c, &x, NULL);
}

static const uint8_t ok[] = { 0x90, 0x00 };

void card_says_who_it_is(void **state)
{
	struct card_identity id;

	memset(&id, 0xff, sizeof(id));
	assert_int_equal(card_identity(card_in(state), &id, NULL), 0);
	assert_true(strnlen(id.model, sizeof(id.model)) > 0);
	assert_true(strnlen(id.model, sizeof(id.model)) < sizeof(id.model));
	assert_true(strnlen(id.link, sizeof(id.link)) < sizeof(id.link));
	assert_true(strnlen(id.software, sizeof(id.software)) < sizeof(id.software));
	assert_true(id.simulated);
}

void card_has_no_session_before_a_reader_came(void **state)
{
	struct card *c = card_in(state);
	struct card_release release = { .timeout_ns = NS_PER_S };

	assert_int_equal(receive_code(c), ERR_USAGE);
	assert_int_equal(answer_code(c), ERR_USAGE);
	assert_int_equal(card_release(c, &release, NULL), 0);
	assert_int_equal(release.result, CARD_RELEASED);
}

void card_is_activated_by_the_reader_before_it(void **state)
{
	struct card *c = card_in(state);
	struct card_listen l = { .timeout_ns = 2 * NS_PER_S };
	int64_t before = clock_now(c->clock);

	assert_int_equal(card_listen(c, &l, NULL), 0);
	assert_int_equal(l.result, CARD_OK);
	assert_true(before < l.activated_ns && l.activated_ns <= clock_now(c->clock));
	assert_true(l.slack_ns >= 0);
}

void card_carries_the_longest_apdus_both_ways(void **state)
{
	struct card *c = card_in(state);
	uint8_t long_one[CARD_MAX_ANSWER], room[300];
	struct buf command = BUF_ON(room);
	struct card_receive r = { 0 };

	for (size_t i = 0; i < sizeof(long_one); i++)
		long_one[i] = (uint8_t)(i + 1);
	be_activated(c);
	exchange(c, BYTES_OF(long_one));
	buf_u8(&command, 0xee); /* a command is appended */
	assert_int_equal(receive(c, &command, &r), CARD_OK);
	assert_int_equal(command.len, 1 + sizeof(long_one));
	assert_memory_equal(command.data + 1, long_one, sizeof(long_one));
}

void card_stamps_command_and_answer_in_their_order(void **state)
{
	struct card *c = card_in(state);
	uint8_t room[300];
	struct buf command = BUF_ON(room);
	struct card_receive first = { 0 }, second = { 0 };
	struct card_answer a = { 0 };
	int64_t before;

	be_activated(c);
	before = clock_now(c->clock);
	assert_int_equal(receive(c, &command, &first), CARD_OK);
	assert_int_equal(command.len, 4);
	answer(c, BYTES_OF(ok), &a);
	buf_clear(&command);
	assert_int_equal(receive(c, &command, &second), CARD_OK);
	assert_true(before <= first.received_ns);
	assert_true(first.received_ns <= a.answered_ns);
	assert_true(a.answered_ns < second.received_ns);
	assert_true(second.received_ns <= clock_now(c->clock));
	assert_true(first.slack_ns >= 0 && a.slack_ns >= 0);
	assert_true(second.received_ns - a.answered_ns + 2 * a.slack_ns >=
		    ASKER_THINK_NS);
	assert_string_equal(first.note, "");
}

static void be_released(struct card *c)
{
	uint8_t room[300];
	struct buf command = BUF_ON(room);
	struct card_receive r = { 0 };

	be_activated(c);
	exchange(c, BYTES_OF(ok));
	exchange(c, BYTES_OF(ok));
	assert_int_equal(receive(c, &command, &r), CARD_RELEASED);
	assert_int_equal(command.len, 0);
}

void card_is_told_once_that_it_was_released(void **state)
{
	struct card *c = card_in(state);

	be_released(c);
	assert_int_equal(receive_code(c), ERR_USAGE);
	be_released(c); /* and may be a card again */
}

void card_refuses_an_answer_nobody_waits_for(void **state)
{
	struct card *c = card_in(state);

	be_activated(c);
	assert_int_equal(answer_code(c), ERR_USAGE);
	exchange(c, BYTES_OF(ok));
	assert_int_equal(answer_code(c), ERR_USAGE);
	exchange(c, BYTES_OF(ok));
}

void card_tells_a_silent_reader_from_its_own_failure(void **state)
{
	static const uint8_t hush[] = { ASKER_SILENT };
	struct card *c = card_in(state);
	uint8_t room[300];
	struct buf command = BUF_ON(room);
	struct card_receive r = { .timeout_ns = 60 * NS_PER_MS };

	be_activated(c);
	exchange(c, BYTES_OF(hush));
	assert_int_equal(receive(c, &command, &r), CARD_NO_COMMAND);
	assert_int_equal(command.len, 0);
	assert_int_equal(receive(c, &command, &r), CARD_NO_COMMAND);
}

void card_waits_for_the_reader_to_let_go(void **state)
{
	struct card *c = card_in(state);
	struct card_release release = { .timeout_ns = 2 * NS_PER_S };
	int64_t before;

	be_activated(c);
	exchange(c, BYTES_OF(ok));
	exchange(c, BYTES_OF(ok));
	before = clock_now(c->clock);
	assert_int_equal(card_release(c, &release, NULL), 0);
	assert_int_equal(release.result, CARD_RELEASED);
	assert_true(before <= release.released_ns);
	assert_true(release.released_ns <= clock_now(c->clock));
	assert_int_equal(receive_code(c), ERR_USAGE);
}

void card_may_leave_by_itself(void **state)
{
	static const uint8_t hush[] = { ASKER_SILENT };
	struct card *c = card_in(state);
	struct card_release at_once = { .timeout_ns = 0 },
			    later = { .timeout_ns = 60 * NS_PER_MS };

	be_activated(c);
	exchange(c, BYTES_OF(ok));
	assert_int_equal(card_release(c, &at_once, NULL), 0);
	assert_int_equal(at_once.result, CARD_NO_COMMAND);
	assert_int_equal(receive_code(c), ERR_USAGE);
	be_activated(c);
	exchange(c, BYTES_OF(hush));
	assert_int_equal(card_release(c, &later, NULL), 0);
	assert_int_equal(later.result, CARD_NO_COMMAND);
	be_activated(c); /* while its reader had more to say */
	later.timeout_ns = 2 * NS_PER_S;
	assert_int_equal(card_release(c, &later, NULL), 0);
	assert_int_equal(later.result, CARD_OK);
	assert_int_equal(receive_code(c), ERR_USAGE);
}

void card_comes_back_without_a_session(void **state)
{
	struct card *c = card_in(state);

	be_activated(c);
	assert_int_equal(card_reopen(c, NULL), 0);
	assert_int_equal(receive_code(c), ERR_USAGE);
	be_activated(c);
	exchange(c, BYTES_OF(ok));
}
