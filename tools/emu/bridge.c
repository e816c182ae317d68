#include "tools/emu/bridge.h"

#include "drivers/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 256 /* power of two */
#define RETRY_NS NS_PER_MS

struct bridge {
	struct world *world;
	struct hub *hub;
	struct bus *bus;
	int node, fd;
	struct canframe waiting[WAITING_MAX]; /* to go out; a queue */
	unsigned first, count;
	struct timer retry;
	bool gone;
};

static void say(struct bridge *b, const char *what, const char *why)
{
	truth_say(world_truth(b->world), world_now(b->world), what, "s:device s:why",
		  hub_name(b->hub), why);
}

/* The desk goes on without it; whoever listens finds nothing there any more. */
static void lose(struct bridge *b, const struct err *err)
{
	say(b, "bridge_lost", err_text(err));
	world_unwatch(b->world, b->fd);
	b->gone = true;
}

static void send_waiting(struct bridge *b)
{
	while (b->count && !b->gone) {
		enum bus_result result;
		struct err err = { 0 };

		if (bus_send(b->bus, &b->waiting[b->first], 0, &result, &err)) {
			lose(b, &err);
			return;
		}
		if (result == BUS_FULL) {
			timer_set(b->world, &b->retry, world_clock(b->world) + RETRY_NS);
			return;
		}
		b->first = (b->first + 1) % WAITING_MAX;
		b->count--;
	}
}

static void take_in(struct bridge *b)
{
	enum bus_result result = BUS_OK;
	struct err err = { 0 };

	while (result == BUS_OK) {
		struct bus_frame f;

		if (bus_receive(b->bus, &f, 0, &result, &err)) {
			lose(b, &err);
			return;
		}
		if (f.lost)
			say(b, "bridge_overflow", "frames from the wire were lost");
		if (result == BUS_OK && !f.own && !f.frame.error)
			hub_send(b->hub, b->node, &f.frame);
	}
}

static void on_readable(void *ctx, int fd)
{
	struct bridge *b = ctx;

	(void)fd;
	take_in(b);
	send_waiting(b); /* an echo makes room */
}

static void on_retry(void *ctx)
{
	struct bridge *b = ctx;

	if (!b->gone)
		on_readable(b, b->fd);
}

static void hear(void *ctx, const struct canbus_heard *heard)
{
	struct bridge *b = ctx;

	if (heard->own || b->gone)
		return;
	if (b->count == WAITING_MAX) {
		say(b, "bridge_overflow", "frames for the wire were lost");
		return;
	}
	b->waiting[(b->first + b->count++) % WAITING_MAX] = heard->frame;
	send_waiting(b);
}

static int open_interface(struct bridge *b, const char *interface, struct err *err)
{
	const struct bus_driver *d = bus_driver_find("socketcan");
	void *options = calloc(1, d->options_size);
	struct conf *conf = NULL;
	char text[120];
	int rc;

	snprintf(text, sizeof(text), "{device: '%.40s', bitrate: %lld}", interface,
		 (long long)canbus_bitrate(hub_model(b->hub)));
	rc = options ? conf_parse(&conf, interface, BYTES((uint8_t *)text, strlen(text)),
				  err)
		     : err_set(err, ERR_NOMEM, "no memory");
	if (!rc)
		rc = conf_bind(conf_root(conf), d->items, options, err);
	if (!rc)
		rc = d->open(&b->bus, options, NULL, world_time(b->world), err);
	conf_free(conf);
	free(options);
	return rc;
}

int bridge_open(struct bridge **out, struct world *w, struct hub *hub,
		const char *interface, struct err *err)
{
	struct bridge *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return err_set(err, ERR_NOMEM, "no memory");
	*b = (struct bridge){ .world = w, .hub = hub, .node = -1, .fd = -1 };
	b->retry = (struct timer){ .fn = on_retry, .ctx = b };
	rc = open_interface(b, interface, err);
	if (!rc && (b->node = canbus_attach(hub_model(hub), hear, b)) < 0)
		rc = err_set(err, ERR_RANGE, "%s: too many nodes", hub_name(hub));
	if (!rc && world_watch(w, bus_fd(b->bus), on_readable, b))
		rc = err_set(err, ERR_RANGE, "too many devices on this desk");
	if (!rc)
		b->fd = bus_fd(b->bus);
	if (rc)
		bridge_close(b);
	else
		*out = b;
	return rc ? err_wrap(err, rc, "joining %s to %s", hub_name(hub), interface) : 0;
}

void bridge_close(struct bridge *b)
{
	if (!b)
		return;
	timer_stop(b->world, &b->retry);
	if (b->fd >= 0 && !b->gone)
		world_unwatch(b->world, b->fd);
	if (b->node >= 0)
		canbus_detach(hub_model(b->hub), b->node);
	bus_close(b->bus);
	free(b);
}
