/* CAN interfaces: there, up, and how fast. */
#include "bench/core/verdict.h"
#include "bench/doctor.h"

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

static void interface(struct doctor *d, const char *name)
{
	long flags = number_in(d, name, "flags"),
	     queue = number_in(d, name, "tx_queue_len"), mtu = number_in(d, name, "mtu");
	char mend[200], path[160];
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
	doctor_good(d, name, "a %s interface, up, %s, queue of %ld frames",
		    real ? "CAN" : "virtual CAN", mtu > 16 ? "CAN FD" : "classic CAN",
		    queue);
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
