#ifndef BENCH_RIG_BIND_H
#define BENCH_RIG_BIND_H

#include "bench/rig.h"

/** Choose the drivers and bind their options; again once the emulated desk can name its paths. */
int rig_bind_devices(struct rig *rig, struct err *err);

/*
 * Bind a device's map by its driver's items into *out (what stood there is freed), its key "driver"
 * apart.
 */
int rig_bind_options(struct node map, const struct conf_item *items, size_t size,
		     const char *also, void **out, struct err *err);
/** The key "driver" of a device's map, or NULL and an error. */
const char *rig_driver_name(struct node map, struct err *err);
int rig_unknown_driver(struct node map, const char *role, const char *name,
		       struct err *err);
/** A line for the record: what a device is. */
void rig_note_device(struct rig *rig, const char *role, const char *model,
		     const char *link, const char *software, bool simulated);

/**
 * What answers in a role (enum rig_role): remembered at the first time; at any later one it must be the same, ERR_UNSUPPORTED
 * when it is not: waiting does not help then. A recovery that ends at somebody else's device is none.
 */
int rig_know(struct rig *rig, int role, const char *model, struct err *err);

/* rig_lock.c: one keybench at a time */
int rig_lock(struct rig *rig, struct err *err);
void rig_unlock(struct rig *rig);
/** Every device that the rig names, but for its bus; a return that is not 0 ends it and is passed on. */
typedef int rig_device_fn(void *ctx, const char *role, const char *device,
			  struct err *err);
int rig_each_device(const struct rig *rig, rig_device_fn *fn, void *ctx, struct err *err);

/* rig_home.c: where devices are plugged in */
#define RIG_USB_PORT 32
/** Remember it, of every device, while it is there. */
void rig_note_homes(struct rig *rig);
/**
 * Before a device is opened again: it may have come back under another number, which the options then say.
 * @return 0; ERR_GONE: it is not back
 */
int rig_follow(struct rig *rig, int role, struct err *err);
/** The USB port of a role's device, "1-2.3"; false when it is not on USB, or that is not known. */
bool rig_usb_port(const struct rig *rig, int role, char out[RIG_USB_PORT]);

/* rig_wear.c: what wears out, and what is hot */
/** Once all is open: whose count it is, and how hot its coil was left. */
void rig_begin_wear(struct rig *rig);
/** Before the positioner is closed: its cycles are owed to the count. */
void rig_take_cycles(struct rig *rig);
/** Once it is closed, and the phone away: count them. */
void rig_count_closed(struct rig *rig);
void rig_end_wear(struct rig *rig);

/* rig_card.c: arrangement B, keybench as the phone */
int rig_bind_card(struct rig *rig, struct err *err);
int rig_open_card(struct rig *rig, uint64_t seed, struct err *err);
void rig_close_card(struct rig *rig);

#endif
