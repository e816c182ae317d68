#include "drivers/wrap/worker_wire.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD offsetof(struct worker_message, u)
#define EXCHANGE_HEAD offsetof(struct worker_exchange, data)
#define APDU_HEAD offsetof(struct worker_apdu, data)

void worker_message_init(struct worker_message *m, enum worker_op op, uint32_t seq)
{
	memset(m, 0,
	       sizeof(*m)); /* padding too: no byte of our memory travels by accident */
	m->seq = seq;
	m->op = (uint16_t)op;
}

size_t worker_message_size(const struct worker_message *m)
{
	if (m->rc)
		return HEAD + sizeof(m->u.text);
	switch (m->op) {
	case WORKER_SET_FIELD:
	case WORKER_SET:
	case WORKER_INPUT:
	case WORKER_PROBE:
		return HEAD + sizeof(m->u.set);
	case WORKER_ACTIVATE:
		return HEAD + sizeof(m->u.activation);
	case WORKER_EXCHANGE:
	case WORKER_RAW:
		return HEAD + EXCHANGE_HEAD + m->u.exchange.len;
	case WORKER_LISTEN:
		return HEAD + sizeof(m->u.listen);
	case WORKER_RECEIVE:
	case WORKER_ANSWER:
		return HEAD + APDU_HEAD + m->u.apdu.len;
	case WORKER_RELEASE:
		return HEAD + sizeof(m->u.release);
	case WORKER_READER_IDENTITY:
	case WORKER_CARD_IDENTITY:
	case WORKER_RELAY_IDENTITY:
	case WORKER_POSITIONER_IDENTITY:
		return HEAD + sizeof(m->u.identity);
	case WORKER_MOVE:
	case WORKER_SETTLE:
		return HEAD + sizeof(m->u.move);
	case WORKER_READ:
	case WORKER_PLACE:
		return HEAD + sizeof(m->u.state);
	default:
		return HEAD;
	}
}

static void end_strings(struct worker_message *m)
{
	if (m->rc) {
		m->u.text[sizeof(m->u.text) - 1] = '\0';
		return;
	}
	switch (m->op) {
	case WORKER_EXCHANGE:
	case WORKER_RAW:
		m->u.exchange.note[sizeof(m->u.exchange.note) - 1] = '\0';
		break;
	case WORKER_RECEIVE:
	case WORKER_ANSWER:
		m->u.apdu.note[sizeof(m->u.apdu.note) - 1] = '\0';
		break;
	case WORKER_READER_IDENTITY:
	case WORKER_CARD_IDENTITY:
	case WORKER_RELAY_IDENTITY:
	case WORKER_POSITIONER_IDENTITY:
		m->u.identity.model[sizeof(m->u.identity.model) - 1] = '\0';
		m->u.identity.link[sizeof(m->u.identity.link) - 1] = '\0';
		m->u.identity.software[sizeof(m->u.identity.software) - 1] = '\0';
		break;
	default:
		break;
	}
}

static bool within_limits(const struct worker_message *m, size_t len)
{
	switch (m->op) {
	case WORKER_ACTIVATE:
		return len == worker_message_size(m) &&
		       (unsigned)m->u.activation.result <= READER_RELEASED &&
		       m->u.activation.annotation_len <=
			       sizeof(m->u.activation.annotation) &&
		       m->u.activation.card.uid_len <= sizeof(m->u.activation.card.uid) &&
		       m->u.activation.card.ats_len <= sizeof(m->u.activation.card.ats);
	case WORKER_EXCHANGE:
	case WORKER_RAW:
		return len >= HEAD + EXCHANGE_HEAD &&
		       m->u.exchange.len <= WORKER_MAX_DATA &&
		       m->u.exchange.result <= READER_RELEASED &&
		       len == worker_message_size(m);
	case WORKER_LISTEN:
		return len == worker_message_size(m) &&
		       (unsigned)m->u.listen.result <= CARD_RF_ERROR;
	case WORKER_RECEIVE:
	case WORKER_ANSWER:
		return len >= HEAD + APDU_HEAD && m->u.apdu.len <= WORKER_MAX_DATA &&
		       m->u.apdu.result <= CARD_RF_ERROR && len == worker_message_size(m);
	case WORKER_RELEASE:
		return len == worker_message_size(m) &&
		       (unsigned)m->u.release.result <= CARD_RF_ERROR;
	case WORKER_RELAY_IDENTITY:
		return len == worker_message_size(m) && m->u.identity.channels >= 0 &&
		       m->u.identity.channels <= 32;
	case WORKER_PLACE:
		return len == worker_message_size(m) && m->u.state <= POSITIONER_FAULT;
	default:
		return len == worker_message_size(m);
	}
}

bool worker_message_ok(struct worker_message *m, size_t len)
{
	if (len < HEAD || m->op >= WORKER_OP_COUNT || m->rc > 0)
		return false;
	if (m->rc ? len != worker_message_size(m) : !within_limits(m, len))
		return false;
	end_strings(m);
	return true;
}

