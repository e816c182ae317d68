#ifndef TOOLS_DEVICE_TRACE_H
#define TOOLS_DEVICE_TRACE_H

#include "fixtures/proto/profile.h"

/*
 * One line for each message, on stdout: milliseconds since the first, the direction as seen from here ('<' came in, '>'
 * went out), the bytes in hex, and what they are.
 */
struct trace {
	bool on;
	const struct profile *profile;
	int64_t since_ns;
};

void trace_start(struct trace *t, const struct profile *profile, bool on);
/** Of a message without bytes worth showing: "power on". */
void trace_word(const struct trace *t, char direction, const char *what);
void trace_atr(const struct trace *t, char direction, struct bytes atr);
void trace_command(const struct trace *t, char direction, struct bytes apdu);
void trace_answer(const struct trace *t, char direction, struct bytes apdu);

/** "SELECT", "AUTH0 fast"; "" for one that is not known. */
const char *command_name(struct bytes apdu);
/** As the profile has it: "ok", "out of sequence"; "more data" for 61xx; "" for one that is not in it. */
const char *status_name(const struct profile *p, uint16_t sw);

#endif
