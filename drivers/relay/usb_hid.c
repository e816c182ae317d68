/*
 * DCTTech USB relay boards over control requests.
 *
 * A board is named by where it is plugged in: the serial in its EEPROM gets lost. It is claimed for as long as
 * it is open, so that no other program switches it meanwhile, and the kernel's driver gets it back at the end,
 * also when a process that was killed before us could not do that. A lock tells by name who has it, also
 * where a board was found by its serial, or as the only one. What is switched is read back: the board's
 * latch, not the contact. All waits of one call together are bounded by CALL_LIMIT_NS: the worker around this
 * must get back to its heartbeat.
 */
#include "drivers/relay/usb_hid.h"

#include "drivers/lock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES 4
#define PAUSE_NS (20 * NS_PER_MS)
#define REQUEST_LIMIT_NS (200 * NS_PER_MS) /* a request takes 3 to 8 ms */
#define CALL_LIMIT_NS (800 * NS_PER_MS)
#define SWITCH_TRIES 2
#define LOCK_PATIENCE_NS (2500 * NS_PER_MS) /* for a worker whose keybench was killed */

struct usb_hid {
	struct relay base;
	struct usb_port *port;
	bool opened, claimed, simulated;
	int channels;
	uint32_t wanted; /* what should be on */
	int lock_fd;     /* -1: none */
	char name[32], where[32], serial[USB_HID_SERIAL + 1];
};

static const struct relay_ops usb_hid_ops;

static struct usb_hid *board_of(struct relay *r)
{
	assert(r->ops == &usb_hid_ops);
	return (struct usb_hid *)r;
}

static int fail(struct usb_hid *h, int end, const char *doing, struct err *err)
{
	switch (end) {
	case USB_GONE:
		if (h->wanted)
			return err_set(err, ERR_GONE,
				       "%s: the board was unplugged while channels were "
				       "on (%#x)",
				       doing, h->wanted);
		return err_set(err, ERR_GONE, "%s: the board was unplugged", doing);
	case USB_PROTOCOL:
		return err_set(err, ERR_IO, "%s: the board breaks the USB protocol",
			       doing);
	case USB_TIMEOUT:
		return err_set(err, ERR_TIMEOUT, "%s: the board does not answer", doing);
	case USB_BUSY:
		return err_set(err, ERR_IO, "%s: another program has the board", doing);
	case USB_DENIED:
		return err_set(err, ERR_IO,
			       "%s: no permission; see Permissions in keybench-rig(5)",
			       doing);
	default:
		return err_set(err, ERR_IO, "%s: USB failed", doing);
	}
}

/* One request, tried again where the board stumbles; the last try follows a reset. */
static int request(struct usb_hid *h, struct usb_request *r, int64_t deadline_ns)
{
	struct clock *clock = h->base.clock;
	int end = USB_TIMEOUT;

	for (int i = 0; i < TRIES; i++) {
		int64_t left = deadline_ns - clock_now(clock);

		if (left <= 0)
			break;
		if (left > REQUEST_LIMIT_NS)
			left = REQUEST_LIMIT_NS;
		end = h->port->ops->control(h->port, r, (int)(left / NS_PER_MS) + 1);
		if (end >= 0 || (end != USB_PROTOCOL && end != USB_TIMEOUT))
			return end;
		if (i == TRIES - 2 && h->port->ops->reset(h->port) == USB_GONE)
			return USB_GONE;
		clock->sleep_until(clock, clock_now(clock) + PAUSE_NS);
	}
	return end;
}

static int get_report(struct usb_hid *h, struct usb_hid_report *out, int64_t deadline_ns,
		      struct err *err)
{
	struct usb_request r;
	int end;

	usb_hid_build_get(&r);
	end = request(h, &r, deadline_ns);
	if (end < 0)
		return fail(h, end, "reading the board's state", err);
	if (usb_hid_parse(&r, (size_t)end, h->channels, out))
		return err_set(err, ERR_FORMAT,
			       "what the board says is no state of %d channels",
			       h->channels);
	return 0;
}

/* Send @r until the board's latch is @wanted in the channels of @mask. */
static int switch_to(struct usb_hid *h, struct usb_request *r, uint32_t mask,
		     uint32_t wanted, struct err *err)
{
	int64_t deadline = clock_now(h->base.clock) + CALL_LIMIT_NS;
	struct usb_hid_report is = { 0 };
	int rc = 0;

	for (int i = 0; i < SWITCH_TRIES; i++) {
		int end = request(h, r, deadline);

		if (end < 0)
			return fail(h, end, "switching", err);
		rc = get_report(h, &is, deadline, err);
		if (rc)
			return rc;
		if ((is.state & mask) == wanted)
			return 0;
	}
	return err_set(err, ERR_IO, "the board has %#x on where it was told %#x",
		       is.state & mask, wanted);
}

