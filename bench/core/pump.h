#ifndef BENCH_CORE_PUMP_H
#define BENCH_CORE_PUMP_H

#include "bench/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The one poll loop of the single-threaded controller.
 *
 * A role call sends a request and pumps until its answer or its deadline; meanwhile
 * everything else that must stay alive is served: heartbeats to workers, an emulator that
 * may die, the person who presses Ctrl-C. Deadlines are on the bench clock
 * (clock_real()).
 */
struct pump;

int pump_new(struct pump **out, struct err *err);
void pump_free(struct pump *p);

/** Called when @fd is readable or hung up, from inside any pump_wait. */
typedef void pump_fd_fn(void *ctx, int fd);
int pump_watch(struct pump *p, int fd, pump_fd_fn *fn, void *ctx);
void pump_unwatch(struct pump *p, int fd);

/**
 * Called every @period_ns while the loop turns. @return an id for pump_stop, or
 * ERR_NOMEM.
 */
typedef void pump_tick_fn(void *ctx);
int pump_every(struct pump *p, int64_t period_ns, pump_tick_fn *fn, void *ctx);
void pump_stop(struct pump *p, int id);

/**
 * Wait until @fd is readable (or hung up).
 *
 * @param fd           -1 to wait for the deadline alone
 * @param deadline_ns  bench clock
 * @return 0 readable; ERR_TIMEOUT the deadline passed; ERR_INTERRUPTED somebody asked to
 *         stop and pump_hold_stop is off; ERR_IO poll failed
 */
int pump_wait(struct pump *p, int fd, int64_t deadline_ns, struct err *err);
/**
 * Until when nobody but the caller needs the loop: it may block elsewhere that long,
 * which is cheaper than a turn of the loop. Descriptors are looked at every 50 ms at
 * least; whoever asks to stop, by a signal, interrupts that as well, but for the instant
 * before it begins.
 *
 * @return a moment of the bench clock; in the past: turn the loop
 */
int64_t pump_idle_until(const struct pump *p);
/** Sleep while everything is served: 0 at @until_ns, or ERR_INTERRUPTED. */
int pump_sleep_until(struct pump *p, int64_t until_ns, struct err *err);

/**
 * Somebody asked to stop: every wait ends with ERR_INTERRUPTED from now on.
 * Async-signal-safe.
 */
void pump_request_stop(struct pump *p);
bool pump_stop_requested(const struct pump *p);
/**
 * SIGINT, SIGTERM and SIGHUP ask @p to stop, until pump_free: one pump of a process. What
 * nohup(1), or a shell for its background, had ignored stays so, but for SIGTERM; SIGPIPE
 * is ignored.
 *
 * @param again  a second signal does not wait for the first: _exit(@again); 0: it is as
 *   the first
 */
void pump_obey_signals(struct pump *p, int again);
/** While held (tear-down), waits run on although somebody asked to stop. */
void pump_hold_stop(struct pump *p, bool hold);

#endif
