#ifndef BENCH_CORE_WIRE_TP_H
#define BENCH_CORE_WIRE_TP_H

#include "bench/core/buf.h"
#include "bench/core/wire/canframe.h"

/*
 * ISO-TP as an engine: messages of up to 4095 bytes between two identifiers, cut into frames and put together
 * again, with flow control, block size, separation time and both timeouts.
 *
 * Frames and times go in, frames and times come out: whoever drives it gives it what came (tp_frame), asks what is
 * to be sent and when (tp_next), and says that it was sent (tp_sent). It sends and receives at the same time. Pure.
 * For a machine whose kernel does it, see drivers/can/isotp.h.
 *
 * Source: ISO 15765-2 (frame layouts, flow control, N_Bs, N_Cr; published).
 */
#define TP_MAX 4095
#define TP_NO_PADDING (-1)

struct tp_options {
	uint32_t send, receive; /* identifiers; CANFRAME_MAX_ID_EXTENDED at most */
	bool send_extended, receive_extended;
	int padding;        /* a byte frames are filled with, or TP_NO_PADDING */
	int frame;          /* bytes of a frame: 8; of FD up to 64 (12, 16, 20, …) */
	bool brs;           /* of FD frames */
	uint8_t block;      /* frames we take before the next flow control; 0: all */
	uint8_t separation; /* that we ask for, as flow control says it */
};

enum tp_trouble {
	TP_FINE,
	TP_NO_FLOW, /* no flow control came within N_Bs */
	TP_TOO_MANY_WAITS,
	TP_REFUSED,    /* flow control said overflow, or nonsense */
	TP_INCOMPLETE, /* the next consecutive frame did not come within N_Cr */
	TP_DISORDER,   /* one came that was not the next */
	TP_TOO_LONG    /* a message announced more than TP_MAX bytes */
};
/** "no flow control came", for a person. */
const char *tp_trouble_text(enum tp_trouble t);

#define TP_WAIT_NS 1000000000 /* N_Bs and N_Cr */
#define TP_WAITS 10           /* flow controls that ask us to wait, in a row */
#define TP_NEVER INT64_MAX

enum tp_out {
	TP_IDLE,
	TP_FIRST, /* the single or first frame is to go */
	TP_AWAIT, /* flow control */
	TP_CONSECUTIVE
};

struct tp {
	struct tp_options o;
	enum tp_trouble trouble; /* the latest; the driver may set it back */
	/* what goes out */
	enum tp_out state;
	uint8_t out[TP_MAX];
	size_t out_len, out_at;
	uint8_t out_number;
	int left, waits; /* of the block, -1: no end; flow controls that asked to wait */
	int64_t gap_ns, due_ns, give_up_ns;
	/* what comes in */
	bool receiving, complete;
	int owed;          /* a flow control: its status; -1: none */
	bool offered_flow; /* what tp_next gave last, and tp_sent is about */
	uint8_t in[TP_MAX];
	size_t in_len, in_at;
	uint8_t in_number, in_block, in_frame;
	int64_t in_began_ns, in_give_up_ns;
};

void tp_init(struct tp *t, const struct tp_options *o);
/** Begin to send. @return 0; ERR_RANGE: none, or too long; ERR_USAGE: the one before it is not out yet */
int tp_send(struct tp *t, struct bytes message, int64_t now_ns);
/** A frame of the bus; what is not for us is left alone. */
void tp_frame(struct tp *t, const struct canframe *f, int64_t at_ns);
/**
 * Is a frame to be sent now? Then it is in @out until tp_sent says that it was.
 *
 * @param wake_ns  out, when there is none: ask again then at the latest (a gap is over, a timeout); TP_NEVER
 */
bool tp_next(struct tp *t, struct canframe *out, int64_t now_ns, int64_t *wake_ns);
void tp_sent(struct tp *t, int64_t now_ns);
/** Everything of the last tp_send is out, or was given up. */
bool tp_idle(const struct tp *t);
/**
 * A message that came; borrowed until the next tp_frame.
 *
 * @param began_ns  out: the end of its first frame
 * @return false: none is complete. It is taken with the call.
 */
bool tp_take(struct tp *t, struct bytes *message, int64_t *began_ns);

#endif
