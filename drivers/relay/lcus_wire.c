#include "drivers/relay/lcus_wire.h"

#include "bench/core/err.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define START 0xa0

static uint8_t sum_of(const uint8_t *b)
{
	return (uint8_t)(b[0] + b[1] + b[2]);
}

int lcus_build(uint8_t out[4], int channel, bool on)
{
	if (channel < 1 || channel > LCUS_MAX_CHANNELS)
		return ERR_RANGE;
	out[0] = START;
	out[1] = (uint8_t)channel;
	out[2] = on;
	out[3] = sum_of(out);
	return 4;
}

static bool well_formed(const uint8_t *b)
{
	return b[0] == START && b[1] != 0 && b[2] <= 1 && b[3] == sum_of(b);
}

/* The first byte was no start after all: go on behind it, at the next start among what we have. */
static void skip_to_start(struct lcus_parser *p)
{
	do {
		memmove(p->have, p->have + 1, (size_t)--p->len);
	} while (p->len > 0 && p->have[0] != START);
}

enum lcus_heard lcus_feed(struct lcus_parser *p, uint8_t byte, struct lcus_command *out)
{
	if (p->len == 0 && byte == LCUS_QUERY)
		return LCUS_ASKED;
	if (p->len == 0 && byte != START)
		return LCUS_NOTHING;
	p->have[p->len++] = byte;
	if (p->len < 4)
		return LCUS_NOTHING;
	if (!well_formed(p->have)) {
		skip_to_start(p);
		return LCUS_NOTHING;
	}
	out->channel = p->have[1];
	out->on = p->have[2];
	p->len = 0;
	return LCUS_SET;
}

int lcus_status_line(char out[LCUS_LINE_MAX], int channel, bool on)
{
	return snprintf(out, LCUS_LINE_MAX, "CH%d: %s\r\n", channel, on ? "ON" : "OFF");
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

int lcus_parse_status(const char *line, int *channel, bool *on)
{
	const char *s = skip_blanks(line);
	int n = 0;
	bool is_on;

	if (strncmp(s, "CH", 2) || !isdigit((unsigned char)s[2]))
		return ERR_FORMAT;
	for (s += 2; isdigit((unsigned char)*s); s++)
		n = n < 100 ? n * 10 + (*s - '0') : n; /* enough to be out of range */
	s = skip_blanks(s);
	if (*s++ != ':')
		return ERR_FORMAT;
	s = skip_blanks(s);
	is_on = strncmp(s, "ON", 2) == 0;
	if (!is_on && strncmp(s, "OFF", 3))
		return ERR_FORMAT;
	if (*skip_blanks(s + (is_on ? 2 : 3)))
		return ERR_FORMAT;
	if (n < 1 || n > LCUS_MAX_CHANNELS)
		return ERR_RANGE;
	*channel = n;
	*on = is_on;
	return 0;
}
