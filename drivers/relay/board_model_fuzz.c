/* Any bytes to a board of any kind, and any bytes from one to the host's parsers. */
#include "drivers/relay/board_model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void to_board(enum board_kind kind, int channels, const uint8_t *data, size_t size)
{
	struct board_model m = { .kind = kind, .channels = channels, .answers = true };

	for (size_t i = 0; i < size; i++) {
		uint8_t room[BOARD_REPLY_MAX];
		struct buf reply = BUF_ON(room);
		struct board_order order;

		if (!board_model_hear(&m, data[i], &order))
			continue;
		board_model_do(&m, &order, &reply);
		if (reply.failed || (channels < 32 && m.state >> channels))
			abort();
	}
}

static void from_numato(const uint8_t *data, size_t size)
{
	char word[NUMATO_COMMAND_MAX], again[NUMATO_COMMAND_MAX];
	struct numato_reply r = { 0 };
	uint32_t state;
	bool bit;

	for (size_t i = 0; i < size && !numato_reply_feed(&r, data[i]); i++)
		;
	if (numato_reply_word(&r, "relay readall\r", word))
		return;
	numato_parse_bit(word, &bit);
	if (numato_parse_state(word, 12, &state))
		return;
	numato_state_word(again, 12, state);
	for (char *c = word; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	if (strcmp(word, again) != 0)
		abort();
}

static void from_kmtronic(const uint8_t *data, size_t size)
{
	bool on;

	for (size_t i = 0; i + 3 <= size; i += 3)
		for (int channel = 1; channel <= 2; channel++)
			if (kmtronic_parse_one(data + i, channel, &on) == 0 &&
			    (data[i] != 0xff || data[i + 1] != channel ||
			     data[i + 2] != on))
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	to_board(BOARD_LCUS, 8, data, size);
	to_board(BOARD_KMTRONIC, 2, data, size);
	to_board(BOARD_KMTRONIC, 8, data, size);
	to_board(BOARD_NUMATO, 4, data, size);
	to_board(BOARD_NUMATO, 32, data, size);
	from_numato(data, size);
	from_kmtronic(data, size);
	return 0;
}
