#include "drivers/relay/usb_hid.h"

/* The driver, over what libusb finds. */
static int open_over_libusb(struct relay **out, const void *options, struct clock *clock,
			    struct err *err)
{
	struct usb_port *port;
	int rc = usb_port_new(&port, err);

	return rc ? rc : usb_hid_open(out, port, options, clock, err);
}

extern const struct relay_driver usb_hid_driver;
const struct relay_driver usb_hid_driver = {
	.name = "usb_hid",
	.summary = "DCTTech USB relay boards (USBRelay1/2/4/8, 16c0:05df)",
	.needs_worker = true,
	.items = usb_hid_items,
	.options_size = sizeof(struct usb_hid_options),
	.open = open_over_libusb,
};
