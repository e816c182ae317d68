#include "drivers/usb.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numato gives each size of board a number of its own: 0x0c00 to 0x0cff. */
#define NUMATO 0x2a19
#define NUMATO_SERIES 0x0c00
/* Numbers that are shared by whoever has none of his own: what it says tells. */
#define SHARED 0x16c0
#define DCTTECH "USBRelay"

/* Source: libnfc 1.8.0, drivers/pn53x_usb.c and acr122_usb.c; the USB IDs of common adapters. */
static const struct known {
	uint16_t vendor, product;
	const char *nfc, *model;
} known[] = {
	{ 0x04cc, 0x0531, "pn53x_usb", "NXP PN531" },
	{ 0x04cc, 0x2533, "pn53x_usb", "NXP PN533" },
	{ 0x04e6, 0x5591, "pn53x_usb", "SCM SCL3711 (PN533)" },
	{ 0x04e6, 0x5594, "pn53x_usb", "SCM SCL3712 (PN533)" },
	{ 0x054c, 0x0193, "pn53x_usb", "Sony PN531" },
	{ 0x1fd3, 0x0608, "pn53x_usb", "ASK LoGO (PN533)" },
	{ 0x054c, 0x02e1, "pn53x_usb", "Sony RC-S360" },
	{ 0x072f, 0x2200, "acr122_usb", "ACS ACR122U" },
	{ 0x072f, 0x90cc, "acr122_usb", "Touchatag" },
	{ 0x072f, 0x2214, "acr122_usb", "ACS ACR1222" },
	{ 0x1a86, 0x7523, NULL, "CH340 serial" },
	{ 0x0403, 0x6001, NULL, "FTDI FT232R serial" },
	{ 0x0403, 0x6015, NULL, "FTDI FT-X serial" },
	{ 0x10c4, 0xea60, NULL, "CP210x serial" },
	{ 0x067b, 0x2303, NULL, "PL2303 serial" },
	{ 0x16c0, 0x05df, NULL, "DCTTech relay board (HID)" },
	{ NUMATO, NUMATO_SERIES, NULL, "Numato relay board" },
	{ 0x1d50, 0x606f, NULL, "CAN adapter (gs_usb)" },
	{ 0x0c72, 0x000c, NULL, "PEAK PCAN-USB" },
	{ 0x0c72, 0x0012, NULL, "PEAK PCAN-USB FD" },
	{ 0 },
};

static const char *folder_of(char out[PATH_MAX], const char *root)
{
	snprintf(out, PATH_MAX, "%.2000s/sys/bus/usb/devices", root);
	return out;
}

