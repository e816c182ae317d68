#ifndef DRIVERS_WRAP_FAULT_INT_H
#define DRIVERS_WRAP_FAULT_INT_H

#include "drivers/wrap/fault.h"

#include <stddef.h>

/*
 * What the wrappers of all roles have in common.
 */

/* What a wrapper has to do with one call. */
enum fault_deed {
	DEED_MAKE,  /* as if nothing were; but for the stamps */
	DEED_BEND,  /* the kind decides how: loss, duplicate, corrupt, short */
	DEED_SKIP,  /* not made: answer *rc */
	DEED_WASTE, /* made, and its answer is lost: answer *rc */
	DEED_DELAY  /* made, and then fault_linger */
};

/**
 * Count a call, and say what is to become of it.
 *
 * @param clock  of the role
 * @param rc     out: for DEED_SKIP and DEED_WASTE; the words are in @err
 */
enum fault_deed fault_call(struct fault *f, const char *call, struct clock *clock,
			   int *rc, struct err *err);
void fault_linger(struct fault *f, struct clock *clock);
/** Does the call that was told DEED_BEND suffer this? */
bool fault_is(const struct fault *f, enum fault_kind kind);
/** One that has a name for itself. */
void fault_rename(const struct fault *f, char *model, size_t size);
/** It is opened or reopened: 0, or it stays away. */
int fault_back(struct fault *f, struct err *err);

/* For calls that have no data to bend: a loss is a call that says all is well. */
#define FAULT_THROUGH(f, name, clock, made, err) \
	do { \
		int through_rc = 0; \
		switch (fault_call(f, name, clock, &through_rc, err)) { \
		case DEED_SKIP: \
			return through_rc; \
		case DEED_WASTE: \
			(void)(made); \
			return through_rc; \
		case DEED_BEND: \
			if (fault_is(f, FAULT_LOSS)) \
				return 0; \
			if (fault_is(f, FAULT_DUPLICATE)) \
				(void)(made); \
			return (made); \
		case DEED_DELAY: \
			through_rc = (made); \
			fault_linger(f, clock); \
			return through_rc; \
		default: \
			return (made); \
		} \
	} while (0)

#endif
