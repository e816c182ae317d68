#ifndef DRIVERS_CARD_CONTRACT_H
#define DRIVERS_CARD_CONTRACT_H

#include "drivers/card.h"
#include "drivers/nfc/sim_card.h"

/*
 * What every card promises: one body of tests for all backends. A backend's test has a set-up that puts a
 * struct card_case into *state, the contract's reader in front of it, and lists
 * CARD_CONTRACT(setup, teardown) among its tests. cmocka.h comes before this header.
 *
 * That reader thinks for ASKER_THINK_NS, sends 00 A4 04 00, then sends back what it was answered, and lets go;
 * an answer that begins with ASKER_SILENT leaves it silent.
 */
#define ASKER_SILENT 0x0b
#define ASKER_THINK_NS (2 * NS_PER_MS)

struct card_case {
	struct card *card;
	void *more; /* the test's own */
};

extern struct asker contract_asker;

void card_says_who_it_is(void **state);
void card_has_no_session_before_a_reader_came(void **state);
void card_is_activated_by_the_reader_before_it(void **state);
void card_carries_the_longest_apdus_both_ways(void **state);
void card_stamps_command_and_answer_in_their_order(void **state);
void card_is_told_once_that_it_was_released(void **state);
void card_refuses_an_answer_nobody_waits_for(void **state);
void card_tells_a_silent_reader_from_its_own_failure(void **state);
void card_waits_for_the_reader_to_let_go(void **state);
void card_may_leave_by_itself(void **state);
void card_comes_back_without_a_session(void **state);

#define CARD_CONTRACT(setup, teardown) \
	CARD_TEST(card_says_who_it_is, setup, teardown), \
		CARD_TEST(card_has_no_session_before_a_reader_came, setup, teardown), \
		CARD_TEST(card_is_activated_by_the_reader_before_it, setup, teardown), \
		CARD_TEST(card_carries_the_longest_apdus_both_ways, setup, teardown), \
		CARD_TEST(card_stamps_command_and_answer_in_their_order, setup, \
			  teardown), \
		CARD_TEST(card_is_told_once_that_it_was_released, setup, teardown), \
		CARD_TEST(card_refuses_an_answer_nobody_waits_for, setup, teardown), \
		CARD_TEST(card_tells_a_silent_reader_from_its_own_failure, setup, \
			  teardown), \
		CARD_TEST(card_waits_for_the_reader_to_let_go, setup, teardown), \
		CARD_TEST(card_may_leave_by_itself, setup, teardown), \
		CARD_TEST(card_comes_back_without_a_session, setup, teardown)
#define CARD_TEST(f, setup, teardown) \
	{ \
#setup ": " #f, f, setup, teardown, NULL \
	}

#endif
