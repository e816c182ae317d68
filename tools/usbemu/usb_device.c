#include "tools/usbemu/usb_device.h"

#include "bench/core/err.h"

#include <string.h>

enum request {
	GET_STATUS = 0,
	CLEAR_FEATURE = 1,
	SET_FEATURE = 3,
	SET_ADDRESS = 5,
	GET_DESCRIPTOR = 6,
	GET_CONFIGURATION = 8,
	SET_CONFIGURATION = 9,
	GET_INTERFACE = 10,
	SET_INTERFACE = 11
};

enum descriptor {
	DEVICE = 1,
	CONFIGURATION = 2,
	STRING = 3,
	HID = 0x21,
	REPORT = 0x22
};

#define TYPE_MASK 0x60 /* standard, class, vendor */
#define TO_HOST 0x80

static void done(struct usb_device *d, uint32_t seqnum, int status, size_t length,
		 struct bytes data)
{
	d->done(d->done_ctx, seqnum, status, length, data);
}

static int give(uint8_t *data, size_t room, struct bytes what)
{
	size_t len = what.len < room ? what.len : room;

	if (len)
		memcpy(data, what.data, len);
	return (int)len;
}

/* UTF-16 of a text that is ASCII. */
static int give_string(const struct usb_device *d, int index, uint8_t *data, size_t room)
{
	static const uint8_t languages[] = { 4, STRING, 0x09, 0x04 };
	const char *text = index == 1 ? d->product->maker : d->product->product;
	uint8_t out[128];
	size_t len = 2;

	if (index == 0)
		return give(data, room, BYTES_OF(languages));
	if (index > 2)
		return ERR_UNSUPPORTED;
	for (size_t i = 0; text[i] && len + 2 <= sizeof(out); i++) {
		out[len++] = (uint8_t)text[i];
		out[len++] = 0;
	}
	out[0] = (uint8_t)len;
	out[1] = STRING;
	return give(data, room, BYTES(out, len));
}

/* The HID descriptor stands in the configuration, behind its interface. */
static struct bytes find_hid(const struct usb_device *d)
{
	struct bytes c = d->product->configuration;

	for (size_t at = 0; at + 2 <= c.len && c.data[at] >= 2; at += c.data[at])
		if (c.data[at + 1] == HID && d->product->report.len)
			return BYTES(c.data + at, c.data[at]);
	return BYTES(NULL, 0);
}

static int give_descriptor(const struct usb_device *d, const struct usbip_setup *s,
			   uint8_t *data)
{
	const struct usb_product *p = d->product;
	struct bytes hid = find_hid(d);

	switch (s->value >> 8) {
	case DEVICE:
		return give(data, s->length, BYTES(p->device, 18));
	case CONFIGURATION:
		return s->value & 0xff ? ERR_UNSUPPORTED
				       : give(data, s->length, p->configuration);
	case STRING:
		return give_string(d, s->value & 0xff, data, s->length);
	case HID:
		return hid.len ? give(data, s->length, hid) : ERR_UNSUPPORTED;
	case REPORT:
		return p->report.len ? give(data, s->length, p->report) : ERR_UNSUPPORTED;
	default:
		return ERR_UNSUPPORTED;
	}
}

static int configure(struct usb_device *d, uint8_t value)
{
	if (value > 1)
		return ERR_UNSUPPORTED;
	d->configuration = value;
	d->message_count = 0;
	if (!value)
		return 0;
	d->configured++;
	truth_say(world_truth(d->world), world_now(d->world), "usb_configured",
		  "s:device", d->name);
	if (d->ready)
		d->ready(d->ready_ctx);
	return 0;
}

/*
 * USB/IP does not tell of a reset. But a host that has configured a device reads its device descriptor again only
 * behind one; programs get the copy that the kernel has.
 */
static void look_for_reset(struct usb_device *d, const struct usbip_setup *s)
{
	if (!d->configuration || s->request != GET_DESCRIPTOR || s->value >> 8 != DEVICE)
		return;
	d->configuration = 0;
	d->message_count = 0;
	truth_say(world_truth(d->world), world_now(d->world), "usb_reset", "s:device",
		  d->name);
	if (d->ops->reset)
		d->ops->reset(d->ctx);
}

