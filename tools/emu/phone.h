#ifndef TOOLS_EMU_PHONE_H
#define TOOLS_EMU_PHONE_H

#include "tools/emu/card.h"

/*
 * The emulated phone: a phone profile and the reference device behind one card.
 */
struct emu_phone;

/** What is named in the rig, found and loaded. Files are sought beside @rig_path too. */
int emu_phone_new(struct emu_phone **out, const char *rig_path, const char *protocol,
		  const char *phone, const char *pairing, uint64_t seed, struct err *err);
void emu_phone_free(struct emu_phone *p); /* takes NULL */

void emu_phone_traits(const struct emu_phone *p, struct card_traits *out);
struct applet *emu_phone_applet(struct emu_phone *p);

#endif
