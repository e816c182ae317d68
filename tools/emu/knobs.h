#ifndef TOOLS_EMU_KNOBS_H
#define TOOLS_EMU_KNOBS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How a chip may behave within its rules: delays, and the freedom it has in framing. All
 * zero: at once, in one piece, as short as it goes.
 */
#define KNOBS_MAX_WORK 8

struct chip_work {
	int command; /* its code; -1: every command that has no row of its own */
	int64_t median_ns;
	double sigma; /* of the logarithm; 0: constant */
};

struct chip_knobs {
	int64_t ack_delay_ns;
	/* between ACK and work; of each command the first row */
	struct chip_work work[KNOBS_MAX_WORK];
	int work_count;
	int64_t split; /* bytes of a response in its first piece; 0: not split */
	int64_t split_pause_ns;
	bool extended; /* every response in an extended frame */
	/* most data bytes of one response, the rest with "more information"; 0: 262 */
	int64_t chunk;
};

#endif
