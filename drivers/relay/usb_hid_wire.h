#ifndef DRIVERS_RELAY_USB_HID_WIRE_H
#define DRIVERS_RELAY_USB_HID_WIRE_H

#include "drivers/usb_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What DCTTech "USBRelay" boards say over USB, both directions; pure.
 *
 * A low-speed HID device, 16C0:05DF (an id shared by many hobby devices: the product string "USBRelay<n>" must
 * fit too, n channels), with one feature report of 8 bytes and no report id. An order is a SET_REPORT of
 * FF n (on), FD n (off), FE (all on), FC (all off), FA c1…c5 (new serial); a GET_REPORT answers s1…s5 00 ?? state.
 *
 * Programs use different forms of the two requests: feature or output report, to the interface or the device,
 * 2, 8 or 9 bytes, report id 0 or 1. The board takes all of them; the host here uses the one that HID 1.11,
 * 7.2 says.
 * Source: reports as published by the open drivers (usbrelay, crelay, labgrid) and seen on the wire of usbrelay.
 */
#define USB_HID_VENDOR 0x16c0
#define USB_HID_PRODUCT 0x05df
#define USB_HID_REPORT 8
#define USB_HID_MAX_CHANNELS 8
#define USB_HID_SERIAL 5

/** Channels of a product string, "USBRelay4" → 4; ERR_FORMAT when it is no such board. */
int usb_hid_channels(const char *product);

void usb_hid_build_set(struct usb_request *r, int channel, bool on);
void usb_hid_build_all(struct usb_request *r, bool on);
void usb_hid_build_get(struct usb_request *r);

struct usb_hid_report {
	char serial[USB_HID_SERIAL + 1]; /* "" when it holds no printable text */
	uint32_t state;                  /* bit n-1: the latch of channel n */
};
/**
 * Read the answer to a GET_REPORT.
 *
 * @return 0; ERR_FORMAT: not 8 bytes; ERR_RANGE: channels on that the board lacks
 */
int usb_hid_parse(const struct usb_request *answer, size_t len, int channels,
		  struct usb_hid_report *out);

/** The board's side; zero-initialise, then channels and serial. */
struct usb_hid_board {
	int channels;
	uint8_t serial[USB_HID_SERIAL];
	uint32_t state;
};
/**
 * What the board makes of a request; an answer is put into its data.
 *
 * @return bytes taken or given; ERR_UNSUPPORTED: it stalls
 */
int usb_hid_board_hear(struct usb_hid_board *b, struct usb_request *r);

#endif
