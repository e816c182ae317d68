#ifndef DRIVERS_RELAY_USB_HID_H
#define DRIVERS_RELAY_USB_HID_H

#include "drivers/relay.h"
#include "drivers/relay/usb_hid_wire.h"
#include "drivers/usb_port.h"

/*
 * DCTTech USB relay boards: the driver over a port that carries its control requests. The real port is libusb's;
 * tests put a faulty one there.
 */

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
