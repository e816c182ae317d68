#include "bench/core/wire/canbus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BITRATE 500000
#define BIT_NS 2000
#define DEPTH 64

struct ear {
	struct canbus *bus;
	struct canbus_heard heard[4096];
	int count;
	int answers_as; /* node that answers frame 0x100 with 0x101; -1: nobody */
};

static void listen(void *ctx, const struct canbus_heard *h)
{
	struct ear *e = ctx;

	assert_true(e->count < 4096);
	e->heard[e->count++] = *h;
}

static struct canframe frame(uint32_t id, int len)
{
	return (struct canframe){ .id = id, .len = (uint8_t)len };
}

static int64_t time_of(const struct canframe *f)
{
	return canframe_bits(f) * (int64_t)BIT_NS;
}

static struct ear *make(void **state, int *node)
{
	static struct ear ear;

	(void)state;
	memset(&ear, 0, sizeof(ear));
	assert_int_equal(canbus_new(&ear.bus, BITRATE, DEPTH, NULL), 0);
	*node = canbus_attach(ear.bus, listen, &ear);
	assert_true(*node >= 0);
	return &ear;
}

static void a_frame_takes_the_time_of_its_bits(void **state)
{
	int me, other;
	struct ear *e = make(state, &me);
	struct canframe f = frame(0x123, 8);

	other = canbus_attach(e->bus, NULL, NULL);
	assert_int_equal(canbus_send(e->bus, other, &f, 1000), 0);
	assert_int_equal(canbus_next_ns(e->bus), 1000);
	canbus_run(e->bus, 1000);
	assert_int_equal(e->count, 0);
	assert_int_equal(canbus_next_ns(e->bus), 1000 + time_of(&f) - 3 * BIT_NS);
	canbus_run(e->bus, 1000 + time_of(&f) - 3 * BIT_NS - 1);
	assert_int_equal(e->count, 0);
	canbus_run(e->bus, 1000 + time_of(&f) - 3 * BIT_NS);
	assert_int_equal(e->count, 1);
	assert_int_equal(e->heard[0].start_ns, 1000);
	assert_int_equal(e->heard[0].end_ns, 1000 + time_of(&f) - 3 * BIT_NS);
	assert_false(e->heard[0].own);
	assert_int_equal(canbus_next_ns(e->bus), CANBUS_NEVER);
	canbus_free(e->bus);
}

static void frames_follow_each_other_after_the_interframe_space(void **state)
{
	int me;
	struct ear *e = make(state, &me);
	struct canframe f = frame(0x123, 8);

	for (int i = 0; i < 10; i++)
		assert_int_equal(canbus_send(e->bus, me, &f, 0), 0);
	canbus_run(e->bus, INT64_C(1000000000));
	assert_int_equal(e->count, 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(e->heard[i].start_ns, i * time_of(&f));
		assert_true(e->heard[i].own);
	}
	assert_int_equal(canbus_stats(e->bus).busy_ns, 10 * time_of(&f));
	canbus_free(e->bus);
}

