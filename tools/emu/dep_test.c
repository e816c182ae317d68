#include "tools/emu/dep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX 2000

/* Both sides, and an air that loses what .lose says. */
struct pair {
	struct dep us, them;
	struct buf answer, command;
	uint8_t answer_mem[MAX], command_mem[MAX];
	int frames;      /* that went over the air */
	unsigned lose;   /* bit n: frame n is lost */
	unsigned damage; /* or arrives damaged */
	/* the target's host: asks so often for more time before each of its parts */
	int late, parts;
	int asked, said; /* so many of them in this part, and parts */
};

static void make(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	buf_init_on(&p->answer, p->answer_mem, sizeof(p->answer_mem));
	buf_init_on(&p->command, p->command_mem, sizeof(p->command_mem));
	dep_init(&p->us, false, &p->answer);
	dep_init(&p->them, true, &p->command);
}

/* @return 0 arrived, 1 lost, 2 damaged */
static int air(struct pair *p)
{
	unsigned bit = p->frames < 31 ? 1u << p->frames : 0;

	p->frames++;
	return p->lose & bit ? 1 : p->damage & bit ? 2 : 0;
}

/* The target's host has the message, or time, or may give its next part. */
static enum dep_next host(struct pair *p, struct bytes reply)
{
	int parts = p->parts ? p->parts : 1;
	size_t from = reply.len * (size_t)p->said / (size_t)parts;
	size_t to = reply.len * (size_t)(p->said + 1) / (size_t)parts;

	if (p->asked++ < p->late)
		return dep_more_time(&p->them, 2);
	p->asked = 0;
	p->said = (p->said + 1) % parts;
	return dep_answer(&p->them, BYTES(reply.data + from, to - from), p->said != 0);
}

/* The target has one frame to deal with. @return does it answer? */
static bool serve(struct pair *p, struct bytes frame, struct bytes reply)
{
	enum dep_next how = dep_received(&p->them, frame);

	if (how == DEP_COMMAND || how == DEP_GRANTED || how == DEP_TAKEN)
		how = host(p, reply);
	return how == DEP_SEND;
}

/* One message out, one back. @return how it ended */
static enum dep_next talk(struct pair *p, struct bytes message, struct bytes reply,
			  bool more)
{
	enum dep_next how = dep_begin(&p->us, message, more);

	while (how == DEP_SEND && p->frames < 100) {
		int there = air(p), back = 1;

		p->us.rtox = 0;
		if (!there && serve(p, BYTES(p->us.frame, p->us.frame_len), reply))
			back = air(p);
		if (back)
			how = dep_missing(&p->us, back == 2);
		else
			how = dep_received(&p->us,
					   BYTES(p->them.frame, p->them.frame_len));
	}
	return how;
}

static void fill(uint8_t *out, size_t len, uint8_t from)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(from + i * 7);
}

static void come_through(struct pair *p, size_t there, size_t back)
{
	uint8_t out[MAX], in[MAX];

	fill(out, there, 3);
	fill(in, back, 5);
	assert_int_equal(talk(p, BYTES(out, there), BYTES(in, back), false), DEP_DONE);
	assert_int_equal(p->command.len, there);
	assert_memory_equal(p->command_mem, out, there);
	assert_int_equal(p->answer.len, back);
	assert_memory_equal(p->answer_mem, in, back);
}

static void messages_of_many_sizes_come_through(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 250, 251, 252, 262, 502, 503, 1000 };
	struct pair p;

	(void)state;
	make(&p);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			p.frames = 0;
			come_through(&p, sizes[i], sizes[k]);
		}
}

static void any_lost_or_damaged_frame_is_made_good(void **state)
{
	struct pair p;

	(void)state;
	for (int n = 0; n < 14; n++) {
		make(&p);
		p.lose = 1u << n;
		come_through(&p, 600, 600);
		p.frames = 0;
		p.lose = 0;
		come_through(&p, 10, 20);
		make(&p);
		p.damage = 1u << n;
		come_through(&p, 600, 600);
		p.frames = 0;
		p.damage = 0;
		come_through(&p, 10, 20);
	}
}

