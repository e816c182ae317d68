/*
 * KMTronic relay boards on a serial line: 9600 8N1, three bytes a command; all of them tell their state.
 */
#include "drivers/relay/kmtronic_wire.h"
#include "drivers/relay/serial_board.h"

struct kmtronic_options {
	const char *device;
	int64_t channels;
};

static int kmtronic_set(struct serial_board *b, int channel, bool on, struct err *err)
{
	uint8_t command[3];

	kmtronic_build(command, channel, on);
	return serial_send(b, BYTES_OF(command), err);
}

static int kmtronic_set_all_off(struct serial_board *b, struct err *err)
{
	uint8_t commands[KMTRONIC_MAX_CHANNELS * 3];

	for (int i = 0; i < b->channels; i++)
		kmtronic_build(commands + i * 3, i + 1, false);
	return serial_send(b, BYTES(commands, (size_t)b->channels * 3), err);
}

/* Ask with @question; @len bytes of answer. */
static int ask(struct serial_board *b, const uint8_t question[3], uint8_t *answer,
	       int len, struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + SERIAL_ANSWER_LIMIT_NS;
	int rc;

	serial_forget(b);
	rc = serial_send(b, BYTES(question, 3), err);
	for (int i = 0; i < len && rc == 0; i++)
		rc = serial_byte(b, &answer[i], deadline, err);
	return rc;
}

static int foreign(struct err *err)
{
	return err_set(err, ERR_FORMAT, "the board's answer is no state");
}

static int read_each(struct serial_board *b, uint32_t *state, struct err *err)
{
	uint32_t is = 0;

	for (int i = 1; i <= b->channels; i++) {
		uint8_t question[3], answer[3];
		bool on;
		int rc;

		kmtronic_ask_one(question, i);
		rc = ask(b, question, answer, sizeof(answer), err);
		if (rc)
			return rc;
		if (kmtronic_parse_one(answer, i, &on))
			return foreign(err);
		is |= (uint32_t)on << (i - 1);
	}
	*state = is;
	return 0;
}

static int read_all(struct serial_board *b, uint32_t *state, struct err *err)
{
	uint8_t question[3], answer[KMTRONIC_MAX_CHANNELS];
	uint32_t is = 0;
	int rc;

	kmtronic_ask_all(question);
	rc = ask(b, question, answer, b->channels, err);
	if (rc)
		return rc;
	for (int i = 0; i < b->channels; i++) {
		bool on;

		if (kmtronic_parse_state(answer[i], &on))
			return foreign(err);
		is |= (uint32_t)on << i;
	}
	*state = is;
	return 0;
}

static int kmtronic_read(struct serial_board *b, uint32_t *state, struct err *err)
{
	return b->channels <= 2 ? read_each(b, state, err) : read_all(b, state, err);
}

static const struct serial_kind kind = {
	.maker = "KMTronic",
	.baud = 9600,
	.set = kmtronic_set,
	.set_all_off = kmtronic_set_all_off,
	.read = kmtronic_read,
};

static int kmtronic_open(struct relay **out, const void *options, struct clock *clock,
			 struct err *err)
{
	const struct kmtronic_options *o = options;

	if (!kmtronic_has((int)o->channels))
		return err_set(err, ERR_RANGE,
			       "there is no KMTronic board of %d channels: 1, 2, 4 or 8",
			       (int)o->channels);
	return serial_board_open(out, &kind, o->device, (int)o->channels, true, clock,
				 err);
}

static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct kmtronic_options, device),
	  .help = "the board's serial line" },
	{ .key = "channels",
	  .type = CONF_INT,
	  .offset = offsetof(struct kmtronic_options, channels),
	  .help = "how many relays it has: 1, 2, 4 or 8",
	  .min = 1,
	  .max = KMTRONIC_MAX_CHANNELS },
	{ 0 },
};

extern const struct relay_driver kmtronic_driver;
const struct relay_driver kmtronic_driver = {
	.name = "kmtronic",
	.summary = "KMTronic USB relay boards of 1, 2, 4 or 8 channels on a serial line",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct kmtronic_options),
	.open = kmtronic_open,
};
