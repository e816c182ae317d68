#ifndef DRIVERS_RELAY_CONTRACT_H
#define DRIVERS_RELAY_CONTRACT_H

#include "drivers/relay.h"

/*
 * What every relay board promises; see reader_contract.h for how it is used. The board of a case has 4 channels,
 * all off.
 */
struct relay_case {
	struct relay *relay;
	/** What the board's coils really do, bit n-1 for channel n; NULL: believe .relay's read. */
	uint32_t (*truth)(const struct relay_case *c);
	void *more; /* the test's own */
};

void relay_says_who_it_is(void **state);
void relay_switches_one_channel_and_no_other(void **state);
void relay_drops_all_channels_at_once(void **state);
void relay_refuses_a_channel_it_lacks(void **state);
void relay_tells_its_latch_or_says_that_it_cannot(void **state);

#define RELAY_CONTRACT(setup, teardown) \
	RELAY_TEST(relay_says_who_it_is, setup, teardown), \
		RELAY_TEST(relay_switches_one_channel_and_no_other, setup, teardown), \
		RELAY_TEST(relay_drops_all_channels_at_once, setup, teardown), \
		RELAY_TEST(relay_refuses_a_channel_it_lacks, setup, teardown), \
		RELAY_TEST(relay_tells_its_latch_or_says_that_it_cannot, setup, \
			   teardown)
#define RELAY_TEST(f, setup, teardown) \
	{ \
#setup ": " #f, f, setup, teardown, NULL \
	}

#endif
