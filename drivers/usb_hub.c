#include "drivers/usb_hub.h"

#include "bench/core/bytes.h"
#include "bench/core/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTOR_HUB 0x29
#define DESCRIPTOR_SUPER_HUB 0x2a
#define FEATURE_PORT_POWER 8
#define STATUS_CONNECTION 0x0001
#define STATUS_POWER 0x0100       /* wPortStatus */
#define STATUS_SUPER_POWER 0x0200 /* the same of a SuperSpeed port */
#define CHARACTERISTICS_POWER 0x0003
#define POWER_EACH 1

/* "1", ... "255" up to its end or @end; 0 when it is none. */
static int number_until(const char *text, const char *end)
{
	int n = 0;

	if (text == end)
		return 0;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9' || n > 25)
			return 0;
		n = n * 10 + (*text - '0');
	}
	return n <= 255 ? n : 0;
}

int usb_hub_of(struct usb_hub_port *out, const char *text)
{
	const char *dash = strchr(text, '-'), *last, *end = text + strlen(text);
	struct usb_hub_port found;
	int bus;

	if (!dash || end - text >= (int)sizeof(out->hub))
		return ERR_USAGE;
	bus = number_until(text, dash);
	for (const char *at = dash + 1;; at = last + 1) {
		last = strchr(at, '.');
		found.port = number_until(at, last ? last : end);
		if (!bus || !found.port)
			return ERR_USAGE;
		if (!last)
			break;
	}
	last = strrchr(text, '.');
	if (last)
		snprintf(found.hub, sizeof(found.hub), "%.*s", (int)(last - text), text);
	else
		snprintf(found.hub, sizeof(found.hub), "usb%d", bus);
	*out = found;
	return 0;
}

bool usb_hub_peer(struct usb_hub_port *out, const char *root,
		  const struct usb_hub_port *of)
{
	char link[PATH_MAX], to[PATH_MAX], *name, *port;
	int bus = of->hub[0] == 'u' ? atoi(of->hub + 3) : 0;
	ssize_t n;

	if (bus)
		snprintf(link, sizeof(link),
			 "%.2000s/sys/bus/usb/devices/%d-0:1.0/%s-port%d/peer", root, bus,
			 of->hub, of->port);
	else
		snprintf(link, sizeof(link),
			 "%.2000s/sys/bus/usb/devices/%s:1.0/%s-port%d/peer", root,
			 of->hub, of->hub, of->port);
	n = readlink(link, to, sizeof(to) - 1);
	if (n <= 0)
		return false;
	to[n] = '\0';
	name = strrchr(to, '/') ? strrchr(to, '/') + 1 : to;
	port = strstr(name, "-port");
	if (!port || port - name >= (int)sizeof(out->hub))
		return false;
	out->port = number_until(port + 5, port + strlen(port));
	snprintf(out->hub, sizeof(out->hub), "%.*s", (int)(port - name), name);
	return out->port > 0;
}

void usb_hub_ask(struct usb_request *r, bool super)
{
	*r = (struct usb_request){
		.type = 0xa0, /* to the host, class, device */
		.request = 6, /* GET_DESCRIPTOR */
		.value = super ? DESCRIPTOR_SUPER_HUB << 8 : DESCRIPTOR_HUB << 8,
		.length = sizeof(r->data),
	};
}

int usb_hub_parse(struct usb_hub_about *out, const struct usb_request *answer, size_t len)
{
	struct cursor c =
		cursor_at(BYTES(answer->data, len <= sizeof(answer->data) ? len : 0));
	uint8_t size = cursor_u8(&c), type = cursor_u8(&c), ports = cursor_u8(&c);
	unsigned low = cursor_u8(&c), high = cursor_u8(&c);
	uint8_t settle = cursor_u8(&c); /* in 2 ms */

	if (c.failed || size < 6 || ports == 0 ||
	    (type != DESCRIPTOR_HUB && type != DESCRIPTOR_SUPER_HUB))
		return ERR_FORMAT;
	*out = (struct usb_hub_about){
		.ports = ports,
		.each = ((high << 8 | low) & CHARACTERISTICS_POWER) == POWER_EACH,
		.one = ports == 1,
		.settle_ns = settle * 2 * NS_PER_MS,
	};
	return 0;
}

void usb_hub_switch(struct usb_request *r, int port, bool on)
{
	*r = (struct usb_request){
		.type = 0x23,          /* to the hub, class, port */
		.request = on ? 3 : 1, /* SET_FEATURE, CLEAR_FEATURE */
		.value = FEATURE_PORT_POWER,
		.index = (uint16_t)port,
	};
}

void usb_hub_ask_port(struct usb_request *r, int port)
{
	*r = (struct usb_request){
		.type = 0xa3,
		.request = 0, /* GET_STATUS */
		.index = (uint16_t)port,
		.length = 4, /* wPortStatus, wPortChange */
	};
}

int usb_hub_parse_port(struct usb_hub_status *out, const struct usb_request *answer,
		       size_t len, bool super)
{
	unsigned status;

	if (len < 4)
		return ERR_FORMAT;
	status = answer->data[0] | (unsigned)answer->data[1] << 8;
	out->on = status & (super ? STATUS_SUPER_POWER : STATUS_POWER);
	out->connected = status & STATUS_CONNECTION;
	return 0;
}
