#ifndef BENCH_RECOVER_H
#define BENCH_RECOVER_H

#include "bench/rig.h"
#include "results/journal.h"

/*
 * The recovery ladder of a device, lowest rung first:
 *
 *   reopen        abort what blocks, close it and open it again; of relay board and positioner a new worker
 *   respawn       a new worker, for readers and cards
 *   re-enumerate  reset it on USB, then a new worker; only where the rig says recovery: {reenumerate: yes}
 *   port-power    switch its USB port off and on, likewise with {port_power: yes}
 *   drain         none of them held
 *
 * A rung is bounded, proved (the device answers, and is the same one; its field is off; nothing is on and the phone is
 * away) and journalled; the first that holds ends the climb. A device that is not there any more is waited
 * for, as long as the rig's recovery: {wait: ...} says, and found where it was plugged in, whatever its number.
 */
struct recovery {
	struct rig *rig;
	struct journal *journal;
	int64_t origin_ns;
};

/**
 * @param cause  what the reader answered; decides the first rung
 * @return 0 when the reader is proved to work, else the last rung's error: the bench must be drained
 */
int recover_reader(struct recovery *r, const struct err *cause, struct err *err);
/** Open the bus and its cyclic sender anew. */
int recover_bus(struct recovery *r, const struct err *cause, struct err *err);
/** The same ladder for a card. */
int recover_card(struct recovery *r, const struct err *cause, struct err *err);
/** Relay and positioner, and a sensor that stands on them; a worker that was stuck has been dropped by its guard by then. */
int recover_positioner(struct recovery *r, const struct err *cause, struct err *err);

#endif
