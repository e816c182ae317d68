#ifndef DRIVERS_NFC_PCSC_PORT_H
#define DRIVERS_NFC_PCSC_PORT_H

#include "bench/core/clock.h"
#include "bench/core/err.h"

#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <winscard.h>

/*
 * A connection to pcscd through libpcsclite 1.9.9, and one reader that pcscd has. Lives in a worker.
 *
 * No call of libpcsclite has a deadline, and only one can be cancelled. What ends all of them is the end of their
 * socket: a timer (or an abort) shuts it down, the call comes back with a failure, and the connection has to be made
 * anew. pcscd itself is not moved by that: a reader whose driver waits for a card stays busy until it gives up.
 */
struct pcsc {
	struct clock *clock;
	char wanted[300]; /* the rig's text */
	char name[MAX_READERNAME];
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol; /* of .card */
	bool open;      /* .context and .name are good */
	bool connected; /* .card is good */
	bool simulated; /* its reader does not prove to be a real one on USB */
	int lock_fd;    /* of the device on USB; -1 without one */
	int socket;     /* libpcsclite's; -1: not known */
	timer_t timer;
	bool has_timer, was_open;
	volatile sig_atomic_t armed, expired, aborted;
};

/** ERR_GONE: no pcscd, or it has no such reader; ERR_USAGE: several fit; ERR_IO: somebody else holds it. */
int pcsc_open(struct pcsc *p, const char *wanted, struct clock *clock, struct err *err);
/** Leave it and connect again. */
int pcsc_reopen(struct pcsc *p, struct err *err);
void pcsc_release(struct pcsc *p);
int pcsc_check_open(const struct pcsc *p, struct err *err);

/** From here on, until pcsc_calm, calls fail when they take longer. */
void pcsc_hurry(struct pcsc *p, int64_t timeout_ns);
/** @return whether it did: the connection is lost then, and .open is false */
bool pcsc_calm(struct pcsc *p);
/** In a signal handler, too. */
void pcsc_abort(struct pcsc *p);

/** libpcsclite's result @res into our code, and its words into @err. */
int pcsc_fail(struct pcsc *p, LONG res, const char *doing, struct err *err);
/** Let go of the card; it is unpowered. */
void pcsc_disconnect(struct pcsc *p);

/** Does the reader that pcscd calls @name fit what a rig wants: all of it, or all but the two numbers at its end? */
bool pcsc_fits(const char *name, const char *wanted);

#endif