static void of_those_that_wait_the_lowest_identifier_goes_first(void **state)
{
	static const uint32_t ids[] = { 0x300, 0x7ff, 0x001, 0x200 };
	static const uint32_t order[] = { 0x100, 0x001, 0x200, 0x300, 0x7ff };
	int me;
	struct ear *e = make(state, &me);
	struct canframe first = frame(0x100, 4);

	canbus_send(e->bus, me, &first, 0);
	canbus_run(e->bus, 1); /* on the wire: nothing interrupts it */
	for (int i = 0; i < 4; i++) {
		struct canframe f = frame(ids[i], 1);

		canbus_send(e->bus, canbus_attach(e->bus, NULL, NULL), &f, 10 + i);
	}
	canbus_run(e->bus, INT64_C(1000000000));
	assert_int_equal(e->count, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(e->heard[i].frame.id, order[i]);
	canbus_free(e->bus);
}

static void who_comes_later_than_the_start_waits_for_the_end(void **state)
{
	int me;
	struct ear *e = make(state, &me);
	struct canframe low = frame(0x700, 8), high = frame(0x001, 8);

	canbus_send(e->bus, me, &low, 100);
	canbus_send(e->bus, canbus_attach(e->bus, NULL, NULL), &high, 101);
	canbus_run(e->bus, INT64_C(1000000000)); /* called late: all the same */
	assert_int_equal(e->heard[0].frame.id, 0x700);
	assert_int_equal(e->heard[1].start_ns, 100 + time_of(&low));
	canbus_free(e->bus);
}

static void a_nodes_own_queue_keeps_its_order(void **state)
{
	int me;
	struct ear *e = make(state, &me);
	struct canframe low = frame(0x700, 1), high = frame(0x001, 1);

	canbus_send(e->bus, me, &low, 0);
	canbus_send(e->bus, me, &high, 0);
	canbus_run(e->bus, INT64_C(1000000000));
	assert_int_equal(e->heard[0].frame.id, 0x700);
	assert_int_equal(e->heard[1].frame.id, 0x001);
	canbus_free(e->bus);
}

/*
 * How long a frame of @id waits and travels, the longest of 50, against a stream of id
 * 0x100.
 */
static int64_t worst_delay(void **state, uint32_t id, int load_percent)
{
	int me, node, loader;
	struct ear *e = make(state, &me);
	struct canframe noise = frame(0x100, 8), probe = frame(id, 8);
	int64_t worst = 0, next_load = 0, next_probe = 0;
	int64_t end = INT64_C(500000000);

	node = canbus_attach(e->bus, NULL, NULL);
	loader = canbus_attach(e->bus, NULL, NULL);
	for (int64_t now = 0; now < end; now += 10000) {
		for (; load_percent && next_load <= now;
		     next_load += time_of(&noise) * 100 / load_percent)
			canbus_send(e->bus, loader, &noise, next_load);
		for (; next_probe <= now; next_probe += 10000000)
			canbus_send(e->bus, node, &probe, next_probe);
		canbus_run(e->bus, now);
		for (int i = 0; i < e->count; i++)
			if (e->heard[i].frame.id == id &&
			    e->heard[i].end_ns - e->heard[i].ready_ns > worst)
				worst = e->heard[i].end_ns - e->heard[i].ready_ns;
		e->count = 0;
	}
	if (canbus_queued(e->bus, node) > 1)
		worst = INT64_MAX; /* it starves */
	canbus_free(e->bus);
	return worst;
}

static void load_delays_what_has_a_higher_identifier(void **state)
{
	struct canframe f = frame(0x200, 8), noise = frame(0x100, 8);
	int64_t alone = worst_delay(state, 0x200, 0);
	int64_t at_80 = worst_delay(state, 0x200, 80);

	assert_int_equal(alone, time_of(&f) - 3 * BIT_NS);
	assert_true(at_80 > alone);
	assert_true(worst_delay(state, 0x200, 100) == INT64_MAX);
	/*
	 * a lower one waits for the frame that is on the wire, and no longer, whatever
	 * the load
	 */
	f.id = 0x001;
	assert_true(worst_delay(state, 0x001, 100) <=
		    time_of(&noise) + time_of(&f) - 3 * BIT_NS);
}

static void a_full_queue_refuses_and_counts(void **state)
{
	int me;
	struct ear *e = make(state, &me);
	struct canframe f = frame(0x123, 0);

	for (int i = 0; i < DEPTH; i++)
		assert_int_equal(canbus_send(e->bus, me, &f, 0), 0);
	assert_int_equal(canbus_send(e->bus, me, &f, 0), ERR_RANGE);
	assert_int_equal(canbus_stats(e->bus).refused, 1);
	assert_int_equal(canbus_flush(e->bus, me), DEPTH);
	assert_int_equal(canbus_send(e->bus, me, &f, 0), 0);
	canbus_run(e->bus, INT64_C(1000000000));
	assert_int_equal(e->count, 1);
	canbus_free(e->bus);
}

static void what_is_no_classic_frame_is_refused(void **state)
{
	int me;
	struct ear *e = make(state, &me);
	struct canframe fd = { .id = 1, .fd = true }, wide = { .id = 0x800 };

	assert_int_equal(canbus_send(e->bus, me, &fd, 0), ERR_UNSUPPORTED);
	assert_int_equal(canbus_send(e->bus, me, &wide, 0), ERR_UNSUPPORTED);
	canbus_free(e->bus);
}

static void a_bus_with_a_data_bit_rate_carries_fd_frames(void **state)
{
	int me;
	struct ear *e = make(state, &me);
	struct canframe fd = { .id = 0x555, .fd = true, .brs = true, .len = 64 };

	canbus_set_data_bitrate(e->bus, 2000000);
	assert_int_equal(canbus_send(e->bus, me, &fd, 1000), 0);
	canbus_run(e->bus, 1000000000);
	assert_int_equal(e->count, 1);
	assert_int_equal(canbus_stats(e->bus).busy_ns,
			 canframe_wire_ns(&fd, canbus_bitrate(e->bus), 2000000));
	canbus_free(e->bus);
}

static void answer(void *ctx, const struct canbus_heard *h)
{
	struct ear *e = ctx;
	struct canframe f = frame(0x101, 2);

	if (h->frame.id == 0x100)
		canbus_send(e->bus, e->answers_as, &f, h->end_ns + 5000);
}

static void a_listener_may_answer_in_model_time(void **state)
{
	int me;
	struct ear *e = make(state, &me);
	struct canframe f = frame(0x100, 1);

	e->answers_as = canbus_attach(e->bus, answer, e);
	canbus_send(e->bus, me, &f, 0);
	canbus_run(e->bus, INT64_C(1000000000));
	assert_int_equal(e->count, 2);
	/* 5 us after the end is before the interframe space is over */
	assert_int_equal(e->heard[1].start_ns, e->heard[0].end_ns + 3 * BIT_NS);
	canbus_free(e->bus);
}

static void who_leaves_takes_its_queue_along(void **state)
{
	int me, other;
	struct ear *e = make(state, &me);
	struct canframe f = frame(0x123, 1);

	other = canbus_attach(e->bus, NULL, NULL);
	canbus_send(e->bus, other, &f, 0);
	canbus_send(e->bus, other, &f, 0);
	canbus_run(e->bus, 1);
	canbus_detach(e->bus, other);
	canbus_run(e->bus, INT64_C(1000000000));
	assert_int_equal(e->count, 1); /* what was on the wire ended */
	assert_int_equal(canbus_attach(e->bus, NULL, NULL), other);
	assert_int_equal(canbus_queued(e->bus, other), 0);
	canbus_free(e->bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_takes_the_time_of_its_bits),
		cmocka_unit_test(frames_follow_each_other_after_the_interframe_space),
		cmocka_unit_test(of_those_that_wait_the_lowest_identifier_goes_first),
		cmocka_unit_test(who_comes_later_than_the_start_waits_for_the_end),
		cmocka_unit_test(a_nodes_own_queue_keeps_its_order),
		cmocka_unit_test(load_delays_what_has_a_higher_identifier),
		cmocka_unit_test(a_full_queue_refuses_and_counts),
		cmocka_unit_test(what_is_no_classic_frame_is_refused),
		cmocka_unit_test(a_bus_with_a_data_bit_rate_carries_fd_frames),
		cmocka_unit_test(a_listener_may_answer_in_model_time),
		cmocka_unit_test(who_leaves_takes_its_queue_along),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
