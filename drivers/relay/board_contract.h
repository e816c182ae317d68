#ifndef DRIVERS_RELAY_BOARD_CONTRACT_H
#define DRIVERS_RELAY_BOARD_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * An LCUS board for tests: a process behind a pseudo-terminal. What it received is the truth of a test.
 */
struct board_truth {
	volatile uint32_t on;   /* bit n-1: the coil of channel n */
	volatile uint32_t sets; /* commands heard */
	volatile bool stuck_on; /* a coil that is on stays on */
};

struct board {
	char path[64]; /* of its serial line */
	struct board_truth *truth;
	bool answers; /* newer firmware */
	pid_t pid;    /* -1: unplugged */
	struct conf *conf;
	void *options; /* of the driver lcus, for this board */
};

/** Start a board of 4 channels. */
void board_start(struct board *b, bool answers);
/** Its line hangs up; the rest stays until board_stop. */
void board_unplug(struct board *b);
void board_stop(struct board *b);
/** Wait, with all the patience, until its coils are @wanted. @return false: they never were. */
bool board_becomes(const struct board *b, uint32_t wanted);

#endif
