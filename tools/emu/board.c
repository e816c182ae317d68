#include "tools/emu/board.h"

static void set_channel(struct board *b, int channel, bool on)
{
	uint32_t bit;
	bool was;

	if (channel < 1 || channel > b->channels)
		return;
	bit = UINT32_C(1) << (channel - 1);
	was = b->state & bit;
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
		char text[LCUS_LINE_MAX];
		int n = lcus_status_line(text, i, b->state >> (i - 1) & 1);

		line_send(&b->line, BYTES((const uint8_t *)text, (size_t)n),
			  world_now(b->world));
	}
}

static void on_message(void *ctx, const struct inbox_message *m)
{
	struct board *b = ctx;

	if (m->tag == LCUS_ASKED)
		tell_state(b);
	else if (m->tag == LCUS_SET)
		set_channel(b, m->data[0], m->data[1]);
}

static void on_byte(void *ctx, uint8_t byte, int64_t at_ns)
{
	struct board *b = ctx;
	struct lcus_command command = { 0 };
	enum lcus_heard heard = lcus_feed(&b->parser, byte, &command);
	uint8_t message[2] = { (uint8_t)command.channel, command.on };

	if (heard != LCUS_NOTHING)
		inbox_put(&b->inbox, at_ns, (int)heard, false, BYTES_OF(message));
}

int board_open(struct board *b, struct world *w, const char *name, int channels,
	       struct err *err)
{
	int rc;

	*b = (struct board){ .world = w, .name = name, .channels = channels };
	inbox_init(&b->inbox, w, on_message, b);
	rc = line_open(&b->line, w, name, BOARD_BAUD, err);
	b->line.on_byte = on_byte;
	b->line.ctx = b;
	return rc;
}

void board_close(struct board *b)
{
	inbox_stop(&b->inbox);
	line_close(&b->line);
}
