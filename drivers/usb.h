#ifndef DRIVERS_USB_H
#define DRIVERS_USB_H

#include "bench/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What is plugged in, from sysfs. Bus and device numbers change with every re-plug and reset; port paths and serial
 * numbers do not, so they are what a rig should name.
 *
 * @root, everywhere: in front of /sys and /dev, "" for this machine; tests and `keybench doctor` have another.
 * Source: Linux, Documentation/ABI/stable/sysfs-bus-usb and testing/sysfs-bus-usb.
 */
struct usb_device {
	char port[32]; /* "1-2.3": bus 1, port 2 of its hub, port 3 of the hub there */
	int bus, device;
	uint16_t vendor, product_id;
	char maker[64], product[64], serial[64]; /* "" when it does not say */
	char tty[32]; /* "ttyUSB0", "ttyACM0": its serial line; "" without one */
};

typedef int usb_fn(void *ctx, const struct usb_device *d);
/**
 * Every device but root hubs, ordered by port. @fn: not 0 ends the scan.
 * @return 0, what @fn returned, or ERR_NOMEM; a machine without USB has no devices
 */
int usb_scan(const char *root, usb_fn *fn, void *ctx);

/** Does @text name a device on USB by something that stays: usb-port:, usb-serial:, usb-id:? */
bool usb_is_name(const char *text);
/**
 * The one device that @text names:
 *
 *	usb-port:1-2.3
 *	usb-serial:SERIAL
 *	usb-id:04e6:5591   the only one of its kind
 *
 * ERR_GONE when there is none; ERR_USAGE when there are several (the text lists their ports), or when it is none of
 * these forms.
 */
int usb_find(struct usb_device *out, const char *root, const char *text, struct err *err);
/** The device behind a node of usbfs, /dev/bus/usb/001/005. */
int usb_find_numbers(struct usb_device *out, const char *root, int bus, int device,
		     struct err *err);
/** The USB interface that a serial line is of, "1-2.3:1.0", or "": an adapter may have several lines. */
void usb_interface_of_tty(char out[40], const char *root, const char *tty);

/** The reverse: the line that interface "1-2.3:1.0" has now, "ttyUSB0"; false when there is none. */
bool usb_tty_of_interface(char out[32], const char *root, const char *interface);

/** libnfc's driver for it: "pn53x_usb", "acr122_usb", or NULL. libnfc 1.8.0 knows no others on USB. */
const char *usb_nfc_driver(const struct usb_device *d);
/** What it is, when it is a device a bench would have: "SCM SCL3711 (PN533)", "CH340 serial"; NULL. */
const char *usb_model(const struct usb_device *d);
/** The relay driver that switches it, "usb_hid" or "numato"; NULL. */
const char *usb_relay_driver(const struct usb_device *d);
/** Is it no more than a serial line for whatever is behind it? */
bool usb_is_adapter(const struct usb_device *d);

#endif
