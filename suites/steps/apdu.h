#ifndef SUITES_STEPS_APDU_H
#define SUITES_STEPS_APDU_H

#include "bench/core/buf.h"
#include "suites/step.h"

/**
 * One APDU through the reader: its points NAME.sent and NAME.answered, and the floor of its air time added to
 * @floor_ns.
 * @return 0, STEP_STOP when the air or the card ended it, or an error of the bench
 */
int step_apdu(struct step_env *env, const char *name, struct bytes command,
	      struct buf *answer, int64_t *floor_ns, struct err *err);
/** The points of one APDU, for rehearsals. */
void step_rehearse_apdu(struct attempt *a, const char *name);
/** Rehearsed: is a phone selected here, and still there? @return NULL, or why not */
const char *step_no_phone(const struct attempt *a);

#endif
