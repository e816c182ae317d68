#ifndef DRIVERS_RELAY_NUMATO_WIRE_H
#define DRIVERS_RELAY_NUMATO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The text of Numato USB relay modules (CDC-ACM), both directions; pure.
 *
 * A command is a line that ends with CR; the module echoes it, answers where there is something to say, and
 * prints its prompt '>'. Channels and inputs are counted from 0, behind 9 come A to V. "relay readall" and
 * "relay writeall" speak hexadecimal, as many digits as the channels need.
 * Source: Numato's command set as published; that "gpio read" says 1|0 or on|off differs between modules.
 */
#define NUMATO_MAX_CHANNELS 32
#define NUMATO_COMMAND_MAX 32
#define NUMATO_REPLY_MAX 96

/* Commands, as text that ends with CR. @return the length; ERR_RANGE for what no module has. */
int numato_build_set(char out[NUMATO_COMMAND_MAX], int channel, bool on);
int numato_build_write_all(char out[NUMATO_COMMAND_MAX], int channels, uint32_t state);
int numato_build_read_all(char out[NUMATO_COMMAND_MAX]);
/** @param input  1 is the module's gpio 0 */
int numato_build_input(char out[NUMATO_COMMAND_MAX], int input);

/** What comes back, up to the prompt. Zero-initialise. */
struct numato_reply {
	char text[NUMATO_REPLY_MAX];
	int len;
	bool too_long;
};
/** @return true at the prompt */
bool numato_reply_feed(struct numato_reply *r, uint8_t byte);
/**
 * The one word behind the echo of @command; "" when there is none.
 * @return 0; ERR_FORMAT when it does not echo the command, or says more than a word
 */
int numato_reply_word(const struct numato_reply *r, const char *command,
		      char out[NUMATO_COMMAND_MAX]);
/** The word of readall. ERR_FORMAT: not that many digits; ERR_RANGE: channels it lacks. */
int numato_parse_state(const char *word, int channels, uint32_t *out);
/** The word of a single read: on off 1 0. */
int numato_parse_bit(const char *word, bool *out);

/* The module's side. */
enum numato_heard {
	NUMATO_NOTHING, /* not yet a line */
	NUMATO_SET,
	NUMATO_READ,
	NUMATO_READ_ALL,
	NUMATO_WRITE_ALL,
	NUMATO_INPUT,
	NUMATO_OTHER /* a line of which nothing follows: empty, unknown */
};

struct numato_command {
	int channel; /* 1..32; of NUMATO_INPUT the input */
	bool on;
	uint32_t state;
	char text[NUMATO_COMMAND_MAX]; /* the line itself, for the echo */
};

/** Zero-initialise. A line that is too long is unknown. */
struct numato_shell {
	char line[NUMATO_COMMAND_MAX];
	int len;
	bool too_long;
};
enum numato_heard numato_hear(struct numato_shell *s, uint8_t byte,
			      struct numato_command *out);
/** Echo, @word ("" for none) and prompt. @return its length */
int numato_say(char out[NUMATO_REPLY_MAX], const char *echo, const char *word);
/** The word of readall. */
void numato_state_word(char out[NUMATO_COMMAND_MAX], int channels, uint32_t state);

#endif
