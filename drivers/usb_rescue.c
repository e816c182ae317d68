#include "drivers/usb_rescue.h"

#include "drivers/usb.h"
#include "drivers/usb_hub.h"

#include <stdio.h>

#define REQUEST_MS 1000
#define LEAVE_NS NS_PER_S
#define BACK_NS \
	(3 * \
	 NS_PER_S) /* the kernel asks hubs every 256 ms; a look at a device takes as long */
#define LOOK_NS (50 * NS_PER_MS)

static int fail(int end, const char *doing, const char *where, struct err *err)
{
	switch (end) {
	case USB_GONE:
		return err_set(err, ERR_GONE, "%s %s: nothing is plugged in there", doing,
			       where);
	case USB_TIMEOUT:
		return err_set(err, ERR_TIMEOUT, "%s %s: it does not answer", doing,
			       where);
	case USB_DENIED:
		return err_set(err, ERR_IO,
			       "%s %s: no permission; see Permissions in keybench-rig(5)",
			       doing, where);
	default:
		return err_set(err, ERR_IO, "%s %s: USB failed", doing, where);
	}
}

int usb_reset_at(const struct usb_rescue *r, const char *where, struct err *err)
{
	const struct usb_port_ops *ops = r->port->ops;
	int end = ops->open(r->port, where);

	if (end < 0)
		return fail(end, "opening", where, err);
	end = ops->reset(r->port);
	ops->close(r->port);
	/* gone under this number: that is what was wanted */
	return end < 0 && end != USB_GONE ? fail(end, "resetting", where, err) : 0;
}

static int ask(const struct usb_rescue *r, struct usb_request *q)
{
	return r->port->ops->control(r->port, q, REQUEST_MS);
}

/* What the open hub is; @super: which of the two kinds. */
static int ask_hub(const struct usb_rescue *r, const char *hub,
		   struct usb_hub_about *about, bool *super, struct err *err)
{
	struct usb_request q;
	int end = USB_FAILED;

	for (int i = 0; i < 2; i++) {
		*super = i == 1;
		usb_hub_ask(&q, *super);
		end = ask(r, &q);
		if (end >= 0 && usb_hub_parse(about, &q, (size_t)end) == 0)
			return 0;
	}
	if (end >= 0)
		return err_set(err, ERR_UNSUPPORTED, "%s does not say that it is a hub",
			       hub);
	return fail(end, "asking the hub", hub, err);
}

static int ask_port(const struct usb_rescue *r, const struct usb_hub_port *at, bool super,
		    struct usb_hub_status *status, struct err *err)
{
	struct usb_request q;
	int end;

	usb_hub_ask_port(&q, at->port);
	end = ask(r, &q);
	if (end < 0)
		return fail(end, "asking for a port of the hub", at->hub, err);
	if (usb_hub_parse_port(status, &q, (size_t)end, super))
		return err_set(err, ERR_FORMAT, "the hub %s does not tell of its port %d",
			       at->hub, at->port);
	return 0;
}

/* Off: until nothing is connected to it any more, as far as the hub knows. */
static int await_off(const struct usb_rescue *r, const struct usb_hub_port *at,
		     bool super, struct err *err)
{
	int64_t limit = clock_now(r->clock) + LEAVE_NS;
	struct usb_hub_status status;
	int rc;

	for (;;) {
		rc = ask_port(r, at, super, &status, err);
		if (rc || (!status.on && !status.connected))
			return rc;
		if (clock_now(r->clock) >= limit)
			return err_set(err, ERR_UNSUPPORTED,
				       "port %d of the hub %s was told to be off, and %s",
				       at->port, at->hub,
				       status.on ? "is not"
						 : "its device is still connected");
		r->clock->sleep_until(r->clock, clock_now(r->clock) + LOOK_NS);
	}
}

static int switch_open(const struct usb_rescue *r, const struct usb_hub_port *at, bool on,
		       struct err *err)
{
	struct usb_hub_about about;
	struct usb_hub_status status;
	struct usb_request q;
	bool super;
	int end, rc = ask_hub(r, at->hub, &about, &super, err);

