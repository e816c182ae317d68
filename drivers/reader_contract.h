#ifndef DRIVERS_READER_CONTRACT_H
#define DRIVERS_READER_CONTRACT_H

#include "drivers/peer.h"
#include "drivers/reader.h"

/*
 * What every reader promises: one body of tests for all backends. A backend's test has a set-up that puts a
 * struct reader_case into *state, its field off and the contract's card in front of it, and lists
 * READER_CONTRACT(setup, teardown) among its tests. cmocka.h comes before this header.
 *
 * The card answers a command with the same bytes and 90 00 behind them; a command that starts
 * with CARD_SILENT gets no answer.
 */
#define CARD_SILENT 0x0b
#define CARD_THINK_NS (2 * NS_PER_MS)

struct reader_case {
	struct reader *reader;
	void *more; /* the test's own */
};

extern struct peer contract_card;

void reader_says_who_it_is(void **state);
void reader_finds_no_card_without_its_field(void **state);
void reader_activates_the_card_in_its_field(void **state);
void reader_brings_the_answer_with_both_stamps(void **state);
void reader_carries_the_longest_command(void **state);
void reader_tells_a_silent_card_from_its_own_failure(void **state);
void reader_refuses_an_exchange_without_a_card(void **state);
void reader_forgets_a_card_with_its_field(void **state);
void reader_deselects_twice_without_complaint(void **state);
void reader_comes_back_with_its_field_off(void **state);

#define READER_CONTRACT(setup, teardown) \
	READER_TEST(reader_says_who_it_is, setup, teardown), \
		READER_TEST(reader_finds_no_card_without_its_field, setup, teardown), \
		READER_TEST(reader_activates_the_card_in_its_field, setup, teardown), \
		READER_TEST(reader_brings_the_answer_with_both_stamps, setup, teardown), \
		READER_TEST(reader_carries_the_longest_command, setup, teardown), \
		READER_TEST(reader_tells_a_silent_card_from_its_own_failure, setup, \
			    teardown), \
		READER_TEST(reader_refuses_an_exchange_without_a_card, setup, teardown), \
		READER_TEST(reader_forgets_a_card_with_its_field, setup, teardown), \
		READER_TEST(reader_deselects_twice_without_complaint, setup, teardown), \
		READER_TEST(reader_comes_back_with_its_field_off, setup, teardown)
#define READER_TEST(f, setup, teardown) \
	{ \
#setup ": " #f, f, setup, teardown, NULL \
	}

#endif
