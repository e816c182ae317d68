#ifndef DRIVERS_USB_HUB_H
#define DRIVERS_USB_HUB_H

#include "drivers/usb_port.h"

#include <stddef.h>

/*
 * A hub's side of its ports: whose port is it, and the class requests that switch its power; pure but for
 * usb_hub_peer.
 * Source: USB 2.0, 11.23.2 (descriptor) and 11.24.2 (requests); USB 3.2, 10.15 and 10.16, for SuperSpeed hubs.
 */
struct usb_hub_port {
	char hub[32]; /* where the hub is plugged in, "1-2"; a root hub is "usb1" */
	int port;     /* of the hub, from 1 */
};

/** "1-2.3" is port 3 of "1-2", "1-2" is port 2 of "usb1". ERR_USAGE: @text is no port. */
int usb_hub_of(struct usb_hub_port *out, const char *text);
/**
 * A USB 3 socket is two ports, of two hubs, with one supply: the other one, from sysfs.
 * @param root  in front of /sys; "" for this machine
 * @return false: it has no other side
 */
bool usb_hub_peer(struct usb_hub_port *out, const char *root,
		  const struct usb_hub_port *of);

struct usb_hub_about {
	int ports;
	bool each; /* ports are switched one by one; else all together, or not at all */
	bool one;  /* or it has no more than one */
	int64_t settle_ns; /* from power on until it is good */
};

/** @param super  of a SuperSpeed hub; another one does not know that descriptor */
void usb_hub_ask(struct usb_request *r, bool super);
/** ERR_FORMAT: no hub descriptor. */
int usb_hub_parse(struct usb_hub_about *out, const struct usb_request *answer,
		  size_t len);
void usb_hub_switch(struct usb_request *r, int port, bool on);
void usb_hub_ask_port(struct usb_request *r, int port);
struct usb_hub_status {
	bool on, connected;
};
/** ERR_FORMAT: no port status. */
int usb_hub_parse_port(struct usb_hub_status *out, const struct usb_request *answer,
		       size_t len, bool super);

#endif
