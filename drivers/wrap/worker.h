#ifndef DRIVERS_WRAP_WORKER_H
#define DRIVERS_WRAP_WORKER_H

#include "bench/core/pump.h"
#include "drivers/reader.h"
#include "drivers/relay.h"

#include <sys/types.h>

/*
 * A device in a process of its own: the same role in front, a SOCK_SEQPACKET pair behind, a deadline
 * on every request.
 *
 * The child opens the driver, then serves one request after the other. It ignores SIGINT (the
 * terminal sends it to everybody), ends on SIGTERM, and ends when the controller's end of the pair
 * closes, however that happened. A relay worker drops its board on each of these and when no
 * message came for WORKER_HEARTBEAT_LIMIT_NS; a guard process beside it kills a relay worker that
 * is stuck or was killed, re-opens the board and drops it.
 *
 * A request that misses its deadline answers ERR_TIMEOUT and leaves the worker in doubt: the only
 * calls it then accepts are abort, reopen, worker_respawn and close. A worker that died answers
 * ERR_GONE, with its signal or exit status in the text.
 */
#define WORKER_HEARTBEAT_NS (250 * NS_PER_MS)
#define WORKER_HEARTBEAT_LIMIT_NS NS_PER_S

/** @param options  the driver's options; borrowed until close (a respawn opens with them again) */
int worker_open_reader(struct reader **out, const struct reader_driver *driver,
		       const void *options, struct pump *pump, struct clock *clock,
		       struct err *err);
int worker_open_relay(struct relay **out, const struct relay_driver *driver,
		      const void *options, struct pump *pump, struct clock *clock,
		      struct err *err);

/** Kill the reader's worker if it lives, start another, open the device in it. Bounded: 5 s. */
int worker_respawn(struct reader *r, struct err *err);
/** The worker's process, or -1 when it is gone; of a relay the worker's, not the guard's. */
pid_t worker_reader_pid(const struct reader *r);
pid_t worker_relay_pid(const struct relay *r);

#endif
