#ifndef DRIVERS_BUS_CONTRACT_H
#define DRIVERS_BUS_CONTRACT_H

#include "drivers/bus.h"

/*
 * What every bus promises; see reader_contract.h for how it is used. The bus of a case is idle; beside .bus there is
 * another node, which sends by .other_sends and hears nothing.
 */
struct bus_case {
	struct bus *bus;
	/** Let the other node send, and make sure that it is on its way. */
	void (*other_sends)(const struct bus_case *c, const struct canframe *f);
	int flood; /* frames that nothing on the way can keep if nobody receives; 0: a controller is on the
		      way, which may lose some itself and cannot say how many */
	int64_t patience_ns; /* for what must come */
	bool instant;        /* no wire is in between: frames take no time */
	void *more;          /* the test's own */
};

void bus_says_what_it_is(void **state);
void bus_is_silent_when_nobody_sends(void **state);
void bus_hears_its_own_frame_when_it_is_out(void **state);
void bus_hears_the_other_node_with_a_stamp(void **state);
void bus_brings_every_kind_of_classic_frame_whole(void **state);
void bus_frames_take_their_time(void **state);
void bus_sends_many_in_their_order(void **state);
void bus_launches_when_it_is_told_to(void **state);
void bus_forgets_what_waits_when_flushed(void **state);
void bus_says_when_it_is_full(void **state);
void bus_counts_what_it_could_not_keep(void **state);

#define BUS_CONTRACT(setup, teardown) \
	BUS_TEST(bus_says_what_it_is, setup, teardown), \
		BUS_TEST(bus_is_silent_when_nobody_sends, setup, teardown), \
		BUS_TEST(bus_hears_its_own_frame_when_it_is_out, setup, teardown), \
		BUS_TEST(bus_hears_the_other_node_with_a_stamp, setup, teardown), \
		BUS_TEST(bus_brings_every_kind_of_classic_frame_whole, setup, teardown), \
		BUS_TEST(bus_frames_take_their_time, setup, teardown), \
		BUS_TEST(bus_sends_many_in_their_order, setup, teardown), \
		BUS_TEST(bus_launches_when_it_is_told_to, setup, teardown), \
		BUS_TEST(bus_forgets_what_waits_when_flushed, setup, teardown), \
		BUS_TEST(bus_says_when_it_is_full, setup, teardown), \
		BUS_TEST(bus_counts_what_it_could_not_keep, setup, teardown)
#define BUS_TEST(f, setup, teardown) \
	{ \
#setup ": " #f, f, setup, teardown, NULL \
	}

#endif
