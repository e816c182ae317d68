#ifndef DRIVERS_POSITIONER_PAIR_DRIVE_H
#define DRIVERS_POSITIONER_PAIR_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A linear actuator on two relays, an H-bridge: one extends, the other retracts; pure. Never both, a dead time
 * between one off and the other on, off at the end stop, and a limit on how long it may run.
 */
enum pair_leg {
	PAIR_OUT,
	PAIR_BACK,
	PAIR_NONE
};

struct pair_drive {
	int64_t dead_ns;
	int64_t run_ns[2]; /* without an end stop: so long */
	int64_t limit_ns;  /* with one: reached by then, or it is overdue */
	bool has_stop[2];
	enum pair_leg want; /* what it is on its way to */
	bool on[2];         /* as far as is known: a failed order may have arrived */
	int64_t on_ns[2], off_ns[2]; /* since then */
};

enum pair_did {
	PAIR_RESTS,
	PAIR_MOVES,   /* step again at next_ns */
	PAIR_ARRIVED, /* once; it rests from now on */
	PAIR_OVERDUE, /* the stop was not reached in time; it rests */
	PAIR_CROSSED  /* both stops at once: the wiring is wrong; it rests */
};

struct pair_step {
	enum pair_did did;
	bool on[2]; /* switch to that, off before on */
	int64_t next_ns;
};

/** Both legs off since @now_ns. */
void pair_drive_init(struct pair_drive *d, int64_t now_ns);
void pair_drive_want(struct pair_drive *d, enum pair_leg leg);
/** @param stop  the end stops now */
void pair_drive_step(struct pair_drive *d, int64_t now_ns, const bool stop[2],
		     struct pair_step *out);
/** A leg was switched: told after the board took it, and for on also before. */
void pair_drive_switched(struct pair_drive *d, enum pair_leg leg, bool on,
			 int64_t now_ns);

#endif
