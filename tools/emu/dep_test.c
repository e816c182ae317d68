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
	int late;        /* the target asks so often for more time */
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

/* The target has one frame to deal with. @return does it answer? */
static bool serve(struct pair *p, struct bytes frame, struct bytes reply)
{
	for (;;) {
		switch (dep_received(&p->them, frame)) {
		case DEP_SEND:
			return true;
		case DEP_COMMAND:
			if (p->late)
				return dep_more_time(&p->them, 2) == DEP_SEND;
			return dep_answer(&p->them, reply, false) == DEP_SEND;
		case DEP_GRANTED:
			if (--p->late)
				return dep_more_time(&p->them, 2) == DEP_SEND;
			return dep_answer(&p->them, reply, false) == DEP_SEND;
		default:
			return false;
		}
	}
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
	assert_int_equal(p.late, 0);
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
	/* SENSF_REQ as every FeliCa reader sends it: length, code, system code, request, slots */
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
		cmocka_unit_test(silence_is_given_up),
		cmocka_unit_test(a_target_may_ask_for_time),
		cmocka_unit_test(a_message_may_come_in_parts_from_both_hosts),
		cmocka_unit_test(nonsense_is_no_answer),
		cmocka_unit_test(the_checksum_is_that_of_the_standard),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
