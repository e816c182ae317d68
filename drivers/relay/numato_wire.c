#include "drivers/relay/numato_wire.h"

#include "bench/core/err.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

static uint32_t mask_of(int channels)
{
	return channels >= 32 ? UINT32_MAX : (UINT32_C(1) << channels) - 1;
}

/* Modules of 1 to 8 channels speak in whole bytes. */
static int hex_digits(int channels)
{
	return channels <= 8 ? 2 : (channels + 3) / 4;
}

int numato_build_set(char out[NUMATO_COMMAND_MAX], int channel, bool on)
{
	if (channel < 1 || channel > NUMATO_MAX_CHANNELS)
		return ERR_RANGE;
	return snprintf(out, NUMATO_COMMAND_MAX, "relay %s %c\r", on ? "on" : "off",
			digits[channel - 1]);
}

int numato_build_write_all(char out[NUMATO_COMMAND_MAX], int channels, uint32_t state)
{
	if (channels < 1 || channels > NUMATO_MAX_CHANNELS || state & ~mask_of(channels))
		return ERR_RANGE;
	return snprintf(out, NUMATO_COMMAND_MAX, "relay writeall %0*x\r",
			hex_digits(channels), state);
}

int numato_build_read_all(char out[NUMATO_COMMAND_MAX])
{
	return snprintf(out, NUMATO_COMMAND_MAX, "relay readall\r");
}

int numato_build_input(char out[NUMATO_COMMAND_MAX], int input)
{
	if (input < 1 || input > NUMATO_MAX_CHANNELS)
		return ERR_RANGE;
	return snprintf(out, NUMATO_COMMAND_MAX, "gpio read %c\r", digits[input - 1]);
}

bool numato_reply_feed(struct numato_reply *r, uint8_t byte)
{
	if (byte == '>')
		return true;
	if (r->len + 1 >= NUMATO_REPLY_MAX)
		r->too_long = true;
	else
		r->text[r->len++] = (char)byte;
	return false;
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static bool ends_here(const char *s)
{
	return *s == '\0' || *s == '\r' || *s == '\n';
}

int numato_reply_word(const struct numato_reply *r, const char *command,
		      char out[NUMATO_COMMAND_MAX])
{
	size_t len = strcspn(command, "\r"), word;
	const char *s = skip_blanks(r->text);

	if (r->too_long || strncmp(s, command, len) != 0 || !ends_here(s + len))
		return ERR_FORMAT;
	s = skip_blanks(s + len);
	for (word = 0; isalnum((unsigned char)s[word]);)
		word++;
	if (word >= NUMATO_COMMAND_MAX || *skip_blanks(s + word))
		return ERR_FORMAT;
	memcpy(out, s, word);
	out[word] = '\0';
	return 0;
}

/* Hexadecimal of exactly @count digits. */
static int parse_hex(const char *word, int count, uint32_t *out)
{
	uint32_t v = 0;

	for (int i = 0; i < count; i++) {
		int c = tolower((unsigned char)word[i]);

		if (!isxdigit(c))
			return ERR_FORMAT;
		v = v << 4 | (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	if (word[count])
		return ERR_FORMAT;
	*out = v;
	return 0;
}

int numato_parse_state(const char *word, int channels, uint32_t *out)
{
	uint32_t v;
	int rc = parse_hex(word, hex_digits(channels), &v);

	if (rc)
		return rc;
	if (v & ~mask_of(channels))
		return ERR_RANGE;
	*out = v;
	return 0;
}

int numato_parse_bit(const char *word, bool *out)
{
	bool on = strcmp(word, "on") == 0 || strcmp(word, "1") == 0;

	if (!on && strcmp(word, "off") != 0 && strcmp(word, "0") != 0)
		return ERR_FORMAT;
	*out = on;
	return 0;
}

/* The single digit that is left of a line; 0 for anything else. */
static int read_channel(const char *s)
{
	const char *at = *s ? strchr(digits, *s) : NULL;

	return at && s[1] == '\0' ? (int)(at - digits) + 1 : 0;
}

static enum numato_heard meaning(const char *line, struct numato_command *out)
{
	static const struct {
		const char *start;
		enum numato_heard what;
		bool on;
	} forms[] = {
		{ "relay on ", NUMATO_SET, true },
		{ "relay off ", NUMATO_SET, false },
		{ "relay read ", NUMATO_READ, false },
		{ "gpio read ", NUMATO_INPUT, false },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t len = strlen(forms[i].start);

		if (strncmp(line, forms[i].start, len) != 0)
			continue;
		out->channel = read_channel(line + len);
		out->on = forms[i].on;
		return out->channel ? forms[i].what : NUMATO_OTHER;
	}
	if (strcmp(line, "relay readall") == 0)
		return NUMATO_READ_ALL;
	if (strncmp(line, "relay writeall ", 15) == 0 && strlen(line + 15) <= 8 &&
	    line[15] && parse_hex(line + 15, (int)strlen(line + 15), &out->state) == 0)
		return NUMATO_WRITE_ALL;
	return NUMATO_OTHER;
}

enum numato_heard numato_hear(struct numato_shell *s, uint8_t byte,
			      struct numato_command *out)
{
	bool too_long = s->too_long;

	if (byte != '\r') {
		if (byte == '\n')
			return NUMATO_NOTHING;
		if (s->len + 1 >= NUMATO_COMMAND_MAX)
			s->too_long = true;
		else
			s->line[s->len++] = (char)byte;
		return NUMATO_NOTHING;
	}
	*out = (struct numato_command){ 0 };
	memcpy(out->text, s->line, (size_t)s->len);
	*s = (struct numato_shell){ 0 };
	return too_long ? NUMATO_OTHER : meaning(out->text, out);
}

int numato_say(char out[NUMATO_REPLY_MAX], const char *echo, const char *word)
{
	int n = snprintf(out, NUMATO_REPLY_MAX, "%s\n\r%s%s>", echo, word,
			 *word ? "\n\r" : "");

	return n < NUMATO_REPLY_MAX ? n : NUMATO_REPLY_MAX - 1;
}

void numato_state_word(char out[NUMATO_COMMAND_MAX], int channels, uint32_t state)
{
	snprintf(out, NUMATO_COMMAND_MAX, "%0*x", hex_digits(channels),
		 state & mask_of(channels));
}
