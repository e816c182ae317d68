#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/relay_contract.h"

static struct relay *relay_in(void **state)
{
	return ((struct relay_case *)*state)->relay;
}

/* The bytes may still be on their way to the coils: wait for what must come, with all the patience. */
static void expect(void **state, uint32_t wanted)
{
	const struct relay_case *c = *state;
	int64_t deadline = clock_now(clock_real()) + 10 * NS_PER_S;
	uint32_t is = ~wanted;

	do {
		if (c->truth)
			is = c->truth(c);
		else
			assert_int_equal(relay_read(c->relay, &is, NULL), 0);
		if (is == wanted)
			return;
		clock_real()->sleep_until(clock_real(),
					  clock_now(clock_real()) + NS_PER_MS);
	} while (clock_now(clock_real()) < deadline);
	fail_msg("coils are %#x, should be %#x", is, wanted);
}

static void set(void **state, int channel, bool on)
{
	struct err err = { 0 };

	if (relay_set(relay_in(state), channel, on, &err))
		fail_msg("channel %d: %s", channel, err.text);
}

void relay_says_who_it_is(void **state)
{
	struct relay_identity id;

	memset(&id, 0xff, sizeof(id));
	assert_int_equal(relay_identity(relay_in(state), &id, NULL), 0);
	assert_true(id.model[0] &&
		    strnlen(id.model, sizeof(id.model)) < sizeof(id.model));
	assert_true(strnlen(id.link, sizeof(id.link)) < sizeof(id.link));
	assert_int_equal(id.channels, 4);
	assert_true(id.simulated);
}

void relay_switches_one_channel_and_no_other(void **state)
{
	expect(state, 0);
	set(state, 2, true);
	expect(state, 2);
	set(state, 4, true);
	expect(state, 10);
	set(state, 4, true);
	set(state, 2, false);
	expect(state, 8);
}

void relay_drops_all_channels_at_once(void **state)
{
	for (int i = 1; i <= 4; i++)
		set(state, i, true);
	expect(state, 15);
	assert_int_equal(relay_all_off(relay_in(state), NULL), 0);
	expect(state, 0);
}

void relay_refuses_a_channel_it_lacks(void **state)
{
	struct err err = { 0 };

	set(state, 1, true);
	assert_int_equal(relay_set(relay_in(state), 5, true, &err), ERR_RANGE);
	assert_non_null(strstr(err.text, "1 to 4"));
	expect(state, 1);
}

void relay_tells_its_latch_or_says_that_it_cannot(void **state)
{
	struct relay_identity id;
	uint32_t is = 0;

	assert_int_equal(relay_identity(relay_in(state), &id, NULL), 0);
	set(state, 3, true);
	if (!id.reads_back) {
		assert_int_equal(relay_read(relay_in(state), &is, NULL), ERR_UNSUPPORTED);
		return;
	}
	assert_int_equal(relay_read(relay_in(state), &is, NULL), 0);
	assert_int_equal(is, 4);
}
