#include "tools/usbemu/products.h"

#include <stddef.h>

/* Low byte first, as everything on USB. */
#define LE16(v) (v) & 0xff, (v) >> 8
#define LE32(v) LE16((v)&0xffff), LE16((v) >> 16)
#define DEVICE(usb, packet, vendor, product, release) \
	{ \
		18, 1, LE16(usb), 0, 0, 0, packet, LE16(vendor), LE16(product), \
			LE16(release), 1, 2, 0, 1 \
	}
#define CONFIGURATION(length, attributes, ma) \
	9, 2, LE16(length), 1, 1, 0, attributes, (ma) / 2
#define INTERFACE(endpoints, class, subclass, protocol) \
	9, 4, 0, 0, endpoints, class, subclass, protocol, 0
#define BULK(address) 7, 5, address, 2, LE16(64), 4
#define INTERRUPT(address, size, interval) 7, 5, address, 3, LE16(size), interval

static const uint8_t scl3711_device[] = DEVICE(0x0200, 64, 0x04e6, 0x5591, 0x0207);
static const uint8_t scl3711_configuration[] = {
	CONFIGURATION(32, 0x80, 100),
	INTERFACE(2, 0xff, 0xff, 0xff),
	BULK(0x04),
	BULK(0x84),
};
const struct usb_product scl3711 = {
	.name = "scl3711",
	.speed = USB_SPEED_FULL,
	.device = scl3711_device,
	.configuration = { scl3711_configuration, sizeof(scl3711_configuration) },
	.maker = "SCM Micro",
	.product = "SCL3711-NFC&RW",
	.in = 4,
	.packet = 64,
};

static const uint8_t scl3712_device[] = DEVICE(0x0200, 64, 0x04e6, 0x5594, 0x0207);
static const uint8_t scl3712_configuration[] = {
	CONFIGURATION(32, 0x80, 100),
	INTERFACE(2, 0xff, 0xff, 0xff),
	BULK(0x02),
	BULK(0x81),
};
const struct usb_product scl3712 = {
	.name = "scl3712",
	.speed = USB_SPEED_FULL,
	.device = scl3712_device,
	.configuration = { scl3712_configuration, sizeof(scl3712_configuration) },
	.maker = "SCM Micro",
	.product = "SCL3712-NFC&RW",
	.in = 1,
	.packet = 64,
};

static const uint8_t acr122u_device[] = DEVICE(0x0110, 8, 0x072f, 0x2200, 0x0214);
static const uint8_t acr122u_configuration[] = {
	CONFIGURATION(93, 0x80, 200),
	INTERFACE(3, 0x0b, 0x00, 0x00),
	/* CCID: one slot, short APDUs, no clock or voltage to choose */
	/* CCID: one slot, T=0 and T=1, 4 MHz, 10 752 bit/s, short APDUs, messages of at most 271 bytes */
	54,
	0x21,
	LE16(0x0100),
	0,
	7,
	LE32(3),
	LE32(4000),
	LE32(4000),
	0,
	LE32(10752),
	LE32(10752),
	0,
	LE32(247),
	LE32(0),
	LE32(0),
	LE32(0x00020440),
	LE32(271),
	0,
	0,
	LE16(0),
	0,
	1,
	INTERRUPT(0x81, 8, 16),
	BULK(0x02),
	BULK(0x82),
};
_Static_assert(sizeof(acr122u_configuration) == 9 + 9 + 54 + 21, "wTotalLength");
const struct usb_product acr122u = {
	.name = "acr122u",
	.speed = USB_SPEED_FULL,
	.device = acr122u_device,
	.configuration = { acr122u_configuration, sizeof(acr122u_configuration) },
	.maker = "ACS",
	.product = "ACR122U PICC Interface",
	.in = 2,
	.packet = 64,
};

/* One feature report of 8 bytes without an id. */
static const uint8_t dcttech_report[] = { 0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15,
					  0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x08,
					  0x09, 0x00, 0xb2, 0x02, 0x01, 0xc0 };
static const uint8_t dcttech_device[] = DEVICE(0x0110, 8, 0x16c0, 0x05df, 0x0100);
static const uint8_t dcttech_configuration[] = {
	CONFIGURATION(34, 0x80, 20),
	INTERFACE(1, 0x03, 0x00, 0x00),
	9,
	0x21,
	LE16(0x0101),
	0,
	1,
	0x22,
	LE16(sizeof(dcttech_report)),
	/* it never says anything; HID wants one */
	INTERRUPT(0x81, 8, 20),
};
/* a control transfer of a low-speed device takes milliseconds */
#define DCTTECH(n) \
	{ \
		.name = "dcttech", .speed = USB_SPEED_LOW, .device = dcttech_device, \
		.configuration = { dcttech_configuration, \
				   sizeof(dcttech_configuration) }, \
		.report = { dcttech_report, sizeof(dcttech_report) }, \
		.maker = "www.dcttech.com", .product = "USBRelay" #n, .in = 1, \
		.packet = 8, .control_ns = 3 * NS_PER_MS \
	}

const struct usb_product *dcttech_product(int channels)
{
	static const struct {
		int channels;
		struct usb_product product;
	} boards[] = {
		{ 1, DCTTECH(1) },
		{ 2, DCTTECH(2) },
		{ 4, DCTTECH(4) },
		{ 8, DCTTECH(8) },
	};

	for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++)
		if (boards[i].channels == channels)
			return &boards[i].product;
	return NULL;
}
