#ifndef TOOLS_USBEMU_USBIP_WIRE_H
#define TOOLS_USBEMU_USBIP_WIRE_H

#include "bench/core/buf.h"
#include "bench/core/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * USB/IP, version 1.1.1: what goes over the stream between a USB host (Linux: vhci_hcd) and whoever has the
 * device, both directions; pure. All numbers are big endian.
 *
 * First a question and its answer: which devices are there (DEVLIST), or give me that one (IMPORT). After a
 * good IMPORT the stream belongs to that device: SUBMIT carries a transfer, UNLINK takes one back.
 *
 * Source: Linux, Documentation/usb/usbip_protocol.rst, published. Isochronous transfers are not spoken here.
 */
#define USBIP_VERSION 0x0111
#define USBIP_PORT 3240
#define USBIP_BUSID 32
#define USBIP_PATH 256
#define USBIP_INTERFACES 4
#define USBIP_URB_SIZE 48 /* of a SUBMIT, UNLINK or its answer, without data */
#define USBIP_MAX_TRANSFER (64 * 1024) /* data of one SUBMIT */

enum usbip_code {
	USBIP_ASK_LIST = 0x8005,
	USBIP_LIST = 0x0005,
	USBIP_ASK_IMPORT = 0x8003,
	USBIP_IMPORT = 0x0003
};

enum usbip_command {
	USBIP_SUBMIT = 1,
	USBIP_UNLINK = 2,
	USBIP_SUBMITTED = 3, /* the answer to a SUBMIT, when the transfer is over */
	USBIP_UNLINKED = 4
};

enum usb_speed {
	USB_SPEED_LOW = 1,
	USB_SPEED_FULL = 2,
	USB_SPEED_HIGH = 3
};

/* How a transfer ended, beside 0: errno values of Linux, negative, as they stand on the wire. */
enum usb_status {
	USB_STALL = -32,  /* EPIPE */
	USB_BABBLE = -75, /* EOVERFLOW: the device had more than the host has room for */
	USB_UNLINKED = -104, /* ECONNRESET */
	USB_SHUT_DOWN = -108 /* ESHUTDOWN */
};

struct usbip_interface {
	uint8_t class, subclass, protocol;
};

/** A device as it is told to a host. */
struct usbip_device {
	char path[USBIP_PATH];   /* of the server, for people */
	char busid[USBIP_BUSID]; /* what to ask for: "1-1" */
	uint32_t busnum, devnum, speed;
	uint16_t vendor, product, release;
	uint8_t class, subclass, protocol;
	uint8_t configuration, configurations, interface_count;
	struct usbip_interface interfaces[USBIP_INTERFACES]; /* in a list only */
};

/** A question. */
struct usbip_ask {
	uint16_t version, code;
	char busid[USBIP_BUSID]; /* of an IMPORT; with its zero */
};

struct usbip_setup {
	uint8_t type, request;
	uint16_t value, index, length; /* little endian on the wire, as in USB */
};

/** SUBMIT or UNLINK, or the answer to one. */
struct usbip_urb {
	uint32_t command, seqnum, devid;
	bool in;           /* only a SUBMIT says it */
	uint32_t endpoint; /* 0..15; only a SUBMIT says it */
	uint32_t flags;
	int32_t status;  /* of answers */
	uint32_t length; /* bytes asked for or brought; of an answer: really moved */
	uint32_t unlink; /* UNLINK: whose number */
	struct usbip_setup setup;
	struct bytes data; /* SUBMIT out: what it brings; borrowed */
};

/*
 * Parsers of a stream: @in is what has come so far.
 * @return bytes used; 0: not all there yet; ERR_FORMAT: this is no USB/IP; ERR_RANGE: more than is allowed here;
 * ERR_UNSUPPORTED: isochronous, or an unknown question
 */
int usbip_parse_ask(struct bytes in, struct usbip_ask *out);
/** SUBMIT or UNLINK, with the data of a SUBMIT out. */
int usbip_parse_urb(struct bytes in, struct usbip_urb *out);
/** The answer to a SUBMIT or UNLINK; .length bytes of data follow if the SUBMIT was in. */
int usbip_parse_answer(struct bytes in, struct usbip_urb *out);
/** The answer to an IMPORT: @found false when it was refused. */
int usbip_parse_import(struct bytes in, bool *found, struct usbip_device *out);
/** The head of a list: how many devices follow. */
int usbip_parse_list(struct bytes in, uint32_t *count);
/** One device of a list. */
int usbip_parse_listed(struct bytes in, struct usbip_device *out);

void usbip_build_ask(struct buf *out, const struct usbip_ask *ask);
void usbip_build_list(struct buf *out, uint32_t count);
void usbip_build_listed(struct buf *out, const struct usbip_device *d);
/** @param d  NULL: refused */
void usbip_build_import(struct buf *out, const struct usbip_device *d);
/** SUBMIT (with its .data when it goes out) or UNLINK. */
void usbip_build_urb(struct buf *out, const struct usbip_urb *u);
/** Answer to SUBMIT (.status, .length, and .data when it was in) or UNLINK (.status). */
void usbip_build_answer(struct buf *out, const struct usbip_urb *u);

#endif
