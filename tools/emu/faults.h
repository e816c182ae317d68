#ifndef TOOLS_EMU_FAULTS_H
#define TOOLS_EMU_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Planted faults: at the N-th InDataExchange that carries an APDU (counted from 1 over the whole
 * life of the desk) the device does something else than its duty.
 */
enum fault_do {
	FAULT_SILENT, /* no ACK, no answer: until it is woken up, or .count commands long */
	FAULT_STATUS,  /* answers with the status byte .value and no data */
	FAULT_GARBAGE, /* the response frame is random bytes */
	FAULT_LATE,    /* the response comes .by_ns later */
	FAULT_CRC,     /* every card frame of this exchange arrives damaged: status 02 */
	FAULT_REMOVE   /* the phone is taken away as the exchange begins */
};
extern const char *const fault_names[]; /* "silent" …, NULL at the end */

struct fault {
	int device; /* index of the reader */
	int64_t exchange;
	enum fault_do what;
	int64_t count; /* silent: 0 until woken up; the rest: exchanges in a row, at least 1 */
	uint8_t value;
	int64_t by_ns;
};

/** The fault that strikes at exchange @n of reader @device, or NULL. */
const struct fault *fault_at(const struct fault *faults, int count, int device,
			     int64_t n);

#endif
