/* Any hub descriptor and port status, any name of a port. */
#include "drivers/usb_hub.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usb_request answer = { 0 };
	struct usb_hub_about about;
	struct usb_hub_port at;
	char name[48] = "";
	struct usb_hub_status status;

	memcpy(answer.data, data,
	       size < sizeof(answer.data) ? size : sizeof(answer.data));
	if (usb_hub_parse(&about, &answer, size) == 0 &&
	    (size < 6 || about.ports < 1 || about.ports > 255))
		abort();
	if (usb_hub_parse_port(&status, &answer, size, size & 1) == 0 && size < 4)
		abort();
	memcpy(name, data, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	if (usb_hub_of(&at, name) == 0 && (at.port < 1 || at.port > 255 || !at.hub[0]))
		abort();
	return 0;
}
