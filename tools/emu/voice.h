#ifndef TOOLS_EMU_VOICE_H
#define TOOLS_EMU_VOICE_H

#include "bench/core/wire/dbc.h"
#include "fixtures/proto/profile.h"
#include "tools/emu/hub.h"
#include "tools/emu/rig.h"

/*
 * A vehicle module's node on a bus: what wakes it, and what it says.
 *
 * It needs these of its DBC: WakeUp wakes a sleeping module (a signal Stay, if it has one
 * and it is not 0: for so long, s); ModuleState.Awake answers that; DoorStatus.Lock,
 * Locked or Unlocked, is said when it changes and every second while awake. It locks
 * again once nobody is in its field. Of DoorStatus it also says, if it has these signals,
 * while open: Access, the access level of the key that opened, as on the wire, and
 * SpeedLimit, 1 when that key may drive at limited speed alone.
 */
struct voice;

struct voice_events {
	void (*wake)(void *ctx, bool awake);
	void *ctx;
};

/**
 * Locked; asleep when it is one that sleeps (.wake is not called for that). @param hub
 * borrowed
 */
int voice_new(struct voice **out, struct world *w, struct hub *hub,
	      const struct emu_rig *rig, const struct rig_module *options,
	      const struct voice_events *events, struct err *err);
void voice_free(struct voice *v); /* takes NULL; all others: do nothing then */
/** Has the DBC what is needed? */
int voice_check(const struct emu_rig *rig, const struct rig_module *options,
		struct err *err);

/**
 * A phone is activated; its transaction ended well, with a key of this level (NULL: none
 * has one); nobody is there any more.
 */
void voice_activated(struct voice *v);
void voice_opened(struct voice *v, const struct access_level *level);
void voice_empty(struct voice *v);

#endif
