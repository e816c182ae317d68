#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/exec/exec_wire.h"

static char text[EXEC_MAX_LINE];

/* @line as a program says it; the answer borrows from .text. */
static struct exec_answer said(const char *line)
{
	struct exec_answer a;
	struct err err = { 0 };

	strcpy(text, line);
	if (exec_parse(&a, text, &err))
		fail_msg("%s: %s", line, err.text);
	return a;
}

static void assert_no_answer(const char *line, const char *why)
{
	struct exec_answer a;
	struct err err = { 0 };

	strcpy(text, line);
	assert_int_equal(exec_parse(&a, text, &err), ERR_FORMAT);
	if (!strstr(err.text, why))
		fail_msg("'%s': '%s' lacks '%s'", line, err.text, why);
}

static void feed(struct exec_lines *l, const char *bytes)
{
	while (*bytes) {
		size_t room;
		char *to = exec_lines_room(l, &room);

		assert_true(room > 0);
		*to = *bytes++;
		exec_lines_added(l, 1);
	}
}

static void lines_come_whole_however_the_bytes_came(void **state)
{
	struct exec_lines l = { 0 };
	char *line;

	(void)state;
	assert_int_equal(exec_lines_next(&l, &line, NULL), 0);
	feed(&l, "1 ok\n# talk\r\n2 o");
	assert_int_equal(exec_lines_next(&l, &line, NULL), 1);
	assert_string_equal(line, "1 ok");
	assert_int_equal(exec_lines_next(&l, &line, NULL), 1);
	assert_string_equal(line, "# talk");
	assert_int_equal(exec_lines_next(&l, &line, NULL), 0);
	assert_false(exec_lines_empty(&l));
	feed(&l, "k\n");
	assert_int_equal(exec_lines_next(&l, &line, NULL), 1);
	assert_string_equal(line, "2 ok");
	assert_true(exec_lines_empty(&l));
}

static void a_line_has_an_end_and_is_ascii(void **state)
{
	struct exec_lines l = { 0 };
	struct err err = { 0 };
	char *line;

	(void)state;
	for (int i = 0; i < EXEC_MAX_LINE; i++)
		feed(&l, "x");
	assert_int_equal(exec_lines_next(&l, &line, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "more than 2048 bytes"));
	memset(&l, 0, sizeof(l));
	feed(&l, "1 ok \xc3\xa4\n");
	assert_int_equal(exec_lines_next(&l, &line, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "c3"));
	memset(&l, 0, sizeof(l));
	for (int i = 0; i < EXEC_MAX_LINE - 1; i++)
		feed(&l, "x");
	feed(&l, "\n");
	assert_int_equal(exec_lines_next(&l, &line, &err), 1);
	assert_int_equal(strlen(line), EXEC_MAX_LINE - 1);
}

static void an_answer_is_a_number_a_word_keys_and_words(void **state)
{
	struct exec_answer a = said("7 ok data=9000 sent=12 : all is well: really");

	(void)state;
	assert_int_equal(a.seq, 7);
	assert_string_equal(a.word, "ok");
	assert_int_equal(a.count, 2);
	assert_string_equal(exec_get(&a, "data"), "9000");
	assert_string_equal(exec_get(&a, "sent"), "12");
	assert_null(exec_get(&a, "slack"));
	assert_string_equal(a.words, "all is well: really");
	a = said("8 released");
	assert_string_equal(a.words, "");
	assert_no_answer("", "does not begin with a number");
	assert_no_answer("ok", "does not begin with a number");
	assert_no_answer("-1 ok", "does not begin with a number");
	assert_no_answer("99999999999 ok", "does not begin with a number");
	assert_no_answer("7", "without a result");
	assert_no_answer("7 data=90", "without a result");
	assert_no_answer("7 : ok", "without a result");
	assert_no_answer("7 ok data", "no KEY=VALUE");
	assert_no_answer("7 ok =1", "no KEY=VALUE");
	assert_no_answer("7 ok a=1 a=2", "twice");
	assert_no_answer("7 ok a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1",
			 "more than 12 keys");
}

static void its_errors_are_ours(void **state)
{
	struct exec_answer a = said("3 error io : the line is down");
	struct err err = { 0 };

	(void)state;
	assert_int_equal(exec_expect_ok(&a, &err), ERR_IO);
	assert_string_equal(err.text, "the line is down");
	a = said("3 error gone");
	assert_int_equal(exec_expect_ok(&a, &err), ERR_GONE);
	assert_string_equal(err.text, "gone");
	a = said("3 error tired : of it");
	assert_int_equal(exec_expect_ok(&a, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "allowed: usage"));
	a = said("3 fine");
	assert_int_equal(exec_expect_ok(&a, &err), ERR_FORMAT);
}