static int standard(struct usb_device *d, const struct usbip_setup *s, uint8_t *data)
{
	static const uint8_t nothing[2];

	look_for_reset(d, s);
	switch (s->request) {
	case GET_STATUS:
		return give(data, s->length, BYTES_OF(nothing));
	case GET_DESCRIPTOR:
		return give_descriptor(d, s, data);
	case GET_CONFIGURATION:
		return give(data, s->length, BYTES(&d->configuration, 1));
	case SET_CONFIGURATION:
		return configure(d, (uint8_t)s->value);
	case GET_INTERFACE:
		return give(data, s->length, BYTES(nothing, 1));
	case SET_INTERFACE:
		return s->value ? ERR_UNSUPPORTED : 0;
	case CLEAR_FEATURE:
	case SET_FEATURE:
	case SET_ADDRESS:
		return 0;
	default:
		return ERR_UNSUPPORTED;
	}
}

static void run_control(struct usb_device *d, const struct usb_waiting *w)
{
	uint8_t data[USB_CONTROL_MAX] = { 0 };
	bool to_host = w->setup.type & TO_HOST;
	int n = ERR_UNSUPPORTED;

	if (!to_host)
		memcpy(data, w->data, w->len);
	if (w->setup.length > sizeof(data) || (!to_host && w->setup.length > w->len))
		n = ERR_UNSUPPORTED;
	else if (!(w->setup.type & TYPE_MASK))
		n = standard(d, &w->setup, data);
	else if (d->ops->control)
		n = d->ops->control(d->ctx, &w->setup, data);
	if (n < 0)
		done(d, w->seqnum, USB_STALL, 0, BYTES(NULL, 0));
	else if (to_host && (uint32_t)n > w->length)
		done(d, w->seqnum, USB_BABBLE, 0, BYTES(NULL, 0));
	else if (to_host)
		done(d, w->seqnum, 0, (size_t)n, BYTES(data, (size_t)n));
	else
		done(d, w->seqnum, 0, w->len, BYTES(NULL, 0));
}

static void drop(struct usb_waiting *list, int *count, int i)
{
	(*count)--;
	memmove(list + i, list + i + 1, (size_t)(*count - i) * sizeof(*list));
}

static void on_control(void *ctx)
{
	struct usb_device *d = ctx;
	struct usb_waiting w = d->control[0];

	drop(d->control, &d->control_count, 0);
	if (d->control_count)
		timer_set(d->world, &d->next,
			  world_now(d->world) + d->product->control_ns);
	run_control(d, &w);
}

/* Who waits first for messages; -1: nobody. Other IN endpoints never say anything. */
static int first_waiting(const struct usb_device *d)
{
	for (int i = 0; i < d->in_count; i++)
		if (d->in[i].endpoint == d->product->in)
			return i;
	return -1;
}

/* What waits, to those who wait for it. */
static void serve_in(struct usb_device *d)
{
	int i;

	while (d->message_count && (i = first_waiting(d)) >= 0) {
		struct usb_message m = d->messages[0];
		struct usb_waiting w = d->in[i];
		size_t left = m.len - m.sent, packet = d->product->packet;
		bool babbles = left > w.length && w.length % packet;
		/* filled to its last packet, the transfer does not wait for the empty one */
		bool whole = left < w.length || (left == w.length && left % packet);
		struct bytes part =
			BYTES(m.data + m.sent, left > w.length ? w.length : left);

		drop(d->in, &d->in_count, i);
		d->messages[0].sent += part.len;
		if (whole || babbles) {
			d->message_count--;
			memmove(d->messages, d->messages + 1,
				(size_t)d->message_count * sizeof(m));
		}
		if (babbles)
			done(d, w.seqnum, USB_BABBLE, 0, BYTES(NULL, 0));
		else
			done(d, w.seqnum, 0, part.len, part);
	}
}

static void submit_control(struct usb_device *d, struct usb_waiting *w,
			   const struct usbip_urb *u)
{
	w->setup = u->setup;
	w->len = u->data.len;
	if (d->control_count == USB_WAITING || u->data.len > sizeof(w->data)) {
		done(d, u->seqnum, USB_STALL, 0, BYTES(NULL, 0));
		return;
	}
	if (u->data.len)
		memcpy(w->data, u->data.data, u->data.len);
	d->control[d->control_count++] = *w;
	if (d->control_count == 1)
		timer_set(d->world, &d->next,
			  world_now(d->world) + d->product->control_ns);
}

