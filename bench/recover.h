#ifndef BENCH_RECOVER_H
#define BENCH_RECOVER_H

#include "bench/rig.h"
#include "results/journal.h"

/*
 * The recovery ladder of a reader: abort and reopen, new worker. A rung is bounded, proved (the
 * device answers and its field is off) and journalled; the first that holds ends the climb. USB
 * re-enumeration and port power come with readers on USB.
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
/** Open relay and positioner anew; the guard has dropped the board by then. */
int recover_positioner(struct recovery *r, const struct err *cause, struct err *err);

#endif
