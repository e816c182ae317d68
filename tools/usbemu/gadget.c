#include "tools/usbemu/gadget.h"

#include "tools/usbemu/products.h"

#include <string.h>

static void stick_out(void *ctx, struct bytes data)
{
	struct gadget *g = ctx;

	/* libnfc's own end of a transfer is an empty packet */
	if (data.len)
		line_feed(g->line, data);
}

static void stick_power(void *ctx, bool on)
{
	struct gadget *g = ctx;

	chip_power(g->chip, on);
}

/* Its firmware starts anew. */
static void stick_reset(void *ctx)
{
	stick_power(ctx, true);
}

static void on_frame(void *ctx, struct bytes frame)
{
	struct gadget *g = ctx;

	usb_device_say(&g->usb, frame);
}

static const struct usb_device_ops stick_ops = { .out = stick_out,
						 .power = stick_power,
						 .reset = stick_reset };

static int board_control(void *ctx, const struct usbip_setup *setup, uint8_t *data)
{
	struct gadget *g = ctx;
	struct usb_request r = { .type = setup->type,
				 .request = setup->request,
				 .value = setup->value,
				 .index = setup->index,
				 .length = setup->length };
	int n;

	if (setup->type == 0x21 && setup->request == 0x0a) /* SET_IDLE */
		return 0;
	if (setup->length > sizeof(r.data))
		return ERR_UNSUPPORTED;
	memcpy(r.data, data, setup->length);
	n = board_request(g->board, &r);
	if (n > 0 && setup->type & 0x80)
		memcpy(data, r.data, (size_t)n);
	return n;
}

static void board_on_power(void *ctx, bool on)
{
	struct gadget *g = ctx;

	board_power(g->board, on);
}

static const struct usb_device_ops board_ops = { .control = board_control,
						 .power = board_on_power };

static const struct usb_product *product_of(const struct gadget *g, enum rig_usb usb)
{
	switch (usb) {
	case RIG_SCL3711:
		return &scl3711;
	case RIG_SCL3712:
		return &scl3712;
	case RIG_ACR122U:
		return &acr122u;
	default:
		return dcttech_product(g->board->model.channels);
	}
}

void gadget_init(struct gadget *g, struct desk *d, struct world *w, int i)
{
	enum rig_usb usb = desk_plug(d, i)->usb;

	*g = (struct gadget){ .world = w };
	if (usb == RIG_DCTTECH) {
		g->board = desk_board(d, i);
		usb_device_init(&g->usb, w, desk_device_name(d, i), product_of(g, usb),
				&board_ops, g);
		return;
	}
	g->line = desk_line(d, i);
	g->chip = desk_chip(d, i);
	g->line->sink = on_frame;
	g->line->sink_ctx = g;
	usb_device_init(&g->usb, w, desk_device_name(d, i), product_of(g, usb),
			usb == RIG_ACR122U ? &acr122_ops : &stick_ops, g);
	if (usb == RIG_ACR122U)
		acr122_init(g);
}
