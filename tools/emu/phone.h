#ifndef TOOLS_EMU_PHONE_H
#define TOOLS_EMU_PHONE_H

#include "tools/emu/card.h"
#include "tools/emu/rig.h"

/*
 * The emulated phone: a phone profile and the reference device behind one card.
 */
struct emu_phone;

/** What the rig names, found and loaded; files are sought beside the rig too. */
int emu_phone_new(struct emu_phone **out, const struct emu_rig *rig, uint64_t seed,
		  struct err *err);
void emu_phone_free(struct emu_phone *p); /* takes NULL */

/** It lives in @w (borrowed): from now on it sleeps until it is woken, when its profile says so. */
void emu_phone_in(struct emu_phone *p, struct world *w);
void emu_phone_traits(const struct emu_phone *p, struct card_traits *out);
struct applet *emu_phone_applet(struct emu_phone *p);

#endif