static void a_program_says_who_it_is(void **state)
{
	struct exec_answer a = said("1 ok protocol=1 simulated=yes channels=8 "
				    "reads_back=no software=x/1 : My board");
	struct exec_identity id;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(exec_take_identity(&a, "relay", &id, &err), 0);
	assert_string_equal(id.model, "My board");
	assert_string_equal(id.software, "x/1");
	assert_true(id.simulated && !id.reads_back);
	assert_int_equal(id.channels, 8);
	assert_int_equal(exec_take_identity(&a, "reader", &id, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "no key 'channels'"));
	a = said("1 ok protocol=2 : of tomorrow");
	assert_int_equal(exec_take_identity(&a, "reader", &id, &err), ERR_UNSUPPORTED);
	a = said("1 ok : no number");
	assert_int_equal(exec_take_identity(&a, "card", &id, &err), ERR_UNSUPPORTED);
	a = said("1 ok protocol=1");
	assert_int_equal(exec_take_identity(&a, "card", &id, &err), ERR_FORMAT);
	a = said("1 ok protocol=1 : a board with how many channels?");
	assert_int_equal(exec_take_identity(&a, "relay", &id, &err), ERR_FORMAT);
}

static const struct exec_window window = { 100 * NS_PER_MS, 140 * NS_PER_MS, 2000000 };

static int exchange(const char *line, struct reader_exchange *x, struct buf *answer,
		    struct err *err)
{
	struct exec_answer a = said(line);

	buf_clear(answer);
	memset(x, 0, sizeof(*x));
	x->answer = answer;
	return exec_take_exchange(&a, &window, x, err);
}

static void stamps_are_the_programs_or_ours(void **state)
{
	uint8_t room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(exchange("1 ok data=9000", &x, &answer, &err), 0);
	assert_int_equal(x.sent_ns, window.asked_ns);
	assert_int_equal(x.answered_ns, window.told_ns);
	assert_int_equal(x.slack_ns, window.slack_ns);
	assert_int_equal(answer.len, 2);
	assert_int_equal(exchange("1 ok data=9000 sent=110000000 answered=130000000 "
				  "slack=5000",
				  &x, &answer, &err),
			 0);
	assert_int_equal(x.sent_ns, 110000000);
	assert_int_equal(x.answered_ns, 130000000);
	assert_int_equal(x.slack_ns, 5000);
}

static void stamps_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *line, *why;
	} wrong[] = {
		{ "1 ok data=9000 sent=110000000 answered=130000000", "come together" },
		{ "1 ok data=9000 sent=110000000 slack=0", "come together" },
		{ "1 ok data=9000 slack=0", "come together" },
		{ "1 ok data=9000 sent=99999999 answered=130000000 slack=0", "outside" },
		{ "1 ok data=9000 sent=110000000 answered=140000001 slack=0", "outside" },
		{ "1 ok data=9000 sent=130000000 answered=110000000 slack=0", "before" },
		{ "1 ok data=9000 sent=1e9 answered=2 slack=0", "sent" },
		{ "1 ok data=9000 sent=110000000 answered=130000000 slack=99999999999",
		  "slack" },
		{ "1 ok", "without data" },
		{ "1 ok data=900", "hex" },
		{ "1 ok data=9000 date=1", "no key 'date'" },
		{ "1 perhaps", "no answer to this" },
	};
	uint8_t room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = { 0 };
		int rc = exchange(wrong[i].line, &x, &answer, &err);

		if (rc != ERR_FORMAT && rc != ERR_RANGE)
			fail_msg("%s: %d", wrong[i].line, rc);
		if (!strstr(err.text, wrong[i].why))
			fail_msg("%s: %s", wrong[i].line, err.text);
		assert_int_equal(answer.len, 0);
	}
}

static void what_the_air_does_is_no_error(void **state)
{
	uint8_t room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x;

	(void)state;
	assert_int_equal(exchange("1 no-answer", &x, &answer, NULL), 0);
	assert_int_equal(x.result, READER_NO_ANSWER);
	assert_string_equal(x.note, "no-answer");
	assert_int_equal(exchange("1 rf-error : CRC", &x, &answer, NULL), 0);
	assert_int_equal(x.result, READER_RF_ERROR);
	assert_string_equal(x.note, "CRC");
	assert_int_equal(exchange("1 released : gone", &x, &answer, NULL), 0);
	assert_int_equal(x.result, READER_RELEASED);
}

