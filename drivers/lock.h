#ifndef DRIVERS_LOCK_H
#define DRIVERS_LOCK_H

#include "bench/core/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A device has one user at a time, and who is refused is told whose it is.
 *
 * A lock is flock(2) on a file named after the device, in $KEYBENCH_LOCKS, else /run/lock, else /tmp. The kernel
 * drops it with the process, however that ends; what stands in the file is only for a person. The file stays.
 *
 * The device is known by what does not change: a USB device by its port (also while nothing is in it), a serial line by the port of its adapter,
 * any other node by its number, any other text by itself.
 */
#define LOCK_NAME_MAX 160

/** The name of a device's lock, of a rig's text: a path, a connection string of libnfc, usb-port: ... */
void lock_name(char out[LOCK_NAME_MAX], const char *device);

/** The node behind a rig's text as things are plugged in now, links followed; false: it has none. */
bool lock_node(char out[PATH_MAX], const char *device);

struct lock_holder {
	pid_t pid;
	char since[32];    /* "2026-11-21 12:03:11" local time */
	char command[120]; /* "keybench run door-unlock --rig ..." */
	char what[120];    /* "reader /dev/ttyUSB0" */
};

/**
 * Take the lock of a device.
 *
 * @param fd    out: close(2) unlocks; close-on-exec, not kept by workers
 * @param what  for a person: "reader /dev/ttyUSB0"
 * @param kind  "" for a rig's; another for a lock of its own, as of the process that has it open
 * @param patience_ns  how long to wait for one who is about to let go
 * @return 0; ERR_IO: somebody has it, and the text says who, since when and what for
 */
int lock_take(int *fd, const char *device, const char *what, const char *kind,
	      int64_t patience_ns, struct err *err);
/** Who has it: 1 somebody (@out is filled in as far as is known), 0 nobody. */
int lock_held(struct lock_holder *out, const char *device, const char *kind);

/**
 * Who has a flock on the node @path, without opening it (from /proc/locks): a process, or 0.
 * A worker of a killed keybench has one for as long as it takes to close its device.
 */
pid_t lock_flock_holder(const char *path);

#endif
