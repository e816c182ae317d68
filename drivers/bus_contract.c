#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/bus_contract.h"

static struct bus *bus_in(void **state)
{
	return ((struct bus_case *)*state)->bus;
}

static struct canframe frame(const char *text)
{
	struct canframe f;

	assert_int_equal(canframe_parse(&f, BYTES((const uint8_t *)text, strlen(text))),
			 0);
	return f;
}

static void send(void **state, const char *text, int64_t launch_ns)
{
	struct canframe f = frame(text);
	enum bus_result result;
	struct err err = { 0 };

	if (bus_send(bus_in(state), &f, launch_ns, &result, &err))
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(result, BUS_OK);
}

/* The next frame, which must come. */
static struct bus_frame hear(void **state)
{
	const struct bus_case *c = *state;
	enum bus_result result;
	struct err err = { 0 };
	struct bus_frame f;

	if (bus_receive(c->bus, &f, clock_now(c->bus->clock) + c->patience_ns, &result,
			&err))
		fail_msg("%s", err.text);
	assert_int_equal(result, BUS_OK);
	return f;
}

static void hear_this(void **state, const char *text, bool own)
{
	struct bus_frame f = hear(state);
	struct canframe wanted = frame(text);
	char got[CANFRAME_TEXT_MAX];

	canframe_text(&f.frame, got);
	if (!canframe_equal(&f.frame, &wanted))
		fail_msg("heard %s instead of %s", got, text);
	assert_int_equal(f.own, own);
	assert_int_equal(f.lost, 0);
}

static void hear_nothing_for(void **state, int64_t ns)
{
	struct bus *b = bus_in(state);
	enum bus_result result;
	struct bus_frame f;

	assert_int_equal(bus_receive(b, &f, clock_now(b->clock) + ns, &result, NULL), 0);
	assert_int_equal(result, BUS_NONE);
}

static int64_t bitrate(void **state)
{
	struct bus_identity id;

	assert_int_equal(bus_identity(bus_in(state), &id, NULL), 0);
	return id.bitrate;
}

void bus_says_what_it_is(void **state)
{
	struct bus_identity id;

	memset(&id, 0xff, sizeof(id));
	assert_int_equal(bus_identity(bus_in(state), &id, NULL), 0);
	assert_true(id.model[0] &&
		    strnlen(id.model, sizeof(id.model)) < sizeof(id.model));
	assert_true(strnlen(id.link, sizeof(id.link)) < sizeof(id.link));
	assert_true(id.bitrate >= 0 && id.bitrate <= 1000000);
}

void bus_is_silent_when_nobody_sends(void **state)
{
	hear_nothing_for(state, 0);
	hear_nothing_for(state, 5 * NS_PER_MS);
}

void bus_hears_its_own_frame_when_it_is_out(void **state)
{
	send(state, "123#DEADBEEF", 0);
	hear_this(state, "123#DEADBEEF", true);
	hear_nothing_for(state, 0);
}

void bus_hears_the_other_node_with_a_stamp(void **state)
{
	const struct bus_case *c = *state;
	struct canframe f = frame("7FF#01");
	int64_t before = clock_now(c->bus->clock);
	struct bus_frame heard;
	int64_t takes = 0;

	if (!c->instant)
		takes = canframe_time_ns(canframe_bits(&f) - CANFRAME_INTERFRAME_BITS,
					 bitrate(state));
	c->other_sends(c, &f);
	heard = hear(state);
	assert_true(canframe_equal(&heard.frame, &f));
	assert_false(heard.own);
	assert_true(heard.at_ns + heard.slack_ns >= before + takes);
	assert_true(heard.at_ns - heard.slack_ns <= clock_now(c->bus->clock));
}

void bus_brings_every_kind_of_classic_frame_whole(void **state)
{
	static const char *const kinds[] = { "000#",
					     "7FF#0011223344556677",
					     "00000000#FF",
					     "1FFFFFFF#8899AABBCCDDEEFF",
					     "123#R",
					     "12345678#R8",
					     "123#0011223344556677_F" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		send(state, kinds[i], 0);
		hear_this(state, kinds[i], true);
	}
}

void bus_frames_take_their_time(void **state)
{
	const struct bus_case *c = *state;
	struct canframe f = frame("123#0011223344556677");
	int64_t each, last = 0;

	if (c->instant)
		skip();
	each = canframe_time_ns(canframe_bits(&f), bitrate(state));

	for (int i = 0; i < 20; i++)
		send(state, "123#0011223344556677", 0);
	for (int i = 0; i < 20; i++) {
		struct bus_frame heard = hear(state);

		if (i)
			assert_true(heard.at_ns - last >= each - 2 * heard.slack_ns);
		last = heard.at_ns;
	}
}

