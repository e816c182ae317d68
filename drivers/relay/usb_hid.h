#ifndef DRIVERS_RELAY_USB_HID_H
#define DRIVERS_RELAY_USB_HID_H

#include "drivers/relay.h"
#include "drivers/relay/usb_hid_wire.h"

/*
 * DCTTech USB relay boards: the driver over a port that carries its control requests. The real port is libusb's
 * (usb_hid_libusb.c); tests put a faulty one there.
 */

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
	/** Open the device at @port; one at a time. */
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

struct usb_hid_options {
	const char *port;   /* NULL for any */
	const char *serial; /* NULL for any */
	int64_t channels;   /* 0: as the board says */
};
extern const struct conf_item usb_hid_items[];

/** @param port  taken over: freed with the board, or at once when it does not open */
int usb_hid_open(struct relay **out, struct usb_port *port,
		 const struct usb_hid_options *options, struct clock *clock,
		 struct err *err);

#endif
