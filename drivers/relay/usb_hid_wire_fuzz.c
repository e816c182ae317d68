/* Any control request to a board, any report and product string from one. */
#include "drivers/relay/usb_hid_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void from_board(const uint8_t *data, size_t size)
{
	struct usb_request answer = { 0 };
	struct usb_hid_report report;
	char name[32] = "";

	memcpy(answer.data, data,
	       size < sizeof(answer.data) ? size : sizeof(answer.data));
	if (usb_hid_parse(&answer, size, 4, &report) == 0 &&
	    (report.state > 15 || strlen(report.serial) > USB_HID_SERIAL))
		abort();
	memcpy(name, data, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	if (usb_hid_channels(name) > USB_HID_MAX_CHANNELS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usb_hid_board b = { .channels = 4 };

	from_board(data, size);
	for (; size >= 16; data += 16, size -= 16) {
		struct usb_request r = {
			data[0], data[1], (uint16_t)(data[2] | data[3] << 8),
			0,       data[4], { 0 }
		};
		int n;

		memcpy(r.data, data + 5, 11);
		n = usb_hid_board_hear(&b, &r);
		if (b.state > 15 || n > USB_HID_REPORT + 1)
			abort();
	}
	return 0;
}