static void silence_is_given_up(void **state)
{
	struct pair p;

	(void)state;
	make(&p);
	p.lose = ~0u;
	assert_int_equal(talk(&p, BYTES((const uint8_t *)"a", 1), BYTES(NULL, 0), false),
			 DEP_TIMEOUT);
	assert_int_equal(p.frames, 4);
	make(&p);
	p.damage = ~1u; /* heard, and never understood */
	assert_int_equal(talk(&p, BYTES((const uint8_t *)"a", 1), BYTES(NULL, 0), false),
			 DEP_TIMEOUT);
}

static void a_target_may_ask_for_time(void **state)
{
	struct pair p;

	(void)state;
	make(&p);
	p.late = 5;
	come_through(&p, 300, 300);
	assert_int_equal(p.frames, 3 + 2 * 5 + 3);
}

static void hurt(const struct pair *like, unsigned lose, unsigned damage, size_t len)
{
	struct pair p;

	make(&p);
	p.late = like->late;
	p.parts = like->parts;
	p.lose = lose;
	p.damage = damage;
	come_through(&p, len, len);
	p.frames = 0;
	p.lose = p.damage = 0;
	come_through(&p, 10, 20);
}

static void so_is_any_around_a_request_for_time(void **state)
{
	static const size_t sizes[] = { 10, 300 };
	struct pair p;

	(void)state;
	for (int i = 0; i < 8; i++) {
		size_t len = sizes[i & 1];

		make(&p);
		p.late = i & 2 ? 2 : 1;
		p.parts = i & 4 ? 2 : 1;
		come_through(&p, len, len);
		for (int n = 0; n < p.frames; n++) {
			hurt(&p, 1u << n, 0, len);
			hurt(&p, 0, 1u << n, len);
			hurt(&p, 3u << n, 0, len);
			hurt(&p, 1u << n, 2u << n, len);
		}
	}
}

static void goes_out(const struct dep *d, enum dep_next how, const char *hex)
{
	char text[20];

	assert_int_equal(how, DEP_SEND);
	assert_true(d->frame_len < 8);
	assert_string_equal(hex_of(BYTES(d->frame, d->frame_len), text, sizeof(text)),
			    hex);
}

static enum dep_next comes(struct dep *d, const char *hex)
{
	uint8_t room[8];
	int n = hex_parse(hex, room, sizeof(room));

	return dep_received(d, BYTES(room, (size_t)n));
}

static void a_grant_that_is_repeated_is_waited_for_as_long(void **state)
{
	struct pair p;

	(void)state;
	make(&p);
	goes_out(&p.us, dep_begin(&p.us, BYTES((const uint8_t *)"a", 1), false),
		 "d4060061");
	goes_out(&p.us, comes(&p.us, "d5079005"), "d4069005");
	assert_int_equal(p.us.rtox, 5);
	p.us.rtox = 0;
	goes_out(&p.us, dep_missing(&p.us, false), "d40680");
	assert_int_equal(p.us.rtox, 0);
	goes_out(&p.us, comes(&p.us, "d50780"), "d4069005");
	assert_int_equal(p.us.rtox, 5);
}

/* While its host thinks, a target has nothing to repeat but that it needs time. */
static void a_target_repeats_its_request_and_takes_no_old_grant(void **state)
{
	struct dep *t;
	struct pair p;

	(void)state;
	make(&p);
	t = &p.them;
	assert_int_equal(comes(t, "d4060061"), DEP_COMMAND);
	assert_int_equal(comes(t, "d4060061"), DEP_WAIT);
	assert_int_equal(comes(t, "d40650"), DEP_WAIT);
	assert_int_equal(comes(t, "d4069005"), DEP_WAIT); /* nobody asked */
	goes_out(t, dep_more_time(t, 3), "d5079003");
	goes_out(t, comes(t, "d4060061"), "d5079003");
	goes_out(t, comes(t, "d40650"), "d5079003");
	goes_out(t, comes(t, "d40680"), "d50780");
	goes_out(t, comes(t, "d4069005"), "d5079003");
	assert_int_equal(comes(t, "d4069003"), DEP_GRANTED);
	assert_int_equal(comes(t, "d4069003"), DEP_WAIT);
	goes_out(t, dep_answer(t, BYTES((const uint8_t *)"b", 1), false), "d5070062");
	goes_out(t, comes(t, "d4069003"), "d5070062");
	goes_out(t, comes(t, "d40650"), "d5070062");
}

