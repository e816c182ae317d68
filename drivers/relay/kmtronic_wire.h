#ifndef DRIVERS_RELAY_KMTRONIC_WIRE_H
#define DRIVERS_RELAY_KMTRONIC_WIRE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The bytes of KMTronic USB relay boards (FTDI, 9600 8N1), both directions; pure.
 *
 * FF channel 01|00 switches. A board of 1 or 2 channels answers FF channel 03 with FF channel 01|00; one
 * of 4 or 8 channels answers FF 09 00 with one byte a channel, 01|00, and knows no question of one channel.
 * There is no checksum: FF cannot be a channel or an order, so a command is found again behind noise.
 * Source: the command tables KMTronic publishes with its test software (info.kmtronic.com).
 */
#define KMTRONIC_MAX_CHANNELS 8

/** Is there a board of so many channels? */
bool kmtronic_has(int channels);

/** Switch @channel (1..8). @return its length, 3; ERR_RANGE for a channel no board has. */
int kmtronic_build(uint8_t out[3], int channel, bool on);
/** Ask for @channel of a board of 1 or 2. @return 3, or ERR_RANGE */
int kmtronic_ask_one(uint8_t out[3], int channel);
/** Ask a board of 4 or 8 for all of them. @return 3 */
int kmtronic_ask_all(uint8_t out[3]);

/** The answer of a board of 1 or 2. ERR_FORMAT: anything else than @channel's. */
int kmtronic_parse_one(const uint8_t answer[3], int channel, bool *on);
/** One byte of the answer of a board of 4 or 8. */
int kmtronic_parse_state(uint8_t byte, bool *on);

/* The board's side. */
enum kmtronic_heard {
	KMTRONIC_NOTHING, /* not yet a whole command, or noise */
	KMTRONIC_SET,
	KMTRONIC_ASKED_ONE,
	KMTRONIC_ASKED_ALL
};

struct kmtronic_command {
	int channel; /* 1..8; of KMTRONIC_ASKED_ALL 0 */
	bool on;
};

/** Zero-initialise. Takes bytes one by one. */
struct kmtronic_parser {
	uint8_t have[3];
	int len;
};
enum kmtronic_heard kmtronic_feed(struct kmtronic_parser *p, uint8_t byte,
				  struct kmtronic_command *out);

#endif
