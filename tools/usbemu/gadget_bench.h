#ifndef TOOLS_USBEMU_GADGET_BENCH_H
#define TOOLS_USBEMU_GADGET_BENCH_H

#include "tools/usbemu/gadget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A desk in virtual time, with one reader and one relay board on USB, and a host that asks them. No kernel. */
struct host {
	struct clock_virtual clock;
	struct world *world;
	struct emu_rig *rig;
	struct desk *desk;
	struct gadget reader, relay;
	uint32_t seqnum;
	/* how the last transfer ended */
	bool over;
	uint32_t over_seqnum;
	int status, transfers;
	size_t length;
	uint8_t data[USB_CONTROL_MAX];
	struct bytes got;
	/* the desk wants something unplugged */
	int unplugged;
	int64_t away_ns;
};

static inline void on_over(void *ctx, uint32_t seqnum, int status, size_t length,
			   struct bytes data)
{
	struct host *h = ctx;

	h->over = true;
	h->transfers++;
	h->over_seqnum = seqnum;
	h->status = status;
	h->length = length;
	if (data.len)
		memcpy(h->data, data.data, data.len);
	h->got = BYTES(h->data, data.len);
}

static inline void on_unplug(void *ctx, int device, int64_t away_ns)
{
	struct host *h = ctx;

	h->unplugged = device;
	h->away_ns = away_ns;
}

/* @devices: the lines of the emulate: section */
static inline struct host *new_host(const char *devices)
{
	struct host *h = calloc(1, sizeof(*h));
	char text[1000];
	struct err err = { 0 };
	struct gadget *both[] = { &h->reader, &h->relay };

	assert_non_null(h);
	snprintf(text, sizeof(text),
		 "rig: usb\nprotocol: dk-ccc-1.0\nphone: example\npairing: bench\n"
		 "emulate:\n%s",
		 devices);
	clock_virtual_init(&h->clock);
	if (world_new(&h->world, &h->clock.base, 1, NULL, &err) ||
	    emu_rig_parse(&h->rig, "usb", BYTES((const uint8_t *)text, strlen(text)),
			  &err) ||
	    desk_new(&h->desk, h->world, h->rig, false, &err))
		fail_msg("%s", err_text(&err));
	h->unplugged = -1;
	desk_on_unplug(h->desk, on_unplug, h);
	for (int i = 0; i < 2; i++) {
		gadget_init(both[i], h->desk, h->world, i);
		both[i]->usb.done = on_over;
		both[i]->usb.done_ctx = h;
		usb_device_power(&both[i]->usb, true);
	}
	return h;
}

static inline void free_host(struct host *h)
{
	desk_free(h->desk);
	emu_rig_free(h->rig);
	world_free(h->world);
	free(h);
}

static inline void pass_ms(struct host *h, int64_t ms)
{
	world_advance(h->world, world_now(h->world) + ms * NS_PER_MS);
}

/* Hand a transfer to the device and let it go on until it is over, no longer than @ms. @return its number */
static inline uint32_t transfer(struct host *h, struct gadget *g, struct usbip_urb *u,
				int64_t ms)
{
	u->command = USBIP_SUBMIT;
	u->seqnum = ++h->seqnum;
	h->over = false;
	usb_device_submit(&g->usb, u);
	for (int64_t i = 0; i < ms * 10 && !h->over; i++)
		world_advance(h->world, world_now(h->world) + NS_PER_MS / 10);
	return u->seqnum;
}

/* @return bytes moved, or how it ended otherwise; 1 when it does not end */
static inline int control(struct host *h, struct gadget *g, uint8_t type, uint8_t request,
			  uint16_t value, uint16_t index, uint16_t length,
			  const void *data)
{
	struct usbip_urb u = { .in = type & 0x80,
			       .length = length,
			       .setup = { type, request, value, index, length },
			       .data = BYTES(data, data ? length : 0) };

	transfer(h, g, &u, 1000);
	assert_true(h->over);
	return h->status ? h->status : (int)h->length;
}

static inline void configure(struct host *h, struct gadget *g)
{
	assert_int_equal(control(h, g, 0x00, 9, 1, 0, 0, NULL), 0);
}

static inline void bulk_out(struct host *h, struct gadget *g, uint32_t endpoint,
			    struct bytes data)
{
	struct usbip_urb u = { .endpoint = endpoint,
			       .length = (uint32_t)data.len,
			       .data = data };

	transfer(h, g, &u, 0);
	assert_true(h->over);
	assert_int_equal(h->status, 0);
	assert_int_equal(h->length, data.len);
}

/* @return bytes that came, or how it ended; -1 when nothing comes: then it is taken back */
static inline int bulk_in(struct host *h, struct gadget *g, uint32_t endpoint,
			  uint32_t length, int64_t ms)
{
	struct usbip_urb u = { .in = true, .endpoint = endpoint, .length = length };
	uint32_t seqnum = transfer(h, g, &u, ms);

	if (h->over) {
		assert_int_equal(h->over_seqnum, seqnum);
		return h->status ? h->status : (int)h->length;
	}
	assert_true(usb_device_unlink(&g->usb, seqnum));
	return -1;
}

/* What came, in hex. */
static inline const char *came(const struct host *h)
{
	static char text[2 * USB_CONTROL_MAX + 1];

	return hex_of(h->got, text, sizeof(text));
}

#endif