void worker_put_exchange(struct worker_message *m, const struct reader_exchange *x)
{
	m->u.exchange.timeout_ns = x->timeout_ns;
	m->u.exchange.len = (uint32_t)x->command.len;
	memcpy(m->u.exchange.data, x->command.data, x->command.len);
}

void worker_take_request(const struct worker_message *m, struct reader_exchange *out)
{
	memset(out, 0, sizeof(*out));
	out->command = BYTES(m->u.exchange.data, m->u.exchange.len);
	out->timeout_ns = m->u.exchange.timeout_ns;
}

int worker_put_answer(struct worker_message *m, const struct reader_exchange *x,
		      struct err *err)
{
	struct worker_exchange *e = &m->u.exchange;
	size_t len = x->result == READER_OK ? x->answer->len : 0;

	if (len > sizeof(e->data))
		return err_set(err, ERR_RANGE, "an answer of %zu bytes is too long", len);
	e->sent_ns = x->sent_ns;
	e->answered_ns = x->answered_ns;
	e->slack_ns = x->slack_ns;
	e->result = x->result;
	memcpy(e->note, x->note, sizeof(e->note));
	e->len = (uint32_t)len;
	if (len)
		memcpy(e->data, x->answer->data, len);
	return 0;
}

int worker_take_answer(const struct worker_message *m, struct reader_exchange *x,
		       struct err *err)
{
	const struct worker_exchange *e = &m->u.exchange;

	x->sent_ns = e->sent_ns;
	x->answered_ns = e->answered_ns;
	x->slack_ns = e->slack_ns;
	x->result = (enum reader_result)e->result;
	memcpy(x->note, e->note, sizeof(x->note));
	if (x->result != READER_OK)
		return 0;
	buf_add(x->answer, BYTES(e->data, e->len));
	if (x->answer->failed)
		return err_set(err, ERR_RANGE, "no room for an answer of %u bytes",
			       e->len);
	return 0;
}

void worker_put_receive(struct worker_message *m, const struct card_receive *x)
{
	m->u.apdu.timeout_ns = x->timeout_ns;
}

int worker_put_command(struct worker_message *m, const struct card_receive *x,
		       struct err *err)
{
	struct worker_apdu *a = &m->u.apdu;
	size_t len = x->result == CARD_OK ? x->command->len : 0;

	if (len > sizeof(a->data))
		return err_set(err, ERR_RANGE, "a command of %zu bytes is too long", len);
	a->at_ns = x->received_ns;
	a->slack_ns = x->slack_ns;
	a->result = x->result;
	memcpy(a->note, x->note, sizeof(a->note));
	a->len = (uint32_t)len;
	if (len)
		memcpy(a->data, x->command->data, len);
	return 0;
}

int worker_take_command(const struct worker_message *m, struct card_receive *x,
			struct err *err)
{
	const struct worker_apdu *a = &m->u.apdu;

	x->received_ns = a->at_ns;
	x->slack_ns = a->slack_ns;
	x->result = (enum card_result)a->result;
	memcpy(x->note, a->note, sizeof(x->note));
	if (x->result != CARD_OK)
		return 0;
	buf_add(x->command, BYTES(a->data, a->len));
	if (x->command->failed)
		return err_set(err, ERR_RANGE, "no room for a command of %u bytes",
			       a->len);
	return 0;
}

void worker_put_card_answer(struct worker_message *m, const struct card_answer *x)
{
	m->u.apdu.timeout_ns = x->timeout_ns;
	m->u.apdu.len = (uint32_t)x->answer.len;
	memcpy(m->u.apdu.data, x->answer.data, x->answer.len);
}

void worker_take_card_answer(const struct worker_message *m, struct card_answer *x)
{
	const struct worker_apdu *a = &m->u.apdu;

	x->answered_ns = a->at_ns;
	x->slack_ns = a->slack_ns;
	x->result = (enum card_result)a->result;
	memcpy(x->note, a->note, sizeof(x->note));
}

int worker_send(int fd, const struct worker_message *m)
{
	ssize_t n;

	do {
		n = send(fd, m, worker_message_size(m), MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* @n bytes came in; what they do not cover is zero. */
static int received(struct worker_message *m, ssize_t n)
{
	if (n <= 0)
		return (int)n;
	memset((char *)m + n, 0, sizeof(*m) - (size_t)n);
	if (!worker_message_ok(m, (size_t)n)) {
		errno = EBADMSG;
		return -1;
	}
	return 1;
}

int worker_receive(int fd, struct worker_message *m)
{
	ssize_t n;

	do {
		n = recv(fd, m, sizeof(*m), MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return received(m, n);
}

int worker_wait(int fd, struct worker_message *m)
{
	return received(m, recv(fd, m, sizeof(*m), 0));
}
