#include "tools/emu/board.h"

#include <stdio.h>
#include <string.h>

static void set_channel(struct board *b, int channel, bool on)
{
	uint32_t bit = UINT32_C(1) << (channel - 1);
	bool was = b->state & bit;

	if (channel < 1 || channel > b->channels)
		return;
	b->state = on ? b->state | bit : b->state & ~bit;
	truth_say(world_truth(b->world), world_now(b->world), "relay",
		  "s:device i:channel b:on i:state", b->name, (int64_t)channel, on,
		  (int64_t)b->state);
	if (was != on && b->switched)
		b->switched(b->ctx, channel, on);
}

static void tell_state(struct board *b)
{
	for (int i = 1; i <= b->channels; i++) {
		char text[24];
		int n = snprintf(text, sizeof(text), "CH%d: %s\r\n", i,
				 b->state >> (i - 1) & 1 ? "ON" : "OFF");

		line_send(&b->line, BYTES((const uint8_t *)text, (size_t)n),
			  world_now(b->world));
	}
}

static void on_message(void *ctx, const struct inbox_message *m)
{
	struct board *b = ctx;

	if (m->tag == LCUS_QUERY)
		tell_state(b);
	else if (m->tag == LCUS_SET)
		set_channel(b, m->data[0], m->data[1]);
}

static void on_byte(void *ctx, uint8_t byte, int64_t at_ns)
{
	struct board *b = ctx;
	enum lcus_event event = lcus_feed(&b->parser, byte);
	uint8_t message[2] = { (uint8_t)b->parser.channel, b->parser.on };

	if (event != LCUS_NOTHING)
		inbox_put(&b->inbox, at_ns, (int)event, false, BYTES_OF(message));
}

void board_init(struct board *b, struct world *w, const char *name, int channels)
{
	*b = (struct board){ .world = w, .name = name, .channels = channels };
	inbox_init(&b->inbox, w, on_message, b);
	line_init(&b->line, w, name, BOARD_BAUD);
	b->line.on_byte = on_byte;
	b->line.ctx = b;
}

void board_close(struct board *b)
{
	inbox_stop(&b->inbox);
	line_close(&b->line);
}
