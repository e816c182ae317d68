#ifndef BENCH_RIG_OWNER_H
#define BENCH_RIG_OWNER_H

#include "bench/rig.h"

#include <openssl/types.h>

/*
 * The vehicle's side of owner pairing on a rig, and what both sides are provisioned with.
 */

/** Has the rig what owner pairing takes: a protocol with it, and a password in its pairing? */
bool rig_can_pair(const struct rig *rig);
/** Engine, verifier, certificates; does nothing for a rig that cannot. @param lib  as for the vehicle */
int rig_owner_open(struct rig *rig, OSSL_LIB_CTX *lib, struct err *err);
void rig_owner_close(struct rig *rig);
/** The engine of an open rig; NULL: it cannot pair. */
struct owner_pairing *rig_owner(const struct rig *rig);

#endif
