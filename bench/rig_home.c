#include "bench/rig_bind.h"
#include "bench/rig_fault.h"

#include "drivers/usb.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Where a device is plugged in, so that it is found again when it comes back under another number, and so that nobody
 * else's is taken for it. Known by what its lock is named after (drivers/lock.h): "usb-1-2.3", or of a serial adapter
 * the interface, "usb-1-2.3:1.0".
 */
#define USB "usb-"

static struct role_parts {
	const struct conf_item *items;
	void *options;
} parts_of(const struct rig *rig, int role)
{
	switch (role) {
	case RIG_READER:
		return (struct role_parts){ rig->reader_driver ? rig->reader_driver->items
							       : NULL,
					    rig->reader_options };
	case RIG_CARD:
		return (struct role_parts){ rig->card_driver ? rig->card_driver->items
							     : NULL,
					    rig->card_options };
	case RIG_RELAY:
		return (struct role_parts){ rig->relay_driver ? rig->relay_driver->items
							      : NULL,
					    rig->relay_options };
	case RIG_POSITIONER:
		return (struct role_parts){ rig->positioner_driver
						    ? rig->positioner_driver->items
						    : NULL,
					    rig->positioner_options };
	default:
		return (struct role_parts){ NULL, NULL };
	}
}

/* The text that names a role's device, in its options; NULL when none does. */
static const char **text_of(const struct rig *rig, int role)
{
	struct role_parts p = parts_of(rig, role);

	for (const struct conf_item *at = p.items; at && at->key; at++) {
		const char **text =
			(const char **)(void *)((char *)p.options + at->offset);

		if (at->type == CONF_DEVICE && *text)
			return text;
	}
	return NULL;
}

void rig_note_homes(struct rig *rig)
{
	for (int role = 0; role < RIG_HOMES; role++) {
		const char **text = rig_is_virtual(rig) ? NULL : text_of(rig, role);

		rig->homes[role].name[0] = '\0';
		if (text)
			lock_name(rig->homes[role].name, *text);
	}
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* On the emulated desk the desk says where it is. */
static void ask_desk(const struct rig *rig, int role, const char **text)
{
	const struct node at[RIG_HOMES] = { rig->reader_node, rig->card_node,
					    rig->relay_node, rig->positioner_node };
	const char *name, *path;

	for (const struct conf_item *i = parts_of(rig, role).items;
	     rig->desk && i && i->key; i++) {
		name = i->type == CONF_DEVICE ? node_text(node_get(at[role], i->key))
					      : NULL;
		path = name ? desk_device(rig->desk, name) : NULL;
		if (path)
			*text = path;
	}
}

/*
 * The serial line, or the device, that is plugged in there now, as a rig would name it; @text is how it did: what stands
 * around a path in libnfc's connection string stays.
 */
static int find_home(struct rig_home *h, const char *text, struct err *err)
{
	const char *slash = strchr(text, '/'),
		   *behind = slash ? strchr(slash, ':') : NULL;
	char where[RIG_USB_PORT + 8], tty[32];

	snprintf(where, sizeof(where), "%s", h->name + strlen(USB));
	if (!strchr(where, ':')) {
		snprintf(h->now, sizeof(h->now), "usb-port:%.40s", where);
		return 0;
	}
	if (!usb_tty_of_interface(tty, "", where))
		return err_set(err, ERR_GONE, "nothing is plugged in at USB port %.40s",
			       where);
	snprintf(h->now, sizeof(h->now), "%.*s/dev/%s%s", slash ? (int)(slash - text) : 0,
		 text, tty, behind && slash != text ? behind : "");
	return 0;
}

int rig_follow(struct rig *rig, int role, struct err *err)
{
	const char **text = text_of(rig, role);
	struct rig_home *h = &rig->homes[role];
	char name[LOCK_NAME_MAX], real[PATH_MAX];
	int rc;

	if (text)
		ask_desk(rig, role, text);
	if (text && !**text)
		return err_set(err, ERR_GONE, "it is unplugged");
	if (!text || usb_is_name(*text))
		return 0; /* its driver finds it */
	if (begins(h->name, USB)) {
		lock_name(name, *text);
		if (strcmp(name, h->name) == 0)
			return 0;
		rc = find_home(h, *text, err);
		if (rc == 0)
			*text = h->now;
		return rc;
	}
	if (**text == '/' && !realpath(*text, real))
		return err_set(err, ERR_GONE, "%.120s is gone", *text);
	return 0;
}

bool rig_usb_port(const struct rig *rig, int role, char out[RIG_USB_PORT])
{
	const char *name = rig->homes[role].name;

	if (!begins(name, USB))
		return false;
	name += strlen(USB);
	snprintf(out, RIG_USB_PORT, "%.*s", (int)strcspn(name, ":"), name);
	return true;
}
