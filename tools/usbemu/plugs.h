#ifndef TOOLS_USBEMU_PLUGS_H
#define TOOLS_USBEMU_PLUGS_H

#include "bench/core/rng.h"
#include "tools/usbemu/gadget.h"
#include "tools/usbemu/usbip_server.h"

/*
 * All devices on USB of a desk, and when each is plugged in: into this machine's kernel (vhci.h), or for whoever
 * comes over TCP. A device that comes back comes to the same port, under another number.
 */
struct plugs;

struct plug_options {
	bool listen;      /* not into the kernel */
	int port;         /* of TCP; 0: any that is free */
	const char *root; /* as in vhci.h */
	/** All were configured by their host, or wait for one; called once. */
	void (*ready)(void *ctx);
	/** One could not be plugged in (again). */
	void (*failed)(void *ctx, const struct err *err);
	void *ctx;
};

int plugs_new(struct plugs **out, struct world *w, struct desk *d,
	      const struct plug_options *options, struct err *err);
void plugs_free(struct plugs *p); /* takes NULL; unplugs all */

/** Where device @i of the desk is: "usb-port:3-1", "usbip:127.0.0.1:3240/1-1"; NULL: it is not on USB. */
const char *plugs_path(const struct plugs *p, int i);

/** Unplug @name (NULL: all), before anything else happens; back after @away_ns, 0: not by itself. ERR_USAGE: nobody */
int plugs_unplug(struct plugs *p, const char *name, int64_t away_ns);
/** Plug it in again, if it is not. */
int plugs_plug(struct plugs *p, const char *name);
/** As the rig says for the device (NULL: each), how long it stays away. */
int plugs_bounce(struct plugs *p, const char *name);

#endif
