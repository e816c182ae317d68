#ifndef TOOLS_USBEMU_USB_DEVICE_H
#define TOOLS_USBEMU_USB_DEVICE_H

#include "tools/emu/world.h"
#include "tools/usbemu/usbip_wire.h"

/*
 * A USB device as its host controller sees it: standard requests answered from descriptors, IN transfers that wait
 * until there is something to say, everything else given to what the device is.
 *
 * Transfers are whole, but follow the rules of packets: one ends with a short packet, so a message that fills its
 * last packet is followed by an empty one, and a host that asks for less than comes and not for whole packets gets
 * a babble error.
 * Source: USB 2.0, 5.8.3, 8.5.3.2, 9.4; published.
 */
#define USB_CONTROL_MAX 1024
#define USB_MESSAGE_MAX 300
#define USB_MESSAGES 12
#define USB_WAITING 16

/** What a product is. */
struct usb_product {
	const char *name; /* as a rig says it: "scl3711" */
	enum usb_speed speed;
	const uint8_t *device; /* its descriptor, 18 bytes */
	struct bytes configuration;
	struct bytes report; /* HID: its report descriptor */
	const char *maker, *product;
	uint8_t in;         /* number of its IN endpoint */
	size_t packet;      /* largest of it */
	int64_t control_ns; /* how long a request takes */
};

struct usb_device;
struct usb_device_ops {
	/**
	 * A request that is not standard. @data: what came with it, or room for setup->length bytes of answer.
	 * @return bytes answered, or ERR_UNSUPPORTED: it stalls. NULL: all stall.
	 */
	int (*control)(void *ctx, const struct usbip_setup *setup, uint8_t *data);
	/** Bytes for an OUT endpoint. NULL: it stalls. */
	void (*out)(void *ctx, struct bytes data);
	/** Its power comes or goes. */
	void (*power)(void *ctx, bool on);
	/** The host reset the bus: what hung starts anew, what has power keeps it. NULL: it does not care. */
	void (*reset)(void *ctx);
};

/** A transfer of the host that is not over. */
struct usb_waiting {
	uint32_t seqnum, length;
	uint8_t endpoint;
	bool in;
	struct usbip_setup setup;
	size_t len;
	uint8_t data[64]; /* of a control request out */
};

struct usb_message {
	size_t len, sent;
	uint8_t data[USB_MESSAGE_MAX];
};

struct usb_device {
	struct world *world;
	const char *name; /* "reader0"; borrowed */
	const struct usb_product *product;
	const struct usb_device_ops *ops;
	void *ctx;
	uint8_t configuration;
	int configured; /* how often a host chose its configuration since it was plugged in */
	struct usb_waiting control[USB_WAITING], in[USB_WAITING];
	int control_count, in_count;
	struct timer next; /* control request */
	struct usb_message messages[USB_MESSAGES];
	int message_count;
	/** A transfer is over: @status 0 or an enum usb_status; @data of one that was in. */
	void (*done)(void *ctx, uint32_t seqnum, int status, size_t length,
		     struct bytes data);
	void *done_ctx;
	/** A host has chosen the configuration; may be NULL. */
	void (*ready)(void *ctx);
	void *ready_ctx;
};

void usb_device_init(struct usb_device *d, struct world *w, const char *name,
		     const struct usb_product *product, const struct usb_device_ops *ops,
		     void *ctx);
/** What a host is told of it. .path, .busid and numbers are left alone. */
void usb_device_describe(const struct usb_device *d, struct usbip_device *out);

/** A SUBMIT; .done is called now or later, unless it is taken back. */
void usb_device_submit(struct usb_device *d, const struct usbip_urb *u);
/** Take a transfer back. @return false: it is over already */
bool usb_device_unlink(struct usb_device *d, uint32_t seqnum);
/** Put a message where the next IN transfer finds it; one too many is lost, and logged. */
void usb_device_say(struct usb_device *d, struct bytes message);
/** Forget what was not fetched. */
void usb_device_hush(struct usb_device *d);
/** A bus reset: not configured, and no transfer is left. */
void usb_device_reset(struct usb_device *d);
/** Power on: not configured. Off: no transfer is left. None of them is told. */
void usb_device_power(struct usb_device *d, bool on);

#endif