static int usb_set(struct relay *base, int channel, bool on, struct err *err)
{
	struct usb_hid *h = board_of(base);
	uint32_t bit = UINT32_C(1) << (channel - 1);
	struct usb_request r;
	int rc;

	if (channel > h->channels)
		return err_set(err, ERR_RANGE, "channel %d: the board has 1 to %d",
			       channel, h->channels);
	usb_hid_build_set(&r, channel, on);
	if (on)
		h->wanted |= bit; /* an order that failed may have arrived */
	rc = switch_to(h, &r, bit, on ? bit : 0, err);
	if (rc == 0 && !on)
		h->wanted &= ~bit;
	return rc;
}

static int usb_all_off(struct relay *base, struct err *err)
{
	struct usb_hid *h = board_of(base);
	uint32_t all = (UINT32_C(1) << h->channels) - 1;
	struct usb_request r;
	int rc;

	usb_hid_build_all(&r, false);
	rc = switch_to(h, &r, all, 0, err);
	if (rc == 0)
		h->wanted = 0;
	return rc;
}

static int usb_read(struct relay *base, uint32_t *state, struct err *err)
{
	struct usb_hid *h = board_of(base);
	struct usb_hid_report is;
	int rc = get_report(h, &is, clock_now(base->clock) + CALL_LIMIT_NS, err);

	if (rc == 0)
		*state = is.state;
	return rc;
}

static int usb_input(struct relay *base, int input, bool *on, struct err *err)
{
	(void)base;
	(void)input;
	(void)on;
	return err_set(err, ERR_UNSUPPORTED, "this board has no inputs");
}

static int usb_identity(struct relay *base, struct relay_identity *id, struct err *err)
{
	struct usb_hid *h = board_of(base);

	(void)err;
	memset(id, 0, sizeof(*id));
	snprintf(id->model, sizeof(id->model), "DCTTech %s, serial %s", h->name,
		 h->serial[0] ? h->serial : "unreadable");
	snprintf(id->link, sizeof(id->link), "usb %s", h->where);
	id->channels = h->channels;
	id->reads_back = true;
	id->simulated = h->simulated;
	return 0;
}

/* Whatever was begun is undone; the kernel's driver gets the board in any case. */
static void let_go(struct usb_hid *h)
{
	if (h->claimed)
		h->port->ops->release(h->port);
	if (h->opened) {
		h->port->ops->attach(h->port);
		h->port->ops->close(h->port);
	}
	h->claimed = h->opened = false;
	if (h->lock_fd >= 0)
		close(h->lock_fd);
	h->lock_fd = -1;
}

static void release(struct usb_hid *h)
{
	let_go(h);
	h->port->ops->free(h->port);
	free(h);
}

static void usb_close(struct relay *base)
{
	usb_all_off(base, NULL);
	release(board_of(base));
}

static const struct relay_ops usb_hid_ops = {
	.set = usb_set,
	.all_off = usb_all_off,
	.read = usb_read,
	.input = usb_input,
	.identity = usb_identity,
	.close = usb_close,
};

/* Open and claim one, and read its serial. */
static int take(struct usb_hid *h, const struct usb_found *f, struct err *err)
{
	struct usb_hid_report report;
	char device[48], what[64];
	int end, rc;

	/* whoever has it is told apart by name, however each of the two found the board */
	snprintf(device, sizeof(device), "usb-port:%s", f->port);
	snprintf(what, sizeof(what), "the relay board at %s", device);
	rc = lock_take(&h->lock_fd, device, what, "open", LOCK_PATIENCE_NS, err);
	if (rc)
		return rc;
	end = h->port->ops->open(h->port, f->port);
	if (end < 0)
		return fail(h, end, "opening it", err);
	h->opened = true;
	h->simulated = f->simulated;
	h->channels = usb_hid_channels(f->name);
	snprintf(h->name, sizeof(h->name), "%s", f->name);
	snprintf(h->where, sizeof(h->where), "%s", f->port);
	end = h->port->ops->detach(h->port);
	if (end >= 0)
		end = h->port->ops->claim(h->port);
	if (end < 0)
		return fail(h, end, "claiming it", err);
	h->claimed = true;
	rc = get_report(h, &report, clock_now(h->base.clock) + CALL_LIMIT_NS, err);
	if (rc == 0)
		memcpy(h->serial, report.serial, sizeof(h->serial));
	return rc;
}

