/*
 * libusb-1.0, asked by one request at a time: every transfer is waited for.
 */
#include "drivers/usb_port.h"

#include "drivers/tty.h"

#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERFACE 0
#define MAX_DEPTH 7 /* USB 3.1, 8.9: tiers below the root hub, with room */

struct libusb_port {
	struct usb_port base;
	libusb_context *context;
	libusb_device_handle *handle;
};

static int end_of(int rc)
{
	switch (rc) {
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND:
		return USB_GONE;
	case LIBUSB_ERROR_IO: /* EPROTO, EILSEQ on Linux */
	case LIBUSB_ERROR_PIPE:
	case LIBUSB_ERROR_OVERFLOW:
		return USB_PROTOCOL;
	case LIBUSB_ERROR_TIMEOUT:
		return USB_TIMEOUT;
	case LIBUSB_ERROR_BUSY:
		return USB_BUSY;
	case LIBUSB_ERROR_ACCESS:
		return USB_DENIED;
	default:
		return rc < 0 ? USB_FAILED : rc;
	}
}

static struct libusb_port *of(struct usb_port *p)
{
	return (struct libusb_port *)p;
}

/* "1-2.3": bus, then the ports from the root hub on, as sysfs names devices. */
static bool port_of(libusb_device *device, char *out, size_t size)
{
	uint8_t ports[MAX_DEPTH];
	int count = libusb_get_port_numbers(device, ports, MAX_DEPTH), n;

	if (count < 0)
		return false;
	if (count == 0) {
		snprintf(out, size, "usb%d", libusb_get_bus_number(device));
		return true;
	}
	n = snprintf(out, size, "%d", libusb_get_bus_number(device));
	for (int i = 0; i < count; i++)
		n += snprintf(out + n, size - (size_t)n, "%c%d", i ? '.' : '-', ports[i]);
	return true;
}

/* The product string as the kernel read it when the board came: needs no permission and no request. */
static void read_name(struct usb_found *f)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/product", f->port);
	file = fopen(path, "re");
	f->name[0] = '\0';
	f->named = USB_FAILED;
	if (!file)
		return;
	if (fgets(f->name, sizeof(f->name), file)) {
		f->name[strcspn(f->name, "\n")] = '\0';
		f->named = 0;
	}
	fclose(file);
}

static int port_list(struct usb_port *p, uint16_t vendor, uint16_t product,
		     struct usb_found out[USB_MAX_FOUND])
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(of(p)->context, &list);
	int count = 0;

	if (n < 0)
		return end_of((int)n);
	for (ssize_t i = 0; i < n && count < USB_MAX_FOUND; i++) {
		struct libusb_device_descriptor d;
		struct usb_found *f = &out[count];

		if (libusb_get_device_descriptor(list[i], &d) || d.idVendor != vendor ||
		    d.idProduct != product || !port_of(list[i], f->port, sizeof(f->port)))
			continue;
		f->simulated = usb_bus_is_simulated(libusb_get_bus_number(list[i]));
		read_name(f);
		count++;
	}
	libusb_free_device_list(list, 1);
	return count;
}

static int port_open(struct usb_port *p, const char *port)
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(of(p)->context, &list);
	int rc = LIBUSB_ERROR_NO_DEVICE;

	if (n < 0)
		return end_of((int)n);
	for (ssize_t i = 0; i < n; i++) {
		char here[32];

		if (port_of(list[i], here, sizeof(here)) && strcmp(here, port) == 0) {
			rc = libusb_open(list[i], &of(p)->handle);
			break;
		}
	}
	libusb_free_device_list(list, 1);
	return end_of(rc);
}

static int port_detach(struct usb_port *p)
{
	int had = libusb_kernel_driver_active(of(p)->handle, INTERFACE), rc;

	if (had <= 0)
		return had == LIBUSB_ERROR_NOT_SUPPORTED ? 0 : end_of(had);
	rc = libusb_detach_kernel_driver(of(p)->handle, INTERFACE);
	if (rc == LIBUSB_ERROR_NOT_FOUND) /* it went by itself in between */
		return 0;
	return rc ? end_of(rc) : 1;
}

static int port_attach(struct usb_port *p)
{
	return end_of(libusb_attach_kernel_driver(of(p)->handle, INTERFACE));
}

static int port_claim(struct usb_port *p)
{
	return end_of(libusb_claim_interface(of(p)->handle, INTERFACE));
}

static int port_release(struct usb_port *p)
{
	return end_of(libusb_release_interface(of(p)->handle, INTERFACE));
}

static int port_control(struct usb_port *p, struct usb_request *r, int timeout_ms)
{
	return end_of(libusb_control_transfer(of(p)->handle, r->type, r->request,
					      r->value, r->index, r->data, r->length,
					      (unsigned)timeout_ms));
}

static int port_reset(struct usb_port *p)
{
	return end_of(libusb_reset_device(of(p)->handle));
}

static void port_close(struct usb_port *p)
{
	libusb_close(of(p)->handle);
	of(p)->handle = NULL;
}

static void port_free(struct usb_port *p)
{
	libusb_exit(of(p)->context);
	free(of(p));
}

static const struct usb_port_ops port_ops = {
	.list = port_list,
	.open = port_open,
	.detach = port_detach,
	.attach = port_attach,
	.claim = port_claim,
	.release = port_release,
	.control = port_control,
	.reset = port_reset,
	.close = port_close,
	.free = port_free,
};

int usb_port_new(struct usb_port **out, struct err *err)
{
	struct libusb_port *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_set(err, ERR_NOMEM, "USB");
	p->base.ops = &port_ops;
	rc = libusb_init(&p->context);
	if (rc) {
		free(p);
		return err_set(err, ERR_IO, "libusb: %s", libusb_error_name(rc));
	}
	*out = &p->base;
	return 0;
}