	if (rc)
		return rc;
	if (at->port > about.ports || !(about.each || about.one))
		return err_set(err, ERR_UNSUPPORTED,
			       "the hub %s cannot switch port %d alone", at->hub,
			       at->port);
	usb_hub_switch(&q, at->port, on);
	end = ask(r, &q);
	if (end < 0)
		return fail(end, "switching a port of the hub", at->hub, err);
	if (!on)
		return await_off(r, at, super, err);
	r->clock->sleep_until(r->clock, clock_now(r->clock) + about.settle_ns);
	rc = ask_port(r, at, super, &status, err);
	if (rc || status.on)
		return rc;
	return err_set(err, ERR_IO, "port %d of the hub %s was told to be on, and is not",
		       at->port, at->hub);
}

static int switch_port(const struct usb_rescue *r, const struct usb_hub_port *at, bool on,
		       struct err *err)
{
	int end = r->port->ops->open(r->port, at->hub), rc;

	if (end < 0)
		return fail(end, "opening the hub", at->hub, err);
	rc = switch_open(r, at, on, err);
	r->port->ops->close(r->port);
	return rc;
}

/* The kernel may hear of it only now that there is power again: the device of before is not the one to wait for. */
static int await_anew(const struct usb_rescue *r, const char *where, int before,
		      struct err *err)
{
	int64_t limit = clock_now(r->clock) + BACK_NS;
	int number;

	while ((number = r->number(r, where)) == 0 || number == before) {
		if (clock_now(r->clock) >= limit && number)
			return err_set(err, ERR_TIMEOUT,
				       "the device at %s did not start anew when its "
				       "port was off",
				       where);
		if (clock_now(r->clock) >= limit)
			return 0; /* whoever opens it waits for it */
		r->clock->sleep_until(r->clock, clock_now(r->clock) + LOOK_NS);
	}
	return 0;
}

int usb_cycle_power_at(const struct usb_rescue *r, const char *where, int64_t off_ns,
		       struct err *err)
{
	struct usb_hub_port sides[2];
	struct err back = { 0 };
	int count = 1, rc, on = 0, before;

	if (usb_hub_of(&sides[0], where))
		return err_set(err, ERR_USAGE, "%s is no USB port", where);
	before = r->number(r, where);
	/* the other side of the socket may well be unable: what counts is what becomes of the device */
	if (usb_hub_peer(&sides[1], r->root, &sides[0]))
		count += switch_port(r, &sides[1], false, NULL) == 0;
	rc = switch_port(r, &sides[0], false, err);
	if (rc == 0)
		r->clock->sleep_until(r->clock, clock_now(r->clock) + off_ns);
	/* whatever came of it */
	for (int i = 0; i < count; i++) {
		int one = switch_port(r, &sides[i], true, &back);

		on = on ? on : one;
	}
	if (rc == 0 && on)
		rc = err_set(err, on, "%s", err_text(&back));
	return rc ? rc : await_anew(r, where, before, err);
}

#if WITH_LIBUSB
static int number_now(const struct usb_rescue *r, const char *where)
{
	struct usb_device d;
	char name[48];

	snprintf(name, sizeof(name), "usb-port:%.32s", where);
	return usb_find(&d, r->root, name, NULL) ? 0 : d.device;
}

static int begin(struct usb_rescue *r, struct err *err)
{
	*r = (struct usb_rescue){ .clock = clock_real(),
				  .root = "",
				  .number = number_now };
	return usb_port_new(&r->port, err);
}

int usb_rescue_reset(const char *where, struct err *err)
{
	struct usb_rescue r;
	int rc = begin(&r, err);

	if (rc)
		return rc;
	rc = usb_reset_at(&r, where, err);
	r.port->ops->free(r.port);
	return rc;
}

int usb_rescue_power(const char *where, int64_t off_ns, struct err *err)
{
	struct usb_rescue r;
	int rc = begin(&r, err);

	if (rc)
		return rc;
	rc = usb_cycle_power_at(&r, where, off_ns, err);
	r.port->ops->free(r.port);
	return rc;
}
#else
int usb_rescue_reset(const char *where, struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED, "%s: this build has no libusb", where);
}

int usb_rescue_power(const char *where, int64_t off_ns, struct err *err)
{
	(void)off_ns;
	return err_set(err, ERR_UNSUPPORTED, "%s: this build has no libusb", where);
}
#endif
