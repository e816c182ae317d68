#ifndef TOOLS_USBEMU_GADGET_H
#define TOOLS_USBEMU_GADGET_H

#include "bench/core/wire/pn53x.h"
#include "tools/emu/desk.h"
#include "tools/usbemu/ccid.h"
#include "tools/usbemu/usb_device.h"

/*
 * What joins a device of the desk to its USB plug. A stick's chip speaks its frames over two bulk endpoints; an
 * ACR122U puts them into CCID; a relay board lives on control requests.
 */
struct gadget {
	struct usb_device usb;
	struct world *world;
	struct line *line;
	struct chip *chip;
	struct board *board;
	/* ACR122U */
	struct ccid_parser ccid;
	struct pn53x_parser chip_parser;
	struct timer silence;
	bool asked;  /* the host waits for an answer */
	bool escape; /* … as one to an escape command */
	bool asleep; /* the chip was told to power down */
	uint8_t seq;
};

/** Device @i of the desk, which must be one on USB. @g stays where it is. */
void gadget_init(struct gadget *g, struct desk *d, struct world *w, int i);

/* gadget_acr122.c */
extern const struct usb_device_ops acr122_ops;
void acr122_init(struct gadget *g);

#endif
