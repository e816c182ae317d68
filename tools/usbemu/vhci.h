#ifndef TOOLS_USBEMU_VHCI_H
#define TOOLS_USBEMU_VHCI_H

#include "bench/core/err.h"
#include "tools/usbemu/usbip_wire.h"

#include <stdbool.h>

/*
 * The kernel's own USB/IP host controller, vhci_hcd: a device is plugged into it by giving a socket to one of its
 * ports. Needs root.
 *
 * @root, everywhere: in front of /sys, "" for this machine; tests have another.
 * Source: Linux, drivers/usb/usbip/vhci_sysfs.c and Documentation/ABI/testing/sysfs-platform-usbip-vudc, published.
 */

/** What it says of one port. */
struct vhci_port {
	bool super_speed; /* takes no device of ours */
	int number;
	bool free;
};

/** One line of its status file. @return 0, or ERR_FORMAT: it tells of no port */
int vhci_parse_port(const char *line, struct vhci_port *out);

/**
 * The first free port whose number is at least @from. @return it, or ERR_UNSUPPORTED: there is no such controller;
 * ERR_GONE: no port is free
 */
int vhci_find_port(const char *root, int from, struct err *err);
/** Is it free (again)? */
bool vhci_port_free(const char *root, int port);
/** Where a device at @port is, "3-1", as the kernel and lsusb name it. */
int vhci_path(char out[32], const char *root, int port, struct err *err);
/** Give @socket to @port; the kernel keeps its own reference. ERR_AUTH: root alone may. */
int vhci_attach(const char *root, int port, int socket, uint32_t devid,
		enum usb_speed speed, struct err *err);

#endif
