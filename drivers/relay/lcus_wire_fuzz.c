/* Any bytes to a board, and any line from one; what is understood is built back the same. */
#include "drivers/relay/lcus_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void to_board(const uint8_t *data, size_t size)
{
	struct lcus_parser p = { 0 };

	for (size_t i = 0; i < size; i++) {
		struct lcus_command c;
		uint8_t out[4];

		if (lcus_feed(&p, data[i], &c) != LCUS_SET)
			continue;
		if (c.channel < 1 || c.channel > LCUS_MAX_CHANNELS)
			continue;
		if (lcus_build(out, c.channel, c.on) != 4 || i < 3 ||
		    memcmp(out, data + i - 3, 4) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	int channel;
	bool on;

	if (!line)
		return 0;
	if (size)
		memcpy(line, data, size);
	line[size] = '\0';
	if (lcus_parse_status(line, &channel, &on) == 0 &&
	    (channel < 1 || channel > LCUS_MAX_CHANNELS))
		abort();
	free(line);
	to_board(data, size);
	return 0;
}