/* "1-2.3", also with what stands in front of it where readers are named. */
static const char *bare_port(const char *port)
{
	static const char prefix[] = "usb-port:";

	return port && strncmp(port, prefix, sizeof(prefix) - 1) == 0
		       ? port + sizeof(prefix) - 1
		       : port;
}

/* Those that are such boards, in order of where they are plugged in; foreign ones share the id. */
static int sort_out(struct usb_found *found, int count, const char *port)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		if (port && strcmp(found[i].port, port) != 0)
			continue;
		if (found[i].name[0] && usb_hid_channels(found[i].name) < 0)
			continue;
		found[kept++] = found[i];
	}
	return kept;
}

static int say_which(const struct usb_found *found, int count, struct err *err)
{
	char list[160] = "";
	size_t len = 0;

	for (int i = 0; i < count && len + 1 < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ", " : "", found[i].port);
	return err_set(err, ERR_USAGE,
		       "there are %d boards, at ports %s: name one with 'port'", count,
		       list);
}

static int take_by_serial(struct usb_hid *h, const struct usb_found *found, int count,
			  const char *serial, struct err *err)
{
	struct err last = { 0 };

	for (int i = 0; i < count; i++) {
		if (found[i].name[0] && take(h, &found[i], &last) == 0 &&
		    strcmp(h->serial, serial) == 0)
			return 0;
		let_go(h);
	}
	return err_set(err, ERR_GONE, "no board with the serial '%s' is plugged in%s%s",
		       serial, last.text[0] ? "; of one: " : "", last.text);
}

static int find(struct usb_hid *h, const struct usb_hid_options *o, struct err *err)
{
	struct usb_found found[USB_MAX_FOUND];
	int count = h->port->ops->list(h->port, USB_HID_VENDOR, USB_HID_PRODUCT, found);

	if (count < 0)
		return fail(h, count, "looking for boards", err);
	count = sort_out(found, count, bare_port(o->port));
	if (count == 0)
		return err_set(err, ERR_GONE, "no USBRelay board is plugged in%s%s",
			       o->port ? " at port " : "", o->port ? o->port : "");
	if (o->serial)
		return take_by_serial(h, found, count, o->serial, err);
	if (count > 1)
		return say_which(found, count, err);
	if (!found[0].name[0])
		return fail(h, found[0].named, "reading what it is", err);
	return take(h, &found[0], err);
}

int usb_hid_open(struct relay **out, struct usb_port *port,
		 const struct usb_hid_options *o, struct clock *clock, struct err *err)
{
	struct usb_hid *h = calloc(1, sizeof(*h));
	int rc;

	if (!h) {
		port->ops->free(port);
		return err_set(err, ERR_NOMEM, "relay board");
	}
	h->base = (struct relay){ &usb_hid_ops, clock };
	h->port = port;
	h->lock_fd = -1;
	rc = find(h, o, err);
	if (rc == 0 && o->channels && o->channels != h->channels)
		rc = err_set(err, ERR_RANGE, "%s has %d channels, not %d", h->name,
			     h->channels, (int)o->channels);
	/* whoever had it before may have left a coil energised: the board has no watchdog */
	if (rc == 0)
		rc = usb_all_off(&h->base, err);
	if (rc) {
		release(h);
		return err_wrap(err, rc, "opening the USB relay board%s%s",
				o->port ? " at " : "", o->port ? o->port : "");
	}
	*out = &h->base;
	return 0;
}

const struct conf_item usb_hid_items[] = {
	{ .key = "port",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct usb_hid_options, port),
	  .fallback = CONF_ABSENT,
	  .help = "where it is plugged in, such as 1-2.3; needed with several boards" },
	{ .key = "serial",
	  .type = CONF_TEXT,
	  .offset = offsetof(struct usb_hid_options, serial),
	  .fallback = CONF_ABSENT,
	  .help = "the five characters it says; they get lost: better name the port" },
	{ .key = "channels",
	  .type = CONF_INT,
	  .offset = offsetof(struct usb_hid_options, channels),
	  .fallback = "0",
	  .help = "how many relays it must have: 1, 2, 4 or 8; 0: as it says",
	  .max = USB_HID_MAX_CHANNELS },
	{ 0 },
};
