#ifndef TOOLS_EMU_FAULTS_H
#define TOOLS_EMU_FAULTS_H

#include "bench/core/rng.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Planted faults: at the N-th exchange of a chip (an InDataExchange with data, or in target mode a TgSetData),
 * at its N-th command of any kind, both counted from 1 over the whole life of the desk, or at a share of its
 * exchanges, drawn from the desk's seed, it does something else than its duty.
 */
#define FAULTS_MAX 64

enum fault_do {
	FAULT_SILENT, /* no ACK, no answer: until it is woken up, or .count commands long */
	FAULT_STATUS,  /* answers with the status byte .value and no data */
	FAULT_GARBAGE, /* the response frame is random bytes */
	FAULT_LATE,    /* the response comes .by_ns later */
	FAULT_CRC,     /* every card frame of this exchange arrives damaged: status 02 */
	FAULT_REMOVE, /* what the relay pushes is taken away, at block .block of the exchange */
	FAULT_NO_ACK,  /* the ACK is lost, the response is not */
	FAULT_MUTE,    /* ACK, then nothing */
	FAULT_BAD_LCS, /* one byte of the response is wrong */
	FAULT_BAD_DCS,
	FAULT_BAD_TFI, /* … under good checksums */
	FAULT_BAD_CODE,
	FAULT_ERROR_FRAME, /* the error frame instead of the response */
	FAULT_RESET,       /* back to how it is at power-up: deaf until woken up */
	FAULT_HANG_UP,     /* the line is gone, for good */
	FAULT_WTX,         /* the card asks .count times for more time */
	FAULT_RELEASE      /* target mode: the reader's field is gone */
};
extern const char *const fault_names[]; /* "silent" …, NULL at the end */

struct fault {
	int device;       /* index of the chip */
	int64_t exchange; /* or, when 0, … */
	int64_t command;  /* … this, or when both are 0 … */
	double share;     /* … this part of its exchanges */
	enum fault_do what;
	int64_t count; /* silent: 0 until woken up; wtx: requests; the rest: exchanges in a row, at least 1 */
	int64_t block; /* remove: 0 as the exchange begins, 1: its first block is on the air */
	uint8_t value;
	int64_t by_ns;
};

/** What is planned for one chip. */
struct fault_plan {
	const struct fault *faults; /* borrowed; the first that strikes is it */
	int count, device;
	struct rng rng;
};

void fault_plan_init(struct fault_plan *p, const struct fault *faults, int count,
		     int device, uint64_t seed);
/**
 * The fault that strikes at command @command, which is exchange @exchange (0: none), or NULL. Ask once a
 * command and in their order: which exchanges a share strikes depends on their numbers and the seed alone.
 */
const struct fault *fault_next(struct fault_plan *p, int64_t exchange, int64_t command);

#endif
