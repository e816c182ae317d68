#ifndef DRIVERS_USB_PORT_H
#define DRIVERS_USB_PORT_H

#include "bench/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What our own drivers do with a USB device: find it, open it where it is plugged in, ask it by control requests, reset
 * it. The real one is libusb's (usb_port_libusb.c); tests put a faulty one there.
 */

/** A control request; data as it goes out, or came in. */
struct usb_request {
	uint8_t type, request;
	uint16_t value, index, length;
	uint8_t data[16];
};

/** How a call to the port ended; other ends are a count or 0. */
enum usb_end {
	USB_GONE = -1,     /* unplugged */
	USB_PROTOCOL = -2, /* EPROTO, EPIPE: these boards do it now and then */
	USB_TIMEOUT = -3,
	USB_BUSY = -4,   /* somebody else has it */
	USB_DENIED = -5, /* no permission */
	USB_FAILED = -6
};

struct usb_found {
	bool simulated;     /* on an emulated USB host */
	char port[32];      /* where it is plugged in, as sysfs says it: "1-2.3" */
	char name[32];      /* its product string; "" when it cannot be read */
	enum usb_end named; /* why not, or 0 */
};

#define USB_MAX_FOUND 32

struct usb_port;
struct usb_port_ops {
	/** Devices of that vendor and product, at most USB_MAX_FOUND. @return how many, or an enum usb_end */
	int (*list)(struct usb_port *p, uint16_t vendor, uint16_t product,
		    struct usb_found out[USB_MAX_FOUND]);
	/** Open the device at @port; one at a time. "usb1" is the root hub of bus 1. */
	int (*open)(struct usb_port *p, const char *port);
	/** Take interface 0 away from the kernel's driver: 1 it had it, 0 it had not. */
	int (*detach)(struct usb_port *p);
	/** Give it (back) to the kernel's driver. */
	int (*attach)(struct usb_port *p);
	int (*claim)(struct usb_port *p);
	int (*release)(struct usb_port *p);
	/** One control request. @return bytes moved */
	int (*control)(struct usb_port *p, struct usb_request *r, int timeout_ms);
	/** Reset the device where it stands; the claim survives, or it is USB_GONE. */
	int (*reset)(struct usb_port *p);
	void (*close)(struct usb_port *p); /* the device */
	void (*free)(struct usb_port *p);
};

struct usb_port {
	const struct usb_port_ops *ops;
};

/** Over libusb: only in builds with it (WITH_LIBUSB). Free with .free. */
int usb_port_new(struct usb_port **out, struct err *err);

#endif