/* The first line of a small file, printable; "" when there is none. */
static void read_line(const char *root, const char *port, const char *name, char *out,
		      size_t size)
{
	char path[PATH_MAX + 64];
	FILE *f;

	snprintf(path, sizeof(path), "%.2000s/sys/bus/usb/devices/%.64s/%.64s", root,
		 port, name);
	out[0] = '\0';
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(out, (int)size, f))
		out[0] = '\0';
	fclose(f);
	out[strcspn(out, "\n")] = '\0';
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static long read_number(const char *root, const char *port, const char *name, int base)
{
	char text[32], *end;
	long v;

	read_line(root, port, name, text, sizeof(text));
	v = strtol(text, &end, base);
	return end == text || *end || v < 0 || v > 0xffff ? -1 : v;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A folder "ttyUSB0" in the interface, or "tty/ttyACM0". */
static bool tty_in(const char *folder, char out[32])
{
	DIR *d = opendir(folder);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		found = begins(e->d_name, "tty") && e->d_name[3] &&
			strlen(e->d_name) < 32;
		if (found)
			strcpy(out, e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

static void find_tty(const char *root, struct usb_device *u)
{
	char base[PATH_MAX], device[PATH_MAX + 64], folder[PATH_MAX + 400];
	struct dirent *e;
	DIR *d;

	snprintf(device, sizeof(device), "%s/%s", folder_of(base, root), u->port);
	d = opendir(device);
	while (d && !u->tty[0] && (e = readdir(d))) {
		if (!begins(e->d_name, u->port) || !strchr(e->d_name, ':'))
			continue;
		snprintf(folder, sizeof(folder), "%s/%.80s", device, e->d_name);
		if (tty_in(folder, u->tty))
			break;
		strcat(folder, "/tty");
		tty_in(folder, u->tty);
	}
	if (d)
		closedir(d);
}

/* False for what is no device, or is on its way out. */
static bool read_device(const char *root, const char *name, struct usb_device *u)
{
	long bus, device, vendor, product;

	if (strlen(name) >= sizeof(u->port) || strchr(name, ':') || !strchr(name, '-'))
		return false;
	memset(u, 0, sizeof(*u));
	strcpy(u->port, name);
	bus = read_number(root, name, "busnum", 10);
	device = read_number(root, name, "devnum", 10);
	vendor = read_number(root, name, "idVendor", 16);
	product = read_number(root, name, "idProduct", 16);
	if (bus < 1 || device < 1 || vendor < 0 || product < 0)
		return false;
	u->bus = (int)bus;
	u->device = (int)device;
	u->vendor = (uint16_t)vendor;
	u->product_id = (uint16_t)product;
	read_line(root, name, "manufacturer", u->maker, sizeof(u->maker));
	read_line(root, name, "product", u->product, sizeof(u->product));
	read_line(root, name, "serial", u->serial, sizeof(u->serial));
	find_tty(root, u);
	return true;
}

int usb_scan(const char *root, usb_fn *fn, void *ctx)
{
	struct dirent **entries = NULL;
	char folder[PATH_MAX];
	int n = scandir(folder_of(folder, root), &entries, NULL, versionsort), rc = 0;

	for (int i = 0; i < n; i++) {
		struct usb_device u;

		if (!rc && read_device(root, entries[i]->d_name, &u))
			rc = fn(ctx, &u);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

struct search {
	const char *port, *serial;
	int vendor, product, bus, device; /* -1: any */
	struct usb_device *out;
	int found;
	char ports[120];
};

static int match(void *ctx, const struct usb_device *d)
{
	struct search *s = ctx;
	size_t len = strlen(s->ports);

	if ((s->port && strcmp(s->port, d->port)) ||
	    (s->serial && strcmp(s->serial, d->serial)) ||
	    (s->vendor >= 0 && s->vendor != d->vendor) ||
	    (s->product >= 0 && s->product != d->product_id) ||
	    (s->bus >= 0 && s->bus != d->bus) ||
	    (s->device >= 0 && s->device != d->device))
		return 0;
	if (s->found++ == 0)
		*s->out = *d;
	snprintf(s->ports + len, sizeof(s->ports) - len, "%s%s", len ? ", " : "",
		 d->port);
	return 0;
}

bool usb_is_name(const char *text)
{
	return begins(text, "usb-");
}

int usb_find(struct usb_device *out, const char *root, const char *text, struct err *err)
{
	struct usb_device found;
	struct search s = {
		.vendor = -1, .product = -1, .bus = -1, .device = -1, .out = &found
	};
	unsigned vendor, product;
	int used = 0;

	if (begins(text, "usb-port:") && text[9]) {
		s.port = text + 9;
	} else if (begins(text, "usb-serial:") && text[11]) {
		s.serial = text + 11;
	} else if (sscanf(text, "usb-id:%4x:%4x%n", &vendor, &product, &used) == 2 &&
		   !text[used]) {
		s.vendor = (int)vendor;
		s.product = (int)product;
	} else {
		return err_set(err, ERR_USAGE,
			       "'%.60s' names no USB device; allowed: usb-port:1-2.3, "
			       "usb-serial:SERIAL, usb-id:04e6:5591",
			       text);
	}
	usb_scan(root, match, &s);
	if (s.found == 0)
		return err_set(err, ERR_GONE, "%.80s: nothing like it is plugged in",
			       text);
	if (s.found > 1)
		return err_set(err, ERR_USAGE,
			       "%.80s: there are several, at the ports %s; name one with "
			       "usb-port:",
			       text, s.ports);
	*out = found;
	return 0;
}

int usb_find_numbers(struct usb_device *out, const char *root, int bus, int device,
		     struct err *err)
{
	struct search s = {
		.vendor = -1, .product = -1, .bus = bus, .device = device, .out = out
	};

	usb_scan(root, match, &s);
	if (s.found == 0)
		return err_set(err, ERR_GONE, "no USB device %03d:%03d is plugged in",
			       bus, device);
	return 0;
}

void usb_interface_of_tty(char out[40], const char *root, const char *tty)
{
	char link[PATH_MAX], real[PATH_MAX];
	char *part, *rest = real;

	out[0] = '\0';
	snprintf(link, sizeof(link), "%.2000s/sys/class/tty/%.64s/device", root, tty);
	if (!realpath(link, real))
		return;
	while ((part = strsep(&rest, "/")))
		if (strchr(part, '-') && strchr(part, ':') && strlen(part) < 40)
			strcpy(out, part);
}

bool usb_tty_of_interface(char out[32], const char *root, const char *interface)
{
	char base[PATH_MAX], folder[PATH_MAX + 80];

	snprintf(folder, sizeof(folder), "%s/%.64s", folder_of(base, root), interface);
	if (strchr(interface, '/'))
		return false;
	if (tty_in(folder, out))
		return true;
	strcat(folder, "/tty");
	return tty_in(folder, out);
}

/* Its row, or the last one, which is empty. */
static const struct known *row_of(const struct usb_device *d)
{
	const struct known *k = known;
	uint16_t product = d->product_id;

	if (d->vendor == NUMATO)
		product &= 0xff00;
	while (k->vendor && (k->vendor != d->vendor || k->product != product))
		k++;
	if (k->vendor == SHARED && !begins(d->product, DCTTECH))
		k = &known[sizeof(known) / sizeof(known[0]) - 1];
	return k;
}

const char *usb_nfc_driver(const struct usb_device *d)
{
	return row_of(d)->nfc;
}

const char *usb_model(const struct usb_device *d)
{
	return row_of(d)->model;
}

const char *usb_relay_driver(const struct usb_device *d)
{
	const struct known *k = row_of(d);

	return k->vendor == SHARED                ? "usb_hid"
	       : k->vendor == NUMATO && d->tty[0] ? "numato"
						  : NULL;
}

bool usb_is_adapter(const struct usb_device *d)
{
	const char *model = usb_model(d), *kind = model ? strrchr(model, ' ') : NULL;

	return d->tty[0] && kind && strcmp(kind, " serial") == 0;
}
