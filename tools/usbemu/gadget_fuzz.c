/*
 * A hostile host: any transfers to each kind of device, in virtual time. Each step of the input is a byte that says
 * what to do, and what that needs; no transfer may be answered twice or after it was taken back.
 */
#include "tools/usbemu/gadget.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEVICES 3
#define MAX_STEPS 200

static const char rig_text[] = "rig: usb\nprotocol: p\npairing: p\nemulate:\n"
			       "  reader0: {chip: pn533, usb: scl3711}\n"
			       "  reader1: {chip: pn532, usb: acr122u}\n"
			       "  relay0: {board: dcttech, channels: 4}\n";

struct host {
	bool open[MAX_STEPS + 1]; /* transfers that are not over, by number */
};

static void on_over(void *ctx, uint32_t seqnum, int status, size_t length,
		    struct bytes data)
{
	struct host *h = ctx;

	if (seqnum > MAX_STEPS || !h->open[seqnum] || length > USBIP_MAX_TRANSFER ||
	    (data.len && data.len != length) || status > 0)
		abort();
	h->open[seqnum] = false;
}

static void step(struct world *w, struct gadget *g, struct host *h, uint32_t seqnum,
		 uint8_t what, struct cursor *in)
{
	struct usbip_urb u = { .command = USBIP_SUBMIT,
			       .seqnum = seqnum,
			       .in = what & 0x80,
			       .endpoint = what >> 3 & 0x0f };
	uint32_t old;

	switch (what & 7) {
	case 0:
	case 1:
	case 2:
		u.length = cursor_u8(in) * 2u;
		u.setup.type = u.endpoint ? 0 : cursor_u8(in);
		u.setup.request = u.endpoint ? 0 : cursor_u8(in);
		u.setup.value = u.endpoint ? 0 : cursor_be16(in);
		u.setup.length = u.endpoint ? 0 : cursor_be16(in);
		if (!u.endpoint)
			u.in = u.setup.type & 0x80;
		if (!u.in)
			u.data = cursor_take(in, u.length);
		u.length = u.in ? u.length : (uint32_t)u.data.len;
		h->open[seqnum] = true;
		usb_device_submit(&g->usb, &u);
		break;
	case 3:
		old = cursor_u8(in) % (MAX_STEPS + 1);
		if (usb_device_unlink(&g->usb, old)) {
			if (!h->open[old])
				abort();
			h->open[old] = false;
		}
		break;
	case 4:
		usb_device_power(&g->usb, what & 0x80);
		memset(h, 0, sizeof(*h));
		break;
	case 5: /* so that most inputs get anywhere */
		u = (struct usbip_urb){ .seqnum = seqnum, .setup = { 0, 9, 1, 0, 0 } };
		h->open[seqnum] = true;
		usb_device_submit(&g->usb, &u);
		world_advance(w, world_now(w) + 10 * NS_PER_MS);
		break;
	default:
		world_advance(w, world_now(w) + cursor_u8(in) * 10 * NS_PER_MS);
		break;
	}
}

static void play(struct world *w, struct desk *d, struct cursor in)
{
	struct gadget gadgets[DEVICES];
	struct host hosts[DEVICES] = { 0 };

	for (int i = 0; i < DEVICES; i++) {
		gadget_init(&gadgets[i], d, w, i);
		gadgets[i].usb.done = on_over;
		gadgets[i].usb.done_ctx = &hosts[i];
		usb_device_power(&gadgets[i].usb, true);
	}
	for (uint32_t n = 1; n <= MAX_STEPS && in.rest.len; n++) {
		int i = cursor_u8(&in) % DEVICES;

		step(w, &gadgets[i], &hosts[i], n, cursor_u8(&in), &in);
	}
	for (int i = 0; i < DEVICES; i++) {
		usb_device_power(&gadgets[i].usb, false);
		timer_stop(w, &gadgets[i].silence);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clock_virtual clock;
	struct emu_rig *rig = NULL;
	struct world *w = NULL;
	struct desk *d = NULL;

	clock_virtual_init(&clock);
	if (emu_rig_parse(&rig, "usb",
			  BYTES((const uint8_t *)rig_text, sizeof(rig_text) - 1), NULL) ||
	    world_new(&w, &clock.base, 1, NULL, NULL) ||
	    desk_new(&d, w, rig, false, NULL))
		abort();
	play(w, d, cursor_at(BYTES(data, size)));
	desk_free(d);
	world_free(w);
	emu_rig_free(rig);
	return 0;
}
