#ifndef TOOLS_PERF_PAIR_H
#define TOOLS_PERF_PAIR_H

#include "tools/perf/perf.h"

#include <stdint.h>

/**
 * Round trips over one end of a SOCK_SEQPACKET pair, and one before them that does not
 * count: the far end starts.
 *
 * @param out_ns  gets one time each, without what the far end says (an int64_t, ns, at
 *                the head of its answer) that it spent on other things
 * @param len     bytes of a message, 8 .. 4096; the answer is as long
 * @return        0, or ERR_IO: the far end is gone, or answers something else
 */
int pair_round_trips(struct series *out_ns, int fd, size_t len, int count,
		     struct err *err);

/**
 * The turn in the middle, so that what is told of it is told of one turn.
 *
 * @param measured, other  @n times each, ns, all > 0; 1 <= n <= PAIR_TURNS
 * @param by_difference    order the turns by measured - other, else by measured / other
 * @return                 its index; with an even @n the upper one: never flattering
 */
#define PAIR_TURNS 64
int pair_middle(const int64_t measured[], const int64_t other[], int n,
		bool by_difference);

#endif
