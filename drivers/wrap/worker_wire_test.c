#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/rng.h"
#include "drivers/wrap/worker_wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];

static int sockets(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int no_sockets(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void every_message_arrives_as_it_was_sent(void **state)
{
	(void)state;
	for (int op = 0; op < WORKER_OP_COUNT; op++) {
		struct worker_message sent, got;

		worker_message_init(&sent, (enum worker_op)op, 77);
		assert_int_equal(worker_send(pair[0], &sent), 0);
		assert_int_equal(worker_receive(pair[1], &got), 1);
		assert_memory_equal(&got, &sent, worker_message_size(&sent));
		sent.rc = ERR_IO;
		strcpy(sent.u.text, "it broke");
		assert_int_equal(worker_send(pair[0], &sent), 0);
		assert_int_equal(worker_receive(pair[1], &got), 1);
		assert_int_equal(got.rc, ERR_IO);
		assert_string_equal(got.u.text, "it broke");
	}
}

static void an_exchange_carries_stamps_bytes_and_note(void **state)
{
	uint8_t long_answer[WORKER_MAX_DATA + 1] = { 1, 2, 3 }, room[8];
	struct buf answer = { .data = long_answer, .len = 3 }, into = BUF_ON(room);
	struct reader_exchange x = { .answer = &answer,
				     .sent_ns = INT64_MIN,
				     .answered_ns = INT64_MAX,
				     .slack_ns = 42,
				     .note = "words" };
	struct worker_message m, got;

	(void)state;
	worker_message_init(&m, WORKER_EXCHANGE, 1);
	assert_int_equal(worker_put_answer(&m, &x, NULL), 0);
	assert_int_equal(worker_send(pair[0], &m), 0);
	assert_int_equal(worker_receive(pair[1], &got), 1);
	x = (struct reader_exchange){ .answer = &into };
	assert_int_equal(worker_take_answer(&got, &x, NULL), 0);
	assert_true(x.sent_ns == INT64_MIN && x.answered_ns == INT64_MAX &&
		    x.slack_ns == 42);
	assert_string_equal(x.note, "words");
	assert_true(bytes_equal(buf_bytes(&into), BYTES(long_answer, 3)));

	answer.len = sizeof(long_answer);
	x.answer = &answer;
	assert_int_equal(worker_put_answer(&m, &x, NULL), ERR_RANGE);
}

static void an_answer_the_caller_has_no_room_for_is_an_error(void **state)
{
	uint8_t room[2], bytes[3] = { 0 };
	struct buf small = BUF_ON(room), answer = { .data = bytes, .len = 3 };
	struct reader_exchange x = { .answer = &answer };
	struct worker_message m;

	(void)state;
	worker_message_init(&m, WORKER_EXCHANGE, 1);
	assert_int_equal(worker_put_answer(&m, &x, NULL), 0);
	x.answer = &small;
	assert_int_equal(worker_take_answer(&m, &x, NULL), ERR_RANGE);
}

static void what_is_not_ok_only_fails_the_answer(void **state)
{
	uint8_t bytes[3] = { 0 };
	struct buf answer = { .data = bytes, .len = 3 };
	struct reader_exchange x = { .answer = &answer, .result = READER_RELEASED };
	struct worker_message m;

	(void)state;
	worker_message_init(&m, WORKER_EXCHANGE, 1);
	assert_int_equal(worker_put_answer(&m, &x, NULL), 0);
	assert_int_equal(m.u.exchange.len, 0);
}

static void the_other_ends_end_is_told_from_silence(void **state)
{
	struct worker_message m;

	(void)state;
	assert_int_equal(worker_receive(pair[0], &m), -1);
	assert_int_equal(errno, EAGAIN);
	close(pair[1]);
	assert_int_equal(worker_receive(pair[0], &m), 0);
	worker_message_init(&m, WORKER_HEARTBEAT, 0);
	assert_int_equal(worker_send(pair[0], &m), -1); /* and no SIGPIPE */
	assert_int_equal(errno, EPIPE);
	pair[1] = dup(pair[0]); /* for the tear-down */
}

static void lengths_that_lie_are_refused(void **state)
{
	struct worker_message m;
	size_t len;

	(void)state;
	worker_message_init(&m, WORKER_EXCHANGE, 1);
	m.u.exchange.len = 5;
	len = worker_message_size(&m);
	assert_true(worker_message_ok(&m, len));
	assert_false(worker_message_ok(&m, len - 1));
	m.u.exchange.len = UINT32_MAX;
	assert_false(worker_message_ok(&m, len));
	worker_message_init(&m, WORKER_ACTIVATE, 1);
	len = worker_message_size(&m);
	assert_true(worker_message_ok(&m, len));
	m.u.activation.card.uid_len = 11;
	assert_false(worker_message_ok(&m, len));
	m.u.activation.card.uid_len = 10;
	m.u.activation.card.ats_len = 255;
	assert_false(worker_message_ok(&m, len));
	m.u.activation.card.ats_len = 0;
	m.u.activation.result = (enum reader_result)77;
	assert_false(worker_message_ok(&m, len));
}

/* Nothing that passes may hold a length, a name or a text that runs over. */
static void check_limits(const struct worker_message *m)
{
	if (m->rc) {
		assert_true(strnlen(m->u.text, sizeof(m->u.text)) < sizeof(m->u.text));
		return;
	}
	switch (m->op) {
	case WORKER_ACTIVATE:
		assert_true(m->u.activation.card.uid_len <= 10);
		assert_true(m->u.activation.card.ats_len <= 254);
		break;
	case WORKER_EXCHANGE:
	case WORKER_RAW:
		assert_true(m->u.exchange.len <= WORKER_MAX_DATA);
		assert_true(memchr(m->u.exchange.note, 0, sizeof(m->u.exchange.note)));
		break;
	case WORKER_READER_IDENTITY:
	case WORKER_RELAY_IDENTITY:
		assert_true(memchr(m->u.identity.model, 0, sizeof(m->u.identity.model)));
		assert_true(memchr(m->u.identity.software, 0,
				   sizeof(m->u.identity.software)));
		break;
	default:
		break;
	}
}

static void nonsense_does_no_harm(void **state)
{
	struct rng rng;
	int passed = 0;

	(void)state;
	rng_init(&rng, 1, "nonsense");
	for (int i = 0; i < 20000; i++) {
		struct worker_message m;
		uint8_t *bytes = (uint8_t *)&m;
		size_t len;

		for (size_t k = 0; k < sizeof(m); k++)
			bytes[k] = (uint8_t)(rng_u64(&rng) | 1); /* no zero anywhere */
		m.op = (uint16_t)rng_below(&rng, WORKER_OP_COUNT + 1);
		m.rc = rng_below(&rng, 2) ? 0 : -3;
		if (m.op == WORKER_EXCHANGE || m.op == WORKER_RAW) {
			m.u.exchange.len = (uint32_t)rng_below(&rng, 1100);
			m.u.exchange.result = (uint32_t)rng_below(&rng, 6);
		}
		len = m.rc || m.op >= WORKER_OP_COUNT ||
				      m.u.exchange.len > WORKER_MAX_DATA
			      ? offsetof(struct worker_message, u) + 320
			      : worker_message_size(&m);
		if (!worker_message_ok(&m, len))
			continue;
		passed++;
		check_limits(&m);
	}
	assert_in_range(passed, 1000, 20000);
}

#define WITH_SOCKETS(f) cmocka_unit_test_setup_teardown(f, sockets, no_sockets)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SOCKETS(every_message_arrives_as_it_was_sent),
		WITH_SOCKETS(an_exchange_carries_stamps_bytes_and_note),
		cmocka_unit_test(an_answer_the_caller_has_no_room_for_is_an_error),
		cmocka_unit_test(what_is_not_ok_only_fails_the_answer),
		WITH_SOCKETS(the_other_ends_end_is_told_from_silence),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(nonsense_does_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
