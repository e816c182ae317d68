#ifndef BENCH_CORE_WIRE_ISODEP_H
#define BENCH_CORE_WIRE_ISODEP_H

#include "bench/core/buf.h"

/*
 * The block protocol of ISO/IEC 14443-4, both sides, as pure state machines: blocks in,
 * blocks out; time, air and CRC bytes are the caller's. Without CID and NAD.
 *
 * A call says what is to be done next; a block to be sent stands in .block (.block_len
 * bytes, CRC not included) until the next call.
 *
 * Source: ISO/IEC 14443-4 7.5 (block handling rules 1 … 13, block numbering A … E),
 * published.
 */
#define ISODEP_MAX_BLOCK \
	256 /* frames of FSx code 8, what type A readers use in practice */
#define ISODEP_CRC 2

enum isodep_pcb {
	ISODEP_I = 0x02,
	ISODEP_CHAINING = 0x10,
	ISODEP_R_ACK = 0xA2,
	ISODEP_R_NAK = 0xB2,
	ISODEP_S_DESELECT = 0xC2,
	ISODEP_S_WTX = 0xF2
};

enum isodep_next {
	ISODEP_SEND,     /* put .block on the air */
	ISODEP_DONE,     /* PCD: the exchange is complete */
	ISODEP_LOST,     /* PCD: no answer, however often it was asked for */
	ISODEP_PROTOCOL, /* PCD: the card breaks the rules, or its answer does not fit */
	ISODEP_COMMAND,  /* PICC: .command is complete; isodep_picc_answer is next */
	ISODEP_RELEASED, /* PICC: put .block on the air, then go to HALT */
	ISODEP_QUIET     /* PICC: nothing to send: not for us, or we still think */
};

/** The reader's side. */
struct isodep_pcd {
	size_t fsd, fsc; /* whole frames, CRC included */
	uint8_t number;  /* current block number */
	uint8_t wtxm;    /* times the wait for the next block; 1: none was granted */
	uint8_t retries; /* R(NAK) or R(ACK) sent for the block that is missing */
	uint8_t resent;  /* how often the last I-block was repeated */
	uint8_t max_retries;
	uint8_t phase;
	bool more; /* the command goes on in a later exchange */
	struct bytes command;
	size_t sent, part; /* of the command: acknowledged, and in the current block */
	struct buf *answer;
	unsigned wtx_seen; /* S(WTX) in this exchange */
	uint8_t block[ISODEP_MAX_BLOCK];
	size_t block_len;
	uint8_t last[ISODEP_MAX_BLOCK]; /* the last I-block, for a retransmission */
	size_t last_len;
};

/**
 * @param fsc  what the card's ATS says; both sizes are cut to ISODEP_MAX_BLOCK, at least
 * 16
 */
void isodep_pcd_init(struct isodep_pcd *p, size_t fsd, size_t fsc, uint8_t max_retries);
/**
 * Begin an exchange. @command and @answer are borrowed until it ends.
 * @param more  chain on: the card only acknowledges, a later exchange brings the rest
 */
enum isodep_next isodep_pcd_begin(struct isodep_pcd *p, struct bytes command, bool more,
				  struct buf *answer);
enum isodep_next isodep_pcd_deselect(struct isodep_pcd *p);
/** A block came in without error. */
enum isodep_next isodep_pcd_received(struct isodep_pcd *p, struct bytes block);
/** FWT passed, or what came in was damaged. */
enum isodep_next isodep_pcd_missing(struct isodep_pcd *p);

#define ISODEP_MAX_COMMAND 4096

/** The card's side. */
struct isodep_picc {
	size_t fsd, fsc;
	uint8_t number;
	uint8_t phase;
	bool collecting;    /* in the middle of a chained command */
	struct buf command; /* on .command_mem */
	uint8_t command_mem[ISODEP_MAX_COMMAND];
	struct buf answer; /* what is being sent, and how far it is */
	uint8_t answer_mem[ISODEP_MAX_COMMAND];
	size_t sent, part;
	uint8_t block[ISODEP_MAX_BLOCK]; /* the last block sent, for a retransmission */
	size_t block_len;
};

/** A card after RATS. @param fsd what the reader's RATS says. */
void isodep_picc_init(struct isodep_picc *p, size_t fsd, size_t fsc);
enum isodep_next isodep_picc_received(struct isodep_picc *p, struct bytes block);
/**
 * The answer to .command; copied. @return ISODEP_SEND, or QUIET when it does not fit or
 * is not due
 */
enum isodep_next isodep_picc_answer(struct isodep_picc *p, struct bytes answer);
/**
 * Ask for @wtxm (1 … 59) times FWT while thinking. @return ISODEP_SEND, or QUIET when not
 * thinking
 */
enum isodep_next isodep_picc_more_time(struct isodep_picc *p, uint8_t wtxm);

#endif
