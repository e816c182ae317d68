#include "drivers/relay/board_model.h"

#include <string.h>

const char *const board_kinds[] = { "lcus", "kmtronic", "numato", NULL };

int board_baud(enum board_kind kind)
{
	return kind == BOARD_NUMATO ? 115200 : 9600;
}

int board_max_channels(enum board_kind kind)
{
	return kind == BOARD_NUMATO ? NUMATO_MAX_CHANNELS : LCUS_MAX_CHANNELS;
}

static void set(struct board_model *m, int channel, bool on)
{
	uint32_t bit;

	m->orders++;
	if (channel < 1 || channel > m->channels)
		return;
	bit = UINT32_C(1) << (channel - 1);
	if (on)
		m->state |= bit;
	else if (!m->stuck_on)
		m->state &= ~bit;
}

static bool is_on(const struct board_model *m, int channel)
{
	return m->state >> (channel - 1) & 1;
}

static bool hear_lcus(struct board_model *m, uint8_t byte, struct board_order *out)
{
	struct lcus_command c = { 0 };

	out->what = lcus_feed(&m->lcus, byte, &c);
	out->channel = c.channel;
	out->on = c.on;
	return out->what != LCUS_NOTHING;
}

static void do_lcus(struct board_model *m, const struct board_order *o, struct buf *reply)
{
	if (o->what == LCUS_SET)
		set(m, o->channel, o->on);
	for (int i = 1; o->what == LCUS_ASKED && m->answers && i <= m->channels; i++) {
		char line[LCUS_LINE_MAX];

		lcus_status_line(line, i, is_on(m, i));
		buf_text(reply, line);
	}
}

static bool hear_kmtronic(struct board_model *m, uint8_t byte, struct board_order *out)
{
	struct kmtronic_command c = { 0 };

	out->what = kmtronic_feed(&m->kmtronic, byte, &c);
	out->channel = c.channel;
	out->on = c.on;
	return out->what != KMTRONIC_NOTHING;
}

static void do_kmtronic(struct board_model *m, const struct board_order *o,
			struct buf *reply)
{
	bool small = m->channels <= 2;

	if (o->what == KMTRONIC_SET)
		set(m, o->channel, o->on);
	if (o->what == KMTRONIC_ASKED_ONE && small && o->channel <= m->channels) {
		buf_u8(reply, 0xff);
		buf_u8(reply, (uint8_t)o->channel);
		buf_u8(reply, is_on(m, o->channel));
	}
	for (int i = 1; o->what == KMTRONIC_ASKED_ALL && !small && i <= m->channels; i++)
		buf_u8(reply, is_on(m, i));
}

static bool hear_numato(struct board_model *m, uint8_t byte, struct board_order *out)
{
	struct numato_command c = { 0 };

	out->what = numato_hear(&m->numato, byte, &c);
	out->channel = c.channel;
	out->on = c.on;
	out->state = c.state;
	memcpy(out->text, c.text, sizeof(out->text));
	return out->what != NUMATO_NOTHING;
}

static void do_numato(struct board_model *m, const struct board_order *o,
		      struct buf *reply)
{
	char word[NUMATO_COMMAND_MAX] = "", text[NUMATO_REPLY_MAX];
	bool has = o->channel <= m->channels;

	if (o->what == NUMATO_SET)
		set(m, o->channel, o->on);
	for (int i = 1; o->what == NUMATO_WRITE_ALL && i <= m->channels; i++)
		set(m, i, o->state >> (i - 1) & 1);
	if (o->what == NUMATO_READ_ALL)
		numato_state_word(word, m->channels, m->state);
	if (o->what == NUMATO_READ && has)
		strcpy(word, is_on(m, o->channel) ? "on" : "off");
	if (o->what == NUMATO_INPUT)
		strcpy(word, m->inputs >> (o->channel - 1) & 1 ? "1" : "0");
	numato_say(text, o->text, word);
	buf_text(reply, text);
}

bool board_model_hear(struct board_model *m, uint8_t byte, struct board_order *out)
{
	*out = (struct board_order){ 0 };
	switch (m->kind) {
	case BOARD_KMTRONIC:
		return hear_kmtronic(m, byte, out);
	case BOARD_NUMATO:
		return hear_numato(m, byte, out);
	default:
		return hear_lcus(m, byte, out);
	}
}

void board_model_do(struct board_model *m, const struct board_order *o, struct buf *reply)
{
	switch (m->kind) {
	case BOARD_KMTRONIC:
		do_kmtronic(m, o, reply);
		break;
	case BOARD_NUMATO:
		do_numato(m, o, reply);
		break;
	default:
		do_lcus(m, o, reply);
	}
}
