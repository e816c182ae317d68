#ifndef TOOLS_USBEMU_PRODUCTS_H
#define TOOLS_USBEMU_PRODUCTS_H

#include "tools/usbemu/usb_device.h"

/*
 * Descriptors of real products.
 * Source: what Linux prints of them, as published in the libnfc, usbrelay and labgrid projects; the HID report
 * descriptor as seen on the wire. The endpoints of the SCL3712 are inferred: hosts read them.
 */
extern const struct usb_product scl3711, scl3712, acr122u;
/** Boards of 1, 2, 4 and 8 channels. NULL: there is no such board. */
const struct usb_product *dcttech_product(int channels);

#endif
