#ifndef DRIVERS_USB_RESCUE_H
#define DRIVERS_USB_RESCUE_H

#include "bench/core/clock.h"
#include "drivers/usb_port.h"

/*
 * What can still be done for a device on USB that no new process helps: reset it, or take its power away for a while.
 * Both block for as long as USB does; whoever must not, does it in a process of its own (wrap/errand.h).
 */

/** What it is done with. */
struct usb_rescue {
	struct usb_port *port; /* borrowed */
	struct clock *clock;
	const char *root; /* in front of /sys: "" for this machine */
	/** The number of the device at @where, which every time it is plugged in is another; 0: there is none. */
	int (*number)(const struct usb_rescue *r, const char *where);
};

/**
 * Reset the device at @where ("1-2.3"): the kernel then looks at it as if it had been plugged in. It may have another
 * number afterwards, and whoever has it open must open it again.
 * @return 0; ERR_GONE nothing is there; ERR_IO; ERR_TIMEOUT
 */
int usb_reset_at(const struct usb_rescue *r, const char *where, struct err *err);
/**
 * Switch the port at @where off for @off_ns and on again, both sides of a USB 3 socket. Proved: the hub says so, a
 * device that was there was disconnected while it was off, and is there anew. Whether the hub really cuts the power no
 * host can see. Power is never left off by a failure that could be undone.
 * @return 0; ERR_UNSUPPORTED: the hub cannot switch this port alone, or says it did and did not; ERR_IO; ERR_TIMEOUT
 */
int usb_cycle_power_at(const struct usb_rescue *r, const char *where, int64_t off_ns,
		       struct err *err);

/* The same on this machine. ERR_UNSUPPORTED in a build without libusb. */
int usb_rescue_reset(const char *where, struct err *err);
int usb_rescue_power(const char *where, int64_t off_ns, struct err *err);

#endif
