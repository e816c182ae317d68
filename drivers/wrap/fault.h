#ifndef DRIVERS_WRAP_FAULT_H
#define DRIVERS_WRAP_FAULT_H

#include "bench/core/rng.h"
#include "drivers/bus.h"
#include "drivers/card.h"
#include "drivers/positioner.h"
#include "drivers/reader.h"
#include "drivers/relay.h"
#include "drivers/sensor.h"

/*
 * A role around another instance of it, some of whose calls go wrong: to see what becomes of a bench whose
 * devices do. What is counted is every call but close and state (with .call: every call of that name), over all roles that
 * share one struct fault, so that "the n-th driver call of a run" is one number. The same plan and the same calls
 * go wrong the same way.
 *
 * Whose fault it is. An error, a hang, a disconnect, another name, a dead worker and a clock that steps are the
 * bench's: nothing may be held against a target for them. What a reader or card loses, doubles, alters or cuts short
 * it says as if the air had done it, or the examined side: that is data and belongs to the target. A relay board
 * and a positioner that lose a command say that they did it, and a sensor that errs is not the phone: the bench's again.
 */
enum fault_kind {
	FAULT_ERROR, /* .code; see .too_late */
	FAULT_DELAY, /* it comes back .by_ns later; stamps are as they were */
	/*
	 * It has no effect. Reader: the answer is lost on the air, nobody is found, a command is swallowed;
	 * card: likewise; relay, positioner: it says that it did it; bus: a frame is not sent, or did
	 * not fit when it came (counted in .lost); sensor: it sees nobody
	 */
	FAULT_LOSS,
	FAULT_DUPLICATE, /* it is made twice; the first answer is lost. Bus: a frame comes, or goes, twice */
	/*
	 * Reader: a bit of the answer is wrong; card: the chip says RF error; relay: another channel is
	 * switched, an input says the opposite; positioner: it goes the other way, a probe says the opposite; sensor: it sees the opposite; bus: a bit of what is sent is wrong. A frame that
	 * comes damaged is lost: CAN has a CRC
	 */
	FAULT_CORRUPT,
	/* reader: half of the answer is missing; card: of a frame, whose CRC is wrong then: RF error */
	FAULT_SHORT,
	/* blocks for .by_ns, or 0: for ever; abort ends it, but with .stays. Then ERR_TIMEOUT */
	FAULT_HANG,
	/* ERR_GONE from then on, until it is opened or reopened; with .stays that fails too */
	FAULT_DISCONNECT,
	FAULT_OTHER_NAME, /* ERR_GONE, and what is reopened says that it is another device */
	FAULT_ABORT,      /* abort() of this very process: only ever in a worker */
	FAULT_CLOCK_STEP /* every stamp from then on is .by_ns off, to either side */
};
#define FAULT_KIND_COUNT 11
/** "clock-step"; NULL at the end: as a rig file says them. */
extern const char *const fault_kind_names[FAULT_KIND_COUNT + 1];

struct fault_plan {
	enum fault_kind kind;
	const char *
		call; /* the name of the calls that count: "exchange"; NULL: all; borrowed */
	int64_t nth;   /* this call fails, 1-based; 0: none by number */
	int64_t times; /* ... and the next ones, so many in all; 0 is 1 */
	double share;  /* of all other calls, 0 .. 1, drawn from .seed */
	uint64_t seed;
	int code; /* of FAULT_ERROR: ERR_IO, ERR_TIMEOUT, ERR_GONE ...; 0 is ERR_IO */
	bool too_late; /* of FAULT_ERROR: the call is made, but its answer is lost; else it is not made */
	bool stays;
	int64_t by_ns;
};

#define FAULT_KEEPS 64
struct fault_strike {
	const char *call;
	int64_t at_ns; /* of the role's clock, before the call */
};

/*
 * What a plan has done so far. It may lie in memory that several processes share, so that a worker that was
 * replaced goes on counting where the one before it died; one of them uses it at a time.
 */
struct fault {
	struct fault_plan plan;
	struct rng rng;
	int64_t calls, failed;                    /* so far */
	struct fault_strike strikes[FAULT_KEEPS]; /* the first of those that failed */
	bool gone, renamed, aborted;
	int64_t step_ns; /* off every stamp */
	/* told of every strike, before anything comes of it; NULL: nobody */
	void (*struck)(struct fault *f, const char *call, int64_t at_ns);
	const void *ctx; /* of whoever is told */
};

void fault_init(struct fault *f, const struct fault_plan *plan);
/** Does a plan of @kind do anything to role @role ("reader", "bus", ...)? */
bool fault_applies(enum fault_kind kind, const char *role);

/**
 * Put @f around @inner, which is taken over (closed with the wrapper), also on error.
 *
 * @param f  borrowed until close
 * @return 0; ERR_NOMEM; ERR_GONE: it is disconnected and stays so
 */
int fault_reader_open(struct reader **out, struct reader *inner, struct fault *f,
		      struct err *err);
int fault_card_open(struct card **out, struct card *inner, struct fault *f,
		    struct err *err);
int fault_relay_open(struct relay **out, struct relay *inner, struct fault *f,
		     struct err *err);
int fault_positioner_open(struct positioner **out, struct positioner *inner,
			  struct fault *f, struct err *err);
int fault_sensor_open(struct sensor **out, struct sensor *inner, struct fault *f,
		      struct err *err);
int fault_bus_open(struct bus **out, struct bus *inner, struct fault *f, struct err *err);

#endif
