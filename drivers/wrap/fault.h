#ifndef DRIVERS_WRAP_FAULT_H
#define DRIVERS_WRAP_FAULT_H

#include "bench/core/rng.h"
#include "drivers/positioner.h"
#include "drivers/reader.h"
#include "drivers/relay.h"

/*
 * A role around another instance of it, some of whose calls fail: to see what becomes of
 * a bench whose devices do. What is counted is every call but close, over all roles that
 * share one struct fault, so that "the n-th driver call of a run" is one number. The same
 * plan and the same calls fail the same way.
 */
struct fault_plan {
	int64_t nth;   /* this call fails, 1-based; 0: none by number */
	int64_t times; /* ... and the next ones, so many in all; 0 is 1 */
	double share;  /* of all other calls, 0 .. 1, drawn from .seed */
	uint64_t seed;
	int code;      /* how: ERR_IO, ERR_TIMEOUT, ERR_GONE ... */
	bool too_late; /* the call is made, but its answer is lost; else it is not made */
};

struct fault {
	struct fault_plan plan;
	struct rng rng;
	int64_t calls, failed; /* so far */
};

void fault_init(struct fault *f, const struct fault_plan *plan);

/**
 * Put @f around @inner, which is taken over (closed with the wrapper), also on error.
 *
 * @param f  borrowed until close
 * @return 0 or ERR_NOMEM
 */
int fault_reader_open(struct reader **out, struct reader *inner, struct fault *f,
		      struct err *err);
int fault_relay_open(struct relay **out, struct relay *inner, struct fault *f,
		     struct err *err);
int fault_positioner_open(struct positioner **out, struct positioner *inner,
			  struct fault *f, struct err *err);

#endif
