#ifndef BENCH_RIG_SIM_H
#define BENCH_RIG_SIM_H

#include "bench/rig.h"

#include <openssl/types.h>

/*
 * The simulated half of a rig: the reference device behind the simulated reader, thinking as long as the
 * phone profile says. Delays and keys come from streams of one seed; the stream of delays is the
 * emulated desk's, so that the same seed thinks as long there.
 */

/** Does the rig hang together? What is simulated in this process stands alone. Located errors. */
int rig_sim_check(const struct rig *rig, struct err *err);

/** The clock starts at 0. @return 0 or an error; rig_sim_close */
int rig_sim_open(struct rig *rig, uint64_t seed, struct err *err);
void rig_sim_close(struct rig *rig);

int rig_sim_open_reader(struct rig *rig, struct err *err);
int rig_sim_open_positioner(struct positioner **out, struct rig *rig, struct err *err);
/** Where both engines take their randomness from. */
OSSL_LIB_CTX *rig_sim_lib(const struct rig *rig);

#endif
