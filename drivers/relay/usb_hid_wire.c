#include "drivers/relay/usb_hid_wire.h"

#include "bench/core/err.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SET_REPORT 0x09
#define GET_REPORT 0x01
#define OUT_INTERFACE 0x21 /* bmRequestType: class, recipient interface */
#define IN_INTERFACE 0xa1
#define OUT_DEVICE 0x20 /* as labgrid asks */
#define IN_DEVICE 0xa0
#define FEATURE 3 /* report types, the high byte of wValue */
#define OUTPUT 2

enum order {
	ALL_OFF = 0xfc,
	OFF = 0xfd,
	ALL_ON = 0xfe,
	ON = 0xff,
	NEW_SERIAL = 0xfa
};

int usb_hid_channels(const char *product)
{
	static const char name[] = "USBRelay";
	const char *n = product + sizeof(name) - 1;

	if (strncmp(product, name, sizeof(name) - 1) != 0 || !strchr("1248", n[0]) ||
	    n[0] == '\0' || n[1] != '\0')
		return ERR_FORMAT;
	return n[0] - '0';
}

static void build(struct usb_request *r, enum order order, int channel)
{
	*r = (struct usb_request){ .type = OUT_INTERFACE,
				   .request = SET_REPORT,
				   .value = FEATURE << 8,
				   .length = USB_HID_REPORT };
	r->data[0] = (uint8_t)order;
	r->data[1] = (uint8_t)channel;
}

void usb_hid_build_set(struct usb_request *r, int channel, bool on)
{
	build(r, on ? ON : OFF, channel);
}

void usb_hid_build_all(struct usb_request *r, bool on)
{
	build(r, on ? ALL_ON : ALL_OFF, 0);
}

void usb_hid_build_get(struct usb_request *r)
{
	*r = (struct usb_request){ .type = IN_INTERFACE,
				   .request = GET_REPORT,
				   .value = FEATURE << 8,
				   .length = USB_HID_REPORT };
}

int usb_hid_parse(const struct usb_request *answer, size_t len, int channels,
		  struct usb_hid_report *out)
{
	struct usb_hid_report r = { .state = answer->data[7] };

	if (len != USB_HID_REPORT)
		return ERR_FORMAT;
	if (r.state >> channels)
		return ERR_RANGE;
	memcpy(r.serial, answer->data, USB_HID_SERIAL);
	for (int i = 0; i < USB_HID_SERIAL; i++)
		if (!isgraph((unsigned char)r.serial[i]))
			r.serial[0] = '\0'; /* they get lost in the field */
	*out = r;
	return 0;
}

static void obey(struct usb_hid_board *b, const uint8_t *data, size_t len)
{
	uint32_t all = (UINT32_C(1) << b->channels) - 1, one = 0;

	if (len >= 2 && data[1] >= 1 && data[1] <= b->channels)
		one = UINT32_C(1) << (data[1] - 1);
	switch (data[0]) {
	case ON:
		b->state |= one;
		break;
	case OFF:
		b->state &= ~one;
		break;
	case ALL_ON:
		b->state = all;
		break;
	case ALL_OFF:
		b->state = 0;
		break;
	case NEW_SERIAL:
		if (len > USB_HID_SERIAL)
			memcpy(b->serial, data + 1, USB_HID_SERIAL);
		break;
	default:
		break;
	}
}

static int take_report(struct usb_hid_board *b, const struct usb_request *r)
{
	int type = r->value >> 8;
	/* some hosts send the report id that this board does not have */
	size_t skip = r->length == USB_HID_REPORT + 1;

	if ((type != FEATURE && type != OUTPUT) || r->length == 0 ||
	    r->length > USB_HID_REPORT + 1)
		return ERR_UNSUPPORTED;
	obey(b, r->data + skip, r->length - skip);
	return r->length;
}

static int give_report(const struct usb_hid_board *b, struct usb_request *r)
{
	uint8_t report[USB_HID_REPORT] = { 0 };
	size_t len = r->length < sizeof(report) ? r->length : sizeof(report);

	if (r->value >> 8 != FEATURE || (r->value & 0xff) > 1)
		return ERR_UNSUPPORTED;
	memcpy(report, b->serial, sizeof(b->serial));
	report[7] = (uint8_t)b->state;
	memcpy(r->data, report, len);
	return (int)len;
}

int usb_hid_board_hear(struct usb_hid_board *b, struct usb_request *r)
{
	bool in = r->type == IN_INTERFACE || r->type == IN_DEVICE;
	bool out = r->type == OUT_INTERFACE || r->type == OUT_DEVICE;

	if (in && r->request == GET_REPORT)
		return give_report(b, r);
	if (out && r->request == SET_REPORT)
		return take_report(b, r);
	return ERR_UNSUPPORTED;
}
