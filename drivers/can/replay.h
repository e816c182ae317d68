#ifndef DRIVERS_CAN_REPLAY_H
#define DRIVERS_CAN_REPLAY_H

#include "bench/core/wire/canframe.h"

/*
 * A recorded stretch of a bus, to be sent again: frames, each at its time behind the first. Pure.
 */
#define REPLAY_MAX_FRAMES 400000
/* How far a stamp may go back: logs of several interfaces are written a little out of order. */
#define REPLAY_MAX_BACK_NS (10 * INT64_C(1000000))

struct replay_frame {
	int64_t after_ns; /* behind the first; never less than that of the frame before */
	struct canframe frame;
};

struct replay {
	struct replay_frame *frames; /* on the heap; replay_release */
	size_t count;
};

/**
 * What a candump log holds. Error frames are left out: nobody can send them. A stamp that goes back by up to
 * REPLAY_MAX_BACK_NS, as in logs of several interfaces, counts as the one before it; one that goes back further is no
 * time at which anything could be sent.
 *
 * @param interface  only what came in there; NULL: everything
 * @param line       out, with an error: where
 * @return 0; ERR_FORMAT a damaged line, or no frame at all (line 0); ERR_RANGE too many;
 *         ERR_UNSUPPORTED a stamp that goes back too far; ERR_NOMEM
 */
int replay_read(struct replay *out, struct bytes log, const char *interface, long *line);
/** Does it hold an FD frame? */
bool replay_is_fd(const struct replay *r);
void replay_release(struct replay *r);

#endif
