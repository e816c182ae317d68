#ifndef TOOLS_USBEMU_USBIP_SERVER_H
#define TOOLS_USBEMU_USBIP_SERVER_H

#include "tools/usbemu/usb_device.h"

/*
 * Devices that a USB host takes over a stream: by TCP, as any USB/IP client does ("usbip attach"), or on a socket
 * that was handed to the host already (vhci.h). One host a device.
 *
 * Unplugged is what a host sees of it: its stream ends, and the device cannot be imported until it is plugged in
 * again, with its next device number.
 */
#define USBIP_DEVICES 8

struct usbip_server;

int usbip_server_new(struct usbip_server **out, struct world *w, struct err *err);
void usbip_server_free(struct usbip_server *s); /* takes NULL; all streams end */

/** Listen on 127.0.0.1. @param port  0: any that is free. @return the port, or an error */
int usbip_server_listen(struct usbip_server *s, int port, struct err *err);

/** Add a device, plugged in. @return its index; it is "1-" and that plus one on the wire. ERR_RANGE: too many */
int usbip_server_add(struct usbip_server *s, struct usb_device *d);
int usbip_server_count(const struct usbip_server *s);
struct usb_device *usbip_server_device(struct usbip_server *s, int i);
/** Bus and device number as the protocol wants them. */
uint32_t usbip_server_devid(const struct usbip_server *s, int i);
bool usbip_server_plugged(const struct usbip_server *s, int i);
/** Does a host have it? */
bool usbip_server_taken(const struct usbip_server *s, int i);

/** @fd is from now on the stream of device @i; closed by the server, on error at once. */
int usbip_server_adopt(struct usbip_server *s, int i, int fd, struct err *err);

void usbip_server_unplug(struct usbip_server *s, int i);
void usbip_server_plug(struct usbip_server *s, int i);

#endif
