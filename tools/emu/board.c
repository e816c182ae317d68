#include "tools/emu/board.h"

#include <string.h>

/* What an order did: every channel that changed, and the one it named even if it did not. */
static void tell_world(struct board *b, uint32_t before, uint32_t named)
{
	uint32_t changed = before ^ b->model.state;

	for (int i = 0; i < b->model.channels; i++) {
		uint32_t bit = UINT32_C(1) << i;
		bool on = b->model.state & bit;

		if (!((changed | named) & bit))
			continue;
		truth_say(world_truth(b->world), world_now(b->world), "relay",
			  "s:device i:channel b:on i:state", b->name, (int64_t)i + 1, on,
			  (int64_t)b->model.state);
		if (changed & bit && b->switched)
			b->switched(b->ctx, i + 1, on);
	}
}

static const struct fault *next_fault(struct board *b)
{
	const struct fault *f = fault_next(&b->plan, 0, ++b->orders);

	if (f)
		truth_say(world_truth(b->world), world_now(b->world), "fault",
			  "s:device s:do i:command", b->name, fault_names[f->what],
			  b->orders);
	return f;
}

static void on_back(void *ctx)
{
	struct board *b = ctx;

	if (line_plug(&b->line, NULL) == 0 && b->plugged)
		b->plugged(b->unplug_ctx);
}

/* USB feeds the board behind its line. */
static void lose_line(struct board *b, int64_t away_ns)
{
	uint32_t before = b->model.state;

	b->model.state = 0;
	tell_world(b, before, 0);
	inbox_stop(&b->inbox);
	line_unplug(&b->line);
	if (b->plugged)
		b->plugged(b->unplug_ctx);
	if (away_ns)
		timer_set(b->world, &b->back, world_now(b->world) + away_ns);
}

static void on_message(void *ctx, const struct inbox_message *m)
{
	struct board *b = ctx;
	uint32_t before = b->model.state, orders = b->model.orders, named = 0;
	uint8_t room[BOARD_REPLY_MAX];
	struct buf reply = BUF_ON(room);
	const struct fault *f;
	struct board_order order;

	memcpy(&order, m->data, sizeof(order));
	board_model_do(&b->model, &order, &reply);
	if (b->model.orders != orders && order.channel > 0)
		named = UINT32_C(1) << (order.channel - 1) % 32;
	tell_world(b, before, named);
	if (reply.len)
		line_send(&b->line, buf_bytes(&reply), world_now(b->world));
	f = b->model.orders != orders ? next_fault(b) : NULL;
	if (f)
		lose_line(b, f->by_ns);
}

static void on_byte(void *ctx, uint8_t byte, int64_t at_ns)
{
	struct board *b = ctx;
	struct board_order order;

	if (board_model_hear(&b->model, byte, &order))
		inbox_put(&b->inbox, at_ns, order.what, false,
			  BYTES((const uint8_t *)&order, sizeof(order)));
}

int board_open(struct board *b, struct world *w, const char *name, enum board_kind kind,
	       int channels, struct err *err)
{
	int rc;

	*b = (struct board){
		.world = w,
		.name = name,
		.model = { .kind = kind, .channels = channels, .answers = true },
	};
	inbox_init(&b->inbox, w, on_message, b);
	b->back.fn = on_back;
	b->back.ctx = b;
	rc = line_open(&b->line, w, name, board_baud(kind), err);
	b->line.on_byte = on_byte;
	b->line.ctx = b;
	return rc;
}

void board_init_usb(struct board *b, struct world *w, const char *name, int channels,
		    const char *serial)
{
	*b = (struct board){ .world = w,
			     .name = name,
			     .model = { .channels = channels },
			     .hid = { .channels = channels } };
	memcpy(b->hid.serial, serial, sizeof(b->hid.serial));
	inbox_init(&b->inbox, w, on_message, b);
	line_init(&b->line, w, name, 9600);
}

void board_plan(struct board *b, const struct fault *faults, int count, int device)
{
	fault_plan_init(&b->plan, faults, count, device, world_seed(b->world));
}

/* What its own model did to the coils. */
static void follow(struct board *b, uint32_t named)
{
	uint32_t before = b->model.state;

	b->model.state = b->hid.state;
	tell_world(b, before, named);
}

int board_request(struct board *b, struct usb_request *r)
{
	const struct fault *f;
	int n = usb_hid_board_hear(&b->hid, r);

	if (n < 0 || r->type & 0x80)
		return n;
	follow(b, 0);
	f = next_fault(b);
	if (f && b->unplug)
		b->unplug(b->unplug_ctx, f->by_ns);
	return n;
}

void board_power(struct board *b, bool on)
{
	(void)on;
	b->hid.state = 0;
	follow(b, 0);
}

void board_close(struct board *b)
{
	inbox_stop(&b->inbox);
	timer_stop(b->world, &b->back);
	line_close(&b->line);
}

void board_input(struct board *b, int input, bool on)
{
	uint32_t bit = UINT32_C(1) << (input - 1);

	if (on == !!(b->model.inputs & bit))
		return;
	b->model.inputs ^= bit;
	truth_say(world_truth(b->world), world_now(b->world), "input",
		  "s:device i:input b:on", b->name, (int64_t)input, on);
}
