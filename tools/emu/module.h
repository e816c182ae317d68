#ifndef TOOLS_EMU_MODULE_H
#define TOOLS_EMU_MODULE_H

#include "fixtures/vehicle/vehicle.h"
#include "tools/emu/chip.h"
#include "tools/emu/hub.h"
#include "tools/emu/rig.h"

/*
 * A vehicle module: a controller with the reference vehicle in it and a reader front end
 * of its own (a PN532 on a line that nobody else sees). Awake, it polls its field; with
 * whoever is activated there it does a transaction, decides, lets go, and waits until its
 * field was empty before it polls for the next.
 *
 * What it asks for is its own: a fast transaction or a standard one, as configured, and
 * standard while its input line is on (an ignition switch).
 */
struct module;

struct module_events {
	/** A transaction ended well: the vehicle acts. May be NULL. */
	void (*opened)(void *ctx, enum vehicle_action action);
	void *ctx;
};

/**
 * On @air, borrowed; @hub is its bus, or NULL; awake, unless it is one that sleeps. What
 * the rig names is loaded; nothing of it is opened.
 */
int module_new(struct module **out, struct world *w, const struct emu_rig *rig,
	       const struct rig_module *options, struct air *air, struct hub *hub,
	       struct err *err);
void module_free(struct module *m); /* takes NULL */
/** Would it start? */
int module_check(const struct emu_rig *rig, struct err *err);

void module_on_events(struct module *m, const struct module_events *events);
/** Asleep it does not poll; a transaction under way is finished first. */
void module_wake(struct module *m, bool awake);
/** Its input line. */
void module_input(struct module *m, bool on);

#endif
