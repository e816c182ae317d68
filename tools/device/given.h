#ifndef TOOLS_DEVICE_GIVEN_H
#define TOOLS_DEVICE_GIVEN_H

#include "tools/device/link.h"

#include <argp.h>

/* What both programs take on their command lines. */
struct given {
	const char *profile, *keys;
	struct address at;
	bool listen, has_address, trace;
};

enum {
	GIVEN_PROFILE = 256,
	GIVEN_KEYS,
	GIVEN_PEER, /* --vpcd, --connect */
	GIVEN_LISTEN,
	GIVEN_OWN /* a program's own begin here */
};
#define GIVEN_TRACE 't'

#define GIVEN_OPTIONS \
	{ \
		"profile", \
		GIVEN_PROFILE, \
		"FILE", \
		0, \
		"Protocol profile, keybench-protocol(5)", \
		0 \
	}, \
		{ "keys", GIVEN_KEYS, "FILE", 0, "What it holds, keybench-pairing(5)", 0 }, \
	{ \
		"trace", GIVEN_TRACE, NULL, 0, "Print every message, both ways", 0 \
	}

/** One of these options, or an argument, of which there are none. ARGP_ERR_UNKNOWN: it is the program's own. */
error_t given_take(struct given *g, int key, const char *arg, struct argp_state *state);

/** Listen at its address, and say on stdout which that became. @return 0 or ERR_IO; the caller closes @listener */
int given_listen(const struct given *g, int *listener, struct err *err);

#endif