static bool has_endpoint(const struct usb_device *d, uint8_t address)
{
	struct bytes c = d->product->configuration;

	for (size_t at = 0; at + 3 <= c.len && c.data[at] >= 2; at += c.data[at])
		if (c.data[at + 1] == 5 && c.data[at + 2] == address)
			return true;
	return false;
}

void usb_device_submit(struct usb_device *d, const struct usbip_urb *u)
{
	uint8_t address = (uint8_t)(u->endpoint | (u->in ? TO_HOST : 0));
	struct usb_waiting w = { .seqnum = u->seqnum,
				 .length = u->length,
				 .endpoint = (uint8_t)u->endpoint,
				 .in = u->in };

	if (u->endpoint == 0) {
		submit_control(d, &w, u);
	} else if (!d->configuration || !has_endpoint(d, address) ||
		   (u->in ? d->in_count == USB_WAITING : !d->ops->out)) {
		done(d, u->seqnum, USB_STALL, 0, BYTES(NULL, 0));
	} else if (u->in) {
		d->in[d->in_count++] = w;
		serve_in(d);
	} else {
		d->ops->out(d->ctx, u->data);
		done(d, u->seqnum, 0, u->data.len, BYTES(NULL, 0));
	}
}

bool usb_device_unlink(struct usb_device *d, uint32_t seqnum)
{
	for (int i = 0; i < d->in_count; i++)
		if (d->in[i].seqnum == seqnum) {
			drop(d->in, &d->in_count, i);
			return true;
		}
	for (int i = 0; i < d->control_count; i++)
		if (d->control[i].seqnum == seqnum) {
			drop(d->control, &d->control_count, i);
			if (!d->control_count)
				timer_stop(d->world, &d->next);
			return true;
		}
	return false;
}

void usb_device_say(struct usb_device *d, struct bytes message)
{
	struct usb_message *m = &d->messages[d->message_count];

	if (!d->configuration)
		return;
	if (d->message_count == USB_MESSAGES || message.len > USB_MESSAGE_MAX) {
		truth_say(world_truth(d->world), world_now(d->world), "bytes_lost",
			  "s:device s:why", d->name, "host does not read");
		return;
	}
	m->sent = 0;
	m->len = message.len;
	if (message.len)
		memcpy(m->data, message.data, message.len);
	d->message_count++;
	serve_in(d);
}

void usb_device_hush(struct usb_device *d)
{
	d->message_count = 0;
}

void usb_device_reset(struct usb_device *d)
{
	d->configuration = 0;
	d->configured = 0;
	d->control_count = d->in_count = d->message_count = 0;
	timer_stop(d->world, &d->next);
}

void usb_device_power(struct usb_device *d, bool on)
{
	usb_device_reset(d);
	if (d->ops->power)
		d->ops->power(d->ctx, on);
}

void usb_device_init(struct usb_device *d, struct world *w, const char *name,
		     const struct usb_product *product, const struct usb_device_ops *ops,
		     void *ctx)
{
	*d = (struct usb_device){
		.world = w, .name = name, .product = product, .ops = ops, .ctx = ctx
	};
	d->next.fn = on_control;
	d->next.ctx = d;
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

void usb_device_describe(const struct usb_device *d, struct usbip_device *out)
{
	const uint8_t *p = d->product->device;
	struct bytes c = d->product->configuration;

	out->speed = d->product->speed;
	out->vendor = le16(p + 8);
	out->product = le16(p + 10);
	out->release = le16(p + 12);
	out->class = p[4];
	out->subclass = p[5];
	out->protocol = p[6];
	out->configuration = d->configuration;
	out->configurations = p[17];
	out->interface_count = 0;
	for (size_t at = 0; at + 8 <= c.len && c.data[at] >= 2; at += c.data[at])
		if (c.data[at + 1] == 4 && out->interface_count < USBIP_INTERFACES)
			out->interfaces[out->interface_count++] =
				(struct usbip_interface){ c.data[at + 5], c.data[at + 6],
							  c.data[at + 7] };
}
