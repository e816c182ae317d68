#include "bench/core/wire/tp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Two engines, and a wire between them on which a frame takes a while. */
#define FRAME_NS 250000

struct pair {
	struct tp a, b;
	int64_t now_ns;
	int frames; /* that went, of both */
	int lose;   /* the n-th of them is lost; 0: none */
	char last[CANFRAME_TEXT_MAX];
};

static const struct tp_options tester = {
	.send = 0x7e0, .receive = 0x7e8, .padding = TP_NO_PADDING, .frame = 8
};

static void begin(struct pair *p, const struct tp_options *a, uint8_t block,
		  uint8_t separation)
{
	struct tp_options b = *a;

	memset(p, 0, sizeof(*p));
	b.send = a->receive;
	b.receive = a->send;
	b.block = block;
	b.separation = separation;
	tp_init(&p->a, a);
	tp_init(&p->b, &b);
}

static bool turn(struct pair *p, struct tp *from, struct tp *to, int64_t *wake_ns)
{
	struct canframe f;
	int64_t wake;

	if (!tp_next(from, &f, p->now_ns, &wake)) {
		if (wake < *wake_ns)
			*wake_ns = wake;
		return false;
	}
	assert_true(canframe_valid(&f));
	p->now_ns += FRAME_NS;
	p->frames++;
	canframe_text(&f, p->last);
	tp_sent(from, p->now_ns);
	if (p->frames != p->lose)
		tp_frame(to, &f, p->now_ns);
	return true;
}

/* Until nobody has anything to say any more. */
static void run(struct pair *p)
{
	for (int i = 0; i < 100000; i++) {
		int64_t wake = TP_NEVER;

		bool one = turn(p, &p->a, &p->b, &wake);

		if (turn(p, &p->b, &p->a, &wake) || one)
			continue;
		if (wake == TP_NEVER)
			return;
		p->now_ns = wake;
	}
	fail_msg("it never ends");
}

static uint8_t sample[TP_MAX];

static void arrives(struct pair *p, size_t len)
{
	struct bytes got;
	int64_t began;

	assert_int_equal(tp_send(&p->a, BYTES(sample, len), p->now_ns), 0);
	run(p);
	assert_true(tp_idle(&p->a));
	assert_int_equal(p->a.trouble, TP_FINE);
	assert_true(tp_take(&p->b, &got, &began));
	assert_int_equal(got.len, len);
	assert_memory_equal(got.data, sample, len);
	assert_false(tp_take(&p->b, &got, &began));
}

static void every_length_arrives_in_every_size_of_frame(void **state)
{
	static const int sizes[] = { 8, 12, 20, 64 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t len = 1; len <= TP_MAX; len += len < 140 ? 1 : 359) {
			struct tp_options o = tester;
			struct pair p;

			o.frame = sizes[i];
			begin(&p, &o, (uint8_t)(len % 5), 0);
			arrives(&p, len);
		}
}

static void frames_look_as_the_standard_has_them(void **state)
{
	struct tp_options o = tester;
	struct pair p;

	(void)state;
	begin(&p, &o, 0, 0);
	arrives(&p, 3);
	assert_string_equal(p.last, "7E0#03000102");
	o.padding = 0x55;
	begin(&p, &o, 0, 0);
	arrives(&p, 3);
	assert_string_equal(p.last, "7E0#0300010255555555");
	begin(&p, &o, 0, 0);
	arrives(&p, 15); /* 6, 7 and 2 */
	assert_int_equal(p.frames, 4);
	assert_string_equal(p.last, "7E0#220D0E5555555555");
	o.frame = 64;
	begin(&p, &o, 0, 0);
	arrives(&p, 9);
	assert_string_equal(p.last, "7E0##00009000102030405060708"
				    "55");
}

static void the_other_side_decides_how_fast_and_how_many(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, &tester, 2, 20);
	arrives(&p, 6 + 7 * 5);
	/* a first frame, five consecutive ones, a flow control before each two of them */
	assert_int_equal(p.frames, 1 + 5 + 3);
	/* two gaps of 20 ms are within blocks; before a block there is none */
	assert_true(p.now_ns >= 2 * 20000000 && p.now_ns < 3 * 20000000);
	begin(&p, &tester, 0, 0xf3); /* 300 us */
	arrives(&p, 6 + 7 * 5);
	assert_int_equal(p.now_ns, 2 * FRAME_NS + 5 * FRAME_NS + 4 * 300000);
	begin(&p, &tester, 0, 0x80); /* reserved: as long as can be */
	arrives(&p, 6 + 7 * 2);
	assert_true(p.now_ns >= 127000000);
}

static void a_lost_frame_is_a_message_lost_and_told(void **state)
{
	static const enum tp_trouble senders[] = { TP_NO_FLOW, TP_NO_FLOW, TP_FINE };
	static const enum tp_trouble receivers[] = { TP_FINE, TP_INCOMPLETE,
						     TP_DISORDER };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bytes got;
		int64_t began;
		struct pair p;

		begin(&p, &tester, 0, 0);
		p.lose = i + 1;
		assert_int_equal(tp_send(&p.a, BYTES(sample, 30), 0), 0);
		run(&p);
		assert_true(tp_idle(&p.a));
		assert_false(tp_take(&p.b, &got, &began));
		assert_int_equal(p.a.trouble, senders[i]);
		assert_int_equal(p.b.trouble, receivers[i]);
		/* and the next one arrives */
		p.a.trouble = TP_FINE;
		arrives(&p, 30);
	}
}

