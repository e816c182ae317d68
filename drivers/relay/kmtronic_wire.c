#include "drivers/relay/kmtronic_wire.h"

#include "bench/core/err.h"

#define START 0xff
#define ASK 3
#define ALL 9

bool kmtronic_has(int channels)
{
	return channels == 1 || channels == 2 || channels == 4 || channels == 8;
}

static int build(uint8_t out[3], int channel, uint8_t order)
{
	out[0] = START;
	out[1] = (uint8_t)channel;
	out[2] = order;
	return 3;
}

int kmtronic_build(uint8_t out[3], int channel, bool on)
{
	if (channel < 1 || channel > KMTRONIC_MAX_CHANNELS)
		return ERR_RANGE;
	return build(out, channel, on);
}

int kmtronic_ask_one(uint8_t out[3], int channel)
{
	if (channel < 1 || channel > 2)
		return ERR_RANGE;
	return build(out, channel, ASK);
}

int kmtronic_ask_all(uint8_t out[3])
{
	return build(out, ALL, 0);
}

int kmtronic_parse_state(uint8_t byte, bool *on)
{
	if (byte > 1)
		return ERR_FORMAT;
	*on = byte;
	return 0;
}

int kmtronic_parse_one(const uint8_t answer[3], int channel, bool *on)
{
	if (answer[0] != START || answer[1] != channel)
		return ERR_FORMAT;
	return kmtronic_parse_state(answer[2], on);
}

static enum kmtronic_heard meaning(uint8_t channel, uint8_t order,
				   struct kmtronic_command *out)
{
	*out = (struct kmtronic_command){ 0 };
	if (channel == ALL && order == 0)
		return KMTRONIC_ASKED_ALL;
	if (channel < 1 || channel > KMTRONIC_MAX_CHANNELS)
		return KMTRONIC_NOTHING;
	*out = (struct kmtronic_command){ channel, order == 1 };
	if (order <= 1)
		return KMTRONIC_SET;
	return order == ASK ? KMTRONIC_ASKED_ONE : KMTRONIC_NOTHING;
}

enum kmtronic_heard kmtronic_feed(struct kmtronic_parser *p, uint8_t byte,
				  struct kmtronic_command *out)
{
	if (byte == START) { /* nothing else starts with it, and nothing else holds it */
		p->have[0] = byte;
		p->len = 1;
		return KMTRONIC_NOTHING;
	}
	if (p->len == 0)
		return KMTRONIC_NOTHING;
	p->have[p->len++] = byte;
	if (p->len < 3)
		return KMTRONIC_NOTHING;
	p->len = 0;
	return meaning(p->have[1], p->have[2], out);
}
