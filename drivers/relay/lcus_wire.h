#ifndef DRIVERS_RELAY_LCUS_WIRE_H
#define DRIVERS_RELAY_LCUS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of LCUS-1/-2/-4/-8 relay boards (CH340, 9600 8N1), both directions; pure.
 *
 * To the board: A0 channel 01|00 sum, sum being the low byte of the other three. Newer firmware answers
 * the single byte FF with one line per channel, "CH1: ON" or "CH1:OFF"; older firmware says nothing.
 * Source: boards as sold and the open drivers for them (crelay, labgrid); inferred, not published.
 */
#define LCUS_QUERY 0xff
#define LCUS_MAX_CHANNELS 8
#define LCUS_LINE_MAX 32

/** The command that switches @channel (1..8). @return its length, 4; ERR_RANGE for a channel it lacks. */
int lcus_build(uint8_t out[4], int channel, bool on);

/* The board's side. */
enum lcus_heard {
	LCUS_NOTHING, /* not yet a whole command, or noise */
	LCUS_SET,
	LCUS_ASKED
};

struct lcus_command {
	int channel; /* 1..255 as sent: the board decides which it has */
	bool on;
};

/** Zero-initialise. Takes bytes one by one; after noise or a wrong sum it finds the next command. */
struct lcus_parser {
	uint8_t have[4];
	int len;
};
enum lcus_heard lcus_feed(struct lcus_parser *p, uint8_t byte, struct lcus_command *out);

/** The board's word on one channel, CR LF and a terminating zero included. @return its length. */
int lcus_status_line(char out[LCUS_LINE_MAX], int channel, bool on);
/**
 * Read one such line; blanks and a line end around it are allowed.
 * @return 0, or ERR_FORMAT for anything else, ERR_RANGE for a channel no board has
 */
int lcus_parse_status(const char *line, int *channel, bool *on);

#endif