static void a_card_is_described_in_full(void **state)
{
	struct exec_answer a = said("1 ok uid=08112233 atqa=0004 sak=20 ats=7577");
	struct reader_activation act = { .timeout_ns = 7 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(exec_take_activation(&a, &window, &act, &err), 0);
	assert_int_equal(act.result, READER_OK);
	assert_int_equal(act.card.uid_len, 4);
	assert_int_equal(act.card.sak, 0x20);
	assert_int_equal(act.card.ats_len, 2);
	assert_int_equal(act.timeout_ns, 7);
	a = said("1 no-card");
	assert_int_equal(exec_take_activation(&a, &window, &act, &err), 0);
	assert_int_equal(act.result, READER_NO_CARD);
	a = said("1 ok uid=0811223344 atqa=0004 sak=20");
	assert_int_equal(exec_take_activation(&a, &window, &act, &err), ERR_FORMAT);
	a = said("1 ok uid=08112233 sak=20");
	assert_int_equal(exec_take_activation(&a, &window, &act, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "atqa"));
}

static void a_board_tells_its_channels(void **state)
{
	struct exec_answer a = said("1 ok on=1,4");
	uint32_t on = 99;

	(void)state;
	assert_int_equal(exec_take_state(&a, 4, &on, NULL), 0);
	assert_int_equal(on, 9);
	a = said("1 ok on=none");
	assert_int_equal(exec_take_state(&a, 4, &on, NULL), 0);
	assert_int_equal(on, 0);
	for (int i = 0; i < 5; i++) {
		static const char *const wrong[] = { "1 ok on=5", "1 ok on=0",
						     "1 ok on=1,", "1 ok on=x", "1 ok" };

		a = said(wrong[i]);
		assert_int_equal(exec_take_state(&a, 4, &on, NULL), ERR_FORMAT);
	}
}

static void a_move_says_how_long_it_takes(void **state)
{
	struct exec_answer a = said("1 ok travel=40000000");
	int64_t at, travel, slack;

	(void)state;
	assert_int_equal(exec_take_move(&a, &window, &at, &travel, &slack, NULL), 0);
	assert_int_equal(at, window.told_ns);
	assert_int_equal(travel, 40000000);
	a = said("1 ok");
	assert_int_equal(exec_take_move(&a, &window, &at, &travel, &slack, NULL),
			 ERR_FORMAT);
}

static void a_look_lies_within_its_request(void **state)
{
	struct exec_window w = { 1000, 9000, 100 };
	struct sensor_sample s;
	struct exec_answer a = said("1 ok on=yes");

	(void)state;
	assert_int_equal(exec_take_look(&a, &w, &s, NULL), 0);
	assert_true(s.on && s.asked_ns == 1000 && s.answered_ns == 9000);
	a = said("1 ok on=no seen=5000 slack=300");
	assert_int_equal(exec_take_look(&a, &w, &s, NULL), 0);
	assert_true(!s.on && s.asked_ns == 4700 && s.answered_ns == 5300);
	a = said("1 ok on=no seen=900 slack=200"); /* never before it was asked */
	assert_int_equal(exec_take_look(&a, &w, &s, NULL), 0);
	assert_true(s.asked_ns == 1000 && s.answered_ns == 1100);
	a = said("1 ok on=no seen=700 slack=200");
	assert_int_equal(exec_take_look(&a, &w, &s, NULL), ERR_RANGE);
	a = said("1 ok on=no seen=5000");
	assert_int_equal(exec_take_look(&a, &w, &s, NULL), ERR_FORMAT);
	a = said("1 ok");
	assert_int_equal(exec_take_look(&a, &w, &s, NULL), ERR_FORMAT);
	a = said("1 error io : dirt on the lens");
	assert_int_equal(exec_take_look(&a, &w, &s, NULL), ERR_IO);
}

static void what_a_role_does_not_have_is_no_key_of_its_hello(void **state)
{
	static const struct {
		const char *role, *line;
		int code;
	} hellos[] = {
		{ "relay", "1 ok protocol=1 channels=2 inputs=3 : x", 0 },
		{ "positioner", "1 ok protocol=1 places=yes : x", 0 },
		{ "sensor", "1 ok protocol=1 : x", 0 },
		{ "sensor", "1 ok protocol=1 inputs=3 : x", ERR_FORMAT },
		{ "relay", "1 ok protocol=1 channels=2 places=yes : x", ERR_FORMAT },
		{ "relay", "1 ok protocol=1 channels=2 inputs=33 : x", ERR_RANGE },
	};
	struct exec_identity id;

	(void)state;
	for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
		struct exec_answer a = said(hellos[i].line);

		assert_int_equal(exec_take_identity(&a, hellos[i].role, &id, NULL),
				 hellos[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_whole_however_the_bytes_came),
		cmocka_unit_test(a_line_has_an_end_and_is_ascii),
		cmocka_unit_test(an_answer_is_a_number_a_word_keys_and_words),
		cmocka_unit_test(its_errors_are_ours),
		cmocka_unit_test(a_program_says_who_it_is),
		cmocka_unit_test(stamps_are_the_programs_or_ours),
		cmocka_unit_test(stamps_that_cannot_be_are_refused),
		cmocka_unit_test(what_the_air_does_is_no_error),
		cmocka_unit_test(a_card_is_described_in_full),
		cmocka_unit_test(a_board_tells_its_channels),
		cmocka_unit_test(a_move_says_how_long_it_takes),
		cmocka_unit_test(a_look_lies_within_its_request),
		cmocka_unit_test(what_a_role_does_not_have_is_no_key_of_its_hello),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
