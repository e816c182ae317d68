/* What is plugged in: USB devices a bench would have, and serial lines. */
#include "bench/core/verdict.h"
#include "bench/doctor.h"
#include "drivers/nfc/misfit.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *maker_and_product(const struct usb_device *u, char out[200])
{
	const char *model = usb_model(u);

	if (model)
		snprintf(out, 200, "%s", model);
	else
		snprintf(out, 200, "%s%s%s", u->maker, u->maker[0] ? " " : "",
			 u->product[0] ? u->product : "device");
	if (u->serial[0])
		snprintf(out + strlen(out), 200 - strlen(out), ", serial %s", u->serial);
	return out;
}

/* A device that sleeps answers late, or not at all. */
static void power(struct doctor *d, const struct usb_device *u, const char *subject)
{
	char path[120], mend[160], now[32];

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/power/control", u->port);
	if (!doctor_line(d, path, now, sizeof(now)) || strcmp(now, "auto"))
		return;
	snprintf(mend, sizeof(mend), "echo on | sudo tee %s", path);
	doctor_warn(d, subject, mend, "may be put to sleep between two taps");
}

/* An FTDI adapter holds bytes back; twice per command of a reader. */
static void latency(struct doctor *d, const struct usb_device *u, const char *subject)
{
	char path[120], mend[160], now[32];
	int ms;

	snprintf(path, sizeof(path), "/sys/bus/usb-serial/devices/%s/latency_timer",
		 u->tty);
	if (!doctor_line(d, path, now, sizeof(now)))
		return;
	ms = atoi(now);
	snprintf(mend, sizeof(mend), "echo 1 | sudo tee %s", path);
	if (ms > 1)
		doctor_warn(d, subject, mend,
			    "its adapter holds bytes back for %d ms, twice per command",
			    ms);
}

static int usb_one(void *ctx, const struct usb_device *u)
{
	struct doctor *d = ctx;
	char what[200], subject[80], node[64];

	if (misfit_usb(u->vendor, u->product_id, false)) {
		snprintf(subject, sizeof(subject), "usb-port:%s", u->port);
		doctor_warn(d, subject, NULL, "%s",
			    misfit_usb(u->vendor, u->product_id, false));
		return 0;
	}
	if (!usb_model(u) && !u->tty[0])
		return 0; /* a mouse */
	maker_and_product(u, what);
	snprintf(subject, sizeof(subject), "usb-port:%s", u->port);
	if (u->tty[0])
		snprintf(node, sizeof(node), "/dev/%s", u->tty);
	else
		snprintf(node, sizeof(node), "/dev/bus/usb/%03d/%03d", u->bus, u->device);
	if (doctor_node(d, subject, what, node)) {
		if (usb_nfc_driver(u))
			doctor_good(d, subject, "%s; for libnfc now %s:%03d:%03d", what,
				    usb_nfc_driver(u), u->bus, u->device);
		else
			doctor_good(d, subject, "%s; %s", what, node);
	}
	power(d, u, subject);
	if (u->tty[0])
		latency(d, u, subject);
	return 0;
}

struct count {
	int devices, lines;
};

static int count_one(void *ctx, const struct usb_device *u)
{
	struct count *c = ctx;

	c->devices += usb_model(u) != NULL && !u->tty[0];
	c->lines += u->tty[0] != '\0';
	return 0;
}

static bool is_rule(const char *line, const void *ctx)
{
	return strstr(line, ctx) != NULL;
}

static void rules(struct doctor *d, const struct count *c)
{
	static const char *const folders[] = {
		"/etc/udev/rules.d",           "/run/udev/rules.d",
		"/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
		"/lib/udev/rules.d",           NULL
	};

	if (doctor_any_file(d, folders, ".rules", is_rule, "keybench"))
		doctor_good(d, "udev rules", "keybench's are installed");
	else if (c->devices + c->lines > 0)
		doctor_warn(d, "udev rules",
			    "sudo cp " DATADIR
			    "/host/70-keybench.rules /etc/udev/rules.d/ && "
			    "sudo udevadm control --reload && sudo udevadm trigger",
			    "keybench's are not installed: permissions, power saving and "
			    "FTDI's delay are as the system has them");
	if (doctor_process(d, "ModemManager") && c->lines > 0)
		doctor_note(d, "ModemManager", "sudo systemctl mask --now ModemManager",
			    "runs, and may talk to serial lines that are plugged in");
}

void doctor_devices(struct doctor *d)
{
	struct count c = { 0 };

	usb_scan(d->root, count_one, &c);
	usb_scan(d->root, usb_one, d);
	if (c.devices + c.lines == 0)
		doctor_note(d, "usb", NULL,
			    "nothing is plugged in that a bench would use");
	rules(d, &c);
}
