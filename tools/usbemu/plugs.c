#include "tools/usbemu/plugs.h"

#include "tools/usbemu/vhci.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AGAIN_NS (10 * NS_PER_MS)  /* look whether the kernel has cleared the port */
#define PATIENCE_NS (8 * NS_PER_S) /* for that, and for it to configure a device */
#define LEAST_NS (100 * NS_PER_MS) /* between two unplugs of the plan */

struct plug {
	struct plugs *all;
	struct gadget gadget;
	int device; /* of the desk */
	const struct rig_plug *rig;
	int port; /* of vhci */
	bool ready;
	int64_t away_ns, give_up_ns;
	struct rng rng;
	struct timer out, back, again, every;
	char path[64];
};

struct plugs {
	struct world *world;
	struct desk *desk;
	struct plug_options options;
	struct usbip_server *server;
	struct plug plugs[USBIP_DEVICES];
	int count;
	bool told;
	struct timer begin, late;
};

static int index_of(const struct plug *p)
{
	return (int)(p - p->all->plugs);
}

static void look_whether_all(struct plugs *all)
{
	for (int i = 0; i < all->count; i++)
		if (!all->plugs[i].ready)
			return;
	if (all->told)
		return;
	all->told = true;
	timer_stop(all->world, &all->late);
	all->options.ready(all->options.ctx);
}

static void on_configured(void *ctx)
{
	struct plug *p = ctx;

	p->ready = true;
	look_whether_all(p->all);
}

