/*
 * What a program may say: cut into lines however the bytes come, every answer taken as the answer to every request of
 * every role. What is accepted keeps the promises of the roles' headers.
 */
#include "drivers/exec/exec_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WANT(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static const struct exec_window window = { 1000000000, 1004000000, 2000000 };

static void as_reader(const struct exec_answer *a)
{
	struct reader_activation act = { .timeout_ns = 1 };
	uint8_t room[300];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .answer = &answer };

	if (exec_take_activation(a, &window, &act, NULL) == 0) {
		WANT(act.started_ns <= act.activated_ns && act.slack_ns >= 0);
		WANT(act.result == READER_NO_CARD || act.card.uid_len == 4 ||
		     act.card.uid_len == 7 || act.card.uid_len == 10);
	}
	if (exec_take_exchange(a, &window, &x, NULL) == 0) {
		WANT(x.sent_ns <= x.answered_ns && x.slack_ns >= 0);
		WANT(x.sent_ns >= window.asked_ns - x.slack_ns);
		WANT(x.answered_ns <= window.told_ns + x.slack_ns);
		WANT(x.result == READER_OK || (answer.len == 0 && x.note[0]));
	} else if (!answer.failed) {
		WANT(answer.len == 0);
	}
}

static void as_card(const struct exec_answer *a)
{
	uint8_t room[300];
	struct buf command = BUF_ON(room);
	struct card_listen l = { 0 };
	struct card_receive r = { .command = &command };
	struct card_answer w = { 0 };
	struct card_release e = { 0 };

	if (exec_take_listen(a, &window, &l, NULL) == 0)
		WANT(l.result == CARD_OK || l.result == CARD_NO_READER);
	if (exec_take_receive(a, &window, &r, NULL) == 0)
		WANT(r.result == CARD_OK || command.len == 0);
	if (exec_take_answered(a, &window, &w, NULL) == 0)
		WANT(w.result != CARD_NO_COMMAND && w.slack_ns >= 0);
	if (exec_take_release(a, &window, &e, NULL) == 0)
		WANT(e.result != CARD_RF_ERROR);
}

static void as_mechanics(const struct exec_answer *a)
{
	struct sensor_sample look;
	int64_t at, travel, slack;
	uint32_t state;
	bool on;

	if (exec_take_state(a, 4, &state, NULL) == 0)
		WANT(state < 16);
	if (exec_take_move(a, &window, &at, &travel, &slack, NULL) == 0)
		WANT(travel >= 0 && slack >= 0 && at <= window.told_ns + slack);
	exec_take_input(a, &on, NULL);
	if (exec_take_look(a, &window, &look, NULL) == 0)
		WANT(look.asked_ns >= window.asked_ns &&
		     look.answered_ns <= window.told_ns);
}

static void as_hello(const struct exec_answer *a)
{
	static const char *const roles[] = { "reader", "card", "relay", "positioner",
					     "sensor" };
	struct exec_identity id;

	for (int i = 0; i < 5; i++)
		if (exec_take_identity(a, roles[i], &id, NULL) == 0)
			WANT(id.model[0] && id.channels <= 32 && id.frame <= 4096);
}

static void take(char *line)
{
	struct exec_answer a;
	struct err err = { 0 };

	if (exec_parse(&a, line, &err)) {
		WANT(err.text[0]);
		return;
	}
	WANT(a.word[0] && a.count <= EXEC_MAX_FIELDS);
	as_hello(&a);
	as_reader(&a);
	as_card(&a);
	as_mechanics(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exec_lines *l = calloc(1, sizeof(*l));
	size_t piece = size ? data[0] % 61 + 1 : 1;
	int n = 0;

	while (l && n >= 0 && size > 0) {
		char *line;
		size_t room, part = size < piece ? size : piece;
		char *to = exec_lines_room(l, &room);

		WANT(room > 0);
		if (part > room)
			part = room;
		memcpy(to, data, part);
		exec_lines_added(l, part);
		data += part;
		size -= part;
		while ((n = exec_lines_next(l, &line, NULL)) > 0) {
			WANT(strlen(line) < EXEC_MAX_LINE);
			take(line);
		}
	}
	free(l);
	return 0;
}
