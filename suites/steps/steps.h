#ifndef SUITES_STEPS_STEPS_H
#define SUITES_STEPS_STEPS_H

#include "suites/step.h"

/* One file a subject; suites/table.c lists them. */
extern const struct step_kind step_approach, step_retreat, step_wait; /* place.c */
extern const struct step_kind step_field, step_select;                /* field.c */
extern const struct step_kind step_transact;                          /* transact.c */

#endif
