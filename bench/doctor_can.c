/* CAN interfaces: there, up, and how fast. */
#include "bench/core/verdict.h"
#include "bench/doctor.h"
#include "bench/rig.h"
#include "drivers/can/canlink.h"
#include "drivers/can/hwstamp.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_CAN 280 /* ARPHRD_CAN, linux/if_arp.h */
#define FLAG_UP 1    /* IFF_UP, linux/if.h */

static long number_in(const struct doctor *d, const char *name, const char *file)
{
	char path[160], text[64];

	snprintf(path, sizeof(path), "/sys/class/net/%.60s/%s", name, file);
	return doctor_line(d, path, text, sizeof(text)) ? strtol(text, NULL, 0) : -1;
}

/* What only the kernel itself knows, so not of another root: bit rate and state. A bus-off is a finding. */
static const char *link_text(struct doctor *d, const char *name, char *out, size_t size)
{
	struct canlink l;
	char mend[120];
	const char *why;
	int refused;

	out[0] = '\0';
	if (d->root[0] || canlink_read(&l, name, NULL) || l.virtual)
		return out;
	snprintf(out, size, ", %lld bit/s, sample point %.1f %%, %s",
		 (long long)l.bitrate, l.sample_point / 10.0,
		 canlink_state_name(l.state));
	snprintf(out + strlen(out), size - strlen(out), ", stamps by the %s",
		 hwstamp_choose(canlink_stamps(&l, false, &refused), 0, &why)
			 ? "controller"
			 : "kernel");
	snprintf(mend, sizeof(mend), "sudo ip link set %.60s type can restart", name);
	if (l.state == CANLINK_BUS_OFF)
		doctor_wrong(
			d, EXIT_BENCH_ERROR, name, mend,
			"its controller is bus-off: wrong bit rate, no terminator, or "
			"nobody else on the bus");
	return out;
}

static void interface(struct doctor *d, const char *name)
{
	long flags = number_in(d, name, "flags"),
	     queue = number_in(d, name, "tx_queue_len"), mtu = number_in(d, name, "mtu");
	char mend[200], path[160], text[120];
	bool real;

	snprintf(path, sizeof(path), "/sys/class/net/%.60s/device", name);
	real = doctor_exists(d, path);
	if (flags >= 0 && !(flags & FLAG_UP)) {
		snprintf(mend, sizeof(mend),
			 real ? "sudo ip link set %.60s up type can bitrate 500000"
			      : "sudo ip link set %.60s up",
			 name);
		doctor_warn(d, name, mend, "a %s interface that is down%s",
			    real ? "CAN" : "virtual CAN",
			    real ? "; mind the bit rate of the bus" : "");
		return;
	}
	doctor_good(d, name, "a %s interface, up, %s, queue of %ld frames%s",
		    real ? "CAN" : "virtual CAN", mtu > 16 ? "CAN FD" : "classic CAN",
		    queue, link_text(d, name, text, sizeof(text)));
}

void doctor_can(struct doctor *d)
{
	struct dirent **entries = NULL;
	char full[PATH_MAX];
	int n = scandir(doctor_path(d, "/sys/class/net", full, sizeof(full)), &entries,
			NULL, versionsort);

	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.' &&
		    number_in(d, entries[i]->d_name, "type") == TYPE_CAN)
			interface(d, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

void doctor_can_of_rig(struct doctor *d)
{
	const char *driver = node_text(node_get(d->rig->bus_node, "driver"));
	const char *name = node_text(node_get(d->rig->bus_node, "device"));
	long flags;

	if (!driver || strcmp(driver, "socketcan") || !name)
		return;
	flags = number_in(d, name, "flags");
	if (number_in(d, name, "type") != TYPE_CAN)
		doctor_wrong(d, EXIT_BENCH_ERROR, "rig: bus", NULL,
			     "%.60s: there is no such CAN interface; is it plugged in?",
			     name);
	else if (flags < 0 || !(flags & FLAG_UP))
		doctor_warn(d, "rig: bus", NULL,
			    "%.60s is down; a run may set it up if it is allowed to",
			    name);
	else
		doctor_good(d, "rig: bus", "%.60s is there, and up", name);
}