/* Whether they are like each other, and whether they all fit, or not. */
void bus_sends_many_in_their_order(void **state)
{
	struct bus *b = bus_in(state);
	struct canframe many[200];
	int done = 0, heard = 0;

	for (int i = 0; i < 200; i++) {
		many[i] = frame("123#0000");
		many[i].data[0] = (uint8_t)(i / 3);
	}
	while (heard < 200) {
		enum bus_result result;
		struct bus_frame got;
		int sent;

		assert_int_equal(bus_send_many(b, many + done, 200 - done, &sent, NULL),
				 0);
		done += sent;
		assert_true(done <= 200);
		assert_int_equal(bus_receive(b, &got, clock_now(b->clock) + NS_PER_S,
					     &result, NULL),
				 0);
		assert_int_equal(result, BUS_OK);
		assert_true(got.own && !got.lost);
		assert_true(canframe_equal(&got.frame, &many[heard]));
		heard++;
	}
	assert_int_equal(done, 200);
}

void bus_launches_when_it_is_told_to(void **state)
{
	struct bus *b = bus_in(state);
	struct canframe f = frame("123#");
	struct bus_identity id;
	bool exact = false;

	assert_int_equal(bus_identity(b, &id, NULL), 0);
	if (!id.launches)
		skip();
	/* a machine that sleeps through 30 ms launches late; never early, and in the end to the ns */
	for (int i = 0; i < 100 && !exact; i++) {
		int64_t end = clock_now(b->clock) + 30 * NS_PER_MS, at;

		send(state, "123#", end);
		end += canframe_time_ns(canframe_bits(&f) - CANFRAME_INTERFRAME_BITS,
					id.bitrate);
		at = hear(state).at_ns;
		assert_true(at >= end);
		exact = at == end;
	}
	assert_true(exact);
}

void bus_forgets_what_waits_when_flushed(void **state)
{
	struct bus *b = bus_in(state);
	struct bus_identity id;

	assert_int_equal(bus_identity(b, &id, NULL), 0);
	if (!id.launches)
		skip();
	for (int i = 0; i < 50; i++)
		send(state, "123#", clock_now(b->clock) + 3600 * NS_PER_S);
	assert_int_equal(bus_flush(b, NULL), 0);
	send(state, "124#", 0);
	hear_this(state, "124#", true);
}

void bus_says_when_it_is_full(void **state)
{
	struct bus *b = bus_in(state);
	struct canframe f = frame("123#");
	enum bus_result result = BUS_OK;
	struct bus_identity id;
	int taken = 0;

	assert_int_equal(bus_identity(b, &id, NULL), 0);
	if (!id.launches)
		skip();
	for (; result == BUS_OK && taken < 100000; taken++)
		assert_int_equal(bus_send(b, &f, clock_now(b->clock) + 3600 * NS_PER_S,
					  &result, NULL),
				 0);
	assert_int_equal(result, BUS_FULL);
	assert_int_equal(bus_flush(b, NULL), 0);
	/* that there is room again may take a moment to be known */
	for (int64_t end = clock_now(b->clock) + 10 * NS_PER_S;
	     result == BUS_FULL && clock_now(b->clock) < end;) {
		assert_int_equal(bus_send(b, &f, 0, &result, NULL), 0);
		if (result == BUS_FULL)
			hear_nothing_for(state, NS_PER_MS);
	}
	assert_int_equal(result, BUS_OK);
	hear_this(state, "123#", true);
}

void bus_counts_what_it_could_not_keep(void **state)
{
	const struct bus_case *c = *state;
	int64_t lost = 0, heard = 0, sent = 0;
	int64_t give_up = clock_now(c->bus->clock) + 3 * c->patience_ns;
	struct canframe f = frame("001#");

	if (!c->flood)
		skip();
	for (; sent < c->flood; sent++)
		c->other_sends(c, &f);
	while (heard + lost < sent && clock_now(c->bus->clock) < give_up) {
		enum bus_result result;
		struct bus_frame got;

		/* nothing more is sent: even what was lost last must be told */
		assert_int_equal(bus_receive(c->bus, &got,
					     clock_now(c->bus->clock) + 50 * NS_PER_MS,
					     &result, NULL),
				 0);
		lost += got.lost;
		heard += result == BUS_OK;
	}
	assert_true(lost > 0);
	assert_true(heard > 0);
	assert_int_equal(lost + heard, sent);
}
