/* One rig: are its devices there, may we open them, does anybody have them? */
#include "bench/core/verdict.h"
#include "bench/desk.h"
#include "bench/doctor.h"
#include "bench/rig_bind.h"
#include "drivers/lock.h"
#include "drivers/usb_hub.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Held by another keybench: its own words. */
static bool is_locked(struct doctor *d, const char *subject, const char *device)
{
	struct lock_holder h;
	char mend[80];

	if (d->root[0] || !lock_held(&h, device, ""))
		return false;
	if (h.pid > 0)
		snprintf(mend, sizeof(mend), "kill %d    # ends its run in order",
			 (int)h.pid);
	if (h.pid > 0)
		doctor_wrong(d, EXIT_BENCH_ERROR, subject, mend,
			     "%.90s is held by process %d since %s: %s", device,
			     (int)h.pid, h.since, h.command);
	else
		doctor_wrong(d, EXIT_BENCH_ERROR, subject, NULL,
			     "%.90s is held by another keybench", device);
	return true;
}

/* The node behind a rig's text, as things are plugged in now; false was said already. */
static bool node_of(struct doctor *d, const char *subject, const char *device,
		    char out[PATH_MAX])
{
	struct usb_device u;
	struct err err = { 0 };
	const char *slash = strchr(device, '/');
	int bus, number, used = 0;
	struct usb_hub_port at;
	char driver[32], port[48];
	int rc = 0;

	out[0] = '\0';
	snprintf(port, sizeof(port), "usb-port:%.32s", device);
	if (usb_is_name(device))
		rc = usb_find(&u, d->root, device, &err);
	else if (usb_hub_of(&at, device) == 0) /* "1-2.3", as relay boards are named */
		rc = usb_find(&u, d->root, port, &err);
	else if (sscanf(device, "%31[a-z0-9_]:%d:%d%n", driver, &bus, &number, &used) ==
			 3 &&
		 !device[used])
		rc = usb_find_numbers(&u, d->root, bus, number, &err);
	else if (slash)
		snprintf(out, PATH_MAX, "%.*s",
			 (int)strcspn(slash, slash == device ? "" : ":"), slash);
	else
		return true; /* a word: only the program that gets it knows */
	if (rc) {
		doctor_wrong(d, rc == ERR_USAGE ? EXIT_WRONG_CONFIG : EXIT_BENCH_ERROR,
			     subject, NULL, "%s", err_text(&err));
		return false;
	}
	if (!out[0] && u.tty[0])
		snprintf(out, PATH_MAX, "/dev/%s", u.tty);
	else if (!out[0])
		snprintf(out, PATH_MAX, "/dev/bus/usb/%03d/%03d", u.bus, u.device);
	return true;
}

/* Links lead to what processes have open; in another root they may lead out of it. */
static void follow(const struct doctor *d, char path[PATH_MAX])
{
	char real[PATH_MAX];

	if (!d->root[0] && realpath(path, real))
		snprintf(path, PATH_MAX, "%s", real);
}

static int one_device(void *ctx, const char *role, const char *device, struct err *err)
{
	struct doctor *d = ctx;
	char subject[80], path[PATH_MAX];

	(void)err;
	snprintf(subject, sizeof(subject), "rig: %s", role);
	if (strncmp(device, "emu:", 4) == 0)
		return 0; /* the desk makes it */
	if (is_locked(d, subject, device) || !node_of(d, subject, device, path))
		return 0;
	if (!path[0]) {
		doctor_note(d, subject, NULL, "%.120s: only its program knows", device);
		return 0;
	}
	follow(d, path);
	if (doctor_node(d, subject, device, path))
		doctor_good(d, subject, "%.120s is there, and nobody has it", device);
	return 0;
}

/* Programs of the driver exec: the first word must be found. */
static void program(struct doctor *d, const char *role, struct node map)
{
	struct node command = node_get(map, "command");
	const char *word =
		node_text(node_is_list(command) ? node_item(command, 0) : command);
	const char *folder = conf_name(d->rig->conf), *slash = strrchr(folder, '/');
	const char *driver = node_text(node_get(map, "driver"));
	char path[PATH_MAX], subject[80];
	const char *at = getenv("PATH");

	if (!word || !driver || strcmp(driver, "exec"))
		return;
	snprintf(subject, sizeof(subject), "rig: %s", role);
	if (strchr(word, '/')) {
		snprintf(path, sizeof(path), "%.*s/%s",
			 word[0] == '/' ? 0
			 : slash        ? (int)(slash - folder)
					: 1,
			 slash ? folder : ".", word[0] == '/' ? word + 1 : word);
		if (access(path, X_OK))
			doctor_wrong(d, EXIT_WRONG_CONFIG, subject, NULL,
				     "command: %s is no program", path);
		return;
	}
	for (; at && *at; at += strspn(at, ":")) {
		size_t len = strcspn(at, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, word);
		if (access(path, X_OK) == 0)
			return;
		at += len;
	}
	doctor_wrong(d, EXIT_WRONG_CONFIG, subject, NULL,
		     "command: there is no program %s", word);
}

struct boards {
	int count;
	char ports[120];
};

static int count_board(void *ctx, const struct usb_device *u)
{
	struct boards *b = ctx;
	const char *driver = usb_relay_driver(u);
	size_t len = strlen(b->ports);

	if (driver && strcmp(driver, "usb_hid") == 0)
		snprintf(b->ports + len, sizeof(b->ports) - len, "%s%s",
			 b->count++ ? ", " : "", u->port);
	return 0;
}

/* A board that the rig does not name by its port; what its serial is, only an open board says. */
static void unnamed_board(struct doctor *d)
{
	struct node map = d->rig->relay_node;
	const char *driver = node_text(node_get(map, "driver"));
	struct boards b = { 0 };

	if (!driver || strcmp(driver, "usb_hid") || node_present(node_get(map, "port")))
		return;
	usb_scan(d->root, count_board, &b);
	if (b.count == 0)
		doctor_wrong(d, EXIT_BENCH_ERROR, "rig: relay board", NULL,
			     "no USBRelay board is plugged in");
	else if (b.count > 1 && !node_present(node_get(map, "serial")))
		doctor_wrong(d, EXIT_WRONG_CONFIG, "rig: relay board", NULL,
			     "there are %d boards, at the ports %s: name one with 'port'",
			     b.count, b.ports);
	else
		doctor_good(d, "rig: relay board", "a USBRelay board is at %s", b.ports);
}

void doctor_rig(struct doctor *d)
{
	const struct rig *rig = d->rig;
	struct err err = { 0 };

	if (node_present(rig->emulate)) {
		if (desk_check(conf_name(rig->conf), &err))
			doctor_wrong(d, EXIT_WRONG_CONFIG, "rig: emulate", NULL, "%s",
				     err_text(&err));
		else
			doctor_good(d, "rig: emulate", "the emulated desk can be made");
	}
	if (!rig_has(rig))
		doctor_note(d, "rig", NULL,
			    "it has no device at all: every case will be skipped");
	program(d, "reader", rig->reader_node);
	program(d, "card", rig->card_node);
	program(d, "relay board", rig->relay_node);
	program(d, "positioner", rig->positioner_node);
	program(d, "sensor", rig->sensor_node);
	unnamed_board(d);
	rig_each_device(rig, one_device, d, NULL);
	doctor_can_of_rig(d);
}
