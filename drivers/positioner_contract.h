#ifndef DRIVERS_POSITIONER_CONTRACT_H
#define DRIVERS_POSITIONER_CONTRACT_H

#include "drivers/positioner.h"

/* What every positioner promises; see reader_contract.h for how it is used. The phone is away. */
struct positioner_case {
	struct positioner *positioner;
	/** Where the phone was really sent last. */
	enum position (*truth)(const struct positioner_case *c);
	int64_t travel_ns; /* exactly; 0: it says so itself */
	/** NULL: by the positioner's own clock. */
	void (*sleep_until)(struct positioner_case *c, int64_t until_ns);
	void *more; /* the test's own */
};

void positioner_says_what_it_is(void **state);
void positioner_moves_there_and_back(void **state);
void positioner_says_when_the_phone_is_there(void **state);
void positioner_counts_taps_and_not_moves(void **state);
void positioner_is_drawn_back_on_its_way(void **state);
void positioner_goes_beside_the_tap_or_says_that_it_cannot(void **state);

#define POSITIONER_CONTRACT(setup, teardown) \
	POSITIONER_TEST(positioner_says_what_it_is, setup, teardown), \
		POSITIONER_TEST(positioner_moves_there_and_back, setup, teardown), \
		POSITIONER_TEST(positioner_says_when_the_phone_is_there, setup, \
				teardown), \
		POSITIONER_TEST(positioner_counts_taps_and_not_moves, setup, teardown), \
		POSITIONER_TEST(positioner_is_drawn_back_on_its_way, setup, teardown), \
		POSITIONER_TEST(positioner_goes_beside_the_tap_or_says_that_it_cannot, \
				setup, teardown)
#define POSITIONER_TEST(f, setup, teardown) \
	{ \
#setup ": " #f, f, setup, teardown, NULL \
	}

#endif
