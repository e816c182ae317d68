#ifndef SUITES_STEPS_ANSWERING_H
#define SUITES_STEPS_ANSWERING_H

#include "suites/step.h"

/*
 * The step transact in arrangement B: we are the phone. @kind 0 fast, 1 standard: what the case wants
 * the vehicle to ask for.
 */

/** Switch the vehicle's input so that it asks for @kind, where the rig says how. */
int answering_prepare(struct step_env *env, int kind, struct err *err);
/** Answer until CONTROL FLOW was answered, or the vehicle lets go. As step_kind.run. */
int answering_run(struct step_env *env, int kind, bool fallback_allowed, struct err *err);

#endif
