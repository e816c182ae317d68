#ifndef BENCH_CORE_WIRE_CANBUS_H
#define BENCH_CORE_WIRE_CANBUS_H

#include "bench/core/err.h"
#include "bench/core/wire/canframe.h"

/*
 * A CAN bus as a model: nodes with queues, arbitration, and frames that take their time.
 *
 * Whenever the bus is free, all nodes that have a frame ready compete with the first of
 * their queue, and the lowest identifier wins, bit by bit as on the wire. The others
 * wait: so load delays what has a higher identifier, and a node's own queue can hold an
 * urgent frame up, as real drivers' queues do.
 *
 * Pure: time comes in by canbus_run and canbus_send and is never asked for. However late
 * canbus_run is called, frames get the times at which they really would have ended.
 * FD frames too, where it has a data bit rate. Not modelled: errors, retransmission, bus-off; every frame is
 * acknowledged, a lone node's too.
 */
#define CANBUS_MAX_NODES 64
#define CANBUS_NEVER INT64_MAX

struct canbus;

/** What a node hears: every frame, its own too, when its last bit is over. */
struct canbus_heard {
	struct canframe frame;
	int64_t ready_ns; /* its sender had it ready */
	int64_t start_ns; /* it won the bus */
	int64_t end_ns;   /* end of frame; the interframe space follows */
	bool own;
};
/** May call canbus_send (an answer, at end_ns or later) and canbus_detach. */
typedef void canbus_hear_fn(void *ctx, const struct canbus_heard *heard);

/** Of classic frames. @param depth  frames a node's queue holds */
int canbus_new(struct canbus **out, int64_t bitrate, int depth, struct err *err);
void canbus_free(struct canbus *b); /* takes NULL */
/** From now on it carries FD frames too. */
void canbus_set_data_bitrate(struct canbus *b, int64_t bitrate);
/** 0: it carries classic frames only. */
int64_t canbus_data_bitrate(const struct canbus *b);
/** Can it carry @f? */
bool canbus_carries(const struct canbus *b, const struct canframe *f);

/**
 * @param hear  NULL: only sends. @return the node's number, or ERR_RANGE: the bus is full
 */
int canbus_attach(struct canbus *b, canbus_hear_fn *hear, void *ctx);
/** What it had not sent yet is gone; what is on the wire ends. */
void canbus_detach(struct canbus *b, int node);

/**
 * Put a frame behind what the node has queued.
 *
 * @param ready_ns  from when on it competes; raised to that of the frame before it
 * @return 0; ERR_RANGE: the queue is full; ERR_UNSUPPORTED: an error frame, or an FD
 *   frame and it has no data bit rate
 */
int canbus_send(struct canbus *b, int node, const struct canframe *f, int64_t ready_ns);
/** Forget what the node has queued. @return how many frames that were */
int canbus_flush(struct canbus *b, int node);
int canbus_queued(const struct canbus *b, int node);

/** Everything that happens up to and at @now_ns, in its order. Time never goes back. */
void canbus_run(struct canbus *b, int64_t now_ns);
/**
 * When canbus_run has something to do; in the past: at once; CANBUS_NEVER: nothing is
 * queued.
 */
int64_t canbus_next_ns(const struct canbus *b);

struct canbus_stats {
	uint64_t frames;
	int64_t busy_ns;  /* of frames that ended, interframe space included */
	uint64_t refused; /* for want of room in a queue */
};
struct canbus_stats canbus_stats(const struct canbus *b);
int64_t canbus_bitrate(const struct canbus *b);
int canbus_depth(const struct canbus *b);

#endif