static void a_message_may_come_in_parts_from_both_hosts(void **state)
{
	static const uint8_t abc[] = "abc", defg[] = "defg", hi[] = "hi";
	struct pair p;

	(void)state;
	make(&p);
	assert_int_equal(talk(&p, BYTES(abc, 3), BYTES(NULL, 0), true), DEP_DONE);
	assert_int_equal(p.answer.len, 0);
	assert_int_equal(talk(&p, BYTES(defg, 4), BYTES(hi, 2), false), DEP_DONE);
	assert_memory_equal(p.command_mem, "abcdefg", 7);
	assert_int_equal(p.command.len, 7);
	assert_memory_equal(p.answer_mem, "hi", 2);

	/* and back: the target's host gives its answer in two */
	assert_int_equal(dep_begin(&p.us, BYTES(abc, 3), false), DEP_SEND);
	assert_int_equal(dep_received(&p.them, BYTES(p.us.frame, p.us.frame_len)),
			 DEP_COMMAND);
	assert_int_equal(dep_answer(&p.them, BYTES(defg, 4), true), DEP_SEND);
	assert_int_equal(dep_received(&p.us, BYTES(p.them.frame, p.them.frame_len)),
			 DEP_SEND);
	assert_int_equal(dep_received(&p.them, BYTES(p.us.frame, p.us.frame_len)),
			 DEP_TAKEN);
	assert_int_equal(dep_answer(&p.them, BYTES(hi, 2), false), DEP_SEND);
	assert_int_equal(dep_received(&p.us, BYTES(p.them.frame, p.them.frame_len)),
			 DEP_DONE);
	assert_memory_equal(p.answer_mem, "defghi", 6);
}

/* Whatever comes, neither side runs over, nor says what it must not. */
static void nonsense_is_no_answer(void **state)
{
	static const char *const bad[] = { "",       "d5",     "d507",     "d50703",
					   "d50640", "d60700", "d5079000", "d507f0",
					   "d50760", "d50750", "d50790" };
	struct pair p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t room[8];
		int n = hex_parse(bad[i], room, sizeof(room));

		make(&p);
		assert_true(n >= 0);
		dep_begin(&p.us, BYTES((const uint8_t *)"a", 1), false);
		assert_int_equal(dep_received(&p.us, BYTES(room, (size_t)n)),
				 DEP_PROTOCOL);
		assert_int_equal(dep_received(&p.them, BYTES(room, (size_t)n)), DEP_WAIT);
	}
}

static void the_checksum_is_that_of_the_standard(void **state)
{
	/*
	 * SENSF_REQ as every FeliCa reader sends it: length, code, system code, request,
	 * slots
	 */
	static const uint8_t poll[] = { 0x06, 0x00, 0xff, 0xff, 0x00, 0x00 };

	(void)state;
	assert_int_equal(dep_crc_f(BYTES((const uint8_t *)"123456789", 9)), 0x31c3);
	assert_int_equal(dep_crc_f(BYTES_OF(poll)), 0x0921);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_many_sizes_come_through),
		cmocka_unit_test(any_lost_or_damaged_frame_is_made_good),
		cmocka_unit_test(so_is_any_around_a_request_for_time),
		cmocka_unit_test(silence_is_given_up),
		cmocka_unit_test(a_target_may_ask_for_time),
		cmocka_unit_test(a_grant_that_is_repeated_is_waited_for_as_long),
		cmocka_unit_test(a_target_repeats_its_request_and_takes_no_old_grant),
		cmocka_unit_test(a_message_may_come_in_parts_from_both_hosts),
		cmocka_unit_test(nonsense_is_no_answer),
		cmocka_unit_test(the_checksum_is_that_of_the_standard),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