static void feed(struct tp *t, const char *text, int64_t at_ns)
{
	struct canframe f;

	assert_int_equal(canframe_parse(&f, BYTES((const uint8_t *)text, strlen(text))),
			 0);
	tp_frame(t, &f, at_ns);
}

static void flow_control_that_waits_or_refuses_is_heeded(void **state)
{
	struct canframe f;
	int64_t wake;
	struct tp t;

	(void)state;
	tp_init(&t, &tester);
	assert_int_equal(tp_send(&t, BYTES(sample, 30), 0), 0);
	assert_int_equal(tp_send(&t, BYTES(sample, 3), 0), ERR_USAGE);
	assert_true(tp_next(&t, &f, 0, &wake));
	tp_sent(&t, 0);
	for (int i = 1; i <= TP_WAITS; i++)
		feed(&t, "7E8#310000", i * 900000000LL);
	assert_false(tp_next(&t, &f, TP_WAITS * 900000000LL, &wake));
	assert_int_equal(wake, TP_WAITS * 900000000LL + TP_WAIT_NS);
	feed(&t, "7E8#310000", wake - 1);
	assert_int_equal(t.trouble, TP_TOO_MANY_WAITS);

	tp_init(&t, &tester);
	assert_int_equal(tp_send(&t, BYTES(sample, 30), 0), 0);
	assert_true(tp_next(&t, &f, 0, &wake));
	tp_sent(&t, 0);
	feed(&t, "7E8#320000", 1);
	assert_int_equal(t.trouble, TP_REFUSED);
	assert_true(tp_idle(&t));
}

static void what_is_no_message_is_none(void **state)
{
	static const char *const wrong[] = {
		"7E8#",                           /* nothing */
		"7E8#00",                         /* single, empty */
		"7E8#0401",                       /* single, shorter than it says */
		"7E8#0801020304050607",           /* single, longer than there is */
		"7E8##0000B0102030405060708090A", /* FD single, one short */
		"7E8#1005010203040506",           /* first, of what a single one holds */
		"7E8#10140102",                   /* first, cut */
		"7E8#2101020304050607",           /* consecutive of nothing */
		"7E8#300000",                     /* flow control for nothing */
		"7E8#F001020304050607",           /* of no kind */
		"7E9#0101",                       /* for somebody else */
		"000007E8#0101",                  /* 29 bits */
		"7E8#R3",
	};
	struct bytes got;
	int64_t wake;
	struct tp t;

	(void)state;
	tp_init(&t, &tester);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct canframe f;

		feed(&t, wrong[i], 0);
		if (tp_take(&t, &got, &wake) || tp_next(&t, &f, 0, &wake))
			fail_msg("'%s' was taken", wrong[i]);
	}
	assert_int_equal(tp_send(&t, BYTES(sample, 0), 0), ERR_RANGE);
}

static void a_message_that_is_too_long_is_refused_to_its_sender(void **state)
{
	struct canframe f;
	char text[CANFRAME_TEXT_MAX];
	int64_t wake;
	struct tp t;

	(void)state;
	tp_init(&t, &tester);
	feed(&t, "7E8#1000000010000102", 0);
	assert_true(tp_next(&t, &f, 0, &wake));
	canframe_text(&f, text);
	assert_string_equal(text, "7E0#320000");
	tp_sent(&t, 0);
	assert_int_equal(t.trouble, TP_TOO_LONG);
	assert_false(tp_next(&t, &f, 0, &wake));
	assert_int_equal(wake, TP_NEVER);
}

static void a_message_that_begins_anew_is_the_one_that_counts(void **state)
{
	struct canframe f;
	struct bytes got;
	int64_t wake;
	struct tp t;

	(void)state;
	tp_init(&t, &tester);
	feed(&t, "7E8#1014010203040506", 1);
	assert_true(tp_next(&t, &f, 1, &wake));
	tp_sent(&t, 2);
	feed(&t, "7E8#2101020304050607", 3);
	feed(&t, "7E8#03AABBCC", 4);
	assert_true(tp_take(&t, &got, &wake));
	assert_int_equal(got.len, 3);
	assert_int_equal(wake, 4);
	feed(&t, "7E8#2201020304050607", 5);
	assert_false(tp_take(&t, &got, &wake));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_arrives_in_every_size_of_frame),
		cmocka_unit_test(frames_look_as_the_standard_has_them),
		cmocka_unit_test(the_other_side_decides_how_fast_and_how_many),
		cmocka_unit_test(a_lost_frame_is_a_message_lost_and_told),
		cmocka_unit_test(flow_control_that_waits_or_refuses_is_heeded),
		cmocka_unit_test(what_is_no_message_is_none),
		cmocka_unit_test(a_message_that_is_too_long_is_refused_to_its_sender),
		cmocka_unit_test(a_message_that_begins_anew_is_the_one_that_counts),
	};

	for (size_t i = 0; i < sizeof(sample); i++)
		sample[i] = (uint8_t)(i ^ i >> 8);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
