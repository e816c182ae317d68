#ifndef BENCH_RIG_BIND_H
#define BENCH_RIG_BIND_H

#include "bench/rig.h"

/** Choose the drivers and bind their options; again once the emulated desk can name its paths. */
int rig_bind_devices(struct rig *rig, struct err *err);

#endif
