#ifndef TOOLS_EMU_SESSION_H
#define TOOLS_EMU_SESSION_H

#include "tools/emu/desk.h"

#include <argp.h>

/*
 * A program around a desk: its options, its controller's life line, its signals, its end. keybench-emu(1) tells
 * how it behaves; what another program adds to it is in its struct session_program.
 */
struct session;

struct session_program {
	const char *name; /* "keybench-emu" */
	const char *doc;  /* of --help */
	const struct argp_child
		*more; /* further options; may be NULL. Their input is .ctx */
	void *ctx;
	/** Plugs devices on USB in, and calls session_ready, now or later. Without it keybench-usbemu does that. */
	int (*begin)(void *ctx, struct session *s, struct err *err);
	/** Where device @i of the desk is; NULL: where the desk says. */
	const char *(*path)(void *ctx, int i);
	/** Before the desk goes; also when .begin failed or never came. */
	void (*end)(void *ctx);
};

/** main(). */
int session_main(const struct session_program *program, int argc, char **argv);

struct world *session_world(struct session *s);
struct desk *session_desk(struct session *s);
/** All devices are there: tell who waits for them. */
int session_ready(struct session *s, struct err *err);
/** It ends, and says why. */
void session_fail(struct session *s, const struct err *err);

#endif
