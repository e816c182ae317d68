/*
 * Numato USB relay modules: lines of text over CDC-ACM. Every command is answered by its echo and a prompt, so
 * a command that returns was taken; all of them tell their state. Their gpio are inputs.
 */
#include "drivers/relay/numato_wire.h"
#include "drivers/relay/serial_board.h"

#include <string.h>

struct numato_options {
	const char *device;
	int64_t channels;
};

/* Until the prompt. */
static int await_prompt(struct serial_board *b, struct numato_reply *reply,
			struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + SERIAL_ANSWER_LIMIT_NS;
	uint8_t byte = 0;
	int rc;

	do {
		rc = serial_byte(b, &byte, deadline, err);
	} while (rc == 0 && !numato_reply_feed(reply, byte));
	return rc;
}

static int ask(struct serial_board *b, const char *command, char word[NUMATO_COMMAND_MAX],
	       struct err *err)
{
	struct numato_reply reply = { 0 };
	int rc;

	serial_forget(b);
	rc = serial_send(b, BYTES((const uint8_t *)command, strlen(command)), err);
	if (rc == 0)
		rc = await_prompt(b, &reply, err);
	if (rc)
		return rc;
	if (numato_reply_word(&reply, command, word))
		return err_set(err, ERR_FORMAT, "the module answers '%.40s' to '%.*s'",
			       reply.text, (int)strcspn(command, "\r"), command);
	return 0;
}

/* A command with nothing to say. */
static int tell(struct serial_board *b, const char *command, struct err *err)
{
	char word[NUMATO_COMMAND_MAX];
	int rc = ask(b, command, word, err);

	if (rc == 0 && word[0])
		rc = err_set(err, ERR_FORMAT, "the module answers '%s' to '%.*s'", word,
			     (int)strcspn(command, "\r"), command);
	return rc;
}

/* Half a command may be in its buffer: end it, whatever it was. */
static int numato_greet(struct serial_board *b, struct err *err)
{
	struct numato_reply reply = { 0 };
	int rc;

	serial_forget(b);
	rc = serial_send(b, BYTES((const uint8_t *)"\r", 1), err);
	return rc ? rc : await_prompt(b, &reply, err);
}

static int numato_set(struct serial_board *b, int channel, bool on, struct err *err)
{
	char command[NUMATO_COMMAND_MAX];

	numato_build_set(command, channel, on);
	return tell(b, command, err);
}

static int numato_set_all_off(struct serial_board *b, struct err *err)
{
	char command[NUMATO_COMMAND_MAX];

	numato_build_write_all(command, b->channels, 0);
	return tell(b, command, err);
}

static int numato_read(struct serial_board *b, uint32_t *state, struct err *err)
{
	char command[NUMATO_COMMAND_MAX], word[NUMATO_COMMAND_MAX];
	int rc;

	numato_build_read_all(command);
	rc = ask(b, command, word, err);
	if (rc == 0 && numato_parse_state(word, b->channels, state))
		rc = err_set(err, ERR_FORMAT, "'%s' is no state of %d channels", word,
			     b->channels);
	return rc;
}

static int numato_input(struct serial_board *b, int input, bool *on, struct err *err)
{
	char command[NUMATO_COMMAND_MAX], word[NUMATO_COMMAND_MAX];
	int rc;

	if (numato_build_input(command, input) < 0)
		return err_set(err, ERR_RANGE, "input %d: there are 1 to %d", input,
			       NUMATO_MAX_CHANNELS);
	rc = ask(b, command, word, err);
	if (rc == 0 && numato_parse_bit(word, on))
		rc = err_set(err, ERR_FORMAT, "'%s' is no state of an input", word);
	return rc;
}

static const struct serial_kind kind = {
	.maker = "Numato",
	.baud = 115200, /* of no meaning over CDC-ACM */
	.greet = numato_greet,
	.set = numato_set,
	.set_all_off = numato_set_all_off,
	.read = numato_read,
	.input = numato_input,
};

static int numato_open(struct relay **out, const void *options, struct clock *clock,
		       struct err *err)
{
	const struct numato_options *o = options;

	return serial_board_open(out, &kind, o->device, (int)o->channels, true, clock,
				 err);
}

static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct numato_options, device),
	  .help = "the module's serial line" },
	{ .key = "channels",
	  .type = CONF_INT,
	  .offset = offsetof(struct numato_options, channels),
	  .help = "how many relays it has: 1 to 32",
	  .min = 1,
	  .max = NUMATO_MAX_CHANNELS },
	{ 0 },
};

extern const struct relay_driver numato_driver;
const struct relay_driver numato_driver = {
	.name = "numato",
	.summary = "Numato USB relay modules, with inputs",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct numato_options),
	.open = numato_open,
};
