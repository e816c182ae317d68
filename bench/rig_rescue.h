#ifndef BENCH_RIG_RESCUE_H
#define BENCH_RIG_RESCUE_H

#include "bench/rig.h"

/*
 * What helps a device on USB that a new process does not help. Each works on the device of a role (enum rig_role) where
 * rig_usb_port knows it, in a process of its own with a deadline: USB can block. Afterwards the device must be opened
 * anew, and may have another number.
 */

/** Reset it where it is plugged in, and have the kernel look at it again. */
int rig_reenumerate(struct rig *rig, int role, struct err *err);
/** Its port off for the rig's power_off, and on again. ERR_UNSUPPORTED: its hub cannot switch a single port. */
int rig_cycle_power(struct rig *rig, int role, struct err *err);

#endif
