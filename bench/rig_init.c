#include "bench/rig_init.h"

#include "drivers/relay.h"
#include "drivers/usb.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DEVICES 32
#define RIG_NAME_MAX 80
#define TYPE_CAN 280 /* ARPHRD_CAN, linux/if_arp.h */

struct plugged {
	struct usb_device devices[MAX_DEVICES];
	int count, reader, relay; /* -1: none */
};

static int keep(void *ctx, const struct usb_device *u)
{
	struct plugged *p = ctx;

	if ((usb_model(u) || u->tty[0]) && p->count < MAX_DEVICES)
		p->devices[p->count++] = *u;
	return 0;
}

/* The adapter of LCUS boards; what else has it is told by a person. */
static bool is_lcus(const struct usb_device *u)
{
	return u->tty[0] && u->vendor == 0x1a86 && u->product_id == 0x7523;
}

/* What says what it is comes before what may be it; what is not known is told nothing. */
static void choose(struct plugged *p)
{
	p->reader = p->relay = -1;
	for (int i = p->count - 1; i >= 0; i--) {
		if (usb_relay_driver(&p->devices[i]))
			p->relay = i;
		if (usb_nfc_driver(&p->devices[i]))
			p->reader = i;
	}
	for (int i = 0; p->relay < 0 && i < p->count; i++)
		if (is_lcus(&p->devices[i]))
			p->relay = i;
	/* a PN532 on a serial adapter does not say what it is */
	for (int i = 0; p->reader < 0 && i < p->count; i++)
		if (usb_is_adapter(&p->devices[i]) && i != p->relay)
			p->reader = i;
}

/* In a comment: nothing that it says may end the line. usb.c has made it printable. */
static void describe(struct buf *out, const struct usb_device *u)
{
	const char *model = usb_model(u);

	buf_printf(out, "%s", model ? model : u->product[0] ? u->product : "a device");
	if (u->serial[0])
		buf_printf(out, ", serial %s", u->serial);
	if (u->tty[0])
		buf_printf(out, ", now /dev/%s", u->tty);
	buf_text(out, "\n");
}

static void reader(struct buf *out, const struct plugged *p)
{
	const struct usb_device *u = p->reader >= 0 ? &p->devices[p->reader] : NULL;

	buf_text(out, "\n# The NFC reader.\n");
	if (!u) {
		buf_text(out, "# None is plugged in that says so, nor a serial adapter "
			      "that is known.\n"
			      "# A PN532 on a serial line would be:\n"
			      "# reader: {driver: libnfc, device: /dev/ttyUSB0, speed: "
			      "115200}\n");
		return;
	}
	buf_text(out, "# ");
	describe(out, u);
	if (usb_nfc_driver(u))
		buf_printf(out, "reader: {driver: libnfc, device: \"usb-port:%s\"}\n",
			   u->port);
	else
		buf_printf(out,
			   "# If it is a PN532: its line speed is what its maker set, "
			   "115200 as a rule.\n"
			   "reader: {driver: libnfc, device: \"usb-port:%s\", speed: "
			   "115200}\n",
			   u->port);
}

static void relay(struct buf *out, const struct plugged *p)
{
	const struct usb_device *u = p->relay >= 0 ? &p->devices[p->relay] : NULL;
	const char *driver = u ? usb_relay_driver(u) : NULL;

	buf_text(out, "\n# The relay board, and what its relay moves.\n");
	if (!u) {
		buf_text(out,
			 "# None is plugged in. An LCUS board with a solenoid on channel "
			 "1 would be:\n"
			 "# relay: {driver: lcus, device: /dev/ttyUSB1, channels: 2}\n"
			 "# positioner: {driver: push, channel: 1, travel: 120 ms}\n");
		return;
	}
	buf_text(out, "# ");
	describe(out, u);
	if (driver && strcmp(driver, "usb_hid") == 0)
		buf_printf(out, "relay: {driver: usb_hid, port: %s}\n", u->port);
	else
		buf_printf(out,
			   "# %sCount its relays.\n"
			   "relay: {driver: %s, device: \"usb-port:%s\", channels: 2}\n",
			   driver ? "" : "If it is an LCUS board: ",
			   driver ? driver : "lcus", u->port);
	buf_text(out, "# Measure the travel: from the command until the phone is at the "
		      "reader, bounces included.\n"
		      "positioner: {driver: push, channel: 1, travel: 120 ms, max_on: 10 "
		      "s}\n");
}

