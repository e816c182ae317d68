#ifndef DRIVERS_WRAP_NASTY_CONTRACT_H
#define DRIVERS_WRAP_NASTY_CONTRACT_H

#include "bench/core/pump.h"
#include "drivers/reader_contract.h"

/*
 * A reader that misbehaves on command: the first byte of an exchange says how. Around
 * everything else it is the simulated reader with the contract's card.
 */
enum misdeed {
	HANG = 'h',          /* until aborted */
	HANG_FOR_EVER = 'H', /* and abort does not help */
	DIE = 'a',           /* abort(), with last words */
	LEAVE = 'x',         /* exit */
	BE_LATE = 'l'        /* answer, but after the deadline of a short timeout */
};

extern const struct reader_driver nasty_driver;

/** What happened in a worker, seen from outside. */
struct nasty_evidence {
	volatile int opened, closed, aborted;
};
extern struct nasty_evidence *nasty_seen;

/** The reader of the present test, in a worker of its own, and the pump around it. */
extern struct reader_case nasty_case;
extern struct pump *nasty_pump;

/** For cmocka: of a group. */
int nasty_before_all(void **state);
int nasty_worker(void **state);
/** Whatever a test did, no process is left when its reader is closed. */
int nasty_tear_down(void **state);
#define WITH_WORKER(f) cmocka_unit_test_setup_teardown(f, nasty_worker, nasty_tear_down)

void nasty_sleep_ms(int ms);
/** Field on, and the contract's card there. */
void nasty_card(void);
/**
 * One exchange, whose answer must be its own.
 *
 * @param how  a misdeed, or any other byte: none
 * @return     what the reader says
 */
int nasty_ask(enum misdeed how, int64_t timeout_ns, struct err *err);
/** A card and an exchange, as if nothing had been. */
void nasty_works(void);

#endif
