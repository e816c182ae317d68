#ifndef DRIVERS_RELAY_BOARD_CONTRACT_H
#define DRIVERS_RELAY_BOARD_CONTRACT_H

#include "drivers/relay.h"
#include "drivers/relay/board_model.h"

#include <sys/types.h>

/*
 * A serial board for tests: a process behind a pseudo-terminal. What it received is the truth of a test.
 */
struct board {
	char path[64];                      /* of its serial line */
	volatile struct board_model *truth; /* shared with the process */
	const struct relay_driver *driver;  /* for this kind of board */
	pid_t pid;                          /* -1: unplugged */
	struct conf *conf;
	void *options; /* of that driver, for this board */
};

/** Start a board of 4 channels. @param answers  LCUS: its firmware tells its state */
void board_start(struct board *b, enum board_kind kind, bool answers);
/** The same with so many channels. */
void board_start_with(struct board *b, enum board_kind kind, int channels, bool answers);
/** Its line hangs up; the rest stays until board_stop. */
void board_unplug(struct board *b);
void board_stop(struct board *b);
/** Wait, with all the patience, until its coils are @wanted. @return false: they never were. */
bool board_becomes(const struct board *b, uint32_t wanted);

#endif