/* The first CAN interface; "" without one. */
static void find_can(char out[32], const char *root)
{
	char path[PATH_MAX + 300];
	struct dirent **entries = NULL;
	int n, type;

	out[0] = '\0';
	snprintf(path, sizeof(path), "%.2000s/sys/class/net", root);
	n = scandir(path, &entries, NULL, versionsort);
	for (int i = 0; i < n; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%.2000s/sys/class/net/%s/type", root,
			 entries[i]->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%d", &type) == 1 && type == TYPE_CAN && !out[0] &&
		    strlen(entries[i]->d_name) < 16)
			strcpy(out, entries[i]->d_name);
		if (f)
			fclose(f);
		free(entries[i]);
	}
	free(entries);
}

static void bus(struct buf *out, const char *root)
{
	char name[32];

	find_can(name, root);
	buf_text(out, "\n# The CAN bus; what its frames mean stands in a DBC file.\n");
	if (name[0])
		buf_printf(out,
			   "# The one of the emulated vehicle is named here; put yours "
			   "in its "
			   "place.\n"
			   "bus: {driver: socketcan, device: %s, dbc: door}\n",
			   name);
	else
		buf_text(out, "# There is no CAN interface. One would be:\n"
			      "# bus: {driver: socketcan, device: can0, bitrate: 500000, "
			      "dbc: ./my.dbc}\n");
}

static void others(struct buf *out, const struct plugged *p)
{
	bool said = false;

	for (int i = 0; i < p->count; i++) {
		if (i == p->reader || i == p->relay)
			continue;
		if (!said)
			buf_text(out, "\n# Also plugged in:\n");
		said = true;
		buf_printf(out, "#   usb-port:%s  ", p->devices[i].port);
		describe(out, &p->devices[i]);
	}
}

/* Two benches shall not have one name: the machine's, and where the board or the reader is. */
static void name_of(char out[RIG_NAME_MAX], const char *root, const struct plugged *p)
{
	int at = p->relay >= 0 ? p->relay : p->reader;
	char path[PATH_MAX], host[40] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%.2000s/proc/sys/kernel/hostname", root);
	f = fopen(path, "re");
	if (f && !fgets(host, sizeof(host), f))
		host[0] = '\0';
	if (f)
		fclose(f);
	host[strcspn(host, ".\n")] = '\0';
	snprintf(out, RIG_NAME_MAX, "%s-%s", host[0] ? host : "my",
		 at >= 0 ? p->devices[at].port : "rig");
	for (char *c = out; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-')
			*c = '_'; /* port 1-2.3 is 1-2_3 */
}

int rig_init_text(struct buf *out, const char *root, const char *name, struct err *err)
{
	struct plugged p = { 0 };
	char own[RIG_NAME_MAX], sys[PATH_MAX];
	bool usb;

	snprintf(sys, sizeof(sys), "%.2000s/sys", root);
	if (access(sys, R_OK | X_OK))
		return err_set(err, ERR_USAGE,
			       "%.200s: %s: what is plugged in stands there", sys,
			       strerror(errno));
	usb_scan(root, keep, &p);
	choose(&p);
	name_of(own, root, &p);
	usb = p.reader >= 0 && usb_nfc_driver(&p.devices[p.reader]);
	buf_printf(out,
		   "# A rig, made by `keybench rig init` from what was plugged in; "
		   "keybench-rig(5).\n"
		   "rig: %s\n"
		   "summary: \"\"\n"
		   "\n"
		   "# What both sides speak: `keybench list` shows the profiles.\n"
		   "protocol: dk-ccc-1.0\n"
		   "# Throw-away keys that anybody can read. For your own: "
		   "keybench-pairing(5).\n"
		   "pairing: bench\n"
		   "# With a real phone: how it is called, for the record.\n"
		   "# phone: my-phone\n"
		   "\n"
		   "# U, the systematic uncertainty of every latency: a guess, to be "
		   "measured (UNCERTAINTY in keybench-rig(5)).\n"
		   "uncertainty: %s\n",
		   name ? name : own, usb ? "3 ms" : "8 ms");
	reader(out, &p);
	relay(out, &p);
	bus(out, root);
	others(out, &p);
	return 0;
}