static int attach(struct plug *p, struct err *err)
{
	struct plugs *all = p->all;
	int ends[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return err_set(err, ERR_IO, "%s", strerror(errno));
	rc = usbip_server_adopt(all->server, index_of(p), ends[0], err);
	if (!rc)
		rc = vhci_attach(all->options.root, p->port, ends[1],
				 usbip_server_devid(all->server, index_of(p)),
				 p->gadget.usb.product->speed, err);
	close(ends[1]);
	return rc;
}

/* Into its own port, as soon as the kernel is done with the device that was there. */
static void on_again(void *ctx)
{
	struct plug *p = ctx;
	struct plugs *all = p->all;
	struct err err = { 0 };

	if (!vhci_port_free(all->options.root, p->port)) {
		if (world_now(all->world) < p->give_up_ns) {
			timer_set(all->world, &p->again,
				  world_now(all->world) + AGAIN_NS);
			return;
		}
		err_set(&err, ERR_TIMEOUT,
			"port %d of the USB/IP host controller stays taken", p->port);
	} else if (!attach(p, &err)) {
		return;
	}
	err_wrap(&err, err.code, "%s", p->gadget.usb.name);
	all->options.failed(all->options.ctx, &err);
}

static void plug_in(struct plug *p)
{
	struct plugs *all = p->all;

	timer_stop(all->world, &p->back);
	if (usbip_server_plugged(all->server, index_of(p)))
		return;
	usbip_server_plug(all->server, index_of(p));
	if (all->options.listen)
		return;
	p->give_up_ns = world_now(all->world) + PATIENCE_NS;
	timer_set(all->world, &p->again, world_now(all->world));
}

static void on_back(void *ctx)
{
	plug_in(ctx);
}

static void on_out(void *ctx)
{
	struct plug *p = ctx;
	struct plugs *all = p->all;

	timer_stop(all->world, &p->again);
	usbip_server_unplug(all->server, index_of(p));
	if (p->away_ns)
		timer_set(all->world, &p->back, world_now(all->world) + p->away_ns);
}

static void pull(struct plug *p, int64_t away_ns)
{
	p->away_ns = away_ns;
	timer_stop(p->all->world, &p->back);
	timer_set(p->all->world, &p->out, world_now(p->all->world));
}

static void plan_next(struct plug *p)
{
	double share = -log(1 - rng_unit(&p->rng));
	int64_t in_ns = LEAST_NS + (int64_t)(share * (double)p->rig->every_ns);

	timer_set(p->all->world, &p->every, world_now(p->all->world) + in_ns);
}

static void on_every(void *ctx)
{
	struct plug *p = ctx;

	if (usbip_server_plugged(p->all->server, index_of(p)))
		pull(p, p->rig->away_ns);
	plan_next(p);
}

static void on_unplug(void *ctx, int device, int64_t away_ns)
{
	struct plugs *all = ctx;

	for (int i = 0; i < all->count; i++)
		if (all->plugs[i].device == device)
			pull(&all->plugs[i], away_ns);
}

typedef void plug_fn(struct plug *p, int64_t away_ns);

static int each(struct plugs *all, const char *name, plug_fn *fn, int64_t away_ns)
{
	int rc = ERR_USAGE;

	for (int i = 0; i < all->count; i++) {
		if (name && strcmp(name, all->plugs[i].gadget.usb.name) != 0)
			continue;
		fn(&all->plugs[i], away_ns);
		rc = 0;
	}
	return rc;
}

static void plug_one(struct plug *p, int64_t away_ns)
{
	(void)away_ns;
	plug_in(p);
}

static void bounce(struct plug *p, int64_t away_ns)
{
	(void)away_ns;
	pull(p, p->rig->away_ns);
}

int plugs_unplug(struct plugs *p, const char *name, int64_t away_ns)
{
	return each(p, name, pull, away_ns);
}

int plugs_plug(struct plugs *p, const char *name)
{
	return each(p, name, plug_one, 0);
}

int plugs_bounce(struct plugs *p, const char *name)
{
	return each(p, name, bounce, 0);
}

const char *plugs_path(const struct plugs *p, int i)
{
	for (int k = 0; k < p->count; k++)
		if (p->plugs[k].device == i)
			return p->plugs[k].path;
	return NULL;
}

static void timer_for(struct timer *t, void (*fn)(void *), void *ctx)
{
	t->fn = fn;
	t->ctx = ctx;
}

static int add(struct plugs *all, int device)
{
	struct plug *p = &all->plugs[all->count];
	char stream[64];
	int rc;

	p->all = all;
	p->device = device;
	p->rig = desk_plug(all->desk, device);
	gadget_init(&p->gadget, all->desk, all->world, device);
	timer_for(&p->out, on_out, p);
	timer_for(&p->back, on_back, p);
	timer_for(&p->again, on_again, p);
	timer_for(&p->every, on_every, p);
	snprintf(stream, sizeof(stream), "usb.unplugged.%s", p->gadget.usb.name);
	rng_init(&p->rng, world_seed(all->world), stream);
	p->gadget.usb.ready = on_configured;
	p->gadget.usb.ready_ctx = p;
	rc = usbip_server_add(all->server, &p->gadget.usb);
	if (rc >= 0)
		all->count++;
	return rc;
}

/* Ports and what they are called are settled before anything is plugged in. */
static int choose_ports(struct plugs *all, struct err *err)
{
	int next = 0, rc = 0;

	for (int i = 0; i < all->count && !rc; i++) {
		struct plug *p = &all->plugs[i];
		char path[32];

		p->port = vhci_find_port(all->options.root, next, err);
		if (p->port < 0)
			return p->port;
		next = p->port + 1;
		rc = vhci_path(path, all->options.root, p->port, err);
		snprintf(p->path, sizeof(p->path), "usb-port:%s", path);
	}
	return rc;
}

static int begin_listening(struct plugs *all, struct err *err)
{
	int port = usbip_server_listen(all->server, all->options.port, err);

	if (port < 0)
		return port;
	for (int i = 0; i < all->count; i++) {
		snprintf(all->plugs[i].path, sizeof(all->plugs[i].path),
			 "usbip:127.0.0.1:%d/1-%d", port, i + 1);
		all->plugs[i].ready = true;
	}
	return 0;
}

static void on_begin(void *ctx)
{
	look_whether_all(ctx);
}

static void on_late(void *ctx)
{
	struct plugs *all = ctx;
	struct err err = { 0 };

	for (int i = 0; i < all->count && !err.code; i++)
		if (!all->plugs[i].ready)
			err_set(&err, ERR_TIMEOUT, "%s: the kernel does not configure it",
				all->plugs[i].gadget.usb.name);
	all->options.failed(all->options.ctx, &err);
}

static int begin_plugged(struct plugs *all, struct err *err)
{
	int rc = choose_ports(all, err);

	for (int i = 0; i < all->count && !rc; i++)
		rc = attach(&all->plugs[i], err);
	timer_set(all->world, &all->late, world_now(all->world) + PATIENCE_NS);
	return rc;
}

int plugs_new(struct plugs **out, struct world *w, struct desk *d,
	      const struct plug_options *options, struct err *err)
{
	struct plugs *all = calloc(1, sizeof(*all));
	int rc;

	if (!all)
		return err_set(err, ERR_NOMEM, "no memory");
	all->world = w;
	all->desk = d;
	all->options = *options;
	timer_for(&all->begin, on_begin, all);
	timer_for(&all->late, on_late, all);
	rc = usbip_server_new(&all->server, w, err);
	for (int i = 0; i < desk_device_count(d) && rc >= 0; i++)
		if (desk_plug(d, i)->usb != RIG_NOT_USB)
			rc = add(all, i);
	if (rc >= 0)
		rc = options->listen ? begin_listening(all, err)
				     : begin_plugged(all, err);
	if (rc < 0) {
		plugs_free(all);
		return rc;
	}
	desk_on_unplug(d, on_unplug, all);
	for (int i = 0; i < all->count; i++)
		if (all->plugs[i].rig->every_ns)
			plan_next(&all->plugs[i]);
	timer_set(w, &all->begin, world_now(w));
	*out = all;
	return 0;
}

static void stop(struct plugs *all, struct plug *p)
{
	struct timer *timers[] = { &p->out,   &p->back,           &p->again,
				   &p->every, &p->gadget.silence, &p->gadget.usb.next };

	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		timer_stop(all->world, timers[i]);
}

void plugs_free(struct plugs *p)
{
	if (!p)
		return;
	desk_on_unplug(p->desk, NULL, NULL);
	timer_stop(p->world, &p->begin);
	timer_stop(p->world, &p->late);
	for (int i = 0; i < p->count; i++) {
		usbip_server_unplug(p->server, i);
		stop(p, &p->plugs[i]);
	}
	usbip_server_free(p->server);
	free(p);
}
