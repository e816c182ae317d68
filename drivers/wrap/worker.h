#ifndef DRIVERS_WRAP_WORKER_H
#define DRIVERS_WRAP_WORKER_H

#include "bench/core/pump.h"
#include "drivers/card.h"
#include "drivers/positioner.h"
#include "drivers/reader.h"
#include "drivers/relay.h"

#include <sys/types.h>

/*
 * A device in a process of its own: the same role in front, a SOCK_SEQPACKET pair behind,
 * a deadline on every request.
 *
 * The child opens the driver, then serves one request after the other. Signals of the
 * terminal do not reach it. It ends, its device closed in order, on SIGTERM, and when the
 * controller's end of the pair closes, however that happened; a reader's or card's worker
 * does so even out of a call that blocks, within 2 s.
 *
 * A relay worker drops its board on each of these and when no message came for
 * WORKER_HEARTBEAT_LIMIT_NS; after the latter it goes on, but the next set or read
 * answers ERR_TIMEOUT once, so that nobody believes in a coil that is off. A guard
 * process beside it kills a relay worker that is stuck, re-opens the board of one that
 * was killed, and drops it; the relay is ERR_GONE then.
 *
 * A reader's or card's request that misses its deadline answers ERR_TIMEOUT and leaves
 * the worker in doubt (ERR_INTERRUPTED does too): the only calls it then accepts are
 * abort, which makes a blocked call return, reopen, which aborts first and clears the
 * doubt, worker_respawn and close; all others answer ERR_TIMEOUT. A late answer is no
 * answer: it is recognised and dropped. A relay board takes the next request all the
 * same: switching off must always be tried. A worker that died answers ERR_GONE, with its
 * signal or exit status and its last words in the text.
 *
 * A request while another one to the same worker waits further up the stack (from a
 * handler of the pump) is ERR_USAGE.
 */
#define WORKER_HEARTBEAT_NS (250 * NS_PER_MS)
#define WORKER_HEARTBEAT_LIMIT_NS NS_PER_S

/**
 * @param options  the driver's options; borrowed until close (a respawn opens with them
 * again)
 */
int worker_open_reader(struct reader **out, const struct reader_driver *driver,
		       const void *options, struct pump *pump, struct clock *clock,
		       struct err *err);
int worker_open_card(struct card **out, const struct card_driver *driver,
		     const void *options, struct pump *pump, struct clock *clock,
		     struct err *err);
int worker_open_relay(struct relay **out, const struct relay_driver *driver,
		      const void *options, struct pump *pump, struct clock *clock,
		      struct err *err);

/**
 * A positioner that stands on nothing else (needs_worker). As a relay's, but safe is: on
 * its way away. Its guard opens it again, which sends it home.
 */
int worker_open_positioner(struct positioner **out,
			   const struct positioner_driver *driver, const void *options,
			   struct pump *pump, struct clock *clock, struct err *err);

/**
 * Kill the reader's worker if it lives, start another, open the device in it. Bounded: 5
 * s.
 */
int worker_respawn(struct reader *r, struct err *err);
int worker_respawn_card(struct card *c, struct err *err);
/**
 * The worker's process, or -1 when it is gone; of a relay the worker's, not the guard's.
 */
pid_t worker_reader_pid(const struct reader *r);
pid_t worker_card_pid(const struct card *c);
pid_t worker_relay_pid(const struct relay *r);
pid_t worker_positioner_pid(const struct positioner *p);

#endif
