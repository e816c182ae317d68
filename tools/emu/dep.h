#ifndef TOOLS_EMU_DEP_H
#define TOOLS_EMU_DEP_H

#include "bench/core/buf.h"

#include <stdbool.h>

/*
 * The data exchange of NFCIP-1, both sides: numbered PDUs, chaining, repetitions, more time. Pure; frames without
 * start byte, length and CRC: "D4 06 PFB …" from the initiator, "D5 07 PFB …" from the target. No DID, no NAD.
 *
 * Source: ISO/IEC 18092 (ECMA-340, published) 12.6; what is asked for how often is inferred.
 */
#define DEP_ASK 0xD4    /* first byte of what the initiator sends */
#define DEP_ANSWER 0xD5 /* and of the target's */
#define DEP_PDU 0x06    /* second byte; the answer's is one more */
#define DEP_ATR 0x00
#define DEP_PSL 0x04
#define DEP_DESELECT 0x08
#define DEP_RELEASE 0x0A
#define DEP_MAX_FRAME 254 /* LR 3, the length byte not counted */
#define DEP_MAX_DATA (DEP_MAX_FRAME - 3)

enum dep_next {
	DEP_SEND, /* .frame goes out */
	DEP_DONE, /* initiator: all is said, and the answer (if it was not to be more) is in */
	DEP_COMMAND, /* target: the initiator's message is in */
	DEP_GRANTED, /* target: it has the time it asked for */
	DEP_TAKEN,   /* target: the last part was taken, and it owes the next one */
	DEP_WAIT,    /* nothing to say */
	DEP_TIMEOUT, /* initiator: given up */
	DEP_PROTOCOL /* initiator: what came is no answer; a target says nothing then (DEP_WAIT) */
};

struct dep {
	bool target;
	uint8_t number; /* PNI, of the PDU under way */
	bool begun;     /* target: there was one */
	bool owes;      /* target: the message is with its host */
	int tries;
	struct bytes out; /* borrowed until it is sent */
	size_t sent, part;
	bool more; /* what follows .out is part of the same message */
	struct buf *in;
	uint8_t rtox; /* more time was asked for, so many times the waiting time; 0: no */
	uint8_t frame[DEP_MAX_FRAME]; /* to send */
	size_t frame_len;
	uint8_t last[DEP_MAX_FRAME]; /* information or ACK, to repeat */
	size_t last_len;
};

/** @in takes the other side's messages; borrowed. */
void dep_init(struct dep *d, bool target, struct buf *in);

/** Initiator: @message is to go out. @param more  it is not whole yet */
enum dep_next dep_begin(struct dep *d, struct bytes message, bool more);
/** Initiator: nothing came in time, or something @damaged. */
enum dep_next dep_missing(struct dep *d, bool damaged);

/** Target: its host's @message, or with @more a part of it. */
enum dep_next dep_answer(struct dep *d, struct bytes message, bool more);
/** Target: ask for @rtox times the waiting time. */
enum dep_next dep_more_time(struct dep *d, uint8_t rtox);

/** A PDU of the other side, from its D4 or D5 on. */
enum dep_next dep_received(struct dep *d, struct bytes pdu);

/** The CRC of frames at 212 and 424 kbit/s, as it is sent. */
uint16_t dep_crc_f(struct bytes b);

#endif
