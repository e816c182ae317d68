/*
 * LCUS relay boards on a serial line: 9600 8N1, four bytes a command, mostly write-only.
 */
#include "drivers/relay/lcus_wire.h"
#include "drivers/relay/serial_board.h"

struct lcus_options {
	const char *device;
	int64_t channels;
	bool reads_back;
};

static int lcus_set(struct serial_board *b, int channel, bool on, struct err *err)
{
	uint8_t command[4];

	lcus_build(command, channel, on);
	return serial_send(b, BYTES_OF(command), err);
}

static int lcus_set_all_off(struct serial_board *b, struct err *err)
{
	uint8_t commands[LCUS_MAX_CHANNELS * 4];

	for (int i = 0; i < b->channels; i++)
		lcus_build(commands + i * 4, i + 1, false);
	return serial_send(b, BYTES(commands, (size_t)b->channels * 4), err);
}

/* One line of the answer, without its end; 0 or an error. */
static int read_line(struct serial_board *b, char line[LCUS_LINE_MAX],
		     int64_t deadline_ns, struct err *err)
{
	size_t len = 0;
	uint8_t c = 0;
	int rc;

	while ((rc = serial_byte(b, &c, deadline_ns, err)) == 0 && c != '\n') {
		if (len + 1 == LCUS_LINE_MAX)
			return err_set(err, ERR_FORMAT, "the board sends no lines");
		line[len++] = (char)c;
	}
	line[len] = '\0';
	return rc;
}

static int lcus_read(struct serial_board *b, uint32_t *state, struct err *err)
{
	uint32_t all = (1u << b->channels) - 1, seen = 0, on_mask = 0;
	int64_t deadline = clock_now(clock_real()) + SERIAL_ANSWER_LIMIT_NS;
	uint8_t query = LCUS_QUERY;
	int rc;

	serial_forget(b);
	rc = serial_send(b, BYTES(&query, 1), err);
	while (rc == 0 && seen != all) {
		char line[LCUS_LINE_MAX];
		int channel;
		bool on;

		rc = read_line(b, line, deadline, err);
		if (rc || lcus_parse_status(line, &channel, &on) || channel > b->channels)
			continue;
		seen |= 1u << (channel - 1);
		if (on)
			on_mask |= 1u << (channel - 1);
	}
	if (rc == 0)
		*state = on_mask;
	return rc;
}

static const struct serial_kind kind = {
	.maker = "LCUS",
	.baud = 9600,
	.set = lcus_set,
	.set_all_off = lcus_set_all_off,
	.read = lcus_read,
};

static int lcus_open(struct relay **out, const void *options, struct clock *clock,
		     struct err *err)
{
	const struct lcus_options *o = options;

	return serial_board_open(out, &kind, o->device, (int)o->channels, o->reads_back,
				 clock, err);
}

static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct lcus_options, device),
	  .help = "the board's serial line" },
	{ .key = "channels",
	  .type = CONF_INT,
	  .offset = offsetof(struct lcus_options, channels),
	  .help = "how many relays it has: 1, 2, 4 or 8",
	  .min = 1,
	  .max = LCUS_MAX_CHANNELS },
	{ .key = "reads_back",
	  .type = CONF_BOOL,
	  .offset = offsetof(struct lcus_options, reads_back),
	  .fallback = "no",
	  .help = "newer firmware tells its state when asked with FF" },
	{ 0 },
};

extern const struct relay_driver lcus_driver;
const struct relay_driver lcus_driver = {
	.name = "lcus",
	.summary = "LCUS-1/-2/-4/-8 relay boards on a serial line",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct lcus_options),
	.open = lcus_open,
};
